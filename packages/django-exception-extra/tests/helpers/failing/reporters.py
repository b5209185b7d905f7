from django_exception_extra.reporter import ExceptionReporter


class Grandchild(ExceptionReporter):
    """A project's own."""
