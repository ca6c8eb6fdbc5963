import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

project = "Linear regression in PyTorch"
author = "the linreg-tutorial authors"
project_copyright = "2026, the linreg-tutorial authors. MIT licence, text and code"
version = release = "1.0.0"
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "programs",
    "folds",
    "downloads",
    "notebooks",
    "sphinx_gallery.gen_gallery",
    "signatures",
    "mathml",
    "pictures",
    "stylesheet",
    "terms",
    "explorer",
]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "_programs", "_ext"]
templates_path = ["_templates"]

# Where "Open in Colab" finds the notebooks: owner/name on GitHub, which its Actions say.
linreg_repository = os.environ.get("LINREG_REPOSITORY") or os.environ.get("GITHUB_REPOSITORY", "")

html_theme = "furo"
html_title = project
html_static_path = ["_static"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False

sphinx_gallery_conf = {
    "examples_dirs": ["_programs"],  # the stages as complete programs: see _ext/programs.py
    "gallery_dirs": ["tutorial"],
    "subsection_order": [
        "_programs/understanding",
        "_programs/beyond",
        "_programs/solutions",
        "*",
    ],
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
    "abort_on_example_error": True,
    "reset_modules": ("matplotlib", "strict.raise_warnings"),
    "reset_modules_order": "both",
    "css": [],
    "image_scrapers": ("figures.scraper",),
}
