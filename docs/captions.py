"""Readers of the HTML see above a block what the comment above it says: which file it is, or which URL answers so."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata

#: What is said for a comment `% VERB NAME ...`; see `tests/page.py`, which does what they say.
SAID = {"file": "", "append": "at the end of ", "get": ""}


class Captions(SphinxTransform):
    """Turns comments with a name into captions; the comments of other kinds are for nobody who reads."""

    #: Before Sphinx looks for what has a caption.
    default_priority = 200

    def apply(self) -> None:
        for comment in list(self.document.findall(nodes.comment)):
            verb, *names = comment.astext().split()
            block = comment.next_node(siblings=True, descend=False, ascend=False)
            if verb not in SAID or not names or not isinstance(block, nodes.literal_block):
                continue
            name = nodes.literal(names[0], names[0])
            caption = nodes.caption("", "", nodes.Text(SAID[verb]), name)
            wrapper = nodes.container("", caption, literal_block=True, classes=["literal-block-wrapper"])
            block.replace_self(wrapper)
            wrapper += block


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_transform(Captions)
    return {"parallel_read_safe": True}
