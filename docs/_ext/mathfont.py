"""The font of the formulas: STIX Two Math, cut down to the characters that the site uses.

Without a math font, MathML looks poor on many systems. The whole font weighs half a megabyte, its
part for this site some tens of kilobytes.
"""

import hashlib
import io
import logging
from importlib.metadata import distribution, version
from inspect import getsource
from pathlib import Path

# Stretched brackets and roots follow from the table MATH, small forms in scripts from "ssty".
FEATURES = ["ssty", "dtls", "flac", "ccmp", "mark", "mkmk", "kern"]
logging.getLogger("fontTools").setLevel(
    logging.WARNING
)  # it reports every table it cuts
KEPT_NAMES = [
    0,
    1,
    2,
    13,
    14,
]  # copyright, family, style, licence and its address (the OFL)


def write_font(folder: Path, used: set[str]) -> str:
    """Write the font with the characters ``used`` to a folder and return its file's name.

    The name carries a digest of all that goes in, so an existing file is up to date, and a browser
    that keeps files never uses an old one.
    """
    recipe = [
        version("ziamath"),
        version("fonttools"),
        getsource(cut),
        *FEATURES,
        *sorted(used),
    ]
    digest = hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:10]
    target = folder / f"stix-two-math-{digest}.woff2"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_bytes(cut(used))
        part.replace(target)
    for other in folder.glob("stix-two-math-*"):
        if other != target:
            other.unlink()
    return target.name


def cut(used: set[str]) -> bytes:
    """Return the font with these characters as WOFF2."""
    from fontTools import subset  # here: few builds cut the font anew
    from fontTools.ttLib import TTFont

    source = distribution("ziamath").locate_file(
        "ziamath/fonts/STIXTwoMath-Regular.ttf"
    )
    font = TTFont(str(source), recalcTimestamp=False)
    font["OS/2"].fsSelection |= 1 << 7  # the same line height on Windows as elsewhere
    # As in TeX, y_i and x_i have their index at one height: the tail of y does not push it.
    font["MATH"].table.MathConstants.SubscriptBaselineDropMin.Value = 0
    options = subset.Options(
        layout_features=FEATURES,
        hinting=False,
        name_IDs=KEPT_NAMES,
        notdef_outline=True,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(character) for character in used])
    subsetter.subset(font)
    font.flavor = "woff2"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
