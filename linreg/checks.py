"""Checks of what a reader writes: they run it, and name a mistake by what it does.

For each task a function watches a program where the answer is known, and yields what
it sees. A mistake is named only if all of this record agrees with that of the right
program with this mistake. So words tell of what was seen, such as steps, and never of
lines of code. Where a mistake may come from, they ask.

This file needs nothing else of linreg. A download holds it as text and runs it in a
room of its own: whatever names a reader chooses, they disturb no check.
"""

import ctypes
import inspect
import os
import random
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache, partial
from io import StringIO
from itertools import combinations, pairwise
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils.data import DataLoader, TensorDataset, default_collate

Program = Callable[..., Any]
Seen = Iterator[tuple[str, Any]]  # what it is, and its value
Record = dict[str, Any]  # all that was seen, in order
Watch = Callable[[Program], Seen]
Known = Iterator[tuple[str, Record]]  # what to say of a record; that of the right first
RIGHT = "Right."


class Verdict(BaseException):
    """What to say of a program that ends here: no `except Exception` holds it up."""


def written(value: Any) -> Any:
    """Return what a program returned, if there is something."""
    if value is ...:
        raise Verdict("Not written yet: it returns `...`.")
    if value is None:
        raise Verdict("It returns None. Is a return missing?")
    return value


def as_numbers(value: Any) -> Tensor:
    """Return a number, an array or a tensor as a float64 tensor of its own."""
    copy = torch.as_tensor(value).detach().to("cpu", torch.float64, copy=True)
    return copy.reshape(()) if copy.numel() == 1 else copy


def records(watch: Watch, programs: dict[str, Program]) -> Known:
    """Yield what is seen of known programs, given by what to say of them."""
    for words, program in programs.items():
        yield words, dict(watch(program))


def watch_loss(program: Program) -> Seen:
    """See the loss of three predictions, and its gradient along them."""
    leaf = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    loss = written(program(leaf * 1, torch.tensor([3.0, 1.0, 1.0])))
    yield "the loss of predictions 1, 2, 4 where y = 3, 1, 1", as_numbers(loss)
    if getattr(loss, "requires_grad", False):
        loss.sum().backward()
    name = "the gradient along the predictions (item, detach and NumPy end it)"
    yield name, "none" if leaf.grad is None else as_numbers(leaf.grad)


LOSSES: dict[str, Program] = {  # of the predictions p
    RIGHT: lambda p, y: ((p - y) ** 2).mean(),
    "The loss is the sum, not the mean.": lambda p, y: ((p - y) ** 2).sum(),
    "The loss is the root of the mean.": lambda p, y: ((p - y) ** 2).mean().sqrt(),
    "The loss is half the mean.": lambda p, y: ((p - y) ** 2).mean() / 2,
    "The loss is the mean absolute error.": lambda p, y: (p - y).abs().mean(),
    "The loss squares nothing.": lambda p, y: (p - y).mean(),
    "The loss squares the mean, not the errors.": lambda p, y: (p - y).mean() ** 2,
    "The loss pairs each prediction with each y, as if (n, 1) met (n,): "
    "pitfall 3.": lambda p, y: ((p.unsqueeze(1) - y) ** 2).mean(),
}


def watch_scale(program: Program) -> Seen:
    """See what becomes of four values, and of four times in seconds."""
    for name, first in [("1, 2, 6, 7", 0), ("four times in seconds since 1970", 1.7e9)]:
        values = first + torch.tensor([1, 2, 6, 7], dtype=torch.float64)
        given = values.clone()
        scaled, mean, std = written(program(given))
        yield f"what {name} are scaled to", as_numbers(scaled)
        yield f"the mean of {name}", as_numbers(mean)
        yield f"the standard deviation of {name}", as_numbers(std)
        yield "the change that it makes to what it gets", as_numbers(given - values)


SCALES: dict[str, Program] = {  # of the values v
    RIGHT: lambda v: ((v - v.mean()) / v.std(), v.mean(), v.std()),
    "Right, with a standard deviation that divides by n.": lambda v: (
        ((v - v.mean()) / v.std(correction=0), v.mean(), v.std(correction=0))
    ),
}


