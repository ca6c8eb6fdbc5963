"""Less work for the garbage collector.

Modules, and the trees of the pages, are many objects that live long. To search them all for garbage
took a quarter of the time in which Sphinx writes the pages, and found next to nothing.
"""

import gc
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def spare_modules(_gallery_conf: dict[str, Any], _stage: str, when: str) -> None:
    """Collect what the last stage left; what still lives then is not looked at again."""
    if when == "before":
        gc.collect()
        gc.freeze()


def setup(app: Sphinx) -> ExtensionMetadata:
    """Search seldom."""
    gc.set_threshold(50_000)
    return {"version": "1", "parallel_read_safe": True}
