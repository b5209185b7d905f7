"""What a site does to URLs on its CDN before they are printed or asked for, where a distribution wants signatures."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.module_loading import import_string

from .options import Options
from .store import StoreError

__all__ = ["Sign", "Signed", "sign_of"]

Sign = Callable[[str], str]

_SETTING = "DJANGO_STATIC_CDN_SIGN"


class Signed(str):
    """A URL that holds as it is, and with nothing else in its query."""

    __slots__ = ()
    is_whole = True


def sign_of(options: Options) -> Sign:
    """The function of ``DJANGO_STATIC_CDN_SIGN``; unless that is set, one that leaves URLs as they are.

    It raises StoreError where the site's function fails, or returns no URL.

    Raises:
        StoreError: there is no such function.
    """
    given = options.sign
    if not given:
        return str
    try:
        function = given if callable(given) else import_string(given)
    except Exception as error:  # (it imports code of the site)
        raise StoreError(f"{_SETTING} is {given!r}: {error}", is_general=True) from error

    def signed(url: str) -> str:
        try:
            found = function(url)
        except Exception as error:  # (it is code of the site)
            raise StoreError(
                f"{_SETTING} failed: {type(error).__name__}: {error}", is_general=True
            ) from error
        if not isinstance(found, str) or not found:
            raise StoreError(f"{_SETTING} returned {found!r:.80}, which is no URL", is_general=True)
        return Signed(found)

    return signed
