"""`make bench` itself: its rows, its arithmetic, its verdict, and the loop it compares with."""

import json
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from benchmarks import __main__ as bench
from benchmarks import accelerator, training
from benchmarks.by_hand import train_by_hand
from benchmarks.closed_forms import error, exact_line, points
from benchmarks.harness import Measurement, Target, alternate, format_row
from benchmarks.loading import Columns
from benchmarks.post_loop import post_loop
from linreg import LinearRegressionDataset, LinearRegressionModel, least_squares, train

ROWS = [
    ("25 epochs, warm", "worker process per epoch", "at least", 35),
    ("the same, the gradient written out", "worker process per epoch", "at least", 35),
    ("the trajectory recorded", "num_workers=0", "at least", 1),
    ("one epoch of 1,000,000 points, batch 4096", "SGDRegressor", "at least", 1.5),
    ("the same, the gradient written out", "SGDRegressor", "at least", 1.5),
    (
        "one epoch of 1,000,000 points, batch 4096",
        "randperm, gather, autograd",
        "at least",
        0.85,
    ),
    ("peak memory, 10,000,000 points", "the data itself (80 MB)", "at most", 3),
    ("loss_surface: 1,000,000 points, 100 x 100", "one evaluation", "at most", 2),
    ("loss_surface: 50 points, 1000 x 1000", "NumPy broadcasting", "at least", 30),
    ("least_squares: 10,000,000 points", "numpy.linalg.lstsq", "at least", 5),
    ("clean make html", "all the scripts one after another", "at most", 1.5),
    ("nothing changed", "stock sphinx-gallery and Furo", "at most", 1.2),
    ("after an edit of stage 3", "clean build", "at most", 0.35),
]


def test_there_is_a_row_for_every_target():
    assert len(bench.TARGETS) == len(ROWS)
    for target, (what, against, sense, limit) in zip(bench.TARGETS, ROWS, strict=True):
        assert what in target.what
        assert against in target.against
        assert (target.sense, target.limit) == (sense, limit)


def test_the_ratio_is_the_median_over_turns_that_alternate():
    order = []
    durations = {
        "a": iter([9, 2, 3, 40]),
        "b": iter([9, 1, 2, 1]),
    }  # the first is the warm-up

    def timer(name):
        order.append(name)
        return next(durations[name])

    ratio, times = alternate("a", "b", repeats=3, timer=timer)
    assert order == ["a", "b", "a", "b", "b", "a", "a", "b"]
    assert ratio == 2  # of 2 / 1, 3 / 2 and 40 / 1
    assert times == {"first ms": 3000, "second ms": 1000}


@pytest.mark.parametrize(
    ("sense", "ratio", "conditions", "met"),
    [
        ("at least", 2.0, {}, "yes"),
        ("at least", 1.9, {}, "NO"),
        ("at most", 2.0, {}, "yes"),
        ("at most", 2.1, {}, "NO"),
        ("at most", float("nan"), {}, "NO"),
        (
            "at most",
            1.0,
            {"quiet": True, "torch is away": False},
            "NO: not torch is away",
        ),
    ],
)
def test_a_target_is_met_or_not(sense, ratio, conditions, met):
    target = Target("what", "against", sense, 2, lambda: None)
    assert format_row(target, Measurement(ratio, conditions))[-1] == met


@pytest.mark.parametrize(("ratio", "status"), [(3.0, 0), (1.0, 1)])
def test_prints_the_table_writes_json_and_fails_if_a_target_is_missed(
    ratio, status, monkeypatch, tmp_path, capsys
):
    target = Target("speed", "a snail", "at least", 2, lambda: Measurement(ratio))
    monkeypatch.setattr(bench, "TARGETS", (target,))
    results = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--json", str(results)])
    assert bench.main() == status
    assert "speed" in capsys.readouterr().out
    (row,) = json.loads(results.read_text())["rows"]
    assert (row["measured"], row["met"]) == (ratio, status == 0)


def test_the_posts_loop_takes_the_same_steps_as_train():
    ends = []
    for loop in (post_loop, train):
        order = torch.Generator().manual_seed(0)
        data = LinearRegressionDataset(seed=0)
        loader = DataLoader(data, batch_size=8, shuffle=True, generator=order)
        model = LinearRegressionModel()
        loop(model, loader, torch.optim.SGD(model.parameters(), lr=0.01), 25)
        ends.append((model.k.item(), model.m.item()))
    assert ends[0] == pytest.approx(ends[1], rel=1e-5)


