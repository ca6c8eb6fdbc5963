"""What sphinx-gallery calls after each cell of a stage.

It loads this module in every build. Matplotlib and the house style, which brings PyTorch, follow
when a stage runs: a build with nothing to run does not wait for them.
"""

from typing import Any


def light_and_dark(
    block: tuple[str, str, int], block_vars: dict[str, Any], conf: dict[str, Any]
) -> str:
    """Save the open figures for both themes: see ``figures``."""
    from figures import scraper

    return scraper(block, block_vars, conf)
