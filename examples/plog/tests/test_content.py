"""The sample content: what the files say, and how it gets into the database."""

from __future__ import annotations

import ast
import datetime
import doctest
import io
import re
import shutil
import sys
import types
from pathlib import Path

import pytest
from bson import CodecOptions, ObjectId
from django.conf import settings
from django.core.management import CommandError, call_command

from django_mongokit import connection, get_database
from plog import blog, content
from plog.content import ContentError, load, read
from plog.documents import Comment
from plog.figures import DARK, LIGHT, figures

CONTENT = Path(__file__).parent.parent / "content"
MEDIA = Path(settings.MEDIA_ROOT)
POSTS = {post.slug: post for post in read(CONTENT)}


def test_ninety_three_comments():
    assert len(POSTS) == 12
    assert sum(len(post.comments) for post in POSTS.values()) == 93


def test_comments_come_after_their_post_and_in_order():
    for post in POSTS.values():
        dates = [comment.added for comment in post.comments]
        assert dates == sorted(dates)
        assert all(date > post.published for date in dates)
        assert {comment.author for comment in post.comments} <= {"", "A reader"}


@pytest.mark.parametrize(
    ("slug", "facts"),
    [
        ("django-mongokit-vs-postgresql", """0.0108649730682 0.0238521099091 0.0241661071777 0.058883190155 0.0994439125061
            0.088721036911 0.0888710021973 0.277035951614 0.114995002747 0.181537866592 0.13414812088 0.430680990219
            0.856637954712 1.16229200363 0.879518032074 2.89844799042 0.505300998688 0.809900999069 0.65673494339
            1.97193694115 4.4399368763 5.72280597687 4.34039878845 14.5031416416 0.957674026489 1.60552191734
            1.28869891167 3.8518948555 8.57405209541 14.8357069492 11.9729249477 35.3826839924 4.70 6.73 7.35 9.19
            6.99 8.40"""),
        ("fcgi-gunicorn-uwsgi", "640 240 1100 1300 1200 (?!?) 1800 2100 2300 23 82 155 14.7 3,400 fail_timeout=0 0.02"),
        ("introducing-django-static", """1269170122 1269198161 1269178381 1269174558 slimall staticall slimcontent
            staticfile slimfile /tmp/cache-forever 315360000 661 1358 93% compiler.jar yuicompressor-2.4.2.jar"""),
        ("introducing-django-mongokit", """281905 281000 4b9244989d40b334b4000000 cpu_hrz Computerz model_names
            get_database use_dot_notation"""),
        ("mongodb-test-teardown", "55 3.024s system.indexes"),
        ("who-was-logged-in", "ERROR-X-LOGGED-IN anita AnonymousUser process_exception"),
        ("django-static-file-proxy-cdn", "SlowMap(10) 315360000 2037 myholiday.jpg Frankfurt Virginia mysprite.gif"),
        ("mongoengine-vs-django-mongokit", "23%"),
        ("mongodb-slides", "4bebe6e26b2ded78ec00000a DBRef BSON MapReduce"),
        ("django-1-1-testing-and-debugging", "Tracey Packt pp gorun"),
    ],
)  # fmt: skip
def test_facts(slug, facts):
    missing = [fact for fact in facts.split() if fact not in POSTS[slug].source]
    assert missing == []


def test_the_sums_in_the_race_are_right():
    source = POSTS["django-mongokit-vs-postgresql"].source
    blocks = re.findall(
        r"Creating \d+ talks took ([\d.]+).*\nEditing \d+ talks took ([\d.]+).*\nDeleting \d+ talks took ([\d.]+).*\nIN TOTAL ([\d.]+)",
        source,
    )
    assert len(blocks) == 8
    for *parts, total in blocks:
        assert sum(map(float, parts)) == pytest.approx(float(total), rel=1e-9)
    totals = [float(total) for *_, total in blocks]
    ratios = [sql / mongo for mongo, sql in zip(totals[::2], totals[1::2], strict=True)]
    assert sum(ratios) / 4 == pytest.approx(6.99, abs=0.005)
    assert sum(totals[1::2]) / sum(totals[::2]) == pytest.approx(8.40, abs=0.005)


@pytest.mark.parametrize("slug", POSTS)
def test_python_in_the_posts_can_be_read(slug):
    for code in re.findall(r"```python\n(.*?)```", POSTS[slug].source, re.DOTALL):
        ast.parse(code)
    for session in re.findall(r"```pycon\n(.*?)```", POSTS[slug].source, re.DOTALL):
        lines = [line[4:] for line in session.splitlines() if line.startswith((">>> ", "... "))]
        ast.parse("\n".join(lines))


