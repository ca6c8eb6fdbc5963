"""The shape of every page: short blocks of code, and text that outweighs nothing.

What a reader sees counts: neither blocks that sphinx-gallery hides, nor imports from the library,
whose source is taught or folded.
"""

import re
from statistics import median

import pytest

HIDDEN = re.compile(
    r"^ *# sphinx_gallery_start_ignore$.*?^ *# sphinx_gallery_end_ignore$\n?",
    re.M | re.S,
)
LIBRARY = re.compile(
    r"^(?:from linreg\.\w+ import|import linreg)(?: \([^)]*\)| .*)$", re.M
)


def cells(text):
    """Return the cells of a script, each as the words of its text and the lines of its code."""
    title, body = re.match(r'r"""(.*?)"""\n(.*)', text, re.S).groups()
    found = [(len(title.split()), [])]
    for cell in re.split(r"^# %%.*\n", body, flags=re.M)[1:]:
        prose = re.match(r"(?:#.*\n)*", cell)[0]
        code = LIBRARY.sub("", HIDDEN.sub("", cell[len(prose) :]))
        lines = [line for line in code.splitlines() if line.strip()]
        found.append((len(re.findall(r"[^\s#]+", prose)), lines))
    return found


@pytest.fixture(scope="module")
def pages(root):
    """The cells of every page, by the page's name."""
    files = sorted(root.glob("examples/**/plot_*.py"))
    return {file.stem: cells(file.read_text(encoding="utf-8")) for file in files}


def test_what_counts_as_visible_code():
    text = (
        'r"""\nTwo words\n"""\n\n# %%\n# Three words here\n\nfrom linreg.data import (\n'
        "    LinearRegressionDataset,\n)\n\n# a comment\nx = 1\n\n"
        "# sphinx_gallery_start_ignore\nassert x\n# sphinx_gallery_end_ignore\ny = 2\n"
        "\n# %%\n# Taught.\n\nfrom linreg.model import LinearRegressionModel\n"
    )
    assert cells(text) == [(2, []), (3, ["# a comment", "x = 1", "y = 2"]), (1, [])]


def test_no_block_of_code_is_longer_than_15_lines(pages):
    assert len(pages) >= 11
    for page, found in pages.items():
        for _, lines in found:
            assert len(lines) <= 15, (page, lines)


def test_the_median_block_of_code_has_at_most_6_lines(pages, capsys):
    sizes = {
        page: [len(lines) for _, lines in found if lines]
        for page, found in pages.items()
    }
    with capsys.disabled():
        print(
            "\npage                      blocks  median  longest  words per line of code"
        )
        for page, found in pages.items():
            words, blocks = sum(words for words, _ in found), sizes[page]
            print(
                f"{page:24s}{len(blocks):8d}{median(blocks):8.1f}{max(blocks):9d}"
                f"{words / sum(blocks):24.1f}"
            )
        together = [size for blocks in sizes.values() for size in blocks]
        print(f"all pages{len(together):23d}{median(together):8.1f}{max(together):9d}")
    assert median(together) <= 6


def test_every_page_opens_and_ends_as_the_others(root):
    for file in root.glob("examples/**/plot_*.py"):
        text = file.read_text(encoding="utf-8")
        assert "**What you will learn:**" in text, file.name
        assert "**What you need:**" in text, file.name
        assert re.search(r"^# (?:Next|Where to go next)\n# -+$", text, re.M), file.name


def test_every_page_but_the_solutions_ends_with_two_to_four_exercises(root):
    for file in root.glob("examples/**/plot_*.py"):
        if file.parent.name == "solutions":
            continue
        text = file.read_text(encoding="utf-8")
        (ending,) = re.findall(
            r"^# Exercises\n# -+\n(.*?)(?=^# -+$|\Z)", text, re.M | re.S
        )
        numbers = [int(number) for number in re.findall(r"^# (\d)\. ", ending, re.M)]
        assert numbers == list(range(1, len(numbers) + 1)), file.name
        assert 2 <= len(numbers) <= 4, file.name


def test_a_section_of_the_gallery_is_a_heading_below_the_gallerys_own(root):
    """Else the sidebar shows the sections beside the tutorial, with all their pages in the last."""
    top = (root / "examples" / "GALLERY_HEADER.rst").read_text(encoding="utf-8")
    sections = list(root.glob("examples/*/GALLERY_HEADER.rst"))
    assert len(sections) >= 3
    for section in sections:
        assert (
            section.read_text(encoding="utf-8").splitlines()[1][0]
            != top.splitlines()[1][0]
        )
