"""The question, and who answers it."""

from __future__ import annotations

from harness.contestant import Case, Contestant, Race, Target

__all__ = ["RACE"]


def _contestant(
    name: str, title: str, *packages: str, module: str | None = None, ours: bool = False
) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.static_render.{module or name}",
        packages=("Django", *packages),
        ours=ours,
    )


RACE = Race(
    name="static_render",
    title="Rendering a reference to static files",
    unit="µs",
    figure="wall",
    baseline="static_manifest",
    cases=(
        Case(key="tag", title="One tag in a page of a hundred"),
        Case(key="three", title="Three files, joined where that is done"),
    ),
    contestants=(
        _contestant("plain", "plain text (the floor)"),
        _contestant("staticfile_literal", "{% staticfile 'x' %}", "slimstack-static", ours=True),
        _contestant("staticfile_variable", "{% staticfile x %}", "slimstack-static", ours=True),
        _contestant("slimall", "{% slimall %}", "slimstack-static", ours=True),
        _contestant(
            "staticfile_literal_manifest", "{% staticfile 'x' %}, built", "slimstack-static", ours=True
        ),
        _contestant(
            "staticfile_variable_manifest", "{% staticfile x %}, built", "slimstack-static", ours=True
        ),
        _contestant("slimall_manifest", "{% slimall %}, built", "slimstack-static", ours=True),
        _contestant("compressor_offline", "compressor, offline", "django-compressor"),
        _contestant("static", "{% static %}"),
        _contestant("static_manifest", "{% static %}, manifest"),
        _contestant("whitenoise", "{% static %}, WhiteNoise", "whitenoise", module="whitenoise_storage"),
        _contestant("pipeline", "pipeline", "django-pipeline", module="pipeline_package"),
        _contestant("compressor_online", "compressor, online", "django-compressor"),
    ),
    how=(
        "DEBUG is off, templates come from the cached loader, and the page has been rendered once before",
        "measured: a page with 100 tags for 100 files, less the same page without the tags, divided by 100",
        "three files: 100 blocks of three; {% static %} has three tags there, compressor, pipeline and {% slimall %} one",
        "compressor, pipeline and {% slimall %} print a whole <link>, the others its URL; the page is checked first",
        "built: staticbuild has run, and the manifest is in use; else django-static prepared the files when first asked",
    ),
    targets=(
        *(
            Target(case="tag", contestant=name, at_most=1 / 20, against="static_manifest")
            for name in ("staticfile_literal", "staticfile_literal_manifest")
        ),
        *(
            Target(case="three", contestant=name, at_most=1 / 20, against="static_manifest")
            for name in ("slimall", "slimall_manifest")
        ),
        *(
            # 1.5 µs where {% static %} with its manifest took 10.3.
            Target(case="tag", contestant=name, at_most=0.146, against="static_manifest")
            for name in ("staticfile_variable", "staticfile_variable_manifest")
        ),
    ),
)
