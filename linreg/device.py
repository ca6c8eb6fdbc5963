"""Where to compute."""

import torch


def default_device() -> torch.device:
    """Return the accelerator of this machine if it has one, else the CPU.

    An accelerator is a CUDA or ROCm GPU, Apple's MPS, an Intel GPU, or any other that this
    build of PyTorch supports.

    Returns:
        The device on which a model and its mini-batches should live.

    Examples:
        >>> default_device().type in {"cpu", "cuda", "mps", "xpu"}
        True
    """
    accelerator = torch.accelerator.current_accelerator()
    if accelerator is None or not torch.accelerator.is_available():
        return torch.device("cpu")
    return accelerator
