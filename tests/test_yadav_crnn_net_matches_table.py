"""Published numbers: the paper's layers with Keras' counts, transcribed here a second time."""

import numpy as np
import pytest
import torch
from torch import nn

import nets

TABLE = """
conv2d                 (None, 128, 259, 64)    5248
batch_normalization    (None, 128, 259, 64)     256
activation             (None, 128, 259, 64)       0
max_pooling2d          (None, 64, 129, 64)        0
conv2d_1               (None, 64, 129, 64)   200768
batch_normalization_1  (None, 64, 129, 64)      256
activation_1           (None, 64, 129, 64)        0
max_pooling2d_1        (None, 16, 32, 64)         0
conv2d_2               (None, 16, 32, 128)   204928
batch_normalization_2  (None, 16, 32, 128)      512
activation_2           (None, 16, 32, 128)        0
max_pooling2d_2        (None, 4, 8, 128)          0
conv2d_3               (None, 4, 8, 128)     147584
batch_normalization_3  (None, 4, 8, 128)        512
activation_3           (None, 4, 8, 128)          0
max_pooling2d_3        (None, 1, 2, 128)          0
reshape                (None, 2, 128)             0
bidirectional          (None, 256)           263168
"""


@pytest.mark.parametrize(("n_classes", "dense", "total"), [(8, 2056, 825_288), (7, 1799, 825_031)])
def test_every_layer_and_the_totals(n_classes, dense, total):
    net = nets.build("yadav_crnn", n_classes)
    lines = nets.summary(net, (1, 128, 259)).splitlines()
    rows = [*TABLE.strip().splitlines(), f"dense (None, {n_classes}) {dense}"]
    for line, expected in zip(lines[2:-4], rows, strict=True):
        layer, shape_and_count = expected.split(maxsplit=1)
        shape, count = shape_and_count.rsplit(maxsplit=1)
        assert line.split()[0] == layer and line.split()[-1] == count, line
        assert shape.strip() in line
    assert lines[-3] == f"Total params: {total:,}" and lines[-1] == "Non-trainable params: 768"
    assert nets.count_parameters(net) == (total, total - 768)


@pytest.fixture(scope="module")
def net():
    return nets.build("yadav_crnn", 8)


def test_two_time_steps_of_128_features(net):
    """The time axis of the image is the sequence: the features of a step are the channels of one column."""
    x = torch.randn(2, 128, 1, 2)
    sequence = net.reshape(x)
    assert sequence.shape == (2, 2, 128)
    torch.testing.assert_close(sequence[:, 0], x[:, :, 0, 0])
    torch.testing.assert_close(sequence[:, 1], x[:, :, 0, 1])


def test_normalisation_comes_before_relu(net):
    x = torch.randn(2, 1, 128, 259, generator=torch.Generator().manual_seed(0))
    net.train()
    with torch.no_grad():
        normalised, activated = net[:2](x), net[:3](x)
    torch.testing.assert_close(normalised.mean((0, 2, 3)), torch.zeros(64), atol=1e-4, rtol=0)
    torch.testing.assert_close(activated, normalised.clamp(min=0))
    norms = [layer for layer in net if isinstance(layer, nn.BatchNorm2d)]
    assert [(norm.eps, norm.momentum) for norm in norms] == [(1e-3, 0.01)] * 4


def test_logits_and_gradients(net):
    logits = net(torch.randn(2, 1, 128, 259))
    assert logits.shape == (2, 8)
    nn.functional.cross_entropy(logits, torch.tensor([1, 5])).backward()
    for name, p in net.named_parameters():
        assert (p.grad is None) == ("bias_hh" in name), name


def test_initial_values_are_keras(net):
    fresh = nets.build("yadav_crnn", 8, seed=2)
    for layer, area in zip([m for m in fresh if isinstance(m, nn.Conv2d)], (81, 49, 25, 9), strict=True):
        bound = np.sqrt(6 / (area * (layer.in_channels + layer.out_channels)))
        assert 0.98 * bound < layer.weight.abs().max() <= bound and (layer.bias == 0).all()
    for direction in ("", "_reverse"):
        lstm = fresh.bidirectional.lstm
        recurrent = getattr(lstm, f"weight_hh_l0{direction}").detach()
        torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(128), atol=1e-5, rtol=0)
        assert getattr(lstm, f"bias_ih_l0{direction}").detach().reshape(4, 128).sum(1).tolist() == [0, 128, 0, 0]
    assert not torch.equal(fresh.conv2d.weight, nets.build("yadav_crnn", 8, seed=3).conv2d.weight)


def test_what_the_paper_compares_with():
    """ELU in place of ReLU, and 3 x 3 kernels in place of 9, 7, 5 and 3; everything else stays."""
    elu, small, ours = (nets.build(f"yadav_crnn{name}", 8) for name in ("_elu", "_kernels_3", ""))
    assert [type(layer) for layer in elu if isinstance(layer, (nn.ELU, nn.ReLU))] == [nn.ELU] * 4
    assert nets.count_parameters(elu) == nets.count_parameters(ours)
    assert [layer.kernel_size for layer in small if isinstance(layer, nn.Conv2d)] == [(3, 3)] * 4
    fewer = (81 - 9) * 64 + (49 - 9) * 64 * 64 + (25 - 9) * 64 * 128
    assert nets.count_parameters(ours)[0] - nets.count_parameters(small)[0] == fewer
    assert small.eval()(torch.zeros(1, 1, 128, 259)).shape == (1, 8)
