"""What a script will look for by itself while it runs, and how far that can be helped: told, or left where it looks."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Collection

from .parts import Part
from .records import Options
from .references import js
from .sources import SourceError, Sources

__all__ = ["leave_what_scripts_look_for", "must_stay", "note"]

#: The scripts that are made for a sheet: beside ``leaflet.css``, or in the folder for scripts, ``leaflet-src.js``.
_SCRIPTS = tuple(
    f"{folder}{{}}{ending}" for folder in ("", "../js/") for ending in (".js", "-src.js", ".min.js")
)
#: The name of a picture in a regular expression.
_PICTURE = re.compile(r"\\\.(?:png|gif|jpe?g|svg|webp)(?!\w)")
_DOT = rb"\."
_HYPHEN = rb"\-"


def note(part: Part, options: Options) -> None:
    """Say what a script will look for at the place of the original, and what it looks for in vain."""
    found, source, prefix = part.found, part.source, options.name_prefix
    for look in found.looks:
        is_other = (
            look.value.rpartition("/")[2] not in source.url.rpartition("/")[2] and "$" not in look.value
        )
        is_sheet = look.kind == "sheet"
        if (is_sheet and not _PICTURE.search(part.text)) or (look.kind == "selector" and is_other):
            what = "a style sheet" if is_sheet else "another script"
            part.remarks.append(
                part.notice(
                    f"looks in the page for {what} by its name, {look.expression!r}: it is published under another; if the script "
                    "finds its files by that, give it their folder in the page",
                    look.line,
                )
            )
    if found.looks_for_others and part.is_module:
        _note_elements(part, options)
    if not prefix:
        _note_twins(part)
        return
    uncertain = [each for each in found.unknown if not each.end]
    if uncertain:
        part.problems.append(
            part.notice(
                f"where {uncertain[0].expression!r} ends cannot be told: it is looked for from {prefix}, where only published "
                "files are",
                uncertain[0].line,
            )
        )
    places = [
        *((each.line, each.expression) for each in found.unknown if each.end),
        *((each.line, "import.meta" if each.is_whole else "import.meta.url") for each in found.own),
        *(
            (each.line, each.expression)
            for each in found.looks
            if each.kind != "sheet" and not part.is_module
        ),
    ]
    if places:
        line, what = min(places)
        folder = source.host + source.url[: source.url.rfind("/") + 1]
        part.remarks.append(
            part.notice(
                f"what {what!r} leads to is known at run time only: it is looked for from {folder}, where the originals must be "
                "served, too (staticbuild --all, collectstatic); an import map can name modules before",
                line,
            )
        )


def _note_elements(part: Part, options: Options) -> None:
    """Say where a module looks for the element of one that is told of none, and so for where its files are."""
    look = next(each for each in part.found.looks if each.kind != "sheet")
    begin = f"what {look.expression!r} finds is known at run time only"
    if options.filename_generator is not None:
        end = (
            ", and DJANGO_STATIC_FILENAME_GENERATOR has made up the names of published modules: if the script finds its files by "
            "them, give it their folder in the page, or print the URL of the original there, without a tag"
        )
    elif options.name_prefix:
        end = (
            ": the elements of modules say there the URLs of the originals, which must be served, too (staticbuild --all, "
            "collectstatic)"
        )
    else:
        return
    part.remarks.append(part.notice(begin + end, look.line))


def _note_twins(part: Part) -> None:
    """Say where modules are imported by names that are made at run time, which are those of the originals."""
    imports = [each for each in part.found.unknown if each.what == "module"]
    if imports:
        part.remarks.append(
            part.notice(
                f"what {imports[0].expression!r} leads to is known at run time only: it is loaded by the name of its original, and "
                "so is all that it imports; a module of these that pages also load under its published name is there twice, "
                "with a state for each, unless {% staticimportmap %} names them",
                imports[0].line,
            )
        )


def must_stay(part: Part, prefix: str) -> bool:
    """Whether a script whose bytes may not change would no longer find its files under another URL."""
    moves = bool(prefix)
    if part.is_text or part.source.kind != "js" or (part.is_finished and not moves):
        return False
    found = js.scan(part.data.decode("latin-1"))
    relative = (each.url for each in found.references if each.what != "map" and not each.is_bare)
    if found.looks_for_itself:
        reason = "it looks for its own script element, which would have another URL"
    elif moves and (found.own or found.unknown or any(part.is_relative(url) for url in relative)):
        reason = "it names other files by their path from its own"
    else:
        return False
    part.problems.append(
        part.notice(
            f"keeps its URL, {part.source.name}: {reason}, and under the integrity attribute of the page its text cannot be "
            f"changed; without the attribute it is published{f' below {prefix}' if moves else ''}, and DJANGO_STATIC_INTEGRITY "
            "makes a right one"
        )
    )
    return True


def leave_what_scripts_look_for(part: Part, sources: Sources) -> None:
    """Let the pictures of a style sheet keep their names that a script knows by these.

    A script may have the browser tell it the URL of a picture, and cut off the name it expects at its end (Leaflet does
    that to find its markers). Such a name stands in it as a regular expression. What the two files of a package agree on
    changes in both, so that nobody need look at the script again for the sake of the sheet.
    """
    names = {
        start: posixpath.basename(target.url)
        for start, target in part.targets.items()
        if not target.kind and "." in target.url
    }
    known = _known(set(names.values()), _script_beside(part, sources)) if names else ()
    for start, name in names.items() if known else ():
        if name in known:
            target = part.targets.pop(start)
            part.remarks.append(
                part.notice(
                    f"{target.name} keeps its name, since the script beside the sheet looks for it by that: the original must be "
                    "served, too"
                )
            )


def _known(names: Collection[str], script: bytes) -> set[str]:
    """Those of the names, each with a dot, that a script has as regular expressions, wherever in them.

    A sheet may have as many pictures as a script has lines: the script is gone through once, and what stands around each
    of its escaped dots is looked up, not each name looked for.
    """
    tails: dict[bytes, dict[bytes, str]] = {}
    for name in names:
        head, _, tail = _escaped(name).rpartition(_DOT)
        tails.setdefault(tail, {})[head] = name
    lengths = {tail: {len(head) for head in heads} for tail, heads in tails.items()}
    ends = {len(tail) for tail in tails}
    # With each hyphen escaped they are twice as long at most. A big script is not copied for the sake of its few dots.
    before = 2 * max(max(each) for each in lengths.values())
    behind = 2 * max(ends)
    found: set[str] = set()
    dot = script.find(_DOT)
    while dot >= 0:
        start = dot + len(_DOT)
        text = script[max(dot - before, 0) : dot].replace(_HYPHEN, b"-")
        rest = script[start : start + behind].replace(_HYPHEN, b"-")
        for end in ends:
            tail = rest[:end]
            for length in lengths.get(tail, ()):
                head = text[max(len(text) - length, 0) :]
                if head in tails[tail]:
                    found.add(tails[tail][head])
        dot = script.find(_DOT, start)
    return found


def _escaped(name: str) -> bytes:
    """A name as it is written in a regular expression, where a hyphen need not be escaped."""
    # A file name may be any bytes.
    return re.escape(name).encode("utf-8", "surrogateescape").replace(_HYPHEN, b"-")


def _script_beside(part: Part, sources: Sources) -> bytes:
    """The text of the scripts that are named as the sheet is."""
    stem = re.sub(r"(\.min)?\.css$", "", posixpath.basename(part.source.name))
    text = b""
    for script in _SCRIPTS:
        name = part.resolve(script.format(stem))
        with contextlib.suppress(SourceError, OSError):
            text += sources.find(name).path.read_bytes() if name else b""
    return text
