"""Checkpoints, and the program that torchrun runs: its result, restarts and ends."""

import os
import random
import re
import runpy
import signal
import subprocess
import sys
import time
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch import distributed, nn
from torch.optim.lr_scheduler import LambdaLR, StepLR

from linreg.worker import load_checkpoint, main, save_checkpoint

WORKER = Path(sys.modules[main.__module__].__file__)


def training(learning_rate=0.01, size=1, optimizer=torch.optim.SGD, **options):
    """A model and its optimizer after one step, which leaves a state in both."""
    options |= {"momentum": 0.9} if not options and optimizer is torch.optim.SGD else {}
    model = nn.Linear(size, 1)
    optimizer = optimizer(model.parameters(), lr=learning_rate, **options)
    model(torch.ones(2, size)).sum().backward()
    optimizer.step()
    return model, optimizer


def state_of(model, optimizer):
    return str((model.state_dict(), optimizer.state_dict()))


@pytest.fixture
def saved(tmp_path):
    """A checkpoint: its path, and what was saved."""
    run = training()
    save_checkpoint(tmp_path / "run.pt", *run, 17)
    return tmp_path / "run.pt", run


def test_what_was_saved_is_loaded(saved):
    path, run = saved
    other = training(learning_rate=0.5)
    assert load_checkpoint(path, *other) == 17
    assert state_of(*other) == state_of(*run)
    assert [file.name for file in path.parent.iterdir()] == ["run.pt"]
    assert torch.load(path, weights_only=True)["step"] == 17  # by PyTorch alone


def test_every_flipped_bit_and_every_truncation_is_refused(saved):
    """Seen to fail: a bit in the archive's directory gave another model, unnoticed."""
    path, _ = saved
    whole = path.read_bytes()
    run = training(learning_rate=0.5)
    before = state_of(*run)
    damaged = [whole[:length] for length in range(0, len(whole), 29)]
    for place in range(0, 8 * len(whole), 29):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        damaged.append(bytes(flipped))
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(RuntimeError) as error:
            load_checkpoint(path, *run)
        assert str(path) in str(error.value)
    assert state_of(*run) == before


SGD, ADAM = torch.optim.SGD, torch.optim.Adam
OTHERS = [  # saved by the first, loaded into the second
    ((SGD, {"momentum": 0}), (ADAM, {})),
    ((SGD, {"momentum": 0}), (SGD, {"momentum": 0.9})),
    ((ADAM, {}), (torch.optim.AdamW, {"weight_decay": 0})),
]


def test_a_checkpoint_of_another_training_is_refused_before_it_changes_anything(
    tmp_path,
):
    """Seen to fail: the momentum became 0 without a word; Adam stopped in a step."""
    path = tmp_path / "run.pt"
    model, one_more = training()
    one_more.add_param_group({"params": [torch.ones(1, requires_grad=True)]})
    pairs = [
        (training(), training(size=2), "size mismatch"),
        (training(), (model, one_more), "different number of parameter groups"),
    ]
    for (saver, options), (loader, more) in OTHERS:
        runs = training(optimizer=saver, **options), training(optimizer=loader, **more)
        pairs.append((*runs, "its optimizer has {"))
    for saved, run, words in pairs:
        save_checkpoint(path, *saved, 17)
        before = state_of(*run)
        with pytest.raises(RuntimeError, match=rf"(?s)run\.pt is no .*{words}"):
            load_checkpoint(path, *run)
        assert state_of(*run) == before


def test_a_right_checksum_around_another_object_is_refused(saved):
    """Seen to fail: KeyError, TypeError, and one step after the model had changed."""
    path, _ = saved
    whole = torch.load(path, weights_only=True)
    others = [None, 5, [], torch.ones(2)]
    others += [{n: v for n, v in whole.items() if n != name} for name in whole]
    others += [whole | {name: value} for name in whole for value in (None, {})]
    run = training(learning_rate=0.5)
    before = state_of(*run)
    for other in others:
        buffer = BytesIO()
        torch.save(other, buffer)
        content = buffer.getvalue()
        path.write_bytes(content + sha256(content).digest())
        with pytest.raises(RuntimeError, match=r"run\.pt is no checkpoint"):
            load_checkpoint(path, *run)
        assert state_of(*run) == before


