"""The pages on one step and on convergence, against oracles that share no code with them."""

from fractions import Fraction

import matplotlib.pyplot as plt
import mpmath
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from linreg.data import LinearRegressionDataset

PAGES = [
    "understanding/plot_07_one_step",
    "understanding/plot_08_convergence",
    "solutions/plot_15_understanding",
]


@pytest.fixture(scope="module")
def pages(root):
    """For each page its variables at the end, and the title and alt text of its figures."""
    ran = {}
    for page in PAGES:
        figures = []

        def show(figures=figures):
            for number in plt.get_fignums():
                figure = plt.figure(number)
                axes = figure.axes[0]
                names = (axes.get_xlabel(), axes.get_ylabel())
                figures.append((axes.get_title(loc="left"), figure.get_label(), names))
            plt.close("all")

        code = (root / "examples" / f"{page}.py").read_text(encoding="utf-8")
        variables = {"__name__": "__main__"}
        original, plt.show = plt.show, show
        try:
            exec(compile(code, page, "exec"), variables)
        finally:
            plt.show = original
            plt.rcdefaults()
        ran[page.split("/")[1]] = (variables, figures)
    return ran


@pytest.fixture(scope="module")
def one_step(pages):
    """The variables of the page on one step."""
    return pages["plot_07_one_step"][0]


@pytest.fixture(scope="module")
def convergence(pages):
    """The variables of the page on convergence."""
    return pages["plot_08_convergence"][0]


def tutorial_batches():
    """The batches of the tutorial's first epoch, as exact fractions."""
    dataset = LinearRegressionDataset(k=3, m=5, n=50, seed=0)
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(dataset, batch_size=8, shuffle=True, generator=generator)
    return [
        [[Fraction(v.item()) for v in column] for column in batch] for batch in loader
    ]


def test_every_figure_has_a_title_alt_text_and_named_axes(pages):
    counts = {page: len(figures) for page, (_, figures) in pages.items()}
    assert counts == {
        "plot_07_one_step": 2,
        "plot_08_convergence": 5,
        "plot_15_understanding": 1,
    }
    for _, figures in pages.values():
        for title, alt, names in figures:
            assert title
            assert len(alt) > 40
            assert all(names)


def test_the_five_levels_end_where_exact_arithmetic_ends(one_step):
    k, m, rate = Fraction(0), Fraction(0), Fraction(0.01)
    for x, y in tutorial_batches():
        r = [b - (k * a + m) for a, b in zip(x, y, strict=True)]
        grad_k = -2 * sum(c * a for c, a in zip(r, x, strict=True)) / len(x)
        grad_m = -2 * sum(r) / len(x)
        k, m = k - rate * grad_k, m - rate * grad_m
    assert len(one_step["ends"]) == 6
    for end in one_step["ends"].values():
        assert end == pytest.approx((float(k), float(m)), rel=0, abs=1e-12)


def test_the_step_is_step_22_of_the_tutorials_run(one_step):
    assert (
        len(one_step["history"].parameters["k"]) == 4
    )  # the start and three epochs of seven
    slope, intercept = (
        one_step["history"].parameters["k"],
        one_step["history"].parameters["m"],
    )
    dataset = one_step["dataset"]
    loss = np.mean(
        (dataset.y.numpy() - slope[-1] * dataset.x.numpy() - intercept[-1]) ** 2
    )
    assert one_step["walk"]["all data"][0].item() == pytest.approx(loss, rel=1e-6)


def test_the_walks_are_parabolas_with_their_lowest_points_where_the_page_says(one_step):
    rates = one_step["rates"].numpy()
    for losses in one_step["walk"].values():
        a, b, _ = np.polyfit(rates, losses.numpy(), 2)
        assert np.polyval(np.polyfit(rates, losses.numpy(), 2), rates) == pytest.approx(
            losses
        )
        assert rates[losses.argmin()] == pytest.approx(-b / (2 * a), abs=rates[1])


def test_the_curvatures_are_those_of_the_closed_form(convergence):
    with mpmath.workdps(50):
        x = [mpmath.mpf(float(v)) for v in convergence["x"]]
        mean, square = mpmath.fsum(x) / 50, mpmath.fsum(v**2 for v in x) / 50
        half, product = (
            square + 1,
            4 * (square - mean**2),
        )  # half the trace, and the determinant
        root = mpmath.sqrt(half**2 - product)
        expected = [float(half - root), float(half + root)]
    assert convergence["curvatures"] == pytest.approx(expected, rel=1e-12)
    assert convergence["limit"] == pytest.approx(2 / expected[1])
    assert convergence["factors"] == pytest.approx(
        [1 - 0.01 * value for value in expected]
    )


