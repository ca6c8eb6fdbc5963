"""Time two things side by side, and hold the ratio against a target."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Run = Callable[[], object]  # what is timed
Prepare = Callable[[], Run]  # what comes before, and is not


@dataclass(frozen=True)
class Measurement:
    """One ratio, and what else the row asks for.

    Attributes:
        ratio: The number that stands against the limit.
        conditions: What must hold besides, by name.
        details: Numbers behind the ratio, by name and unit.
    """

    ratio: float
    conditions: Mapping[str, bool] = field(default_factory=dict)
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """One row of the table.

    Attributes:
        what: What is measured.
        against: What it is measured against.
        sense: "at least" or "at most".
        limit: The ratio that is still good.
        measure: Takes the measurement.
    """

    what: str
    against: str
    sense: str
    limit: float
    measure: Callable[[], Measurement]

    def is_met(self, measured: Measurement) -> bool:
        """Say whether the ratio keeps to the limit and every condition holds."""
        if self.sense == "at least":
            kept = measured.ratio >= self.limit
        else:
            kept = measured.ratio <= self.limit
        return kept and all(measured.conditions.values())


def seconds(prepare: Prepare, clock: Callable[[], float] = time.perf_counter) -> float:
    """Time one run of what ``prepare`` returns, with the garbage collector at rest."""
    run = prepare()
    gc.collect()
    gc.disable()
    try:
        start = clock()
        run()
        return clock() - start
    finally:
        gc.enable()


def alternate(
    first: Prepare,
    second: Prepare,
    repeats: int,
    timer: Callable[[Prepare], float] = seconds,
    warm_up: bool = True,
) -> tuple[float, Mapping[str, float]]:
    """Time two things in turns, each in front every other time, after a turn that does not count.

    Returns:
        The median over the turns of first / second, and the median of each in milliseconds.
    """
    if warm_up:
        timer(first)
        timer(second)
    pairs = []
    for turn in range(repeats):
        if turn % 2 == 0:
            a, b = timer(first), timer(second)
        else:
            b, a = timer(second), timer(first)
        pairs.append((a, b))
    ratio = median(a / b for a, b in pairs)
    milliseconds = [1000 * median(times) for times in zip(*pairs, strict=True)]
    return ratio, dict(zip(("first ms", "second ms"), milliseconds, strict=True))


def faster(ours: Prepare, theirs: Prepare, repeats: int = 11) -> Measurement:
    """Return how many times faster ``ours`` is than ``theirs``."""
    ratio, times = alternate(theirs, ours, repeats)
    return Measurement(
        ratio, details={"theirs ms": times["first ms"], "ours ms": times["second ms"]}
    )


def slower(ours: Prepare, theirs: Prepare, repeats: int = 11) -> Measurement:
    """Return how many times as long ``ours`` takes as ``theirs``."""
    ratio, times = alternate(ours, theirs, repeats)
    return Measurement(
        ratio, details={"ours ms": times["first ms"], "theirs ms": times["second ms"]}
    )


def format_row(target: Target, measured: Measurement) -> Sequence[str]:
    """Return the cells of one row: what, against, target, measured, met."""
    broken = [name for name, holds in measured.conditions.items() if not holds]
    verdict = "yes" if target.is_met(measured) else "NO"
    return (
        target.what,
        target.against,
        f"{target.sense} {target.limit:g}",
        f"{measured.ratio:.3g}",
        f"{verdict}: not {', not '.join(broken)}" if broken else verdict,
    )