def test_a_hostile_file_runs_nothing(saved, monkeypatch):
    """Even with a right checksum, and where the environment trusts every file."""

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(path.with_name("made by the file")),)

    path, run = saved
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    buffer = BytesIO()
    torch.save({"model": Attack()}, buffer)
    content = buffer.getvalue()
    path.write_bytes(content + sha256(content).digest())
    with pytest.raises(
        RuntimeError, match=r"run\.pt is no .*[\s\S]*unsupported GLOBAL"
    ):
        load_checkpoint(path, *run)
    assert [file.name for file in path.parent.iterdir()] == ["run.pt"]


def test_what_could_not_be_read_again_is_refused_and_the_older_file_stays(saved):
    path, run = saved
    before = path.read_bytes()
    from_numpy = training(learning_rate=np.logspace(-3, -1, 3)[1])
    scheduled = training()
    LambdaLR(scheduled[1], lambda step: np.float64(0.5) ** step)
    for other in (from_numpy, scheduled):
        with pytest.raises(Exception, match=r"Weights only load failed[\s\S]*numpy"):
            save_checkpoint(path, *other, 18)
        assert path.read_bytes() == before
    assert load_checkpoint(path, *run) == 17


def test_a_training_with_a_scheduler_goes_on(tmp_path):
    model, optimizer = training(learning_rate=1)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.5)
    optimizer.step()
    scheduler.step()
    save_checkpoint(tmp_path / "run.pt", model, optimizer, 1)
    other, resumed = training(learning_rate=3.0)
    load_checkpoint(tmp_path / "run.pt", other, resumed)
    scheduler = StepLR(resumed, step_size=1, gamma=0.5, last_epoch=1)
    assert scheduler.get_last_lr() == [0.25]
    save_checkpoint(tmp_path / "run.pt", other, resumed, 2)
    assert load_checkpoint(tmp_path / "run.pt", model, optimizer) == 2
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_the_file_can_be_read_by_a_group_as_any_other(tmp_path):
    before = os.umask(0o002)
    save_checkpoint(tmp_path / "run.pt", *training(), 1)
    os.umask(before)
    assert (tmp_path / "run.pt").stat().st_mode & 0o777 == 0o664


# The program -------------------------------------------------------------------------


def by_hand(epochs):
    """The end of the worker's training: no torch.distributed, no autograd."""
    torch.manual_seed(0)
    x = -3 + 6 * torch.rand(50, 1)
    y = (3 * x + 5 + 0.5 * torch.randn(50, 1)).double().numpy()
    start = nn.Linear(1, 1)
    x, k, m = x.double().numpy(), start.weight.item(), start.bias.item()
    for epoch in range(epochs):
        order = torch.randperm(50, generator=torch.Generator().manual_seed(epoch))
        for batch in order.split(8):
            residual = y[batch] - (k * x[batch] + m)
            k, m = k + 0.02 * (residual * x[batch]).mean(), m + 0.02 * residual.mean()
    return k, m


