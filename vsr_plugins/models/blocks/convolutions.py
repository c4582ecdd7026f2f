"""Initial values and biases of convolutions and linear layers."""

from typing import Literal

from torch import Tensor, nn

Layer = nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d | nn.Linear


def init_kaiming(
    *layers: Layer,
    slope: float = 0.0,
    nonlinearity: Literal['leaky_relu', 'relu', 'tanh', 'linear'] = 'leaky_relu',
    scale: float = 1.0,
) -> None:
    """Initialise with normal weights of Kaiming's deviation times ``scale``, and zero biases.

    Source: "Delving Deep into Rectifiers" (ICCV 2015), section 2.2.

    Args:
        layers: Any number.
        slope: Negative slope of the leaky ReLU after the layers, 0 for ReLU.
        nonlinearity: What follows the layers.
        scale: Factor of the weights.
    """
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity=nonlinearity)
        layer.weight.data.mul_(scale)
        _fill_bias(layer, 0.0)


def init_normal(*layers: Layer, std: float, bias: float = 0.0) -> None:
    """Initialise with normal weights of deviation ``std`` and constant biases."""
    for layer in layers:
        nn.init.normal_(layer.weight, std=std)
        _fill_bias(layer, bias)


def init_zero(*layers: Layer, bias: float = 0.0) -> None:
    """Initialise with zero weights and constant biases."""
    for layer in layers:
        nn.init.zeros_(layer.weight)
        _fill_bias(layer, bias)


def bias_of(layer: Layer) -> Tensor:
    """Bias of a layer that has one.

    Raises:
        ValueError: If it has none.
    """
    if layer.bias is None:
        raise ValueError(f'a layer with a bias is needed, but got {layer}')
    return layer.bias


def _fill_bias(layer: Layer, value: float) -> None:
    if layer.bias is not None:
        nn.init.constant_(layer.bias, value)
