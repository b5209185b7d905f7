"""Scripts that may use an element of the page by its id as a name, and others that declare that name, in one file or not."""

from __future__ import annotations

import pytest

from django_static.references import js

#: Scripts in the order of the page, and how many files they are.
ROWS = {
    "an element": (["map.innerHTML = 'x'", "var map = L.map('map')"], 2),
    "an element that is read": (["var h = header.offsetHeight", "var header = b()"], 2),
    "an element that is asked for": (["if (typeof map == 'object') b(1)", "var map"], 2),
    "an element in a function called at once": (["(function () { map.hidden = true })()", "var map"], 2),
    "an element as an argument": (["b(map)", "for (var map of []);"], 2),
    "an element of the first, two before": (["map.hidden = true", "b()", "var map"], 2),
    "an element, then another value": (["map.hidden = true; map = 2", "var map"], 2),
    "an element in what is assigned to it": (["map = b(map)", "var map"], 2),
    "an element as a shorthand": (["b({map})", "var map"], 2),
    "a name of its own": (["var map = b(); map.x = 1", "var map"], 1),
    "a name space in each": (["var App = App || {}; App.a = 1", "var App = App || {}; App.b = 1"], 1),
    "a name of one before": (["var App = App || {}", "App.a = 1", "var App = App || {}"], 1),
    "a name given to the window": (["window.App = window.App || {}", "App.a = 1", "var App = window.App"], 1),
    "a name given and used": (["window.App = {}; App.a = 1", "var App"], 1),
    "a name assigned without var": (["App = {}; App.a = 1", "var App = App || {}"], 1),
    "a name given too late": (["App.a = 1", "window.App = {}", "var App"], 2),
    "what is called is no element": (["jQuery(b); $(c); new D()", "var $ = jQuery, jQuery, D"], 1),
    "a property of the window": (["if (!window.map) b()", "var map"], 1),
    "used when all is loaded": (["function f() { return map.x }", "var map"], 1),
    "a parameter": (["(function (map) { map.x = 1 })({})", "var map"], 1),
    "used only": (["jQuery.fn.a = 1", "jQuery.fn.b = 2"], 1),
    "declared first": (["var map = 1", "map.x = 1"], 1),
    "what each browser has": (["b(self, typeof Promise, name)", "var self = this, Promise, name = 1"], 1),
}


@pytest.mark.parametrize("row", ROWS)
def test_files(site, row):
    scripts, files = ROWS[row]
    for number, text in enumerate(scripts):
        site.write(f"s{number}.js", text, 5)
    tags = "".join(f"<script src=/s{number}.js></script>" for number in range(len(scripts)))
    html = site.render(f"{{% staticall %}}{tags}{{% endstaticall %}}")
    assert html.count("<script") == files


def test_it_is_said_why():
    reason = js.clash(js.read("map.hidden = true"), js.read("var map"))
    assert reason == "the first uses map, which may be an element by its id until the second declares it"