def watch_dataset(program: Program) -> Seen:
    """See the length, the items and a batch of a dataset of five cars."""
    dataset = program([4, 13, 7, 15, 9], [2, 26, 22, 54, 10])
    yield "len(dataset), for five cars,", len(dataset)
    program([20, 24], [48, 92])  # two datasets share nothing
    yield "len(dataset), after a second dataset is made,", len(dataset)
    items = [written(dataset[index]) for index in range(min(5, len(dataset)))]
    batch = next(iter(DataLoader(dataset, batch_size=4)))
    columns = [float(x) for x, _ in items], [float(y) for _, y in items]
    for name, column, part in zip("xy", columns, batch, strict=True):
        yield f"{name} of five cars", as_numbers(column)
        yield f"the type of {name} in a batch (pitfall 10)", part.dtype
        yield f"the shape of {name} in a batch of 4", tuple(part.shape)


def watch_model(program: Program) -> Seen:
    """See the parameters of a model, and what it predicts with k = 2 and m = -1."""
    model = program()
    written(model.forward(torch.ones(3)))
    parameters = dict(sorted(model.named_parameters()))
    yield "the list of its parameters (nn.Parameter)", ", ".join(parameters)
    for value, (name, parameter) in zip((2, -1), parameters.items(), strict=False):
        yield f"{name} at the start", as_numbers(parameter)
        nn.init.constant_(parameter, value)
    y = model(torch.tensor([-1.0, 2.0, 4.0]))
    yield "its prediction for -1, 2, 4, with k = 2 and m = -1,", as_numbers(y)
    yield "requires_grad of its prediction", y.requires_grad
    if y.requires_grad:
        y.sum().backward()
    reached = [name for name in parameters if parameters[name].grad is not None]
    yield "the list of what its gradient reaches", ", ".join(reached)


class KnownLine(nn.Module):
    """A line in float64, from k and 0 on, that records its way whenever it is seen."""

    def __init__(self, k: float) -> None:
        super().__init__()
        self.k = nn.Parameter(torch.tensor([k], dtype=torch.float64))
        self.m = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.way: list[Tensor] = []
        self.events = {"start"}

    def see(self, *events: str) -> None:
        self.events.update(events)
        self.way.append(torch.stack([as_numbers(self.k), as_numbers(self.m)]))
        if len(self.way) > 1000:
            raise Verdict("It goes on and on, where 12 steps are due.")

    def forward(self, x: Tensor) -> Tensor:
        self.see("model", "training" if self.training else "eval")
        return self.k * x + self.m


KNOWN_RATE = 0.05
MISTAKES: dict[str, dict[str, Any]] = {  # of a loop, by the argument of known_way
    "gradient": {  # that step n = 0, 1, ... follows, of the gradients g so far
        "Each step follows the sum of all gradients so far: pitfall 2. "
        "What clears them?": lambda g, n: g.sum(0),
        "Each step follows the sum of its epoch's gradients so far. "
        "Is zero_grad outside the inner loop?": lambda g, n: g[n - n % 3 :].sum(0),
        "Each step follows the gradient of the batch before. "
        "Is step ahead of backward?": lambda g, n: g[n - 1] * (n > 0),
        "One step an epoch, along the gradient of its last batch. Is step, or "
        "backward, outside the inner loop?": lambda g, n: g[n] * (n % 3 == 2),
        "One step an epoch, along the sum of its gradients. "
        "What is outside the inner loop?": lambda g, n: g[-3:].sum(0) * (n % 3 == 2),
        "One step an epoch, along the gradient of its first batch. "
        "What ends the inner loop?": lambda g, n: g[n] * (n % 3 == 0),
        "No step for the last batch of an epoch.": lambda g, n: g[n] * (n % 3 < 2),
    },
    "length": {  # of each step, where 1 is right
        "Each step climbs: along the gradient, not against it.": -1,
        "Each step is the whole gradient. Where is the rate?": 1 / KNOWN_RATE,
        "Each batch moves k and m twice as far as it should.": 2,
        "Each step has the rate 0.01, whatever it gets.": 0.01 / KNOWN_RATE,
        "Only k moves.": torch.tensor([1, 0]),
        "Only m moves.": torch.tensor([0, 1]),
    },
    "batches": {  # after which no step is made, where 12 are due
        "Only one step is made. Is there a return in a loop?": 1,
        "Only two steps are made. What ends the loops?": 2,
        "Only one epoch of steps is made. "
        "Is the outer loop there, or a return in it?": 3,
        "An epoch of steps is missing. "
        "Is it range(1, ...), or is step ahead of backward?": 9,
        "The last step is missing. Is step ahead of the loss?": 11,
    },
    "loss": {f"By its steps, t{words[1:]}": LOSSES[words] for words in [*LOSSES][1:]},
}
STILL = {  # why k and m never move, by the furthest event
    "start": "the model that it gets is never called.",
    "another model": "another model is called, and never the one that it gets.",
    "model": "no gradient reaches them. Is backward there, with its parentheses? Or "
    "does item, detach, NumPy or no_grad cut the way?",
    "backward": "backward finds gradients, and nothing moves k and m by them. Is step "
    "there, with its parentheses? Or does `k = k - ...` make a new tensor?",
    "another step": "the optimiser that steps does not hold them: pitfall 13.",
    "step": "step finds no gradient. Is zero_grad between backward and step?",
    "gradient": "step finds gradients, and the length of each step is 0. Is the "
    "learning rate 0? Or does something set k and m back?",
}
X = torch.linspace(-1.5, 2.5, 20, dtype=torch.float64)
Y = 3 * X + 5 + torch.sin(9 * X)
BATCHES = [*zip(X.split(8), Y.split(8), strict=True)] * 4