# Of 2010 is cursor.count(), of which a warning tells once; here warnings are errors.
@pytest.mark.filterwarnings("ignore:cursor.count.. is MongoKit's old spelling:DeprecationWarning")
def test_the_session_about_mongokit_runs(empty, monkeypatch, caplog):
    source = POSTS["introducing-django-mongokit"].source
    module = types.ModuleType("mymodels")
    monkeypatch.setitem(sys.modules, "mymodels", module)
    exec(re.search(r"```python\n(.*?)```", source, re.DOTALL)[1], module.__dict__)
    moment = datetime.datetime(2010, 3, 6, 12, 3, 8, 281905, tzinfo=datetime.UTC)
    key = ObjectId("4b9244989d40b334b4000000")

    class Shell:
        """A connection as PyMongo makes it by default, whose database is that of the tests."""

        mydb = get_database().with_options(codec_options=CodecOptions(tz_aware=False))

        def register(self, classes):
            return connection.register(classes)

    class Computer(module.Computer):
        default_values = {"purchase_date": lambda: moment}

        def save(self, *args, **kwargs):
            self["_id"] = key
            return super().save(*args, **kwargs)

    Computer.__module__, Computer.__qualname__, Computer.__name__ = "mymodels", "Computer", "Computer"
    names = {**module.__dict__, "Computer": Computer, "Connection": Shell}
    flags = doctest.NORMALIZE_WHITESPACE
    try:
        for session in re.findall(r"```pycon\n(.*?)```", source, re.DOTALL):
            test = doctest.DocTestParser().get_doctest(session, names, "post", None, 0)
            out = io.StringIO()
            assert (
                doctest.DocTestRunner(optionflags=flags).run(test, out=out.write, clear_globs=False).failed
                == 0
            ), out.getvalue()
            names = test.globs
    finally:
        get_database().mycollection.drop()
    assert "cpu_hrz was not found in structure" in caplog.text


def test_links_between_the_posts_lead_somewhere():
    for post in POSTS.values():
        for slug in re.findall(r"\]\(/plog/([^)#]+)", post.source):
            assert slug in POSTS, f"{post.slug} links to {slug}"
        for name in re.findall(r"\]\(/((?:img|files)/[^)]+)\)", post.source):
            assert (MEDIA / name).is_file(), f"{post.slug} shows {name}"


def test_the_kinds_of_content_the_page_had():
    everything = "\n".join(post.source for post in POSTS.values())
    languages = set(re.findall(r"^```(\S+)$", everything, re.MULTILINE))
    assert languages >= {"python", "pycon", "console", "nginx", "html", "html+django", "text", "javascript"}
    assert len(re.findall(r"^!\[", everything, re.MULTILINE)) == 5
    assert re.search(r"^1\. ", everything, re.MULTILINE)
    assert re.search(r"^\[\^\w+\]: ", everything, re.MULTILINE)
    assert "::: update" in everything
    assert re.search(r"^\| -+", everything, re.MULTILINE)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_pictures_are_those_the_figures_draw(theme):
    drawn = figures(theme)
    assert len(drawn) == 5
    for name, text in drawn.items():
        assert (MEDIA / "img" / name).read_text() == text, f"{name}: run manage.py draw_figures"
        assert "<style" not in text
        assert " style=" not in text


def test_draw_figures_writes_them(tmp_path, settings):
    (tmp_path / "img").mkdir()
    settings.MEDIA_ROOT = tmp_path
    call_command("draw_figures", stdout=io.StringIO())
    assert {path.name for path in (tmp_path / "img").iterdir()} == set(figures(LIGHT)) | set(figures(DARK))


def test_slowmap_can_be_used_as_it_is(monkeypatch, capsys):
    namespace = {"__name__": "slowmap"}
    exec((MEDIA / "files/slowmap.py").read_text(), namespace)
    now = [100.0]
    namespace["monotonic"] = lambda: now[0]
    slow = namespace["SlowMap"](60)
    slow["key"] = "old"
    assert (slow["key"], slow.get("key"), slow.get("other", 1)) == (None, None, 1)
    now[0] += 60
    slow["key"] = "new"
    assert slow["key"] == "old"
    now[0] += 60
    assert slow["key"] == "new"
    assert namespace["main"](["0"]) == 0
    assert capsys.readouterr().out == "Value\nValue\n"
    assert namespace["main"](["x"]) == 1


