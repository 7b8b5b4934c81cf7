"""Other implementation: Keras 2 and 3, their weights copied into ours; single layers, optimisers, whole networks."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import nets
from experiments.training.optimizers import KerasAdam, KerasRmsprop
from nets.layers.keras import (
    ChannelsLast,
    ChannelsLastFlatten,
    ImageToSequence,
    LastStateLSTM,
    TimeDistributed,
    batch_norm,
    init_keras,
)
from tests.conftest import GOLDEN
from tests.golden.make.keras_layers import INPUTS, made_weights, numbers

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
VERSIONS = ("keras2", "keras3")


@pytest.fixture(scope="module")
def golden():
    return dict(np.load(GOLDEN / "layers_keras.npz"))


def channels_first(x, axis=1):
    return torch.from_numpy(np.moveaxis(x, -1, axis).copy())


@torch.no_grad()
def place(layer: nn.Module, arrays: list) -> None:
    """Keras' arrays of one layer, in the order of its get_weights(), into ours."""
    arrays = [torch.from_numpy(np.asarray(a)) for a in arrays]
    if isinstance(layer, TimeDistributed):
        place(layer.layer, arrays)
    elif isinstance(layer, nn.Sequential):  # a convolution and its activation
        place(layer[0], arrays)
    elif isinstance(layer, nn.Conv1d | nn.Conv2d):
        layer.weight.copy_(arrays[0].movedim((-1, -2), (0, 1)))  # (..., in, out) -> (out, in, ...)
        layer.bias.copy_(arrays[1])
    elif isinstance(layer, nn.Linear):
        layer.weight.copy_(arrays[0].T)
        layer.bias.copy_(arrays[1])
    elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        for ours, theirs in zip((layer.weight, layer.bias, layer.running_mean, layer.running_var), arrays, strict=True):
            ours.copy_(theirs)
    elif isinstance(layer, LastStateLSTM):
        ours = {name: p for name, p in layer.lstm.named_parameters() if "bias_hh" not in name}
        assert len(ours) == len(arrays)
        for (name, p), theirs in zip(ours.items(), arrays, strict=True):  # kernel, recurrent kernel, bias
            p.copy_(theirs if name.startswith("bias") else theirs.T)
    else:
        assert not arrays, type(layer)


LAYERS = {
    "conv2d_same": (lambda: nn.Conv2d(3, 4, (3, 5), padding="same"), 1, True),
    "conv2d_valid": (lambda: nn.Conv2d(3, 4, (2, 1)), 1, True),
    "conv1d_same": (lambda: nn.Conv1d(3, 4, 3, padding="same"), 1, True),
    "max_pooling2d": (lambda: nn.MaxPool2d((2, 4)), 1, True),
    "max_pooling1d": (lambda: nn.MaxPool1d(4), 1, True),
    "elu": (nn.ELU, 1, True),
    "flatten": (ChannelsLastFlatten, 1, False),
    "reshape": (ImageToSequence, 1, False),
    "dense": (lambda: nn.Linear(5, 4), None, False),
    "lstm": (lambda: LastStateLSTM(3, 4), None, False),
    "bidirectional": (lambda: LastStateLSTM(3, 4, bidirectional=True), None, False),
    "time_distributed_conv2d": (lambda: TimeDistributed(nn.Sequential(nn.Conv2d(2, 3, 2), nn.ReLU())), 2, True),
    "time_distributed_flatten": (lambda: TimeDistributed(ChannelsLastFlatten()), 2, False),
}  # what makes ours; where the channels go on the way in; whether they come back on the way out


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", LAYERS)
def test_single_layers(golden, version, name):
    make, axis, image_out = LAYERS[name]
    key = f"{version}_{name}"
    layer = make()
    place(layer, [golden[f"{key}_w{i}"] for i in range(10) if f"{key}_w{i}" in golden])
    x = golden[f"{key}_x"]
    y = layer(torch.from_numpy(x) if axis is None else channels_first(x, axis)).detach().numpy()
    np.testing.assert_allclose(np.moveaxis(y, axis, -1) if image_out else y, golden[f"{key}_y"], **TOLERANCE)


BATCH_NORMS = {"images": lambda: batch_norm(5, 2), "signals": lambda: batch_norm(5, 1)}
BATCH_NORMS["films"] = lambda: TimeDistributed(batch_norm(5, 2))


