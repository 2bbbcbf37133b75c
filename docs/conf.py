"""How Sphinx builds the documentation: `make docs`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

from reference_pages import write_reference  # noqa: E402

from canigatti import __version__  # noqa: E402

project = "canigatti"
author = "The canigatti developers"
copyright = author
version = release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "canigatti"
html_show_sphinx = False
nitpicky = True

write_reference(HERE / "reference" / "generated")
