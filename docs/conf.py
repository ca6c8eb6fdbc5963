"""Settings of Sphinx, of Furo and of sphinx-gallery: see README.md for the way."""

import os
import re
import sys
from pathlib import Path
from zlib import crc32

from sphinx.errors import ConfigError

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from programs.inline import FOLDERS  # noqa: E402

project = html_title = "Linear regression in PyTorch"
author = "the linreg-tutorial authors"
# Not "2026, ...": Sphinx would replace that year by the one of SOURCE_DATE_EPOCH.
project_copyright = "the linreg-tutorial authors, 2026. MIT licence, text and code"
version = release = "1.2.0"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "programs",
    "pages",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
]
html_math_renderer = "mathml"
exclude_patterns = ["_programs", "_ext", "README.md"]
templates_path = ["_templates"]

# Names in code link to their documentation: those in these lists, without the network.
intersphinx_mapping = {
    "torch": ("https://docs.pytorch.org/docs/stable", "inventories/torch.txt"),
    "numpy": ("https://numpy.org/doc/stable", "inventories/numpy.txt"),
    "matplotlib": ("https://matplotlib.org/stable", "inventories/matplotlib.txt"),
}

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["colours.css", "look.css", "tutorial.css", "formulas.css"]
html_js_files = ["look.js"]
html_additional_pages = {"404": "404.html"}
html_copy_source = html_show_sourcelink = html_scaled_image_link = False
html_search_scorer = str(HERE / "search-scorer.js")
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"
copybutton_selector = "div:not(.highlight-none) > div.highlight > pre"  # no output
copybutton_exclude = ".linenos, .gp, .go"  # nor prompts and the output behind them

# Where "Open in Colab" finds the notebooks: owner/name on GitHub.
linreg_repository = os.environ.get("LINREG_REPOSITORY", "")
if not re.fullmatch(r"([\w.-]+/[\w.-]+)?", linreg_repository):
    raise ConfigError(f"LINREG_REPOSITORY is not owner/name: {linreg_repository}")
link = f"`the repository <https://github.com/{linreg_repository}>`__"
named = link if linreg_repository else "the repository"
rst_epilog = f".. |repository| replace:: {named}"
html_context = {"repository": linreg_repository}  # for the link at the foot
# The head of a page loads it by hand, ahead of all: with a checksum, as Sphinx does.
html_context["storage"] = f"{crc32((HERE / '_static/storage.js').read_bytes()):08x}"

# What search engines and previews read needs the address of the site.
if address := os.environ.get("LINREG_SITE_URL"):  # sphinx-sitemap reads `site_url`
    html_baseurl = ogp_site_url = address.rstrip("/") + "/"
    html_context["site_url"] = html_baseurl  # for the 404 page
    extensions += ["sphinx_sitemap", "sphinxext.opengraph"]
    sitemap_url_scheme = "{link}"
    sitemap_excludes = ["search.html", "genindex.html", "404.html"]
    ogp_description_length = 0  # previews show the description of the page
    ogp_social_cards = {"enable": False}

suppress_warnings = ["sphinx_gallery.space_in_filename"]  # in the path of a checkout

# What these pages measure never repeats. Where it is left out, they do not run.
timed = ["beyond/plot_02_speed", "solutions/plot_04_beyond"]
left_out = timed if os.environ.get("LINREG_WITHOUT_TIMES") else []
but_these = "".join(rf"(?!.*{page.replace('/', '.')}\.py)" for page in left_out)
sphinx_gallery_conf = {
    "examples_dirs": ["_programs"],  # the stages as complete programs
    "gallery_dirs": ["tutorial"],
    "subsection_order": [*(f"_programs/{name}" for name in FOLDERS[1:]), "*"],
    "within_subsection_order": "FileNameSortKey",
    "filename_pattern": rf"^{but_these}.*[/\\]plot_[^/\\]*$",
    "image_scrapers": ("pages.figures.scraper",),
    "reset_modules": ("matplotlib", "programs.watch_stage"),
    "reset_modules_order": "both",
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "inspect_global_variables": False,  # links for what is imported, not for variables
    "write_computation_times": False,
    "min_reported_time": 1e-9,  # a page that was not run says nothing about it
    "show_signature": False,
    "css": [],
}
