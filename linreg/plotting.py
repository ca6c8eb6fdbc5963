"""The house style, and the kinds of figure that the tutorial draws.

A colour stands for a role, the same on every page.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from numpy.typing import ArrayLike

from linreg.data import LinearRegressionDataset
from linreg.exact import least_squares
from linreg.landscape import loss_surface

INK = "#24292f"  # text, axes, and the truth (dashed)
DATA = "#6e7781"  # the points
MODEL = "#c2410c"  # what is trained: its line, its loss, its path
EXACT = "#0f766e"  # the least-squares solution
BATCH = "#7c3aed"  # one mini-batch
HALO = "white"  # the edge that keeps a path or a mark apart from the surface below it
SURFACE = ("#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b")  # by rising loss

LINE_STYLES: dict[str, dict[str, Any]] = {
    "truth": {"color": INK, "linestyle": "--", "label": "true line"},
    "model": {"color": MODEL, "linestyle": "-", "label": "estimated line"},
    "exact": {"color": EXACT, "linestyle": ":", "label": "least-squares line"},
}
POINT_STYLES: dict[str, dict[str, Any]] = {
    "truth": {"color": INK, "marker": "*", "markersize": 16, "label": "true k and m"},
    "model": {"color": MODEL, "marker": "o", "markersize": 7, "label": "estimate"},
    "exact": {"color": EXACT, "marker": "D", "markersize": 5, "label": "least squares"},
}


def use_house_style() -> None:
    """Set Matplotlib's defaults: small figures with large type, for a phone too."""
    plt.rcdefaults()
    plt.rcParams.update(
        {
            "figure.figsize": (5.2, 3.6),
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 13,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "legend.edgecolor": "none",
            "lines.linewidth": 2.0,
        }
    )


def plot_points(x: ArrayLike, y: ArrayLike) -> None:
    """Draw the data as triangles."""
    plt.plot(x, y, linestyle="none", marker="^", markersize=5, color=DATA, label="data")
    plt.xlabel("x")
    plt.ylabel("y")


def plot_line(k: float, m: float, x_range: tuple[float, float], role: str) -> None:
    """Draw the line y = k x + m in a role's colour: "truth", "model" or "exact"."""
    x = np.array(x_range, dtype=np.float64)
    plt.plot(x, k * x + m, **LINE_STYLES[role])
    plt.xlabel("x")
    plt.ylabel("y")


def plot_surface(surface: ArrayLike, k_values: ArrayLike, m_values: ArrayLike) -> None:
    """Draw the loss over slope and intercept: 20 bands, each a fixed factor higher."""
    colors = LinearSegmentedColormap.from_list("loss", SURFACE)
    levels = np.geomspace(np.min(surface), np.max(surface), 21)
    plt.contourf(k_values, m_values, surface, levels, cmap=colors, norm=LogNorm())
    plt.colorbar(ticks=levels[::5], format="%.3g", label="mean squared error")
    plt.xlabel("slope k")
    plt.ylabel("intercept m")
    plt.title("Loss surface")


def plot_parameters(k: float, m: float, role: str) -> None:
    """Mark one pair (k, m) on a loss surface: "truth", "model" or "exact"."""
    style = POINT_STYLES[role]
    plt.plot(k, m, linestyle="none", zorder=4, markeredgecolor=HALO, **style)


def plot_trajectory(k: ArrayLike, m: ArrayLike) -> None:
    """Draw the way of the parameters over a loss surface, a cross for each record."""
    plt.plot(k, m, "x-", markersize=6, linewidth=1.5, color=MODEL, label="trajectory")
    plt.plot(k, m, "x-", markeredgewidth=4, linewidth=4, color=HALO, zorder=1.9)


def plot_loss(epoch_loss: ArrayLike) -> None:
    """Draw the loss of every epoch, counted from 1."""
    loss = np.asarray(epoch_loss)
    plt.plot(np.arange(1, len(loss) + 1), loss, "o-", markersize=4, color=MODEL)
    plt.xlabel("epoch")
    plt.ylabel("mean squared error")
    plt.title("Loss per epoch")


def plot_bowl(dataset: LinearRegressionDataset, reach: float) -> None:
    """Draw the loss surface, so far on either side of the true k and m, with marks."""
    k_values = np.linspace(dataset.k - reach, dataset.k + reach, 100)
    m_values = np.linspace(dataset.m - reach, dataset.m + reach, 100)
    surface = loss_surface(dataset.x, dataset.y, k_values, m_values)
    plot_surface(surface, k_values, m_values)
    plot_parameters(dataset.k, dataset.m, "truth")
    plot_parameters(*least_squares(dataset.x, dataset.y), "exact")
    plt.xlim(k_values[0], k_values[-1])  # what is drawn later does not widen it
    plt.ylim(m_values[0], m_values[-1])
    plt.gca().set_aspect("equal")
