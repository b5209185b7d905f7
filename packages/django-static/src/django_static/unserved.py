"""Files that are found, and of which what is published lies where no URL of the settings leads."""

from __future__ import annotations

from .names import decoded
from .records import Options
from .sources import Source, Sources, is_foreign, split_host

__all__ = ["why_unserved"]


def why_unserved(source: Source, sources: Sources, options: Options) -> str:
    """What is wrong with the name of a file, and what to write; empty where web servers find what is published of it.

    The finders are asked for any name, and what they find is published in ``STATIC_ROOT``. Under a name that does not begin
    with ``STATIC_URL`` pages print a URL that leads elsewhere.
    """
    if options.save_prefix is not None or not sources.static_url:
        return ""  # what is there is served by the names that it has
    if options.name_prefix or options.media_url:
        return ""  # pages print URLs that begin with these; where they lead, the site's web server knows
    forms = tuple(dict.fromkeys((source.name, decoded(source.name))))
    if any(form.startswith(sources.static_url) for form in forms):
        return ""
    paths = [split_host(form)[1] for form in forms if not is_foreign(form)]
    if sources.media_url:
        paths += [form[len(sources.media_url) :] for form in forms if form.startswith(sources.media_url)]
    if any(source.folder == (root / path.lstrip("/")).parent for root in sources.roots for path in paths):
        return ""
    base = next(
        (mount.written for mount in sources.mounts if decoded(mount.here) == sources.static_url),
        sources.written_static_url,
    )
    return (
        f"{source.name!r} is {source.path}, which no media root has: it is published where names lead that begin with "
        f"STATIC_URL, and this one does not. Write {base + split_host(source.name)[1].lstrip('/')!r}, or, if the web server "
        "sends that folder under this name, put it into DJANGO_STATIC_MEDIA_ROOTS"
    )
