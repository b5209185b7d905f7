"""The signal for whoever wants to know at once."""

from django.dispatch import Signal

__all__ = ["recorded"]

recorded = Signal()
"""A failed request has been looked at and there is something to say: `request`, and `who`, a `Who`.

For an error logged while the request goes on this can be taken back, by an empty `Who()`, when somebody logs in or out
after it, and is sent again when the request then fails for good. The sender is the class `Who`. What a receiver raises is logged by Django and goes no further.
"""
