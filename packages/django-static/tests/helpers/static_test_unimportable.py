"""A module that fails while it is imported."""

raise RuntimeError("out of luck")
