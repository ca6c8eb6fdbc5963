"""Links from one page of the site to another, for extensions that add them."""

from docutils import nodes
from sphinx import addnodes


def page_link(page: str, text: str = "") -> addnodes.pending_xref:
    """Return a link to a page, named from the root; without text it shows the page's title."""
    return addnodes.pending_xref(
        "",
        nodes.inline("", text),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{page}",
        refexplicit=bool(text),
        refwarn=True,
    )
