"""File proxies that tests name in settings; the first two are those of the 2010 post, in the Python of today."""

from __future__ import annotations

from typing import Any

conversion_map: dict[str, str] = {}
uploads: list[str] = []


def _upload_to_cloudfront(filepath: str) -> str:
    with open(filepath, "rb") as file:  # it must be there
        file.read()
    uploads.append(filepath)
    return "https://d1.example.net/" + filepath.rpartition("/")[2]


def naive(uri, new=False, filepath=None, changed=False, **kwargs):
    """Pictures go to the distribution, once; everything else stays."""
    if filepath and (new or changed) and filepath.lower().split(".")[-1] in ("jpg", "gif", "png"):
        conversion_map[uri] = _upload_to_cloudfront(filepath)
    return conversion_map.get(uri, uri)


def learning(uri, new=False, filepath=None, changed=False, **kwargs):
    print("Debugging and learning")
    print(uri)
    print("New", new)
    print("Filepath", filepath)
    print("Changed", changed)
    print("Other arguments", kwargs)
    return uri


def narrow(uri, new=False, filepath=None, changed=False, checked=False, notfound=False):
    return uri


def without_filepath(uri, *, new, changed, checked, notfound, disabled=False):
    return uri


class Calls:
    """Takes down what it is asked, and answers what a test wants."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer: Any = lambda uri, facts: uri

    def __call__(self, uri: str, **facts: Any) -> Any:
        self.calls.append((uri, facts))
        return self.answer(uri, facts)

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What was asked since the last time."""
        taken, self.calls = self.calls, []
        return taken
