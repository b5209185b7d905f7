"""The question, and who answers it."""

from __future__ import annotations

from harness.contestant import Case, Contestant, Gauge, Race, Rate, Target
from races.static_minify.corpus import services

__all__ = ["RACE"]


def _contestant(name: str, title: str, *packages: str, ours: bool = False) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.static_minify.{name}",
        packages=("brotli", "tree-sitter", "tree-sitter-javascript", *packages),
        ours=ours,
    )


RACE = Race(
    name="static_minify",
    title="Minifying style sheets and scripts",
    unit="ms per MB",
    scale=1e9,
    figure="wall",
    baseline="rmin",
    cases=(
        Case(key="js", title="Scripts"),
        Case(key="css", title="Style sheets"),
    ),
    contestants=(
        _contestant("rmin", "rjsmin and rcssmin", "rjsmin", "rcssmin"),
        _contestant("tdewolff", "tdewolff", "tdewolff-minify"),
        _contestant("slim", "django-static, judged", "slimstack-static", "tdewolff-minify", ours=True),
    ),
    how=(
        "minified one after the other: the admin's files and some of npm packages, none of them minified by its maker",
        "as it was: files that came out no smaller, or on which the minifier gave up, so that the original is published",
        "in gzip, in brotli: at levels 9 and 11, each file by itself",
        "no longer parses: files that tree-sitter reads without an error before, and with one after",
        "broken inputs: of small modern scripts with a trap in each, how many do something else in node once minified",
    ),
    columns=2,
    samples=1,
    rounds=4,
    rate=Rate(unit="MB/s", scale=1e6),
    gauges=(
        Gauge(key="bytes", title="after", unit="kB", divisor=1e3),
        Gauge(key="gzip", title="in gzip", unit="kB", divisor=1e3),
        Gauge(key="brotli", title="in brotli", unit="kB", divisor=1e3),
        Gauge(key="kept", title="as it was"),
        Gauge(key="unparsed", title="no longer parses"),
        Gauge(key="judged", title="modern inputs"),
        Gauge(key="broken", title="broken inputs"),
    ),
    targets=(
        Target(case="js", contestant="slim", at_most=0, gauge="broken"),
        Target(case="js", contestant="slim", at_most=0, gauge="unparsed"),
        Target(case="js", contestant="slim", at_most=1.0, against="rmin", gauge="brotli"),
        Target(case="css", contestant="slim", at_most=1.0, against="rmin", gauge="brotli"),
    ),
    services=services,
)
