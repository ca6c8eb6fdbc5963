"""The one table of roles and their colours, in the light theme and in the dark one.

Figures, sheets, the logo, the explorer and the page for unknown addresses take their
colours from here. The light ones of a figure are those that ``linreg.plotting`` draws
with. ``test_colours.py`` judges the few that are written or drawn by hand.
"""

from matplotlib.colors import LinearSegmentedColormap, to_hex

from linreg.plotting import BATCH, DATA, EXACT, HALO, INK, MODEL, SURFACE

# From small to large loss. On a dark page a small loss is dark: near the ground, as on
# a light page, so that a mark at the lowest point stands out.
DARK_SURFACE = ("#0c1a2b", "#1d4265", "#2f6ea5", "#62a0d8", "#b5d7f5")
ROLES = {  # role: (light, dark)
    "ink": (INK, "#e3e6ea"),
    "data": (DATA, "#9aa5b1"),
    "model": (MODEL, "#ff9248"),
    "exact": (EXACT, "#2dd4bf"),
    "batch": (BATCH, "#b79bff"),
    "halo": (to_hex(HALO), "#131416"),  # the ground of the page
    "surface-low": (SURFACE[0], DARK_SURFACE[0]),
    "surface-high": (SURFACE[2], DARK_SURFACE[2]),  # the explorer draws over it
    "frame": ("#d0d7de", "#303335"),  # frames in the explorer's picture without scripts
    "accent-soft": ("#f6c7ac", "#6b3410"),
    "warning-ground": ("#fff4e5", "#33240f"),
    "color-brand-primary": ("#0a58a8", "#7db9ff"),  # Furo's names for links
    "color-brand-content": ("#0a58a8", "#7db9ff"),
}
# What Matplotlib draws with where a program sets no style: text, frames, grids.
MATPLOTLIB = {"#000000": "#e3e6ea", "#cccccc": "#3f454c", "#b0b0b0": "#4a5058"}


def surface(colours: tuple[str, ...]) -> list[str]:
    """Return the 256 steps of Matplotlib's map through these colours."""
    steps = LinearSegmentedColormap.from_list("surface", colours)
    return [to_hex(steps(step)) for step in range(256)]


# The dark twin of each colour that a figure may have.
DARK_TWINS = dict(zip(surface(SURFACE), surface(DARK_SURFACE), strict=True))
DARK_TWINS |= MATPLOTLIB | dict(ROLES.values())
