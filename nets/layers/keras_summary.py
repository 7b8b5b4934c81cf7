"""Prints a network as Keras' model.summary() does."""

import torch
from torch import nn

from nets.layers.keras import (
    ChannelsLastFlatten,
    ImageToSequence,
    LastStateLSTM,
    RowsToSequence,
    TimeDistributed,
    keras_type_and_name,
)
from nets.layers.matlab import count_parameters

CHANNELS_ARE_LAST = (ChannelsLastFlatten, ImageToSequence, RowsToSequence, LastStateLSTM, nn.Linear)


def summary(net: nn.Sequential, example_shape: tuple[int, ...]) -> str:
    """A table of layer (type), output shape in Keras' order and number of parameters, then the three totals.

    Parameters
    ----------
    net : a network made by nets.layers.keras.sequential
    example_shape : the shape of one example without the batch axis, in PyTorch's order, such as (1, 128, 251)

    Returns
    -------
    text : several lines. Layers that Keras does not have (changes of the axis order) are left out.

    Source: Keras, Model.summary. Checked: tests/test_dey_emodb_nets_match_tables.py
    """
    rows = [("Layer (type)", "Output Shape", "Param #")]
    was_training = net.training
    net.eval()
    x = torch.zeros(1, *example_shape)
    for name, layer in net.named_children():
        with torch.no_grad():
            x = layer(x)
        kind, _ = keras_type_and_name(layer)
        if kind:
            rows.append((f"{name} ({kind})", str(_keras_shape(layer, x)), str(count_parameters(layer)[0])))
    net.train(was_training)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "=" * (sum(widths) + 4)
    total, trainable = count_parameters(net)
    return "\n".join(
        [
            *(lines[0], rule, *lines[1:], rule),
            f"Total params: {total:,}",
            f"Trainable params: {trainable:,}",
            f"Non-trainable params: {total - trainable:,}",
        ]
    )


def _keras_shape(layer: nn.Module, x: torch.Tensor) -> tuple:
    """The output shape (None, ...) as Keras shows it: no batch size, channels last."""
    distributed = isinstance(layer, TimeDistributed)
    if not isinstance(layer.layer if distributed else layer, CHANNELS_ARE_LAST):
        x = x.movedim(2 if distributed else 1, -1)
    return (None, *x.shape[1:])