def test_the_gradient_written_out_takes_the_same_steps_as_train():
    def loader():
        return training.lean_loader(Columns(seed=0), batch_size=8)

    model = LinearRegressionModel()
    history = train(model, loader(), torch.optim.SGD(model.parameters(), lr=0.01), 25)
    losses, parameters = train_by_hand(loader(), 0.01, 25)
    assert losses == pytest.approx(history.epoch_loss, rel=1e-5)
    k, m = np.transpose(parameters)
    assert k == pytest.approx(history.parameters["k"], rel=1e-5)
    assert m == pytest.approx(history.parameters["m"], rel=1e-5)


def test_the_lean_loader_gives_every_point_once_in_each_epoch_in_a_new_order():
    data = Columns(seed=0)
    loader = training.lean_loader(data, 8)
    epochs = []
    for _ in range(2):
        batches = list(loader)
        assert [len(x) for x, _ in batches] == 6 * [8] + [2]
        epochs.append([torch.cat(halves) for halves in zip(*batches, strict=True)])
    assert not torch.equal(epochs[0][0], epochs[1][0])
    pairs = {(x.item(), y.item()) for x, y in zip(data.x, data.y, strict=True)}
    for x, y in epochs:
        assert {(a.item(), b.item()) for a, b in zip(x, y, strict=True)} == pairs


@pytest.mark.parametrize(
    "prepare",
    [
        training.run_in_process,
        training.run_of_train,
        training.lean_run_of_train,
        training.lean_run_by_hand,
    ],
)
def test_every_way_through_the_posts_run_comes_near_the_line(prepare, monkeypatch):
    ends = []

    def note_the_end(loop):
        def run(*arguments):
            result = loop(*arguments)
            if loop is train_by_hand:
                ends.append(result[1][-1])
            else:
                ends.append((arguments[0].k.item(), arguments[0].m.item()))

        return run

    for name in ("train", "post_loop", "train_by_hand"):
        monkeypatch.setattr(training, name, note_the_end(getattr(training, name)))
    run = prepare()
    assert len(ends) == 1  # warm
    run()
    assert ends[1] == pytest.approx((3, 5), abs=0.4)


def test_the_exact_line_is_that_of_least_squares():
    x, y = points(1000, np.float64)
    assert error(least_squares(x, y), exact_line(x, y)) < 1e-14
    assert error((3.0, 5.0), exact_line(x, y)) > 1e-4


def test_an_epoch_on_an_accelerator_sees_each_point_once():
    x = torch.arange(100.0)
    batches = list(accelerator.ShuffledOnDevice(x, -x, batch_size=8))
    assert [len(x_batch) for x_batch, _ in batches] == 12 * [8] + [4]
    x_seen, y_seen = (torch.cat(halves) for halves in zip(*batches, strict=True))
    assert not torch.equal(x_seen, x)
    assert torch.equal(x_seen.sort().values, x)
    assert torch.equal(y_seen, -x_seen)
    in_turn = accelerator.BlocksInTurn(x, -x, batch_size=8)
    assert torch.equal(torch.cat([x_batch for x_batch, _ in in_turn]), x)


def test_a_share_is_the_time_of_the_fewest_bytes_by_the_time_taken(monkeypatch, capsys):
    def half_a_second(action, repeats=5):
        action()
        return 0.5

    monkeypatch.setattr(accelerator, "seconds", half_a_second)
    monkeypatch.setattr(accelerator, "N", 1000)
    monkeypatch.setattr(accelerator, "BATCHES", (64,))
    monkeypatch.setattr(accelerator, "RUNS", (3,))
    accelerator.time_epochs(torch.device("cpu"), rate=1e5)
    epochs = capsys.readouterr().out
    assert (
        epochs.count("500.0  16.00%") == 3
    )  # 1000 points of 8 bytes at 1e5 bytes per second
    accelerator.time_runs(torch.device("cpu"), rate=1e6)
    # 3 runs see 25 times 50 points of 16 bytes, and write 8 bytes in each of 175 steps.
    assert capsys.readouterr().out.count("500.00  12.84%") == 2


def test_without_an_accelerator_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(accelerator, "default_device", lambda: torch.device("cpu"))
    with pytest.raises(SystemExit, match="This machine has no accelerator"):
        accelerator.main()
