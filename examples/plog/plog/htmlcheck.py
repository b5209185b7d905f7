"""Reads a page strictly: its links and assets, and what a browser would only mend or complain of in its console."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["PageReader"]

# fmt: off
VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
})
# What may not be inside a paragraph: the browser would close the paragraph silently.
BLOCKS = frozenset({
    "article", "aside", "div", "dl", "figure", "footer", "form", "h1", "h2", "h3", "h4", "header", "main",
    "nav", "ol", "p", "pre", "section", "table", "ul",
})
# fmt: on
LABELLED = frozenset({"input", "select", "textarea"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}


class PageReader(HTMLParser):
    """After `feed` and `close`: ``links``, ``assets``, ``ids`` and ``faults`` of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.assets: list[str] = []
        self.ids: set[str] = set()
        self.faults: list[str] = []
        self._open: list[str] = []
        self._references: list[str] = []
        self._unlabelled: list[tuple[str, str]] = []
        self._labels: set[str] = set()
        self._headings: list[int] = []
        self._seen: set[str] = set()

    def handle_decl(self, decl: str) -> None:
        if decl.lower() == "doctype html":
            self._seen.add("doctype")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._seen.add(tag)
        if len(values) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if tag in BLOCKS and "p" in self._open:
            self.faults.append(f"<{tag}> inside <p>")
        self._read_attributes(tag, values)
        if tag in HEADINGS:
            self._headings.append(HEADINGS[tag])
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.faults.append(f"<{tag}/> does not close itself")
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.faults.append(f"</{tag}> where <{self._open[-1] if self._open else 'nothing'}> is open")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style") and data.strip():
            self.faults.append(f"inline <{self._open[-1]}>")

    def close(self) -> None:
        super().close()
        self.faults += [f"<{tag}> is not closed" for tag in self._open]
        needed = ("doctype", "html", "title", "main", "h1")
        self.faults += [f"no {name}" for name in needed if name not in self._seen]
        self.faults += [
            f"#{name} is named but not there" for name in self._references if name not in self.ids
        ]
        self.faults += [f"<{tag}> has no label" for tag, name in self._unlabelled if name not in self._labels]
        if self._headings.count(1) > 1:
            self.faults.append("more than one <h1>")
        for before, after in zip(self._headings, self._headings[1:], strict=False):
            if after > before + 1:
                self.faults.append(f"<h{after}> follows <h{before}>")

    def _read_attributes(self, tag: str, values: dict[str, str]) -> None:
        if values.get("id") in self.ids:
            self.faults.append(f"the id {values['id']!r} twice")
        if "id" in values:
            self.ids.add(values["id"])
        self.faults += [
            f"<{tag} {name}>: the policy forbids it"
            for name in values
            if name == "style" or name.startswith("on")
        ]
        for name in ("aria-labelledby", "aria-describedby", "for"):
            self._references += values.get(name, "").split()
        if tag == "img" and "alt" not in values:
            self.faults.append(f"<img src={values.get('src')!r}> has no alt")
        if tag == "html" and not values.get("lang"):
            self.faults.append("<html> has no lang")
        if tag == "label":
            self._labels.add(values.get("for", ""))
        if tag in LABELLED and values.get("type") not in ("hidden", "submit") and "aria-label" not in values:
            self._unlabelled.append((tag, values.get("id", "")))
        self._read_addresses(tag, values)

    def _read_addresses(self, tag: str, values: dict[str, str]) -> None:
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in ("img", "script", "source") and values.get("src"):
            self.assets.append(values["src"])
        elif tag == "link" and {"stylesheet", "icon"} & set(values.get("rel", "").split()):
            self.assets.append(values["href"])
        self.assets += [entry.split()[0] for entry in values.get("srcset", "").split(",") if entry.strip()]
