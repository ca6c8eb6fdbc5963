"""What the pages of Understanding found, against oracles that share no code."""

import itertools
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGES = [f"understanding/{file.stem}" for file in EXAMPLES.glob("understanding/*.py")]
WITH_FIGURES = [*PAGES, "solutions/plot_03_understanding", "beyond/plot_01_real_data"]
WITH_FIGURES += ["plot_07_curve"]


LATER = [pytest.param(size, marks=pytest.mark.long) for size in (25, 50)]


@pytest.fixture(scope="module")
def pages(run_page):
    """The variables of each page at its end."""
    return {page.split("_", 2)[2]: run_page(page).names for page in PAGES}


@pytest.fixture(scope="module")
def points():
    """The points of the tutorial, as NumPy arrays."""
    dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
    return dataset.x.double().numpy(), dataset.y.double().numpy()


@pytest.fixture(scope="module")
def bowl(points):
    """Curvatures, axes, and along the axes the way from the best line to (0, 0)."""
    x, y = points
    hessian = 2 * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1]])
    curvatures, axes = np.linalg.eigh(hessian)
    return curvatures, axes, axes.T @ -np.polyfit(x, y, 1)


@pytest.mark.parametrize("page", WITH_FIGURES)
def test_every_figure_has_a_title_of_its_own_and_named_axes(run_page, page):
    axes = run_page(page).axes
    assert len({a.get_title(loc="left") for a in axes} - {""}) == len(axes) > 0
    assert all(a.get_xlabel() and a.get_ylabel() for a in axes)


def exact_steps(number):
    """Take so many steps of the tutorial's training in exact fractions."""
    dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=generator)
    batches = itertools.islice((b for _ in range(25) for b in loader), number)
    k, m, rate = Fraction(0), Fraction(0), Fraction(0.01)
    for batch in batches:
        x, y = ([Fraction(v.item()) for v in column] for column in batch)
        r = [b - (k * a + m) for a, b in zip(x, y, strict=True)]
        step_k = 2 * sum(c * a for c, a in zip(r, x, strict=True)) / len(x)
        k, m = k + rate * step_k, m + rate * 2 * sum(r) / len(x)
    return float(k), float(m)


def test_the_five_levels_end_where_exact_arithmetic_ends(pages):
    assert len(pages["one_step"]["ends"]) == 6
    for end in pages["one_step"]["ends"].values():
        assert end == pytest.approx(exact_steps(7), rel=0, abs=1e-12)


def test_the_step_that_is_taken_apart_is_step_22(pages):
    k, m, _, _ = pages["one_step"]["step_22"]
    assert (k, m) == pytest.approx(exact_steps(21), rel=0, abs=1e-12)
    assert (pages["one_step"]["k_new"], pages["one_step"]["m_new"]) == pytest.approx(
        exact_steps(22)
    )


def exact_curvatures(x):
    """The eigenvalues of the Hessian, in 50 digits."""
    with mpmath.workdps(50):
        x = [mpmath.mpf(float(value)) for value in x]
        mean, square = mpmath.fsum(x) / len(x), mpmath.fsum(v**2 for v in x) / len(x)
        root = mpmath.sqrt((square + 1) ** 2 - 4 * (square - mean**2))
        return float(square + 1 - root), float(square + 1 + root)


def test_the_curvatures_and_the_limit_are_those_of_the_closed_form(pages, points):
    flat, steep = exact_curvatures(points[0])
    assert pages["convergence"]["curvatures"] == pytest.approx([flat, steep], rel=1e-12)
    assert pages["convergence"]["shrinks"] == pytest.approx(
        [1 - 0.01 * flat, 1 - 0.01 * steep]
    )
    assert pages["convergence"]["limit"] == pytest.approx(2 / steep)
    assert pages["convergence"]["exact"] == pytest.approx(
        np.polyfit(*points, 1), rel=1e-10
    )


@pytest.mark.parametrize("size", [1, 8, *LATER])
def test_runs_fly_away_where_the_product_of_their_steps_grows(pages, points, size):
    """Furstenberg: almost every product of such matrices grows at one rate."""
    x, rng = points[0], np.random.default_rng(0)
    page = pages["convergence"]
    shares = page["flown"][size].mean(axis=1)
    for ratio, flown in zip(page["ratios"], shares, strict=True):
        vector, growth = np.ones(2), 0.0
        for _ in range(8000 // -(-50 // size)):
            order = rng.permutation(50)
            for index in np.split(order, range(size, 50, size)):
                u = np.stack([x[index], np.ones(len(index))])
                rate = ratio * page["limit"]
                vector = vector - rate * 2 * u @ (u.T @ vector) / len(index)
                growth += np.log(np.linalg.norm(vector))
                vector /= np.linalg.norm(vector)
        assert flown > 0.9 if growth > 0 else flown < 0.1


@pytest.mark.parametrize("momentum", [0, 0.9])
def test_the_steps_to_1_percent_are_those_of_two_separate_axes(pages, points, momentum):
    """Along an axis e(t+1) = (1 + b - lr c) e(t) - b e(t-1)."""
    y = points[1]
    for name, x in pages["convergence"]["inputs"].items():
        curvatures = np.array(exact_curvatures(x))
        _, axes = np.linalg.eigh(
            np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1]])
        )
        e = before = axes.T @ -np.polyfit(x, y, 1)
        size, last = np.linalg.norm(e), 0
        rate = 1 / curvatures[1]
        for step in range(1, 400 + int(5 * curvatures[1] / curvatures[0])):
            pull = 1 + momentum - rate * curvatures
            e, before = pull * e - momentum * before, e
            last = step if np.linalg.norm(e) > 0.01 * size else last
        assert pages["convergence"]["steps"][name][int(momentum > 0)] == last + 1


def test_without_zero_grad_the_loss_is_that_of_two_swings(pages, points, bowl):
    """Along an axis e(t+1) = 2 e(t) - e(t-1) - lr c e(t), so e(t) is a cosine."""
    curvatures, _, start = bowl
    omega = np.arccos(1 - 0.01 * curvatures / 2)
    steps = np.arange(150)[:, None]
    swing = start * np.cos(omega * (steps + 0.5)) / np.cos(omega / 2)
    x, y = points
    lowest = np.mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2)
    expected = lowest + (curvatures / 2 * swing**2).sum(axis=1)
    assert pages["pitfalls"]["losses"][False] == pytest.approx(
        expected, rel=1e-3, abs=1e-2
    )
    left = start * (1 - 0.01 * curvatures) ** steps
    expected = lowest + (curvatures / 2 * left**2).sum(axis=1)
    assert pages["pitfalls"]["losses"][True] == pytest.approx(
        expected, rel=1e-3, abs=1e-3
    )


def test_sorted_batches_end_in_the_loop_that_an_epoch_maps_onto_itself(pages, points):
    x, y = points
    matrix, shift = np.eye(2), np.zeros(2)  # an epoch makes of p: matrix p + shift
    for index in np.split(np.argsort(x), range(8, 50, 8)):
        design = np.stack([x[index], np.ones(len(index))], axis=1)
        step = np.eye(2) - 0.1 * design.T @ design / len(index)
        shift = step @ shift + 0.1 * design.T @ y[index] / len(index)
        matrix = step @ matrix
    fixed = np.linalg.solve(np.eye(2) - matrix, shift)
    for end in (-1, -8):
        assert pages["pitfalls"]["in_order"][end].numpy() == pytest.approx(
            fixed, abs=1e-4
        )
