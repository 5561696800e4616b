"""Settings of the pages: `sphinx-build -W --keep-going -n -b html docs docs/_build/html`."""

import re
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import make_augment_figures  # noqa: E402
import make_figures  # noqa: E402

import skreg  # noqa: E402

project, author, release = "skreg", "the skreg developers", skreg.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "examples", "**/*.ipynb"]
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = f"skreg {release}"
html_sidebars = {"**": ["all-pages.html"]}
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_extra_path = ["front_lambda.png", "front_race.png"]  # the first page names them in HTML
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": False,
    "header_links_before_dropdown": 6,
}
html_show_sourcelink = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # benchmarks.md holds what its scripts print
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
# what other projects document; no inventories are fetched, so that the pages build offline
nitpick_ignore_regex = [("py:.*", r"(sklearn|numpy|torch|skorch|joblib|matplotlib|scipy)\..*")]

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "reset_modules": ("matplotlib", "gallery_style.strict"),
    "image_srcset": ["2x"],
    "remove_config_comments": True,
    "show_signature": False,
    "capture_repr": (),
    "download_all_examples": False,
}


def skip_inherited(app, what, name, member, skip, options):
    """Leave out the methods that scikit-learn documents."""
    home = getattr(member, "__module__", None) or ""
    if callable(member) and not home.startswith("skreg"):
        return True
    return skip


def without_sklearns_roles(app, what, name, obj, options, lines):
    """References to scikit-learn's own pages, in inherited docstrings, become plain text."""
    for i, line in enumerate(lines):
        lines[i] = re.sub(r":(?:ref|term):`([^`<]+?)(?: ?<[^`]+>)?`", r"\1", line)


def draw_figures(app):
    """Draw the figures of the regularizers' pages that are not there yet."""
    make_figures.main(missing_only=True)
    if not list(make_figures.FIGURES.glob("augment_*.png")):
        make_augment_figures.main()


def calm_again(app):
    """After the gallery: warnings of the libraries that build the pages are no errors."""
    warnings.resetwarnings()
    warnings.simplefilter("ignore")


def setup(app):
    """Hook them in."""
    app.connect("builder-inited", draw_figures, priority=100)
    app.connect("builder-inited", calm_again, priority=900)
    app.connect("autodoc-skip-member", skip_inherited)
    app.connect("autodoc-process-docstring", without_sklearns_roles)
