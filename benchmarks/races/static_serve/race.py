"""The question, and who answers it."""

from __future__ import annotations

from harness.contestant import Case, Contestant, Gauge, Race, Rate, Target

__all__ = ["RACE"]


def _contestant(name: str, title: str, *packages: str, ours: bool = False) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.static_serve.{name}",
        packages=("granian", "gunicorn", "pyuwsgi", "uvicorn", "uvloop", "httptools", *packages),
        ours=ours,
    )


RACE = Race(
    name="static_serve",
    title="Serving a file of 30 KB from the application server",
    unit="µs of CPU",
    figure="cpu",
    baseline="constant",
    cases=(
        Case(key="asgi", title="All of it, under uvicorn"),
        Case(key="asgi_304", title="304 Not Modified, under uvicorn", baseline="servestatic_bare"),
        Case(key="wsgi", title="All of it, under gunicorn (sync)"),
        Case(key="wsgi_304", title="304 Not Modified, under gunicorn (sync)", baseline="whitenoise_bare"),
        Case(key="wsgi_uwsgi", title="All of it, under uWSGI"),
        Case(key="wsgi_uwsgi_304", title="304 Not Modified, under uWSGI", baseline="whitenoise_bare"),
        Case(key="wsgi_granian", title="All of it, under granian (WSGI)"),
        Case(
            key="wsgi_granian_304",
            title="304 Not Modified, under granian (WSGI)",
            baseline="whitenoise_bare",
        ),
    ),
    contestants=(
        _contestant("constant", "constant bytes (the floor)"),
        _contestant("ours", "django-static, StaticServer", "slimstack-static", "Django", ours=True),
        _contestant("whitenoise_bare", "WhiteNoise, bare", "whitenoise", "Django"),
        _contestant("whitenoise_around", "WhiteNoise, around Django", "whitenoise", "Django"),
        _contestant("whitenoise_middleware", "WhiteNoise, middleware", "whitenoise", "Django"),
        _contestant("servestatic_bare", "ServeStatic, bare", "servestatic", "Django"),
        _contestant("servestatic_middleware", "ServeStatic, middleware", "servestatic", "Django"),
    ),
    how=(
        "measured: CPU time of the process that serves, in Python and kernel; requests/s is what a core can do of that",
        "the client is another process, which only counts bytes",
        "uvicorn (uvloop, httptools) and granian keep 8 connections; gunicorn's sync worker and uWSGI close each after its reply, two at a time",
        "published with compressed siblings; asked for without Accept-Encoding, so that all send the same 30,000 bytes",
        "the reply is checked before, and each that counts must begin with the same line and have the same length",
        "bare: around an application of one line, and Django is not loaded; around Django: as in a site's wsgi.py, as ours is",
        "memory: of the process that serves, shared pages by their share, after the load",
        "start: making the application around another one, 10,000 files published, in a fresh process; the best of three",
    ),
    columns=2,
    samples=3,
    # What decides is a few hundredths, less than a process by itself differs from the next.
    rounds=9,
    rate=Rate(unit="requests/s", scale=1),
    gauges=(
        Gauge(key="memory", title="memory", unit="MB", divisor=2**20),
        Gauge(key="start", title="start with 10,000 files", unit="ms", divisor=1e-3),
    ),
    targets=(
        Target(case="asgi", contestant="ours", at_most=1 / 25, against="servestatic_bare"),
        Target(case="asgi", contestant="ours", at_most=1 / 0.6, against="constant"),
        Target(case="asgi_304", contestant="ours", at_most=1.0, against="servestatic_bare"),
        *(
            Target(case=case, contestant="ours", at_most=1 / 1.4, against=against)
            for case in ("wsgi", "wsgi_uwsgi", "wsgi_granian")
            for against in ("whitenoise_bare", "whitenoise_around")
        ),
        *(
            Target(case=case, contestant="ours", at_most=1.0, against=against)
            for case in ("wsgi_304", "wsgi_uwsgi_304", "wsgi_granian_304")
            for against in ("whitenoise_bare", "whitenoise_around")
        ),
        *(Target(case=case, contestant="ours", at_most=200, gauge="start") for case in ("asgi", "wsgi")),
    ),
)
