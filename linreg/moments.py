"""Means of products of centred data, in two passes over data of any real dtype."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CHUNK = (
    65536  # widened and centred one by one, the numbers stay in the processor's cache
)
BLOCK = 1024


@dataclass(frozen=True)
class Moments:
    """Means of the data, and of the products of what is left when those means are taken off.

    Attributes:
        x_mean: Mean of x, up to rounding.
        x_rest: What rounding left of it: the mean of x - x_mean.
        y_mean: Mean of y, up to rounding.
        xx: Mean of the squares of x - x_mean.
        xy: Mean of the products (x - x_mean) (y - y_mean).
        yy: Mean of the squares of y - y_mean.
    """

    x_mean: float
    x_rest: float
    y_mean: float
    xx: float
    xy: float
    yy: float

    @property
    def are_safe(self) -> bool:
        """Whether no square left float64, and the spread is far above the rounding of the means.

        They are not if the data holds NaN or infinity, and not if all x, or all y, are equal.
        """
        return (
            1e-200 < self.xx < 1e200
            and 1e-200 < self.yy < 1e200
            and self.xx > 1e-16 * self.x_mean**2
            and self.yy > 1e-14 * self.y_mean**2
        )


def chunks(values: NDArray[Any]) -> Iterator[Array]:
    """Yield one piece after the other as float64, the same to the bit for any dtype and layout."""
    for start in range(0, len(values), CHUNK):
        yield np.ascontiguousarray(values[start : start + CHUNK], dtype=np.float64)


def dot(a: Array, b: Array) -> float:
    """Return the sum of the products, taken in blocks: short sums round less than a long one."""
    whole = len(a) - len(a) % BLOCK
    blocks = np.vecdot(a[:whole].reshape(-1, BLOCK), b[:whole].reshape(-1, BLOCK))
    return float(blocks.sum() + a[whole:] @ b[whole:])


def moments(x: NDArray[Any], y: NDArray[Any]) -> Moments:
    """Measure the data. Nothing is copied but a chunk at a time."""
    x_mean, y_mean = (
        sum(float(chunk.sum()) for chunk in chunks(v)) / len(v) for v in (x, y)
    )
    sums = []
    for x_chunk, y_chunk in zip(chunks(x), chunks(y), strict=True):
        a, b = x_chunk - x_mean, y_chunk - y_mean
        sums.append((a.sum(), dot(a, a), dot(a, b), dot(b, b)))
    x_rest, xx, xy, yy = (np.array(sums).sum(axis=0) / len(x)).tolist()
    return Moments(x_mean, x_rest, y_mean, xx, xy, yy)
