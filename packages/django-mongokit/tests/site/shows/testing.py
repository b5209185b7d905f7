"""Pages as a browser without JavaScript sees them: what they say, where they lead, what their forms send."""

import html
import html.parser
import math
import re

from pymongo.monitoring import CommandListener

VOID = {"input", "br", "img", "link", "meta", "hr"}
FITTING = {
    "number": r"-?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?",
    "date": r"\d{4,}-\d\d-\d\d",
    "time": r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?",
    "datetime-local": r"\d{4,}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?",
}


def as_input(kind, value):
    """Return what an input makes of a value: nothing of one that does not fit it, and one line of several."""
    if kind in FITTING:
        fits = re.fullmatch(FITTING[kind], value) is not None
        return value if fits and (kind != "number" or math.isfinite(float(value))) else ""
    value = value.replace("\x00", "\ufffd")
    if kind == "hidden":
        return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    value = value.replace("\r", "").replace("\n", "")
    return value.strip() if kind in {"email", "url"} else value


class Markup(html.parser.HTMLParser):
    """`text` of a page without its side bar, `links` by their text, `messages` as (level, text), and what its
    forms would send, by form id."""

    def __init__(self, text):
        super().__init__()
        self.html = text
        self.words, self.links, self.forms, self.rows = [], {}, {}, []
        told = re.search(r'<ul class="messagelist">(.*?)</ul>', text, re.DOTALL)
        self.messages = [
            (level, html.unescape(message.strip()))
            for level, message in re.findall(
                r'<li class="(\w+)">(.*?)</li>', told[1] if told else "", re.DOTALL
            )
        ]
        self.form = self.select = self.textarea = self.link = self.row = None
        self.is_hidden = 0
        start = self.html.find("<main")
        self.feed(self.html[max(start, 0) :])
        self.text = re.sub(r"\s+", " ", " ".join(self.words)).strip()

    def handle_starttag(self, tag, given):
        attrs = dict(given)
        if "disabled" in attrs and tag in {"input", "select", "textarea"}:
            return  # no browser sends it
        match tag:
            case "form":
                self.form = self.forms.setdefault(attrs.get("id", "form"), {})
            case "script" | "style":
                self.is_hidden += 1
            case "a":
                self.link = [attrs.get("href", ""), ""]
            case "tr":
                self.row = []
            case "td" | "th" if self.row is not None:
                self.row.append("")
            case "input" if self.form is not None and attrs.get("name"):
                kind = attrs.get("type", "text")
                if kind not in {"checkbox", "radio", "submit"}:
                    value = as_input(kind, attrs.get("value") or "")
                    self.form.setdefault(attrs["name"], []).append(value)
                elif kind == "checkbox" and "checked" in attrs:
                    self.form.setdefault(attrs["name"], []).append(attrs.get("value", "on"))
            case "select":
                self.select = [attrs.get("name"), [], [], "multiple" in attrs]
            case "option" if self.select:
                self.select[1 if "selected" in attrs else 2].append(attrs.get("value", ""))
            case "textarea":
                self.textarea = [attrs.get("name"), ""]
            case "img" if self.row:
                self.row[-1] += attrs.get("alt", "")

    def handle_endtag(self, tag):
        match tag:
            case "form":
                self.form = None
            case "script" | "style":
                self.is_hidden -= 1
            case "a" if self.link:
                self.links.setdefault(" ".join(self.link[1].split()), self.link[0])
                self.link = None
            case "tr" if self.row is not None:
                self.rows.append([" ".join(one.split()) for one in self.row])
                self.row = None
            case "select" if self.select:
                name, chosen, others, is_multiple = self.select
                if self.form is not None and (chosen or (others and not is_multiple)):
                    # Of several that are chosen a plain one sends the last; without a choice it shows the first.
                    sent = chosen if is_multiple else (chosen or others[:1])[-1:]
                    self.form.setdefault(name, []).extend(sent)
                self.select = None
            case "textarea" if self.textarea:
                if self.form is not None:
                    lines = self.textarea[1].removeprefix("\n").replace("\x00", "\ufffd")
                    lines = lines.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
                    self.form.setdefault(self.textarea[0], []).append(lines)
                self.textarea = None

    def handle_data(self, data):
        if self.textarea:
            self.textarea[1] += data
        elif not self.is_hidden:
            self.words.append(data)
            if self.link:
                self.link[1] += data
            if self.row:
                self.row[-1] += data

    def sends(self, form, **changes):
        """Return what a form sends, with some of it entered; None takes a field out."""
        found = {name: values if len(values) > 1 else values[0] for name, values in self.forms[form].items()}
        found.update(changes)
        # The row in which JavaScript makes new ones is sent too, and means nothing.
        return {name: value for name, value in found.items() if value is not None}


class Page(Markup):
    """The page of a response, and its `status`."""

    def __init__(self, response):
        super().__init__(response.content.decode())
        self.status = response.status_code


class Person:
    """Somebody logged in, with a browser."""

    def __init__(self, user, client):
        self.user, self.client = user, client

    def get(self, url, **query):
        return Page(self.client.get(url, query, follow=True))

    def post(self, url, data):
        return Page(self.client.post(url, data, follow=True))

    def submit(self, url, form, **changes):
        """Open a page, enter something, and send its form."""
        return self.post(url, self.get(url).sends(form, **changes))


class Commands(CommandListener):
    """Notes the commands that a connection sends, each with its name."""

    def __init__(self):
        self.sent = []

    def started(self, event):
        self.sent.append((event.command_name, dict(event.command)))

    def succeeded(self, event):
        pass

    failed = succeeded
