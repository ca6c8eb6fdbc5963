"""The pages on noise and on pitfalls: what their programs found, against independent oracles."""

import itertools
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

PAGES = Path(__file__).parent.parent / "examples" / "understanding"


def run(name):
    """Run a page and return its names; its figures are closed where they would be shown."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: plt.close("all"))
        return runpy.run_path(str(PAGES / f"{name}.py"))


@pytest.fixture(scope="module")
def noise():
    return run("plot_09_noise")


@pytest.fixture(scope="module")
def pitfalls():
    return run("plot_10_pitfalls")


@pytest.fixture(scope="module")
def curvature(pitfalls):
    """The eigenvalues and eigenvectors of the Hessian, and the way from the best line to (0, 0)."""
    x, y = pitfalls["x"].double().numpy(), pitfalls["y"].double().numpy()
    hessian = 2 * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1]])
    values, vectors = np.linalg.eigh(hessian)
    return values, vectors.T @ -np.polyfit(x, y, 1)


def end_points(random, x, y, epochs=25, lr=0.01):
    """Train a line for each row with NumPy, in float64, as the post did."""
    k, m = np.zeros(len(x)), np.zeros(len(x))
    for _ in range(epochs):
        order = random.permuted(np.tile(np.arange(50), (len(x), 1)), axis=1)
        for index in np.split(order, range(8, 50, 8), axis=1):
            x_batch = np.take_along_axis(x, index, axis=1)
            error = (
                k[:, None] * x_batch + m[:, None] - np.take_along_axis(y, index, axis=1)
            )
            k = k - lr * 2 * np.mean(error * x_batch, axis=1)
            m = m - lr * 2 * np.mean(error, axis=1)
    return np.stack([k, m], axis=1)


def test_the_two_clouds_are_those_of_a_simulation(noise):
    random = np.random.default_rng(0)
    x = random.uniform(-3, 3, (4000, 50))
    y = 3 * x + 5 + random.normal(0, 0.5, x.shape)
    fresh = end_points(random, x, y)
    same = (np.tile(noise[name].double().numpy(), (4000, 1)) for name in ("x", "y"))
    again = end_points(random, *same)
    for cloud, oracle in ((noise["fresh"], fresh), (noise["again"], again)):
        found = cloud.double().numpy()
        np.testing.assert_allclose(found.std(axis=0), oracle.std(axis=0), rtol=0.12)
        error = 4 * oracle.std(axis=0) / 500**0.5
        np.testing.assert_array_less(
            abs(found.mean(axis=0) - oracle.mean(axis=0)), error
        )


def test_the_published_result_lies_inside_the_first_cloud(noise):
    cloud = noise["fresh"].double().numpy()
    off = np.array([3.03, 4.86]) - cloud.mean(axis=0)
    assert (
        off @ np.linalg.solve(np.cov(cloud.T), off) < 5.99
    )  # 95 % of chi-squared with 2 degrees


def test_without_zero_grad_the_loss_is_that_of_two_swings_without_friction(
    pitfalls, curvature
):
    """Along an eigenvector e(t+1) = 2 e(t) - e(t-1) - lr lambda e(t), so e(t) is a cosine.

    With cos(omega) = 1 - lr lambda / 2 it is e(0) cos(omega (t + 1/2)) / cos(omega / 2).
    """
    values, start = curvature
    steps = np.arange(150)[:, None]
    omega = np.arccos(1 - 0.01 * values / 2)
    swing = start * np.cos(omega * (steps + 0.5)) / np.cos(omega / 2)
    x, y = pitfalls["x"].double().numpy(), pitfalls["y"].double().numpy()
    smallest = np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)
    expected = smallest + (values / 2 * swing**2).sum(axis=1)
    np.testing.assert_allclose(
        pitfalls["losses"][False], expected, rtol=1e-3, atol=1e-2
    )
    assert 2 * np.pi / omega.min() == pytest.approx(44, abs=2)


def test_with_zero_grad_each_error_shrinks_by_its_factor(pitfalls, curvature):
    values, start = curvature
    left = start * (1 - 0.01 * values) ** np.arange(150)[:, None]
    found = np.array(pitfalls["losses"][True])
    expected = (values / 2 * left**2).sum(axis=1)
    np.testing.assert_allclose(
        found - found[-1], expected - expected[-1], rtol=1e-3, atol=1e-3
    )


def test_the_limit_is_two_over_the_largest_curvature(pitfalls, curvature):
    assert pitfalls["limit"] == pytest.approx(2 / curvature[0].max(), rel=1e-5)


def test_the_mean_of_means_takes_only_the_values_that_the_last_two_points_allow(
    pitfalls,
):
    squared = pitfalls["squared"].double().numpy()
    pairs = np.array([a + b for a, b in itertools.combinations(squared, 2)])
    possible = ((squared.sum() - pairs) / 8 + pairs / 2) / 7
    found = np.array(pitfalls["unweighted"])
    assert abs(found[:, None] - possible).min(axis=1).max() < 1e-3
    assert possible.min() - 1e-3 < found.min() < found.max() < possible.max() + 1e-3


def test_sorted_batches_end_in_the_loop_that_one_epoch_maps_onto_itself(pitfalls):
    x, y = pitfalls["x"].double().numpy(), pitfalls["y"].double().numpy()
    rank = np.argsort(x)
    matrix, shift = np.eye(2), np.zeros(2)  # what an epoch does: p -> matrix p + shift
    for index in np.split(rank, range(8, 50, 8)):
        design = np.stack([x[index], np.ones(len(index))], axis=1)
        step = np.eye(2) - 0.1 * design.T @ design / len(index)
        shift = step @ shift + 0.1 * design.T @ y[index] / len(index)
        matrix = step @ matrix
    fixed = np.linalg.solve(np.eye(2) - matrix, shift)
    np.testing.assert_allclose(pitfalls["in_order"][-1], fixed, atol=1e-4)
    np.testing.assert_allclose(pitfalls["in_order"][-8], fixed, atol=1e-4)


def test_the_broadcast_loss_has_the_mean_as_its_best_line(pitfalls):
    """Over all n times n differences; a least-squares problem of its own, solved by NumPy."""
    x, y = pitfalls["x"].double().numpy(), pitfalls["y"].double().numpy()
    design = np.stack([np.repeat(x, 50), np.ones(2500)], axis=1)
    slope, intercept = np.linalg.lstsq(design, np.tile(y, 50), rcond=None)[0]
    assert (pitfalls["slope"], pitfalls["intercept"]) == pytest.approx(
        (slope, intercept), abs=1e-3
    )
