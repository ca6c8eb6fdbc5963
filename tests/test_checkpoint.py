import os
import random
import zipfile
from itertools import islice
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from linreg import LinearRegressionDataset, MiniBatchSampler
from linreg.checkpoint import PARTS, CheckpointError, load_checkpoint, save_checkpoint
from linreg.random_state import random_state, set_random_state


def training(seed=0, momentum=0.9):
    """A model with dropout, so that a step depends on the global random numbers too."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(1, 3), nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 1)
        )
    return {
        "model": model,
        "optimizer": torch.optim.SGD(
            model.parameters(), lr=0.01 + seed, momentum=momentum
        ),
        "sampler": MiniBatchSampler(50, 8, seed=seed),
    }


def steps(model, optimizer, sampler, number):
    """Take that many steps, over the ends of epochs."""
    dataset = LinearRegressionDataset(seed=0)
    while number > 0:
        for indices in islice(sampler, number):
            loss = (
                (dataset.y[indices, None] - model(dataset.x[indices, None]))
                .square()
                .mean()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            number -= 1


def state_of(model, optimizer, sampler):
    """All that a checkpoint should restore, as bytes."""
    tensors = [*model.state_dict().values(), torch.get_rng_state()]
    tensors += [
        buffer["momentum_buffer"] for buffer in optimizer.state_dict()["state"].values()
    ]
    saved = sampler.state_dict()
    tensors.append(saved.pop("generator"))
    numbers = [saved, optimizer.param_groups[0]["lr"]]
    return [tensor.numpy().tobytes() for tensor in tensors], numbers


@pytest.fixture
def saved(tmp_path):
    """A checkpoint in mid-epoch, and the path of its file."""
    torch.manual_seed(0)
    run = training()
    sampler = run["sampler"]
    steps(**run, number=len(sampler))
    for _ in islice(sampler, 3):
        save_checkpoint(tmp_path / "run.pt", **run, epoch=9)
    return run, tmp_path / "run.pt"


@pytest.fixture(autouse=True)
def own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        yield


def test_a_loaded_training_goes_on_bit_for_bit(saved):
    run, path = saved
    before = state_of(**run)
    other = training(seed=1)
    torch.manual_seed(9)
    assert load_checkpoint(path, **other) == 9
    assert state_of(**other) == before

    load_checkpoint(path, **run)
    steps(**run, number=20)
    load_checkpoint(path, **other)
    steps(**other, number=20)
    assert state_of(**other) == state_of(**run)
    assert state_of(**other) != before


def test_a_training_in_order_goes_on_with_its_next_batch(tmp_path):
    first, second = (MiniBatchSampler(50, 8, shuffle=False) for _ in range(2))
    for _ in islice(first, 3):
        save_checkpoint(
            tmp_path / "run.pt", **{**training(), "sampler": first}, epoch=0
        )
    load_checkpoint(tmp_path / "run.pt", **{**training(), "sampler": second})
    assert next(iter(second)).tolist() == list(range(24, 32))


def test_a_checkpoint_from_an_accelerator_is_read_without_one(saved, monkeypatch):
    run, path = saved
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        save_checkpoint(path, **run, epoch=9)
    other = training(seed=1)
    assert load_checkpoint(path, **other) == 9
    assert state_of(**other) == state_of(**run)


def test_a_checkpoint_is_read_with_weights_only_alone(saved):
    _, path = saved
    content = torch.load(path, weights_only=True)
    assert tuple(content) == PARTS
    assert content["epoch"] == 9
    assert content["sampler"]["position"] == 3


def test_a_new_checkpoint_takes_the_place_of_the_old_one_and_leaves_nothing_else(saved):
    run, path = saved
    save_checkpoint(str(path), **run, epoch=10)
    assert load_checkpoint(str(path), **run) == 10
    assert list(path.parent.iterdir()) == [path]


def test_a_relative_path_will_do(saved, monkeypatch):
    run, path = saved
    monkeypatch.chdir(path.parent)
    save_checkpoint("other.pt", **run, epoch=4)
    assert load_checkpoint("other.pt", **run) == 4


def test_a_failed_write_leaves_the_old_checkpoint(saved, monkeypatch):
    run, path = saved
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, **run, epoch=10)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_data_reaches_the_disk_before_the_name_changes(saved, monkeypatch):
    run, path = saved
    before, sync = path.read_bytes(), os.fsync
    seen = []

    def watch(descriptor):
        sync(descriptor)
        seen.append((os.fstat(descriptor).st_size > 0, path.read_bytes() == before))

    monkeypatch.setattr(os, "fsync", watch)
    save_checkpoint(path, **run, epoch=10)
    assert seen == [(True, True)]
    assert path.read_bytes() != before


def test_the_temporary_file_lies_beside_the_checkpoint_and_has_the_name_of_the_docs(
    saved, monkeypatch
):
    run, path = saved
    seen = set()
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: seen.update(path.parent.iterdir())
    )
    save_checkpoint(path, **run, epoch=10)
    (temporary,) = seen - {path}
    assert temporary.match("run.pt.*.tmp")


def assert_refused(path, words=None, **changes):
    """The file is refused by its name, and nothing has changed."""
    run = {**training(seed=2), **changes}
    steps(**{**run, "sampler": MiniBatchSampler(50, 8, seed=0)}, number=2)
    before = state_of(**run)
    with pytest.raises(CheckpointError, match=words) as error:
        load_checkpoint(path, **run)
    assert str(path) in str(error.value)
    assert state_of(**run) == before


def refusal(path, run):
    """Why the file was refused, or None."""
    try:
        load_checkpoint(path, **run)
    except CheckpointError as error:
        return str(error)
    return None


def test_a_truncated_file_is_refused_at_any_length(saved):
    _, path = saved
    whole = path.read_bytes()
    lengths = [*range(0, len(whole), 401), len(whole) - 1]
    for length in lengths:
        path.write_bytes(whole[:length])
        assert_refused(path)


def test_a_flipped_bit_is_refused_or_harmless(saved):
    run, path = saved
    whole = path.read_bytes()
    expected = state_of(**run)
    generator = random.Random(0)
    refused = 0
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[generator.randrange(len(whole))] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        other = training(seed=1)
        message = refusal(path, other)
        if message is None:
            assert state_of(**other) == expected
        else:
            assert str(path) in message
            refused += 1
    assert refused > 60


def test_a_flipped_bit_is_named_by_the_part_that_holds_it(saved):
    run, path = saved
    whole = path.read_bytes()
    weights = run["model"][0].weight.detach().numpy().tobytes()
    assert whole.count(weights) == 1
    path.write_bytes(whole.replace(weights, bytes([weights[0] ^ 1]) + weights[1:]))
    assert_refused(path, r"the checksum of \w+/data/\d+ is wrong")


class Attack:
    """What a plain pickle would run."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("environment", ["0", "1"])
