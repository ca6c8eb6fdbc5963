"""The noise floor, against simulations and a reference that share no code with it."""

import math

import numpy as np
import pytest
import torch

from linreg.data import LinearRegressionDataset
from linreg.noise import loss_above_minimum, noise_floor


def points():
    dataset = LinearRegressionDataset(seed=0)
    return dataset.x.double().numpy(), dataset.y.double().numpy()


def iterated_floor(x, y, lr, batch_size, steps):
    """Carry the covariance from step to step, written out in sums over the points.

    No Kronecker products, no equation to solve: what the step does to a spread, many times.
    """
    u = np.stack([x, np.ones_like(x)], axis=1)
    best = np.linalg.lstsq(u, y, rcond=None)[0]
    residual = y - u @ best
    outer = [np.outer(row, row) for row in u]
    mean_outer = np.mean(outer, axis=0)
    noise = np.mean([e**2 * o for e, o in zip(residual, outer, strict=True)], axis=0)
    spread = np.zeros((2, 2))
    for _ in range(steps):
        same = np.mean([o @ spread @ o for o in outer], axis=0)
        pairs = mean_outer @ spread @ mean_outer
        spread = (
            spread
            - 2 * lr * (mean_outer @ spread + spread @ mean_outer)
            + 4 * lr**2 * (same / batch_size + (1 - 1 / batch_size) * pairs)
            + 4 * lr**2 / batch_size * noise
        )
    return np.trace(mean_outer @ spread)


@pytest.mark.parametrize(
    ("lr", "batch_size"), [(0.03, 1), (0.1, 1), (0.05, 8), (0.2, 8)]
)
def test_the_floor_is_where_the_covariance_settles(lr, batch_size):
    x, y = points()
    expected = iterated_floor(x, y, lr, batch_size, steps=600)
    assert noise_floor(x, y, lr, batch_size) == pytest.approx(expected, rel=1e-6)


def simulated_floor(
    x, y, lr, batch_size, *, replace, runs=1500, settle=400, steps=400, seed=0
):
    """Train many runs with NumPy, in float64, and average the loss above the minimum."""
    random = np.random.default_rng(seed)
    k_best, m_best = np.polyfit(x, y, 1)
    k, m = np.full(runs, k_best), np.full(runs, m_best)
    best_loss = np.mean((y - k_best * x - m_best) ** 2)
    above, step, order = [], 0, None
    while step < settle + steps:
        if replace:
            epoch = [random.integers(len(x), size=(runs, batch_size))]
        else:
            order = random.permuted(np.tile(np.arange(len(x)), (runs, 1)), axis=1)
            epoch = np.split(order, range(batch_size, len(x), batch_size), axis=1)
        for index in epoch:
            error = k[:, None] * x[index] + m[:, None] - y[index]
            k = k - lr * 2 * np.mean(error * x[index], axis=1)
            m = m - lr * 2 * np.mean(error, axis=1)
            step += 1
            if step > settle:
                loss = np.mean((y - k[:, None] * x - m[:, None]) ** 2, axis=1)
                above.append(loss.mean() - best_loss)
    return np.mean(above)


@pytest.mark.parametrize(("lr", "batch_size"), [(0.01, 8), (0.1, 8), (0.05, 1)])
def test_a_simulation_settles_at_the_floor(lr, batch_size):
    x, y = points()
    measured = simulated_floor(x, y, lr, batch_size, replace=True)
    assert measured == pytest.approx(noise_floor(x, y, lr, batch_size), rel=0.06)


def test_for_small_rates_the_floor_is_the_formula_of_the_page():
    x, y = points()
    k, m = np.polyfit(x, y, 1)
    for batch_size in (1, 8, 50):
        formula = 1e-6 / batch_size * np.mean((y - k * x - m) ** 2 * (1 + x**2))
        assert noise_floor(x, y, 1e-6, batch_size) == pytest.approx(formula, rel=1e-4)


