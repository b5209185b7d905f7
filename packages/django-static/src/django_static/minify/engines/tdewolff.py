"""tdewolff-minify: the default engine, for scripts, style sheets and HTML."""

from __future__ import annotations

from ...references import css, splice
from .. import js_guard
from ..gain import is_long, is_worthwhile
from .helper import Helpers

__all__ = ["tdewolff"]

_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
#: Leave out of HTML only what can be verified token by token.
_CONFIGURATION: dict[str, str | bool | int] = {
    # No operator that the script does not have: ?? is another test than != null, and no old browser knows it.
    "js-version": 2015,
    "js-keep-var-names": False,
    "html-keep-special-comments": True,
    "html-keep-default-attr-vals": True,
    "html-keep-document-tags": True,
    "html-keep-end-tags": True,
    "html-keep-quotes": True,
    # One white space of many: beside a block it is not seen, but what is a block is for style sheets to say.
    "html-keep-whitespace": True,
    # 1.0 is a number of another kind in many languages.
    "json-keep-numbers": True,
}
_TIMEOUT_SECONDS = 60.0
_MASK = "django-static-data-"

_helpers = Helpers(_TIMEOUT_SECONDS)


def tdewolff(text: str, kind: str) -> str:
    """Minify with https://github.com/tdewolff/minify, in a process that is kept for the next text.

    Raises:
        EngineError: it cannot read the text, or its process could not be started or ended.
    """
    if kind == "js":
        if is_long(text) and not is_worthwhile(text, _run(text, kind)):
            return text  # the marks only make it longer, and take their time
        marked, looks_up = js_guard.within(text)
        return js_guard.without(_run(marked, kind, {"js-keep-var-names": looks_up}))
    if kind != "css" or "data:" not in text:
        return _run(text, kind)
    # It rewrites what is inside data: URLs, which is not ours to judge.
    found = [reference for reference in css.references(text) if reference.url[:5].lower() == "data:"]
    masked = splice(text, [(part.start, part.end, f"{_MASK}{number}") for number, part in enumerate(found)])
    result = _run(masked, kind)
    return splice(
        result,
        [
            (part.start, part.end, text[found[number].start : found[number].end])
            for part in css.references(result)
            if part.url.startswith(_MASK) and (number := int(part.url.removeprefix(_MASK))) < len(found)
        ],
    )


def _run(text: str, kind: str, options: dict[str, bool] | None = None) -> str:
    return _helpers.ask(_MEDIA_TYPES[kind], text, {**_CONFIGURATION, **(options or {})})
