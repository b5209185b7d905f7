"""Who was logged in, in every Django error report, at no cost to the requests that succeed."""

__version__ = "0.1.0"
