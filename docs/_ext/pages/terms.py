"""Link the first use of each term of the glossary on each page of the tutorial.

A stage is a notebook too, in which a role like ``:term:`` could not be read. So the
links are made here. The glossary lists the forms of a term itself.
"""

import re
from typing import Any

from docutils import nodes
from programs.inline import PAGE
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

PROSE = nodes.paragraph | nodes.emphasis | nodes.strong  # not headings, code or links


class LinkTerms(SphinxPostTransform):
    """Link the terms of one page."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        if PAGE not in self.env.docname:
            return
        glossary = self.env.get_doctree("glossary")
        places = {  # each form of each term, with the id of its entry
            term.astext().lower(): next(iter(entry.findall(nodes.term)))["ids"][0]
            for entry in glossary.findall(nodes.definition_list_item)
            for term in entry.findall(nodes.term)
        }
        forms = sorted(places, key=len, reverse=True)  # "mini-batch" ahead of "batch"
        choice = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in forms)
        find = re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])", re.IGNORECASE)
        address = relative_uri(f"{self.env.docname}.html", "glossary.html")
        for text in list(self.document.findall(nodes.Text)):
            pieces: list[nodes.Node] = []
            end = 0
            for match in find.finditer(text) if isinstance(text.parent, PROSE) else ():
                place = places.get(" ".join(match[0].lower().split()))
                if place is None:  # linked before
                    continue
                places = {form: p for form, p in places.items() if p != place}
                shown = nodes.inline("", match[0], classes=["std-term"])
                link = nodes.reference("", "", shown, refuri=f"{address}#{place}")
                pieces += [nodes.Text(text[end : match.start()]), link]
                end = match.end()
            if pieces:
                text.parent.replace(text, [*pieces, nodes.Text(text[end:])])
