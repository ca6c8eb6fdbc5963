"""Where the programs compute."""

import torch

from linreg import default_device


def test_without_an_accelerator_it_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: None)
    assert default_device() == torch.device("cpu")


def test_a_build_for_accelerators_on_a_machine_without_one_uses_the_cpu(monkeypatch):
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda: torch.device("cuda")
    )
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    assert default_device() == torch.device("cpu")


def test_an_accelerator_is_used_if_there_is_one(monkeypatch):
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda: torch.device("mps")
    )
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    assert default_device() == torch.device("mps")