def test_a_hostile_file_is_refused_and_runs_nothing(saved, monkeypatch, environment):
    """Even where the environment lets `torch.load` run what it reads."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", environment)
    _, path = saved
    attack = Attack(path.parent / "made by the file")
    torch.save({**torch.load(path, weights_only=True), "model": attack}, path)
    assert_refused(path, "Weights only load failed")
    assert not attack.folder.exists()


def test_damaged_pickles_with_right_checksums_are_refused(saved):
    _, path = saved
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (pickled,) = (name for name in parts if name.endswith("data.pkl"))
    generator = random.Random(0)
    refused = 0
    for _ in range(100):
        damaged = bytearray(parts[pickled])
        for _ in range(3):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, bytes(damaged) if name == pickled else data)
        message = refusal(path, training(seed=1))
        assert message is None or str(path) in message
        refused += message is not None
    assert refused > 60


def with_part(part, value):
    return lambda content: {**content, part: value}


def with_group(**changes):
    def change(content):
        groups = [
            {**group, **changes} for group in content["optimizer"]["param_groups"]
        ]
        return {
            **content,
            "optimizer": {**content["optimizer"], "param_groups": groups},
        }

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: [content], "checkpoint must be a dict, got list"),
        (lambda content: {"model": 1}, "checkpoint must have keys"),
        (with_part("epoch", -1), "epoch must be at least 0"),
        (with_part("epoch", 1.5), "epoch must be an integer"),
        (with_part("random_state", {}), "cpu"),
        (with_part("random_state", {"cpu": [1]}), "random_state must be a tensor"),
        (
            with_part("random_state", {"cpu": torch.zeros(1)}),
            "random_state must be the state",
        ),
        (with_part("model", {"k": torch.zeros(1)}), "model must have keys"),
        (
            lambda c: {**c, "model": {**c["model"], "0.bias": 1}},
            "0.bias must be a tensor, got int",
        ),
        (
            lambda c: {**c, "model": {**c["model"], "0.bias": torch.zeros(4)}},
            r"0.bias must be torch.float32 of shape \(3,\), got torch.float32 of shape \(4,\)",
        ),
        (
            lambda c: {**c, "model": {**c["model"], "0.bias": torch.zeros(3).double()}},
            "0.bias must be torch.float32 .*, got torch.float64",
        ),
        (with_part("optimizer", {}), "optimizer must have keys"),
        (
            with_part("optimizer", {"state": [], "param_groups": []}),
            "optimizer state must be a di",
        ),
        (
            with_part("optimizer", {"state": {}, "param_groups": []}),
            "optimizer must have 1 groups",
        ),
        (
            with_part("optimizer", {"state": {}, "param_groups": 1}),
            "optimizer must have 1 groups",
        ),
        (with_group(lr="fast"), "lr must be float, got 'fast'"),
        (with_group(params=[0]), "optimizer must hold parameters"),
        (with_group(more=1), "param_groups must have keys"),
        (with_part("sampler", {}), "state must have keys"),
        (
            lambda c: {**c, "sampler": {**c["sampler"], "n": 51}},
            "state must have n=50, got 51",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_changes_nothing(saved, change, words):
    _, path = saved
    torch.save(change(torch.load(path, weights_only=True)), path)
    assert_refused(path, words)


def test_the_checkpoint_of_another_sampler_is_refused(saved):
    _, path = saved
    assert_refused(path, "batch_size=4", sampler=MiniBatchSampler(50, 4, seed=0))


def test_what_is_no_archive_is_refused(saved):
    _, path = saved
    path.write_text("k = 3, m = 5")
    assert_refused(path, "File is not a zip file")


def test_a_missing_file_is_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.pt"):
        load_checkpoint(tmp_path / "nothing.pt", **training())


def test_a_bad_epoch_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="epoch must be at least 0, got -1"):
        save_checkpoint(tmp_path / "run.pt", **training(), epoch=-1)
    assert list(tmp_path.iterdir()) == []


def test_the_random_numbers_of_an_accelerator_are_kept_too(monkeypatch):
    numbers = SimpleNamespace(state=torch.tensor([1], dtype=torch.uint8))
    module = SimpleNamespace(
        get_rng_state=lambda: numbers.state,
        set_rng_state=lambda state: setattr(numbers, "state", state),
    )
    monkeypatch.setattr(
        torch, "get_device_module", lambda device: {"cuda": module}[device.type]
    )
    device = torch.device("cuda")
    state = random_state(device)
    assert set(state) == {"cpu", "cuda"}
    numbers.state = torch.tensor([2], dtype=torch.uint8)
    set_random_state({"cpu": state["cpu"]}, device)
    assert numbers.state.item() == 2
    set_random_state(state, device)
    assert numbers.state.item() == 1


def test_random_numbers_go_on_where_they_were():
    state = random_state(torch.device("cpu"))
    first = torch.rand(5)
    set_random_state(state, torch.device("cpu"))
    assert torch.equal(torch.rand(5), first)
