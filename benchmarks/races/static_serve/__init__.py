"""What serving a file costs, from inside the application server."""
