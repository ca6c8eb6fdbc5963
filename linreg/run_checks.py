"""Checks of the arguments of many runs at once, and of the noise floor."""

from torch import Tensor

from linreg.checks import check_real


def check_learning_rate(lr: object) -> float:
    """Return the learning rate as a positive float, or say what is wrong with it."""
    rate = check_real("lr", lr)
    if rate <= 0:
        raise ValueError(f"lr must be positive, got {rate:g}")
    return rate


def check_runs(x: Tensor, y: Tensor, lr: float | Tensor, start: tuple[float, float]) -> None:
    """Refuse rows of points that cannot be trained, before a step is taken."""
    for name, values in (("x", x), ("y", y)):
        if not isinstance(values, Tensor) or not values.is_floating_point():
            raise TypeError(f"{name} must be a tensor of a floating dtype, got {values!r}")
    if x.ndim != 2 or x.shape != y.shape or x.numel() == 0:
        raise ValueError(
            "x and y must both have the shape (runs, n), with at least one run and one point, "
            f"got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if not isinstance(lr, Tensor):
        check_learning_rate(lr)
    elif lr.shape != (len(x), 1):
        raise ValueError(f"lr must have the shape ({len(x)}, 1), got {tuple(lr.shape)}")
    if not isinstance(start, (tuple, list)) or len(start) != 2:
        raise TypeError(f"start must hold a slope and an intercept, got {start!r}")
    for value in start:
        check_real("start", value)
