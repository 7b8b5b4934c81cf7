"""The dynamic network and its ablations: sizes and counts, transcribed a second time; the paper's LSTM equations."""

import numpy as np
import pytest
import torch
from torch import nn

import nets
from nets.fused.fuse import fuse
from nets.layers.keras import RowsToSequence

SHAPES = [  # Keras' order, after every layer that changes it
    (300, 39, 32), (150, 19, 32), (150, 19, 64), (75, 9, 64), (75, 9, 128), (37, 4, 128), (37, 512), (256,), (7,),
]  # fmt: skip
SYSTEMS = ("finch_dycnn_bilstm", "finch_cnn_bilstm", "finch_dycnn_lstm", "finch_cnn_lstm")


@pytest.mark.parametrize("n_classes, trainable", [(6, 1_030_498), (7, 1_030_755), (4, 1_029_984)])
def test_count(n_classes, trainable):
    assert nets.count_parameters(nets.build("finch_dycnn_bilstm", n_classes))[1] == trainable


def test_layers():
    net, found = nets.build("finch_dycnn_bilstm", 7).eval(), []
    x = torch.zeros(1, 1, 300, 39)
    for layer in net:
        x = layer(x)
        shape = tuple(x.movedim(1, -1).shape[1:]) if x.ndim == 4 else tuple(x.shape[1:])
        if not found or found[-1] != shape:
            found.append(shape)
    assert found == SHAPES
    attention = [sum(p.numel() for part in (n.squeeze, n.excite) for p in part.parameters()) for n in (net[0], net[4])]
    assert attention == [28, 300]


def count(dynamic: bool, bidirectional: bool, n_classes: int) -> int:
    """From the sizes alone."""
    total = 0
    for i, o, h in ((1, 32, 4), (32, 64, 8), (64, 128, 16)):
        kernel = 9 * i * o + o
        total += (4 * kernel + (i * h + h) + (h * 4 + 4) if dynamic else kernel) + 2 * o
    total += 2 * 4 * 128 * (512 + 128 + 1) if bidirectional else 4 * 256 * (512 + 256 + 1)
    return total + n_classes * 257


@pytest.mark.parametrize("name", SYSTEMS)
def test_ablations(name):
    """The same widths: what is left out is the attention and the other kernels, or the second direction."""
    trainable = nets.count_parameters(nets.build(name, 6))[1]
    assert trainable == count("dycnn" in name, "bilstm" in name, 6)
    assert nets.build(name, 6).eval()(torch.zeros(2, 1, 300, 39)).shape == (2, 6)


@pytest.mark.parametrize("name", SYSTEMS)
def test_fused_is_equal(name):
    net = nets.build(name, 7, seed=3).double()
    x = torch.randn(3, 1, 300, 39, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = []
    for module in (net, fuse(net)):
        net.zero_grad()
        y = module.train()(x)
        y.square().sum().backward()
        found.append([y.detach(), *(p.grad.clone() for p in net.parameters() if p.grad is not None)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-8)


def test_rows_are_time():
    x = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    y = RowsToSequence()(x)
    assert y.shape == (2, 4, 15)
    for time in range(4):
        assert y[1, time].tolist() == [x[1, c, time, column] for column in range(5) for c in range(3)]


def test_one_step_of_the_paper_s_lstm():
    """f, i, o, C and h as section 2.4 prints them, [h, x] side by side, beside torch.nn.LSTM over four steps."""
    lstm = nn.LSTM(3, 5, batch_first=True).double()
    x = torch.randn(1, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    by_gate = {}
    rows = {gate: slice(5 * k, 5 * k + 5) for k, gate in enumerate("ifco")}
    for gate, of in rows.items():
        w = torch.cat([lstm.weight_hh_l0[of], lstm.weight_ih_l0[of]], 1).detach().numpy()
        by_gate[gate] = w, (lstm.bias_ih_l0[of] + lstm.bias_hh_l0[of]).detach().numpy()

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros(5)
    for x_t in x[0].numpy():
        z = {gate: w @ np.concatenate([h, x_t]) + b for gate, (w, b) in by_gate.items()}
        f, i, o = sigma(z["f"]), sigma(z["i"]), sigma(z["o"])
        c = f * c + i * np.tanh(z["c"])
        h = o * np.tanh(c)
    y, (_, cell) = lstm(x)
    np.testing.assert_allclose(y[0, -1].detach().numpy(), h, rtol=1e-12)
    np.testing.assert_allclose(cell[0, 0].detach().numpy(), c, rtol=1e-12)
