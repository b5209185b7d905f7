"""The signal for whoever wants to know at once."""

from django.dispatch import Signal

__all__ = ["recorded"]

recorded = Signal()
"""A failed request has been looked at and there is something to say: `request`, and `who`, a `Who`.

The sender is the class `Who`. What a receiver raises is logged by Django and goes no further.
"""
