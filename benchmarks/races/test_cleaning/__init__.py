"""What do tests that write pay for being cleaned up after?"""
