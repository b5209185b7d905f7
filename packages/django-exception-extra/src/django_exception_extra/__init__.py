"""Who was logged in, in every Django error report, at no cost to the requests that succeed."""

from .memory import META_KEY, META_REQUEST_ID, Who
from .middleware import ExceptionExtraMiddleware
from .signals import recorded

__all__ = ["META_KEY", "META_REQUEST_ID", "ExceptionExtraMiddleware", "Who", "__version__", "recorded"]

__version__ = "0.1.0"