def test_loading_again_changes_nothing(empty):
    first = load(CONTENT, MEDIA)
    assert (first.new, first.changed, first.same, first.comments) == (12, 0, 0, 93)
    posts = list(get_database().posts.find())
    second = load(CONTENT, MEDIA)
    assert (second.new, second.changed, second.same, second.comments) == (0, 0, 12, 0)
    assert list(get_database().posts.find()) == posts
    assert get_database().comments.count_documents({}) == 93


def test_what_visitors_did_stays(empty):
    load(CONTENT, MEDIA)
    comments = get_database().comments
    blog.add_comment("mongodb-slides", "A reader", "Mine", ObjectId())
    removed = comments.find_one(
        {"post": "mongodb-slides", "text": {"$regex": "^What do you do for the admin"}}
    )
    comments.delete_one({"_id": removed["_id"]})
    load(CONTENT, MEDIA)
    assert comments.count_documents({"post": "mongodb-slides", "text": "Mine"}) == 1
    assert comments.count_documents({"_id": removed["_id"]}) == 0


def test_a_changed_file_replaces_its_post_and_keeps_its_comments(empty, tmp_path):
    shutil.copytree(CONTENT, tmp_path / "content")
    load(tmp_path / "content", MEDIA)
    blog.add_comment("mongodb-slides", "", "Mine", ObjectId())
    before = blog.find_post("mongodb-slides")
    path = tmp_path / "content/2010-05-25-mongodb-slides.md"
    path.write_text(path.read_text().replace("Here are [the slides]", "There are [the slides]"))
    done = load(tmp_path / "content", MEDIA)
    assert (done.new, done.changed, done.same, done.comments) == (0, 1, 11, 0)
    after = blog.find_post("mongodb-slides")
    assert after._id == before._id
    assert "There are" in after.html
    assert blog.comment_counts(["mongodb-slides"]) == {"mongodb-slides": 8}


@pytest.mark.parametrize("after", [0, 1, 17, 92])
def test_a_loader_that_dies_half_way_is_made_good(empty, monkeypatch, after):
    real, saved = Comment.save, []

    def save(self, *args, **kwargs):
        if len(saved) == after:
            raise KeyboardInterrupt
        saved.append(self)
        return real(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(Comment, "save", save)
        with pytest.raises(KeyboardInterrupt):
            load(CONTENT, MEDIA)
    load(CONTENT, MEDIA)
    counts = blog.comment_counts(POSTS)
    assert counts == {slug: len(post.comments) for slug, post in POSTS.items()}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.md", "Hello", "has to begin with +++"),
        ("a.md", "+++\ntitle = 'x'\n", "has to begin with +++"),
        ("a.md", "+++\ntitle = x\n+++\n", "TOML"),
        ("a.md", "+++\ntitle = 'x'\n+++\n", "slug, title, date and categories"),
        ("a.md", "+++\ntitle = 'x'\nslug = 'x'\ndate = '2010'\ncategories = []\n+++\n", "slug, title, date"),
        ("comments/a.toml", "[[comment]]\nwho = 'x'\n", "[[comment]] tables"),
        ("comments/a.toml", "x = 1\n", "[[comment]] tables"),
        ("comments/a.toml", "x = \n", "[[comment]] tables"),
    ],
)
def test_a_bad_file_is_named(tmp_path, name, text, message):
    (tmp_path / "comments").mkdir()
    (tmp_path / "a.md").write_text(
        "+++\ntitle = 'x'\nslug = 'x'\ndate = 2010-01-01\ncategories = ['x']\n+++\n"
    )
    (tmp_path / name).write_text(text)
    with pytest.raises(ContentError) as caught:
        list(read(tmp_path))
    assert str(tmp_path / name) in str(caught.value)
    assert message in str(caught.value)


def test_the_command(site, capsys):
    call_command("load_sample_content")
    assert capsys.readouterr().out == "12 posts: 0 new, 0 changed, 12 as they were; 0 comments added\n"


def test_the_command_names_a_bad_file(site, tmp_path, settings):
    (tmp_path / "bad.md").write_text("Hello")
    settings.CONTENT_DIR = tmp_path
    with pytest.raises(CommandError, match=r"bad\.md"):
        call_command("load_sample_content")


def test_a_new_way_of_rendering_renders_all_anew(site, monkeypatch):
    monkeypatch.setattr(content, "RENDERING", "next")
    assert load(CONTENT, MEDIA).changed == 12
