"""The model, against the formula it documents."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from linreg import LinearRegressionModel

floats = st.floats(-1e3, 1e3, width=32)


def test_two_parameters_of_one_element_start_at_zero():
    parameters = dict(LinearRegressionModel().named_parameters())
    assert list(parameters) == ["k", "m"]
    for parameter in parameters.values():
        assert isinstance(parameter, nn.Parameter)
        assert parameter.shape == (1,)
        assert parameter.dtype == torch.float32
        assert parameter.item() == 0


@given(k=floats, m=floats, x=st.lists(floats, min_size=1, max_size=20))
def test_predictions_follow_the_line(k, m, x):
    model = LinearRegressionModel().double()
    with torch.no_grad():
        model.k.fill_(k)
        model.m.fill_(m)
    prediction = model(torch.tensor(x, dtype=torch.float64))
    assert prediction.tolist() == [k * value + m for value in x]


def test_gradients_are_the_analytic_ones():
    model = LinearRegressionModel().double()
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64)
    model(x).sum().backward()
    assert model.k.grad.item() == x.sum().item()
    assert model.m.grad.item() == len(x)
