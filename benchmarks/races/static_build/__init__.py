"""What publishing a whole tree of static files costs, at first and when nothing has changed, and what comes out broken."""