def test_equal_batches_shuffled_leave_almost_no_noise_and_the_small_last_batch_a_third():
    """The page's reason: in an epoch the pushes cancel, but for the last batch of 2 points.

    Each of its points pushes with 1/2 instead of 1/8, so an epoch is left with a push of
    (1/2 - 1/8) times the sum over 2 points drawn without replacement: variance (3/8)^2 * 2 *
    (48/49), against 7 / 8 of the seven independent batches.
    """
    x, y = points()
    lr = 0.002
    expected = (3 / 8) ** 2 * 2 * (48 / 49) / (7 / 8)
    shared = {"replace": False, "runs": 1000, "settle": 1000, "steps": 500}
    uneven = simulated_floor(x, y, lr, 8, **shared) / noise_floor(x, y, lr, 8)
    even = simulated_floor(x, y, lr, 10, **shared) / noise_floor(x, y, lr, 10)
    assert expected == pytest.approx(0.315, abs=0.001)
    assert uneven == pytest.approx(expected, rel=0.15)
    assert even < 0.05


def test_the_floor_is_finite_up_to_its_limit_and_beyond_it_the_spread_grows():
    x, y = points()
    assert 0 < noise_floor(x, y, 0.15, 1) < math.inf == noise_floor(x, y, 0.2, 1)
    near, far = (iterated_floor(x, y, 0.2, 1, steps=steps) for steps in (300, 600))
    assert far > 2 * near


@pytest.mark.parametrize(("lr", "batch_size"), [(0.34, 1), (2.0, 1), (0.4, 50)])
def test_far_beyond_its_limit_the_floor_is_infinite_too(lr, batch_size):
    """Seen to fail: where the equation is solved all the same, which can give a small number."""
    x, y = points()
    assert math.isinf(noise_floor(x, y, lr, batch_size))
    near, far = (
        iterated_floor(x, y, lr, batch_size, steps=steps) for steps in (30, 60)
    )
    assert far > 2 * near


@pytest.mark.parametrize(
    ("x", "y", "lr", "batch_size"),
    [([-1, 0, 1, 2], [0, 2, 1, 3], 2.0, 2), ([-1, 1, -1, 1], [0, 1, 2, 3], 0.5, 1)],
)
def test_where_the_noise_just_balances_the_pull_the_floor_is_infinite(
    x, y, lr, batch_size
):
    """There the equation has no solution. In the second case that is so without any rounding."""
    assert math.isinf(noise_floor(x, y, lr, batch_size))


def test_a_weak_pull_leads_to_a_floor_too():
    x, y = points()
    expected = iterated_floor(x / 10, y, 0.1, 8, steps=2000)
    assert noise_floor(x / 10, y, 0.1, 8) == pytest.approx(expected, rel=1e-6)


def test_the_loss_above_the_minimum_is_the_difference_of_two_losses():
    x, y = points()
    lines = torch.tensor(
        [[[3.0, 5.0], [0.0, 0.0]], [[-1.0, 2.5], [1e3, -1e3]]]
    ).double()
    smallest = np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)
    above = loss_above_minimum(x, y, lines)
    assert above.shape == (2, 2)
    for index in np.ndindex(2, 2):
        k, m = lines[index].tolist()
        direct = np.mean((y - k * x - m) ** 2) - smallest
        assert above[index] == pytest.approx(direct, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"lr": 0.0}, ValueError, "lr must be positive, got 0"),
        ({"lr": "0.1"}, TypeError, "lr must be a real number"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer"),
        ({"x": [1.0, 1.0]}, ValueError, "x must hold at least two distinct values"),
        ({"y": [1.0]}, ValueError, "x and y must have the same length"),
    ],
)
def test_bad_input_is_refused(change, error, message):
    arguments = {"x": [0.0, 1.0], "y": [0.0, 1.0], "lr": 0.1, "batch_size": 1, **change}
    with pytest.raises(error, match=message):
        noise_floor(**arguments)