def test_the_exact_solution_is_that_of_polyfit(convergence):
    fitted = np.polyfit(convergence["x"], convergence["y"], 1)
    assert convergence["exact"] == pytest.approx(fitted, rel=1e-10)


def test_a_batch_of_8_follows_the_prediction_on_average(convergence):
    """Over many orders of the points the mean end of the training is the predicted one."""
    x, y = convergence["x"], convergence["y"]
    rng = np.random.default_rng(0)
    k = np.zeros(400)
    m = np.zeros(400)
    rows = np.arange(400)[:, None]
    for _ in range(25):
        order = rng.permuted(np.tile(np.arange(50), (400, 1)), axis=1)
        for begin in range(0, 50, 8):
            index = order[rows, np.arange(begin, min(begin + 8, 50))]
            residual = y[index] - (k[:, None] * x[index] + m[:, None])
            k = k + 0.02 * (residual * x[index]).mean(axis=1)
            m = m + 0.02 * residual.mean(axis=1)
    errors = np.stack([k, m]) - convergence["exact"][:, None]
    assert errors.mean(axis=1) == pytest.approx(convergence["predicted"][-1], abs=0.005)
    seen = convergence["mini_batch_error"][-1]
    assert abs(seen - errors.mean(axis=1)) == pytest.approx(
        0, abs=5 * errors.std(axis=1).max()
    )


def test_past_the_limit_the_error_grows_and_below_it_shrinks_by_the_factor_of_the_steep_direction(
    convergence,
):
    for name, factor in (("below", 0.98), ("above", 1.02)):
        errors = convergence[name]
        assert errors[-1] / errors[-2] == pytest.approx(2 * factor - 1, abs=1e-4)


def test_the_condition_number_for_years_is_that_of_50_digits(convergence):
    with mpmath.workdps(50):
        x = [mpmath.mpf(float(v)) for v in convergence["inputs"]["2000 to 2006"]]
        mean, square = mpmath.fsum(x) / 50, mpmath.fsum(v**2 for v in x) / 50
        half, product = square + 1, 4 * (square - mean**2)
        root = mpmath.sqrt(half**2 - product)
        exact = float((half + root) / (half - root))
    years = convergence["hessian_of"](convergence["inputs"]["2000 to 2006"])
    flat, steep = np.linalg.eigvalsh(years)
    assert steep / flat == pytest.approx(exact, rel=0.02)
    standardised = convergence["hessian_of"](convergence["inputs"]["standardised"])
    assert standardised == pytest.approx(2 * np.eye(2))


def test_the_95_percent_point_is_that_of_the_f_distribution(convergence):
    """The F distribution's own function, an incomplete beta integral, is 0.95 there."""
    f, d = convergence["f_95"], convergence["d"]
    assert mpmath.betainc(
        1, d / 2, 0, 2 * f / (2 * f + d), regularized=True
    ) == pytest.approx(0.95)


def test_the_ellipse_has_the_axes_of_the_normal_equations(convergence):
    """Its reach along each parameter, from the covariance of least squares."""
    design = np.stack([convergence["x"], np.ones(50)], axis=1)
    covariance = np.linalg.inv(design.T @ design) * convergence["s"] ** 2
    reach = np.sqrt(2 * convergence["f_95"] * np.diag(covariance))
    plt.figure()
    levels = [convergence["edge"]]
    grid = convergence["k_near"], convergence["m_near"], convergence["near"]
    (path,) = plt.contour(*grid, levels=levels).get_paths()
    plt.close()
    assert np.ptp(path.vertices, axis=0) / 2 == pytest.approx(reach, rel=1e-3)


def test_the_steps_that_the_solutions_predict_are_the_first_below_1_percent(pages):
    variables, _ = pages["plot_15_understanding"]
    left, steps = 1.0, 0
    while left > 0.01:
        left, steps = left * (1 - 0.01 * variables["flat"]), steps + 1
    assert steps == np.ceil(variables["steps"])
    assert variables["epochs"] == -(-steps // 7)
