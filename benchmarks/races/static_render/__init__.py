"""What one reference to a static file costs while a page is rendered."""
