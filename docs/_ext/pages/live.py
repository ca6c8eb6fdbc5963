"""Live figures: a reader may move what a stage drew.

In the cell of a figure, ``# sphinx_gallery_live = "by-hand"`` names what the script
``docs/_static/live/live.js`` makes of it. Page, notebook and download do not show it.
"""

import json
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch.utils.data import DataLoader

from linreg.plotting import POINT_STYLES

KINDS = ("by-hand", "tangent", "surface", "path")
RAW = "\n.. raw:: html\n\n   "
START = '<div class="live live-{}"><div class="live-picture">'
END = '</div><script type="application/json">{}</script></div>'
# Asked for as picture.svg#ground, an SVG leaves out what the script draws anew.
GROUND = '#ground:target ~ g [id^="moves"] {display: none}'


def name_parts(figure: Figure) -> None:
    """Name in a figure what moves: not the bands of a surface, nor the marks on it."""
    figure.patch.set_gid("ground")
    axes = figure.axes[0]
    stay = [POINT_STYLES[role]["label"] for role in ("truth", "exact")]
    for number, artist in enumerate([*axes.lines, *axes.collections]):
        if not getattr(artist, "filled", False) and artist.get_label() not in stay:
            artist.set_gid(f"moves{number}")


def wrap(image: str, kind: str, figure: Figure, file: Path, names: Any) -> str:
    """Return what shows a live figure: its image, and what the script has to know."""
    drawn = file.read_text("utf-8").replace("</style>", f"{GROUND}</style>", 1)
    file.write_text(drawn, "utf-8")
    axes, dataset = figure.axes[0], names["dataset"]
    box = axes.get_window_extent().transformed(figure.transFigure.inverted())
    facts = {
        "kind": kind,
        "box": [box.x0, box.x1, 1 - box.y1, 1 - box.y0],  # from the left, from the top
        "view": [*axes.get_xlim(), *axes.get_ylim()],
        "drawn": [*axes.dataLim.intervalx],
        "x": [float(str(x)) for x in dataset.x.numpy()],  # the few digits of float32
        "y": [float(str(y)) for y in dataset.y.numpy()],
    }
    if kind == "path":
        facts |= training(names["loader"], names["optimizer"], names["history"])
    known = json.dumps(facts, separators=(",", ":"))
    return RAW + START.format(kind) + "\n" + image + RAW + END.format(known) + "\n"


def training(loader: DataLoader[Any], optimizer: Any, history: Any) -> dict[str, Any]:
    """Return the settings of a training, and in which order it took the points."""
    shuffles = torch.Generator().manual_seed(loader.generator.initial_seed())
    numbers: Any = range(len(loader.dataset))  # type: ignore[arg-type]
    again = DataLoader(numbers, loader.batch_size, shuffle=True, generator=shuffles)
    taken = [torch.cat([*again]).tolist() for _ in history.epoch_loss]
    return {"lr": optimizer.defaults["lr"], "batch": loader.batch_size, "orders": taken}