def step_by_step(layer: TimeDistributed, x):
    """What Keras 3 makes of TimeDistributed: one call for each time step."""
    return torch.stack([layer.layer(step) for step in x.unbind(1)], dim=1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", BATCH_NORMS)
def test_batch_normalization(golden, version, name):
    """Outputs of three training steps, then the running statistics, then evaluation with Keras' own."""
    layer, key, axis = BATCH_NORMS[name](), f"{version}_batch_{name}", 2 if name == "films" else 1
    place(layer, made_weights([(5,)] * 4, 8))
    norm = layer.layer if name == "films" else layer
    *training, evaluation = golden[f"{key}_x"]
    *trained, evaluated = golden[f"{key}_y"]
    n, updates, call = training[0][..., 0].size, 3, layer
    if version == "keras3" and name == "films":
        times = training[0].shape[1]
        n, updates, call = n // times, 3 * times, lambda x: step_by_step(layer, x)
    start = norm.running_var.numpy().copy() * 0.99**updates
    for x, y in zip(training, trained, strict=True):
        np.testing.assert_allclose(call(channels_first(x, axis)).detach().movedim(axis, -1), y, **TOLERANCE)
    np.testing.assert_allclose(norm.running_mean, golden[f"{key}_mean"], **TOLERANCE)
    fused = version == "keras2" and name != "signals"
    shrink = 1 if fused else (n - 1) / n  # from our n - 1 to Keras' n
    variance = golden[f"{key}_variance"]
    np.testing.assert_allclose(start + (norm.running_var.numpy() - start) * shrink, variance, **TOLERANCE)
    layer.eval()
    norm.running_var.copy_(torch.from_numpy(variance))
    y = layer(channels_first(evaluation, axis)).detach().movedim(axis, -1)
    np.testing.assert_allclose(y, evaluated, **TOLERANCE)


@pytest.mark.parametrize("version", VERSIONS)
def test_initial_values(golden, version):
    """Bounds are those of the whole matrix in Keras and in ours."""
    layer = LastStateLSTM(100, 64)
    init_keras(layer, torch.Generator().manual_seed(0))
    lstm, bound = layer.lstm, np.sqrt(6 / (100 + 256))
    for extreme in (golden[f"{version}_initial_extreme"], lstm.weight_ih_l0.abs().max().item()):
        assert 0.99 * bound < extreme <= bound
    ours = (lstm.weight_hh_l0.T @ lstm.weight_hh_l0).detach().numpy()
    for square in (golden[f"{version}_initial_square"], ours):
        np.testing.assert_allclose(square, np.eye(64), atol=1e-5)
    np.testing.assert_array_equal(lstm.bias_ih_l0.detach(), golden[f"{version}_initial_bias"])


def follow(optimizer, w, gradients):
    for g in torch.from_numpy(gradients):
        w.grad = g.clone()
        optimizer.step()
        yield w.detach().numpy().copy()


@pytest.mark.parametrize("version", VERSIONS)
def test_adam_with_decay(golden, version):
    w = nn.Parameter(torch.from_numpy(golden[f"{version}_optimizer_adam_start"]))
    path = follow(KerasAdam([w], 0.01, decay=0.1), w, golden[f"{version}_optimizer_gradients"])
    np.testing.assert_allclose(np.stack(list(path)), golden[f"{version}_optimizer_adam"], rtol=0, atol=1e-6)


def test_rmsprop_is_keras_2s(golden):
    w = nn.Parameter(torch.from_numpy(golden["keras2_optimizer_rmsprop_start"]))
    path = follow(KerasRmsprop([w], 0.01), w, golden["keras2_optimizer_gradients"])
    np.testing.assert_allclose(np.stack(list(path)), golden["keras2_optimizer_rmsprop"], rtol=0, atol=1e-6)


def test_keras_3_has_rmsprops_epsilon_under_the_root(golden):
    w, v = golden["keras3_optimizer_rmsprop_start"].astype(float), 0
    for g, theirs in zip(golden["keras3_optimizer_gradients"], golden["keras3_optimizer_rmsprop"], strict=True):
        v = 0.9 * v + 0.1 * g.astype(float) ** 2
        w = w - 0.01 * g / np.sqrt(v + 1e-7)
        np.testing.assert_allclose(w, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", INPUTS)
def test_whole_networks(golden, name):
    """Same weights, same logits, with the batch's statistics and with the running ones; same summary."""
    net = nets.build(name, 8 if name == "yadav_crnn" else 7)
    layers = [layer for layer in net if not isinstance(layer, ChannelsLast)]
    shapes = json.loads(str(golden[f"net_{name}_shapes"]))
    for start, (layer, arrays) in enumerate(zip(layers, shapes, strict=True)):
        place(layer, made_weights(arrays, start))
    axis = 2 if "_td_" in name else 1
    x = channels_first(numbers((2, *INPUTS[name]), 99), axis)
    with torch.no_grad():
        for mode in ("evaluation", "training"):
            logits, theirs = net.train(mode == "training")(x), golden[f"net_{name}_{mode}"]
            # Keras rounds by 2e-5 there: ours in float64 is no nearer to it than ours in float32
            atol = 3e-5 if "_td_" in name and mode == "training" else 1e-5
            np.testing.assert_allclose(logits, theirs, rtol=1e-5, atol=atol)
            assert np.ptp(theirs, axis=0).max() > 1e-3  # the two inputs differ
    summary = json.loads(str(golden[f"net_{name}_summary"]))
    lines = nets.summary(net, tuple(x.shape[1:])).splitlines()
    for line, (layer, shape, count) in zip(lines[2:-4], summary["rows"], strict=True):
        assert [cell.strip() for cell in line.split("  ") if cell.strip()] == [layer, shape, str(count)]
    assert nets.count_parameters(net) == (summary["total"], summary["trainable"])
