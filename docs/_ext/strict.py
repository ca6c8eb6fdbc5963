"""Warnings in a stage are errors: sphinx-gallery lets them pass, and ``-W`` does not see them."""

import warnings
from typing import Any

_filters = warnings.catch_warnings()


def raise_warnings(_gallery_conf: dict[str, Any], _stage: str, when: str) -> None:
    """Turn warnings into errors before a stage runs, and restore the filters after it."""
    global _filters
    if when == "after":
        _filters.__exit__(None, None, None)
        return
    _filters = warnings.catch_warnings()
    _filters.__enter__()
    warnings.simplefilter("error")
    # The build has no window, so `plt.show()` says that it cannot show the figure.
    warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive", UserWarning)