def steps_of(way: list[Tensor]) -> Record:
    """Return k and m after each change, and how often they change."""
    changed = [line for old, line in pairwise(way) if not torch.equal(old, line)]
    record: Record = {f"k, m after step {n}": line for n, line in enumerate(changed, 1)}
    return record | {"the number of steps": len(changed)}


@cache
def known_way(
    loss: Program = LOSSES[RIGHT],
    gradient: Program = lambda g, n: g[n],
    length: Any = 1,
    batches: int = 12,
) -> Record:
    """Return what is seen of a loop that is right, but for what is given."""
    way = [torch.zeros(2, dtype=torch.float64)]
    gradients: list[Tensor] = []
    for n, (x, y) in enumerate(BATCHES[:batches]):
        line = way[-1].requires_grad_()
        gradients += torch.autograd.grad(loss(line[0] * x + line[1], y), line)
        step = KNOWN_RATE * length * gradient(torch.stack(gradients), n)
        way.append(line.detach() - step)
    return steps_of(way)


def known_steps() -> Known:
    """Yield the right steps, with each mistake, and with two of different kinds."""
    mistakes = []
    yield RIGHT, known_way()
    for kind, table in MISTAKES.items():
        for words, change in table.items():
            mistakes.append((words, {kind: change}))
            yield words, known_way(**{kind: change})
    for (words, one), (more, other) in combinations(mistakes, 2):
        if one.keys() != other.keys():
            yield f"{words} {more}", known_way(**one, **other)


