"""The model, against the formula it documents."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from linreg import LinearRegressionModel

floats = st.floats(-1e3, 1e3)


def test_two_parameters_of_one_number_start_at_zero():
    parameters = dict(LinearRegressionModel().named_parameters())
    assert list(parameters) == ["k", "m"]
    for parameter in parameters.values():
        assert isinstance(parameter, nn.Parameter)
        assert (parameter.shape, parameter.dtype) == ((1,), torch.float32)
        assert parameter.item() == 0


@given(k=floats, m=floats, x=st.lists(floats, min_size=1, max_size=20))
def test_prediction_and_gradients_are_those_of_the_line(k, m, x):
    model = LinearRegressionModel().double()
    nn.init.constant_(model.k, k)
    nn.init.constant_(model.m, m)
    prediction = model(torch.tensor(x, dtype=torch.float64))
    assert prediction.tolist() == [k * value + m for value in x]
    prediction.sum().backward()
    torch.testing.assert_close(model.k.grad.item(), sum(x), rtol=1e-12, atol=1e-9)
    assert model.m.grad.item() == len(x)
