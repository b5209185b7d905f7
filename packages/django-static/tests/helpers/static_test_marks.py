"""Names of files that lie among others, and whether one has to be that of a published file."""

from __future__ import annotations

NAMES = {
    "img/logo.1269170122.png": True,
    "img/logo.126917012.png": True,
    "img/logo.12691701222.png": True,
    "img/logo.3f2a9c1b4d5e.png": True,
    "img/logo.12691701222a.png": True,
    "img/my.logo.1269170122.png": True,
    "css/a_b.1269170122-0123abcd.css": True,
    "css/site.1269170122.css.map": True,
    "js/module.3f2a9c1b4d5e.mjs.map": True,
    "LICENSE.1269170122": True,
    "LICENSE-0123abcd.1269170122": True,
    "img/day.202611221230.1269170122.png": True,
    "a b/ä.1269170122.png": True,
    "img/logo.png": False,
    "img/logo.5.png": False,
    "img/logo.2.gif": False,
    "img/logo.-1269170122.png": False,
    "img/photo.12691701.png": False,
    "img/photo.20261122.png": False,
    # A date with its time, though it could be the beginning of a digest.
    "img/photo.202611221230.png": False,
    "img/photo.202611221230-0123abcd.png": False,
    "img/photo.202611221230": False,
    "img/photo.20261122123000.png": False,
    "img/photo.1699999999999.png": False,
    "img/1269170122.png": False,
    "img.1269170122/logo.png": False,
    "js/x.0123456789AB.js": False,
    "js/x.0123456789abc.js": False,
    "js/x.1269170122.min.js": False,
    "js/x.1269170122.tar.gz.map": False,
}
