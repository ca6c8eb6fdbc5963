"""Time two things in turns, so that what else the machine does meets both alike."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Run = Callable[[], object]  # what is timed
Prepare = Callable[[], Run]  # what comes before it, and is not


@dataclass(frozen=True)
class Row:
    """One row of the table: a ratio, and the limit that it should keep to."""

    what: str
    against: str
    limit: float
    measure: Callable[[], float]
    at_least: bool = True  # else at most


def seconds(run: Run) -> float:
    """Return the time that one run takes, with the garbage collector at rest."""
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    run()
    taken = time.perf_counter() - start
    gc.enable()
    return taken


def times_faster(ours: Prepare, theirs: Prepare, repeats: int = 11) -> float:
    """Return how many times faster ours is: a median over turns, after one to warm up.

    Each goes first in every other turn.
    """
    ratios = []
    for turn in range(repeats + 1):
        if turn % 2:
            slow, fast = seconds(theirs()), seconds(ours())
        else:
            fast, slow = seconds(ours()), seconds(theirs())
        ratios.append(slow / fast)
    return median(ratios[1:])
