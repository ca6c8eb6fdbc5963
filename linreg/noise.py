"""The noise floor: how close to the best line a training with a fixed learning rate can get."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from linreg.checks import check_integer
from linreg.exact import least_squares
from linreg.run_checks import check_learning_rate, check_lines
from linreg.vector_checks import check_points


def noise_floor(
    x: Tensor | ArrayLike, y: Tensor | ArrayLike, lr: float, batch_size: int
) -> float:
    r"""Predict the mean loss above its minimum, after many steps of gradient descent.

    Each step's batch is drawn from the points at random, with replacement. The covariance
    :math:`\Sigma` of the parameters around the least-squares line then obeys

    .. math::

        H \Sigma + \Sigma H = \eta \left( \left(1 - \frac{1}{B}\right) H \Sigma H
        + \frac{4}{B n} \sum_i u_i u_i^T \Sigma u_i u_i^T
        + \frac{4}{B n} \sum_i e_i^2 u_i u_i^T \right)

    with :math:`u_i = (x_i, 1)^T`, the residuals :math:`e_i` of that line and the Hessian
    :math:`H = \frac{2}{n} \sum_i u_i u_i^T`. The floor is
    :math:`\frac{1}{2} \mathrm{tr}(H \Sigma)`.

    Args:
        x: Tensor, array or sequence of shape (n,), any real dtype; computed in float64.
        y: Likewise, of the same length.
        lr: The learning rate, positive.
        batch_size: The number of draws in each batch, at least 1.

    Returns:
        The floor, in the square of the unit of y; infinity if the learning rate is so large that
        the spread grows without bound.

    Raises:
        TypeError: If an argument does not hold real numbers, or batch_size is no integer.
        ValueError: If x and y are no points, x has fewer than two distinct values, lr is not
            positive, or batch_size < 1.

    Examples:
        >>> floor = noise_floor([-1, 0, 1, 2], [0, 2, 1, 3], lr=0.01, batch_size=2)
        >>> round(floor, 5)
        0.00392
    """
    lr, size = (
        check_learning_rate(lr),
        check_integer("batch_size", batch_size, minimum=1),
    )
    x, y = check_points(x, y)
    slope, intercept = least_squares(x, y)
    n, u = len(x), np.stack([x, np.ones_like(x)], axis=1)
    residual = y - (slope * x + intercept)
    pairs = (u[:, :, None] * u[:, None, :]).reshape(n, 4)  # row i holds u_i u_i^T
    hessian, eye = 2 * u.T @ u / n, np.eye(2)
    pull = np.kron(hessian, eye) + np.kron(eye, hessian)
    feed = (1 - 1 / size) * np.kron(hessian, hessian) + 4 / size * pairs.T @ pairs / n
    push = 4 / size * pairs.T @ residual**2 / n
    net_pull = pull - lr * feed
    if (
        np.linalg.eigvalsh(net_pull).min() <= 0
    ):  # in some direction the noise is stronger
        return math.inf
    covariance = np.linalg.solve(net_pull, lr * push).reshape(2, 2)
    return float(np.trace(hessian @ covariance) / 2)


def loss_above_minimum(
    x: Tensor | ArrayLike, y: Tensor | ArrayLike, parameters: Tensor
) -> NDArray[np.float64]:
    r"""Return how far the loss of each line lies above the smallest possible loss.

    .. math:: L(k, m) - L_{\min} = S_{xx} (k - \hat{k})^2 + (m + k \bar{x} - \bar{y})^2

    Args:
        x: Tensor, array or sequence of shape (n,), any real dtype; computed in float64.
        y: Likewise, of the same length.
        parameters: Tensor of shape (..., 2): slopes and intercepts.

    Returns:
        float64 array of shape (...), in the square of the unit of y.

    Raises:
        TypeError: If x or y does not hold real numbers, or parameters is no floating tensor.
        ValueError: If x and y are no points, x has fewer than two distinct values, or the shape
            of parameters is wrong.

    Examples:
        >>> import torch
        >>> loss_above_minimum([0, 1, 2], [5, 8, 11], torch.tensor([[3.0, 5.0], [3.0, 6.0]]))
        array([0., 1.])
    """
    check_lines(parameters)
    x, y = check_points(x, y)
    slope, _ = least_squares(x, y)
    k, m = np.moveaxis(parameters.detach().cpu().double().numpy(), -1, 0)
    return np.asarray(x.var() * (k - slope) ** 2 + (m + k * x.mean() - y.mean()) ** 2)
