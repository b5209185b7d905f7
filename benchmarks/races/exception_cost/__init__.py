"""What does a middleware that helps when a request fails cost the requests that succeed?"""
