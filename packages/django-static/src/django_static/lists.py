"""Lists of names, ``"a.js;b.js"``, that cannot be one file: what is known without a look at the files, and what is said."""

from __future__ import annotations

from collections.abc import Sequence

from .sources import Source

__all__ = ["refusal", "unlike"]


def unlike(sources: Sequence[Source]) -> str:
    """Why files cannot be one by what they are called; empty where that is no obstacle."""
    alike = len({source.kind for source in sources}) == 1 and sources[0].kind
    return "" if alike or len(sources) == 1 else "only style sheets or only scripts can"


def refusal(names: str, reason: str) -> str:
    """What is said of a list of names that cannot be one file."""
    return f"{names} cannot be one file: {reason}; a block, or a tag for each, keeps them apart"
