"""Published numbers: the analyzeNetwork screenshot and the paper's listing, transcribed here a second time."""

import numpy as np
import pytest
import torch
from torch import nn

import nets
from nets.layers.matlab import ColumnMajorFlatten, ImageInput, OneStepLSTM, glorot_uniform
from nets.zheng_casia import analyze_network

TABLE = """
imageinput         224(S) x 224(S) x 3(C) x 1(B)
ConvolutionLayer1  224(S) x 224(S) x 8(C) x 1(B)
relu               224(S) x 224(S) x 8(C) x 1(B)
maxpool            111(S) x 111(S) x 8(C) x 1(B)
ConvolutionLayer2  109(S) x 109(S) x 16(C) x 1(B)
relu_1             109(S) x 109(S) x 16(C) x 1(B)
maxpool_1          54(S) x 54(S) x 16(C) x 1(B)
ConvolutionLayer3  54(S) x 54(S) x 8(C) x 1(B)
relu_2             54(S) x 54(S) x 8(C) x 1(B)
maxpool_2          26(S) x 26(S) x 8(C) x 1(B)
flatten            5408(C) x 1(B)
LSTMLayer1         200(C) x 1(B)
LSTMLayer2         50(C) x 1(B)
fc                 6(C) x 1(B)
softmax            6(C) x 1(B)
classoutput        6(C) x 1(B)
"""
LEARNABLES = {
    "ConvolutionLayer1": 608,
    "ConvolutionLayer2": 1168,
    "ConvolutionLayer3": 1160,
    "LSTMLayer1": 4_487_200,
    "LSTMLayer2": 50_200,
    "fc": 306,
}


@pytest.fixture(scope="module")
def net():
    return nets.build("zheng_cnn_lstm", 6)


def test_the_sixteen_layers(net):
    lines = analyze_network(net).splitlines()
    assert lines[-1] == "4,540,642 total learnables, 16 layers"
    for line, expected in zip(lines[1:-1], TABLE.strip().splitlines(), strict=True):
        name, activation = expected.split(maxsplit=1)
        assert line.split()[1] == name and f"  {activation}  " in line + "  "


def test_learnables_of_every_layer(net):
    for name, layer in net.named_children():
        assert sum(p.numel() for p in layer.parameters()) == LEARNABLES.get(name, 0), name
    assert nets.count_parameters(net) == (4_540_642, 4_540_642)


def test_other_numbers_of_classes():
    assert nets.count_parameters(nets.build("zheng_cnn_lstm", 7))[0] == 4_540_642 + 51


def test_unknown_networks_and_too_few_classes():
    with pytest.raises(ValueError, match="zheng_cnn_lstm"):
        nets.build("zheng", 6)
    with pytest.raises(ValueError, match="n_classes=1"):
        nets.build("zheng_cnn_lstm", 1)


def test_running_statistics_count_as_keras_counts_them():
    assert nets.count_parameters(nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))) == (40 + 16, 40 + 8)


def test_one_step_lstm_equals_torchs(rng):
    ours, theirs = OneStepLSTM(30, 12), nn.LSTM(30, 12)
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.input_weight)
        theirs.weight_hh_l0.copy_(ours.recurrent_weight)
        theirs.bias_ih_l0.copy_(ours.bias)
        theirs.bias_hh_l0.zero_()
    x = torch.randn(5, 30)
    torch.testing.assert_close(ours(x), theirs(x[None])[0][0], rtol=1e-5, atol=1e-6)


def test_recurrent_weights_and_forget_gate_get_no_gradient_from_the_data():
    layer = OneStepLSTM(7, 3)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    layer(torch.randn(4, 7)).sum().backward()
    assert layer.recurrent_weight.grad is None
    assert (layer.input_weight.grad[3:6] == 0).all() and (layer.input_weight.grad[:3] != 0).any()


def test_zerocenter_takes_the_channel_means_off():
    images = torch.randint(0, 256, (5, 3, 8, 9), dtype=torch.uint8)
    layer = ImageInput(3)
    layer.fit(images)
    expected = images.double().mean(dim=(0, 2, 3))
    torch.testing.assert_close(layer.mean.double(), expected, rtol=1e-6, atol=1e-4)
    torch.testing.assert_close(layer(images).mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-3, rtol=0)
    assert layer(images).max() > 100  # values stay on the scale 0..255


def test_flatten_is_column_major():
    x = torch.arange(24.0).reshape(1, 2, 3, 4)  # batch, channel, height, width
    height_first = [x[0, c, h, w].item() for c in range(2) for w in range(4) for h in range(3)]
    assert ColumnMajorFlatten()(x)[0].tolist() == height_first


def test_initial_values_are_matlabs(net):
    for layer in (net.ConvolutionLayer1, net.ConvolutionLayer2, net.fc):
        area = np.prod(layer.weight.shape[2:], initial=1)
        bound = np.sqrt(6 / (area * sum(layer.weight.shape[:2])))
        assert 0.8 * bound < layer.weight.abs().max() <= bound
        assert (layer.bias == 0).all()
    lstm = net.LSTMLayer1
    bound = np.sqrt(6 / (5408 + 800))
    assert 0.99 * bound < lstm.input_weight.abs().max() <= bound
    assert abs(lstm.input_weight.std() - bound / np.sqrt(3)) < 1e-4
    torch.testing.assert_close(lstm.recurrent_weight.T @ lstm.recurrent_weight, torch.eye(200), atol=1e-5, rtol=0)
    assert lstm.bias[200:400].eq(1).all() and lstm.bias.sum() == 200


def test_glorot_of_a_dense_layer_equals_torchs_bound():
    weight = torch.empty(40, 60)
    glorot_uniform(weight, torch.Generator().manual_seed(0))
    assert weight.abs().max() <= np.sqrt(6 / 100) and weight.abs().max() > 0.95 * np.sqrt(6 / 100)


def test_equal_seeds_equal_networks():
    a, b, c = (nets.build("zheng_cnn_lstm", 6, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not torch.equal(a["fc.weight"], c["fc.weight"])
