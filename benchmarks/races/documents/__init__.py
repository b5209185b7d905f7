"""What creating and reading documents costs the client."""