def watch_loop(program: Program) -> Seen:
    """See the steps of a loop over 4 epochs of 3 batches, or why there are none."""
    line = KnownLine(0.0)
    events = line.events

    def hand_out(samples: Any) -> Any:
        line.see()
        return default_collate(samples)

    def before_call(module: nn.Module, _: Any) -> None:
        if module is not line and [*module.parameters()]:
            events.add("another model")

    def before_step(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        if "new gradient" in events:  # the step before is over
            events.remove("new gradient")
            line.see()
        held = {p for group in optimizer.param_groups for p in group["params"]}
        own = held & {*line.parameters()}
        events.add("step" if own else "another step")
        if any(p.grad is not None and p.grad.any() for p in own):
            events.add("gradient")

    found = ["model", "backward", "new gradient"]
    for parameter in line.parameters():
        parameter.register_hook(lambda _: events.update(found))
    optimizer = torch.optim.SGD(line.parameters(), lr=KNOWN_RATE)
    points = TensorDataset(X.clone(), Y.clone())
    loader = DataLoader(points, batch_size=8, collate_fn=hand_out)
    line.see()
    watch_calls = register_module_forward_pre_hook(before_call)
    with watch_calls, register_optimizer_step_pre_hook(before_step):
        program(line, loader, optimizer, 4)
    line.see()
    steps = steps_of(line.way)
    if not steps["the number of steps"]:
        unseen = "Not written yet, or nothing that can be seen: "
        start = unseen if events == {"start"} else ""
        if "backward" not in events:
            events -= {"another step", "step", "gradient"}  # they come behind it
        furthest = [words for event, words in STILL.items() if event in events][-1]
        raise Verdict(f"{start}k and m never move: {furthest}")
    yield from steps.items()


def watch_step(program: Program) -> Seen:
    """See the steps of a function that makes one, on each batch of a loop."""

    def loop(line: KnownLine, loader: DataLoader, _: Any, num_epochs: int) -> None:
        for x, y in [*loader] * num_epochs:
            start = len(line.way)
            program(line, x, y, KNOWN_RATE)
            del line.way[start:]  # only what a whole call does counts
            line.see()

    return watch_loop(loop)


def watch_measure(program: Program) -> Seen:
    """See the losses of two lines, and what becomes of them."""
    for k in (2.0, 3.0):
        line = KnownLine(k)
        points = TensorDataset(X.clone(), Y.clone())
        loss = written(program(line, DataLoader(points, batch_size=8)))
        mode = "training" if "training" in line.events else "eval"
        yield "the mode of the model that is measured (pitfall 9)", mode
        line.see()
        yield f"k, m, which were [{k:g}, 0] before,", line.way[-1]
        yield f"the loss over all points, for y = {k:g} x,", as_numbers(loss)
        name = "requires_grad of the result (a number with memory: pitfall 7)"
        yield name, getattr(loss, "requires_grad", False)


def measure_by(mean: Program, line: KnownLine, loader: Any) -> Any:
    """Return the mean of the losses of the batches."""
    line.eval()
    found = [(LOSSES[RIGHT](line(x), y).item(), len(x)) for x, y in loader]
    return mean(*torch.tensor(found, dtype=torch.float64).T)


MEASURES: dict[str, Program] = {  # of the losses of the batches, and their sizes
    RIGHT: lambda losses, sizes: (losses * sizes).sum() / sizes.sum(),
    "It is the mean of the batches' means: pitfall 6.": lambda losses, _: losses.mean(),
    "It is the sum over all points.": lambda losses, sizes: (losses * sizes).sum(),
    "It is the loss of the first batch.": lambda losses, _: losses[0],
    "It is the loss of the last batch.": lambda losses, _: losses[-1],
}
SPEED = torch.arange(4.0, 24.0, dtype=torch.float64).roll(7)  # not in order
DISTANCE = 3 * SPEED - 6 + 2 * torch.sin(3 * SPEED)


def watch_fit(program: Program) -> Seen:
    """See what the line that a training ends at says of two speeds."""
    ways = []
    for epochs in (100, 1000):
        result = written(program(SPEED.clone(), DISTANCE.clone(), epochs))
        k, m = map(as_numbers, result)
        if not (k + m).isfinite().all():
            raise Verdict("k or m is not finite. Does it diverge? Pitfall 4.")
        name = "the way from {} mph to a stop, in feet,"
        ways.append({name.format(mph): mph * k + m for mph in (10, 20)})
    early, late = ways
    if name := first_difference(early, late, 0.02):
        right = dict(watch_fit(partial(fit_by, FITS[RIGHT])))
        arrives = not first_difference(late, right, 0.02)
        start = "It is right after 1000 epochs, and has" if arrives else "It has"
        at = f"{shown(early[name])}, and {shown(late[name])} after 1000"
        raise Verdict(
            f"{start} not come to rest after 100 epochs: {name} is then {at}. Are the "
            "speeds scaled? If it creeps, a larger rate, or smaller batches, go "
            "farther in an epoch. If it swings, what clears the gradient? Pitfall 2."
        )
    yield from late.items()


FITS: dict[str, Program] = {  # of the k and m of scaled speeds
    RIGHT: lambda k, m, mean, std: (k / std, m - k * mean / std),
    "k and m are those of scaled speeds.": lambda k, m, mean, std: (k, m),
    "m is that of scaled speeds.": lambda k, m, mean, std: (k / std, m),
    "m is undone with the k of scaled speeds.": lambda k, m, mean, std: (
        (k / std, m - k * mean)
    ),
    "k is multiplied by std.": lambda k, m, mean, std: (k * std, m - k * std * mean),
    "m has k mean / std added.": lambda k, m, mean, std: (k / std, m + k * mean / std),
    "m comes ahead of k.": lambda k, m, mean, std: (m - k * mean / std, k / std),
    "The line is flat. Do (n, 1) and (n,) meet? Pitfall 3.": lambda k, m, *_: (
        (0 * k, m)
    ),
    "k and m are 0, as before a training. Is an earlier task open? Does the optimiser "
    "hold another model's parameters? Pitfall 13.": lambda k, m, *_: (0 * k, 0 * m),
}


def fit_by(undo: Program, speed: Tensor, distance: Tensor, _: int) -> Any:
    """Return the line of least squares, found for scaled speeds."""
    x = (speed - speed.mean()) / speed.std()
    return undo(x @ distance / (x @ x), distance.mean(), speed.mean(), speed.std())


TASKS: dict[str, tuple[Watch, dict[str, Program]]] = {  # with the known programs
    "loss": (watch_loss, LOSSES),
    "scale": (watch_scale, SCALES),
    "dataset": (
        watch_dataset,
        {RIGHT: lambda x, y: TensorDataset(*torch.tensor([x, y], dtype=torch.float32))},
    ),
    "model": (watch_model, {RIGHT: partial(KnownLine, 0.0)}),
    "step": (watch_step, {}),  # see known_steps
    "loop": (watch_loop, {}),
    "measure": (
        watch_measure,
        {words: partial(measure_by, MEASURES[words]) for words in MEASURES},
    ),
    "fit": (watch_fit, {words: partial(fit_by, FITS[words]) for words in FITS}),
}
HINTS = {  # a part of the message of an error, and where to look
    "does not require grad": "What cuts the way back: item, detach, NumPy, no_grad?",
    "a second time": "Is the loss computed anew for each backward?",
    "leaf Variable that requires grad": "Is the change under torch.no_grad()?",
    "as parameter": "A parameter is changed in place: model.k -= ...",
    "no attribute 'detach'": "nn.Parameter takes a tensor, such as torch.zeros(1).",
    "before Module.__init__() call": "super().__init__() comes first.",
    "has no attribute '_": "Is super().__init__() there?",
    "has no attribute 'k'": "Is self.k set in __init__?",
    'required "forward"': "Is forward there, in this spelling?",
    "unpack": "Is as much returned as is taken?",
    "0-d tensor": "Is as much returned as is taken?",
    "only one element tensors": "Where one number is due, many came. Is [index] there?",
    "'NoneType'": "Is it a .grad that no backward filled, or a missing return?",
    "has no len()": "Is __len__ there, in this spelling, as far in as __init__?",
    "takes no arguments": "Is __init__ there, in this spelling?",
    "'float' object has no attribute 'backward'": "Did item make it a plain number?",
    "builtin_function_or_method": "Are its parentheses there?",
    "context manager protocol": "Are its parentheses there?",
    "bitwise_xor": "A power is written **.",
    "Boolean value of Tensor": "Is it nn.MSELoss(p, y), for nn.MSELoss()(p, y)?",
    "cannot access local variable": "Is it used ahead of the line that makes it?",
    "must match the size of tensor": "Is a number of points written into the code?",
    "only for scalar outputs": "backward starts from one number. Is the mean missing?",
    "must have the same dtype": "float() makes float32 of numbers: pitfall 10.",
    "on the same device": "Model and batch belong on one device: pitfall 15.",
}
# The folders of Python's own modules, and of all that is installed.
LIBRARIES = (str(Path(os.__file__).parent), str(Path(torch.__file__).parents[1]))
SECONDS = 60  # of a check: a right fit with batches of 1 takes 5


def explain(error: Exception, watch: Watch, program: Program) -> str:
    """Return where in the reader's code an error came up, and where to look."""
    message = f"{error}".partition("\n")[0].partition(". ")[0]
    message = f"{type(error).__name__}: {message}".rstrip(".: ")
    where = " where the check uses it"
    others = (explain.__code__.co_filename, *LIBRARIES)
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.line and not frame.filename.startswith(others):
            where = f" at `{frame.line}`"  # the last one stays
    if message == "NotImplementedError":
        return f"Not written yet: it stops{where}."
    if any(f"{before}ellipsis" in message for before in ("'", "not ", "of ")):
        if found := open_parts(watch, program):
            where = f" from {found}"
        return f"Not written yet: there is a `...`{where}."
    hints = [words for part, words in HINTS.items() if part in f"{error}"]
    return " ".join([f"It stops{where}. {message}.", *hints])


def open_parts(watch: Watch, program: Program) -> str:
    """Return the names of the functions that return `...`: watch again, and look."""
    found = dict[Any, str]()  # by the code of the function
    before = sys.getprofile()
    sys.setprofile(
        lambda frame, _, value: (
            value is ... and found.setdefault(frame.f_code, frame.f_code.co_qualname)
        )
    )
    try:
        with suppress(Exception, SystemExit, Verdict), redirect_stdout(StringIO()):
            list(watch(program))
    finally:
        sys.setprofile(before)
    return ", ".join(found.values())


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise a Verdict without words, here, when SECONDS are over."""
    here, over = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def interrupt() -> None:
        over.wait(SECONDS)
        while not over.wait(0.1):  # again and again: a bare `except:` may catch it
            ctypes.pythonapi.PyThreadState_SetAsyncExc(here, ctypes.py_object(Verdict))

    timer = threading.Thread(target=interrupt, daemon=True)
    try:
        timer.start()
        yield
    finally:
        over.set()
        with suppress(RuntimeError):  # Ctrl-C came ahead of its start
            timer.join()


@contextmanager
def as_before() -> Iterator[None]:
    """Seed the generators; leave them, and what torch has for all, as before."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    dtype = torch.get_default_dtype()
    with (
        torch.random.fork_rng(devices=[]),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        for seed in (torch.default_generator.manual_seed, np.random.seed, random.seed):
            seed(0)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            np.random.set_state(numpy_state)
            random.setstate(python_state)


class FirstLines(StringIO):
    """What is printed, but for the end of very much: a loop may print without end."""

    def write(self, text: str) -> int:
        return super().write(text) if self.tell() < 10_000 else len(text)


def run(watch: Watch, program: Program) -> Record:
    """Return what is seen of a program, or raise what to say of it."""
    names = vars(sys.modules["__main__"])  # where IPython has an exit of its own
    kinds = {name: type(value).__name__ for name, value in names.items()}
    exits = {name: names[name] for name in kinds if "ExitAutocall" in kinds[name]}
    names.update(dict.fromkeys(exits, sys.exit))
    torch.optim.SGD([torch.zeros(1)])  # the first one imports much, not to be stopped
    printed = FirstLines()
    try:
        with as_before(), redirect_stdout(printed), time_limit():
            return dict(watch(program))
    except SystemExit:
        raise Verdict("It ends Python, by exit() or quit(). Let it return.") from None
    except Exception as error:
        raise Verdict(explain(error, watch, program)) from None
    finally:
        names.update(exits)
        lines = printed.getvalue().splitlines()
        for line in lines[:5] + ["(It prints more.)"] * (len(lines) > 5):
            print(line)


def first_difference(seen: Record, right: Record, tolerance: float) -> str:
    """Return the name of the first entry in which two records differ, or nothing."""
    for name in [name for name in seen if name in right]:
        a, b = seen[name], right[name]
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            alike = a.shape == b.shape and torch.allclose(a, b, tolerance, tolerance)
        else:
            alike = a == b
        if not alike:
            return name
    return ""


def shown(value: Any) -> str:
    """Return an entry of a record as text."""
    if not isinstance(value, Tensor):
        return f"{value}" or "empty"
    digits = [f"{number:.5g}" for number in value.flatten()[:6].tolist()]
    listed = f"[{', '.join(digits)}{', ...' * (value.numel() > 6)}]"
    shape = f" of shape {tuple(value.shape)}" if value.ndim > 1 else ""
    return listed + shape if value.ndim else digits[0]


def judge(task: str, program: Program) -> str:
    """Return whether a program is right, or what it does; or raise what stops it."""
    kind = "class" if task in ("dataset", "model") else "function"
    if not callable(program) or (kind == "class" and not isinstance(program, type)):
        got = type(program).__name__
        return f"Give the check the {kind} itself, without parentheses, not a {got}."
    if inspect.isgeneratorfunction(program) or inspect.iscoroutinefunction(program):
        return "None of its lines runs when it is called. Is a yield or async there?"
    watch, programs = TASKS[task]
    seen = run(watch, program)
    tolerance = 0.02 if task == "fit" else 1e-4  # a training comes near the best line
    differs, furthest = "", -1
    for words, record in records(watch, programs) if programs else known_steps():
        name = first_difference(seen, record, tolerance)
        if not name:
            return words
        place = [*seen].index(name)
        if words.startswith("Right") and place > furthest:  # there may be two
            furthest = place
            differs = f"{name} should be {shown(record[name])}, not {shown(seen[name])}"
    return f"Not right yet. The first difference: {differs}."


def check(task: str, program: Program) -> str:
    """Run what a reader wrote for a task; say whether it is right, or what it does."""
    try:
        with as_before():
            words = judge(task, program)
    except Verdict as verdict:
        words = f"{verdict}" or "It takes too long: it was stopped."
    return fill(words, width=80)
