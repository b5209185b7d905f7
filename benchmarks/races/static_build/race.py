"""The question, and who answers it."""

from __future__ import annotations

from harness.contestant import Case, Contestant, Gauge, Race, Target
from races.static_build.tree import services

__all__ = ["RACE"]


def _contestant(
    name: str, title: str, *packages: str, module: str | None = None, ours: bool = False
) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.static_build.{module or name}",
        packages=("Django", *packages),
        ours=ours,
    )


_OURS = ("staticbuild", "static_storage")

RACE = Race(
    name="static_build",
    title="Publishing a tree of static files",
    unit="seconds",
    scale=1.0,
    figure="wall",
    baseline="manifest_lenient",
    cases=(
        Case(key="big_cold", title="Big tree, cold"),
        Case(key="big_warm", title="Big tree, nothing changed"),
        Case(key="small_cold", title="Small tree with gz and br, cold", baseline="whitenoise"),
        Case(key="small_warm", title="Small tree with gz and br, nothing changed", baseline="whitenoise"),
    ),
    contestants=(
        _contestant("staticbuild", "staticbuild --all", "slimstack-static", ours=True),
        _contestant("static_storage", "collectstatic, StaticStorage", "slimstack-static", ours=True),
        _contestant("plain", "collectstatic, plain"),
        _contestant("manifest", "Manifest storage"),
        _contestant("manifest_lenient", "Manifest storage, errors swallowed"),
        _contestant("enhanced", "manifeststaticfiles-enhanced", "django-manifeststaticfiles-enhanced"),
        _contestant(
            "enhanced_modules", "the same, JS modules and lexer", "django-manifeststaticfiles-enhanced"
        ),
        _contestant("whitenoise", "WhiteNoise", "whitenoise", "brotli", module="whitenoise_storage"),
        _contestant("servestatic", "ServeStatic", "servestatic", "brotli", module="servestatic_storage"),
        _contestant("pipeline", "pipeline (gz only)", "django-pipeline", module="pipeline_storage"),
        _contestant("compressor", "compressor, offline (br only)", "django-compressor", "brotli"),
    ),
    how=(
        "published: files of npm packages, and Django's admin; how many is said at the end, beside the versions",
        "measured: the whole management command, in a fresh process after django.setup(); 'whole process' adds the rest",
        "cold: STATIC_ROOT and all caches are empty; warm: the same build once more. The sources are read once before",
        "broken: files without published bytes; references in published CSS and JS that the build led astray",
        "these are read after the build, with tinycss2 and tree-sitter, and compared with what the originals refer to",
        "unhashed: references that hold, but go past the fingerprint of their file",
        "crashes: the command ends with that error; nobody is spared the big tree who can publish it",
        "compressor joins and minifies what its blocks name, here each CSS and JS file; the others do not minify",
    ),
    columns=2,
    samples=1,
    rounds=4,
    gauges=(
        Gauge(key="peak_memory", title="peak memory", unit="MB", divisor=2**20),
        Gauge(key="process", title="whole process", unit="s"),
        Gauge(key="files", title="files"),
        Gauge(key="on_disk", title="on disk", unit="MB", divisor=1e6),
        Gauge(key="brotli", title="CSS+JS in brotli", unit="MB", divisor=1e6),
        Gauge(key="references", title="references"),
        Gauge(key="broken", title="broken"),
        Gauge(key="unhashed", title="unhashed"),
    ),
    targets=(
        *(
            Target(case="big_cold", contestant=name, at_most=1 / 3, against="manifest_lenient")
            for name in _OURS
        ),
        *(
            Target(case="big_warm", contestant=name, at_most=0.1, against="manifest_lenient")
            for name in _OURS
        ),
        *(Target(case="big_warm", contestant=name, at_most=1.0, against="plain") for name in _OURS),
        *(Target(case="small_cold", contestant=name, at_most=0.55, against="whitenoise") for name in _OURS),
        *(Target(case="small_warm", contestant=name, at_most=0.1, against="whitenoise") for name in _OURS),
        *(Target(case="big_cold", contestant=name, at_most=300, gauge="peak_memory") for name in _OURS),
        *(Target(case="big_cold", contestant=name, at_most=0, gauge="broken") for name in _OURS),
        *(Target(case="small_cold", contestant=name, at_most=0, gauge="broken") for name in _OURS),
    ),
    services=services,
)
