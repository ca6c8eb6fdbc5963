"""What every page of the site gets: colours, figures, formulas, a header, terms.

The stages themselves become programs and pages in the package beside it, ``programs``.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from pages import colours, figures, formulas, header, terms


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all parts."""
    for part in (colours, figures, formulas, header, terms):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
