"""What has become of the files of a run, and what would."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Interrupted", "Preview", "Published"]


@dataclass(slots=True)
class Published:
    """What has become of the files: each is there, outdated, failed or untried."""

    total: int = 0
    #: The keys of those that are in the store now.
    files: list[str] = field(default_factory=list)
    #: Those of them that had to be sent, with their bytes.
    sent: dict[str, int] = field(default_factory=dict)
    #: Keys with later versions.
    outdated: dict[str, str] = field(default_factory=dict)
    #: Keys with what went wrong.
    failed: dict[str, str] = field(default_factory=dict)
    #: Keys of those that were not begun, since they would have met with the same as those before.
    untried: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    #: URLs that have not answered; and with what status the first of them has, 0 for none.
    silent: list[str] = field(default_factory=list)
    status: int = 0
    #: What was removed since no build names it any more.
    cleared: list[str] = field(default_factory=list)
    #: Keys of what should have been and was not.
    uncleared: list[str] = field(default_factory=list)
    #: Whether what was done could be written down.
    is_written: bool = True

    @property
    def there(self) -> set[str]:
        """The keys of those that are in the store, also of what was sent before its own turn came."""
        return {*self.files, *tuple(self.sent)} - {*self.failed, *self.outdated}


class Interrupted(KeyboardInterrupt):
    """A run was interrupted; what it had done by then is written down, unless ``done`` says otherwise."""

    def __init__(self, done: Published) -> None:
        super().__init__()
        self.done = done


@dataclass(slots=True)
class Preview:
    """What a run would do with the files, as far as is written down."""

    #: What is not known to be there, with its bytes; the store is asked before they are sent.
    sent: dict[str, int] = field(default_factory=dict)
    #: What is written down to be there, and would be asked for.
    asked: list[str] = field(default_factory=list)
    #: Keys of old versions that would be removed.
    removed: list[str] = field(default_factory=list)
    #: Keys with what is wrong.
    failed: dict[str, str] = field(default_factory=dict)