def torchrun(checkpoint, *arguments):
    """Start three workers under torchrun, on the loopback interface alone.

    Of a batch of two points, one of the three gets none.
    """
    environment = {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--rdzv-backend=c10d"]
    command += ["--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1"]
    command += ["--nproc-per-node=3", "--max-restarts=1"]
    return subprocess.Popen(
        [*command, str(WORKER), f"--checkpoint={checkpoint}", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(run):
    """Wait for a good end; return the lines that the worker wrote."""
    output, _ = run.communicate(timeout=200)
    assert run.returncode == 0, output
    return re.findall(r"^(?:starts after|process|k =).*$", output, flags=re.MULTILINE)


def content_of(checkpoint):
    return str(torch.load(checkpoint, weights_only=True))


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """Run main() in this process, a group of one, with these arguments."""
    environment = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}
    environment |= {"MASTER_PORT": "0", "TORCHELASTIC_RESTART_COUNT": "0"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["worker.py", *arguments])
        with torch.random.fork_rng(devices=[]):
            main()

    yield run
    if distributed.is_initialized():
        distributed.destroy_process_group()


def is_by_hand(line, epochs):
    """Compare the last line that the worker wrote."""
    found = [float(number) for number in re.findall(r"-?\d+\.\d+", line)]
    return found == pytest.approx(by_hand(epochs), abs=1e-5)


LONG_RUN = ["--epochs=20", "--save-every=1"]  # 140 steps, and as many checkpoints


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a long run ends with that nobody kills."""
    checkpoint = tmp_path_factory.mktemp("undisturbed") / "run.pt"
    *_, last = finish(torchrun(checkpoint, *LONG_RUN))
    assert is_by_hand(last, epochs=20)
    return content_of(checkpoint)


LATER = [pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20)]


@pytest.mark.parametrize("seed", [0, *LATER])
def test_kills_of_the_group_and_of_a_worker_change_no_bit(tmp_path, undisturbed, seed):
    """All processes at a random time, then one of those that go on."""
    checkpoint, chance = tmp_path / "run.pt", random.Random(seed)
    run = torchrun(checkpoint, *LONG_RUN)
    moment, step = chance.randrange(1, 60), 0
    while step < moment:  # at no moment is the checkpoint unreadable
        assert run.poll() is None, run.communicate()[0]
        if checkpoint.exists():
            step = torch.load(checkpoint, weights_only=True)["step"]
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.003))
    for process in [*psutil.Process(run.pid).children(recursive=True), run]:
        process.kill()
    run.communicate()
    step = torch.load(checkpoint, weights_only=True)["step"]
    said = finish(torchrun(checkpoint, *LONG_RUN, "--save-every=10", "--kill-at=137"))
    starts = [f"starts after step {number}" for number in (step, 130)]
    assert said[:-1] == [starts[0], "process 2 kills itself", starts[1]]
    assert content_of(checkpoint) == undisturbed


def test_a_loss_that_explodes_ends_with_an_error_and_a_finite_checkpoint(alone, capsys):
    for _ in range(2):  # started again, in vain
        with pytest.raises(
            FloatingPointError, match=r"the loss became \S+ in step \d+"
        ):
            alone("--learning-rate=0.5", "--epochs=60")
        distributed.destroy_process_group()
        saved = torch.load("checkpoint.pt", weights_only=True)
        assert 0 < saved["step"] < 420
        assert all(value.isfinite().all() for value in saved["model"].values())
    assert capsys.readouterr().out.endswith(f"starts after step {saved['step']}\n")


def test_runs_as_a_program_and_goes_on_from_its_checkpoint(alone, capsys):
    alone("--epochs=10", "--checkpoint=short.pt")
    alone("--epochs=12", "--checkpoint=whole.pt", "--save-every=1000")
    sys.argv[1:] = ["--epochs=12", "--checkpoint=short.pt"]
    with torch.random.fork_rng(devices=[]):
        runpy.run_path(str(WORKER), run_name="__main__")
    output = capsys.readouterr().out.splitlines()
    assert output[-2:] == ["starts after step 70", output[-3]]
    assert is_by_hand(output[-1], epochs=12)
    assert content_of("short.pt") == content_of("whole.pt")
    assert not distributed.is_initialized()


def test_a_kill_is_asked_for_once(alone, monkeypatch):
    sent = []
    monkeypatch.setattr(os, "kill", lambda *signal: sent.append(signal))
    alone("--epochs=1", "--kill-at=3")
    Path("checkpoint.pt").unlink()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    alone("--epochs=1", "--kill-at=3")
    assert sent == [(os.getpid(), signal.SIGKILL)]


def test_a_process_with_another_step_than_the_first_stops(alone, monkeypatch):
    monkeypatch.setattr(distributed, "broadcast", lambda step, src: step.fill_(7))
    with pytest.raises(RuntimeError, match="process 0 has step 0, not 7"):
        alone()


def test_only_the_first_process_speaks_and_writes(alone, monkeypatch, capsys):
    monkeypatch.setattr(distributed, "get_rank", lambda group=None: 1)
    monkeypatch.setattr(distributed, "get_world_size", lambda group=None: 2)
    alone("--epochs=1")
    assert capsys.readouterr().out == ""
    assert not Path("checkpoint.pt").exists()


SENSELESS = ["--save-every=0", "--epochs=-3", "--learning-rate=inf", "--kill-at=0"]


@pytest.mark.parametrize("argument", SENSELESS)
def test_a_senseless_argument_is_refused_before_work_begins(alone, capsys, argument):
    """Seen to fail: a division by 0 after the first step, a run of none, no kill."""
    with pytest.raises(SystemExit, match="2"):
        alone(argument)
    assert "all numbers must be positive and finite" in capsys.readouterr().err
    assert not distributed.is_initialized()
    assert not Path("checkpoint.pt").exists()


def test_the_folder_of_the_checkpoint_is_there_before_work_begins(alone):
    """Seen to fail: at the first checkpoint, after the work that it should save."""
    alone("--epochs=1", "--checkpoint=new/folder/run.pt")
    assert torch.load("new/folder/run.pt", weights_only=True)["step"] == 7
