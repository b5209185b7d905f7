"""Who was logged in, in every Django error report, at no cost to the requests that succeed."""

from .middleware import META_KEY, ExceptionExtraMiddleware

__all__ = ["META_KEY", "ExceptionExtraMiddleware", "__version__"]

__version__ = "0.1.0"
