import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import page_head  # noqa: E402

project = "Linear regression in PyTorch"
author = "the linreg-tutorial authors"
project_copyright = "2026, the linreg-tutorial authors. MIT licence, text and code"
version = release = "1.0.0"
language = "en"

extensions = [
    "garbage",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "inventories",
    "sphinx.ext.intersphinx",
    "programs",
    "folds",
    "usage",
    "downloads",
    "notebooks",
    "sphinx_gallery.gen_gallery",
    "lean_code",
    "signatures",
    "mathml",
    "pictures",
    "cards",
    "stage_header",
    "page_head",
    "sphinx_copybutton",
    "stylesheet",
    "terms",
    "solution_links",
]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "_programs", "_ext"]
templates_path = ["_templates"]

# Where "Open in Colab" finds the notebooks: owner/name on GitHub, which its Actions say.
linreg_repository = os.environ.get("LINREG_REPOSITORY") or os.environ.get(
    "GITHUB_REPOSITORY", ""
)
address = f"`the repository <https://github.com/{linreg_repository}>`__"
rst_epilog = (
    f".. |repository| replace:: {address if linreg_repository else 'the repository'}"
)

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/logo.svg"
html_search_scorer = str(HERE / "search-scorer.js")
html_js_files = ["look.js"]
html_additional_pages = {"404": "404.html"}
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#0a58a8",
        "color-brand-content": "#0a58a8",
        "color-api-name": "var(--color-foreground-primary)",
        "color-api-pre-name": "var(--color-foreground-secondary)",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7db9ff",
        "color-brand-content": "#7db9ff",
    },
}
pygments_style = "code_colours.Light"
pygments_dark_style = "code_colours.Dark"
copybutton_selector = (
    "div:not(.highlight-none) > div.highlight > pre"  # code, not output
)

# What search engines and link previews read needs the site's address, which a fork may change.
if page_head.site_url():
    html_baseurl = page_head.site_url()
    extensions += ["sphinx_sitemap", "sphinxext.opengraph"]
    sitemap_url_scheme = "{link}"
    sitemap_show_lastmod = False
    sitemap_excludes = ["search.html", "genindex.html", "404.html"]
    ogp_site_url = html_baseurl
    ogp_enable_meta_description = False
    ogp_social_cards = {"enable": False}

intersphinx_mapping: dict[str, tuple[str, str]] = {}  # filled from inventories.toml
intersphinx_disabled_reftypes = ["std:*"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False

# What page 12 measures never repeats. With LINREG_WITHOUT_TIMES=1 its code is shown and not run:
# then two builds of one commit are the same to the byte.
STAGES_TO_RUN = (
    r"/plot_(?!12_)" if os.environ.get("LINREG_WITHOUT_TIMES") else r"/plot_"
)

sphinx_gallery_conf = {
    "examples_dirs": [
        "_programs"
    ],  # the stages as complete programs: see _ext/programs.py
    "gallery_dirs": ["tutorial"],
    "subsection_order": [
        "_programs/understanding",
        "_programs/beyond",
        "_programs/solutions",
        "*",
    ],
    "filename_pattern": STAGES_TO_RUN,
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
    "abort_on_example_error": True,
    "backreferences_dir": "api/generated",
    "minigallery_sort_order": "usage.reading_order",
    "reset_modules": ("matplotlib", "strict.raise_warnings", "garbage.spare_modules"),
    "reset_modules_order": "both",
    "remove_config_comments": True,
    "css": [],
    "image_scrapers": ("scrapers.light_and_dark",),
}
