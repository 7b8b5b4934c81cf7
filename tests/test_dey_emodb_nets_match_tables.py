"""Published numbers: the five networks' tables, transcribed here a second time, and Keras' initial values."""

import numpy as np
import pytest
import torch
from torch import nn

import nets
from experiments.training.optimizers import KerasAdam
from nets.layers.keras import LastStateLSTM, TimeDistributed

TWO_DIMENSIONS = """
conv2d                 (None, 128, 251, 64)     640
batch_normalization    (None, 128, 251, 64)     256
activation             (None, 128, 251, 64)       0
max_pooling2d          (None, 64, 125, 64)        0
conv2d_1               (None, 64, 125, 64)    36928
batch_normalization_1  (None, 64, 125, 64)      256
activation_1           (None, 64, 125, 64)        0
max_pooling2d_1        (None, 16, 31, 64)         0
conv2d_2               (None, 16, 31, 128)    73856
batch_normalization_2  (None, 16, 31, 128)      512
activation_2           (None, 16, 31, 128)        0
max_pooling2d_2        (None, 4, 7, 128)          0
conv2d_3               (None, 4, 7, 128)     147584
batch_normalization_3  (None, 4, 7, 128)        512
activation_3           (None, 4, 7, 128)          0
max_pooling2d_3        (None, 1, 1, 128)          0
reshape                (None, 1, 128)             0
"""
TIME_DISTRIBUTED = """
time_distributed       (None, 18, 127, 4, 128)    640
time_distributed_1     (None, 18, 127, 4, 128)    512
time_distributed_2     (None, 18, 63, 2, 128)       0
time_distributed_3     (None, 18, 62, 1, 128)   65664
time_distributed_4     (None, 18, 62, 1, 128)     512
time_distributed_5     (None, 18, 31, 1, 128)       0
time_distributed_6     (None, 18, 30, 1, 128)   32896
time_distributed_7     (None, 18, 30, 1, 128)     512
time_distributed_8     (None, 18, 15, 1, 128)       0
time_distributed_9     (None, 18, 14, 1, 128)   32896
time_distributed_10    (None, 18, 14, 1, 128)     512
time_distributed_11    (None, 18, 7, 1, 128)        0
time_distributed_12    (None, 18, 896)              0
"""
ONE_DIMENSION = """
conv1d                 (None, 16000, 64)     256
batch_normalization    (None, 16000, 64)     256
activation             (None, 16000, 64)       0
max_pooling1d          (None, 4000, 64)        0
conv1d_1               (None, 4000, 64)    12352
batch_normalization_1  (None, 4000, 64)      256
activation_1           (None, 4000, 64)        0
max_pooling1d_1        (None, 1000, 64)        0
conv1d_2               (None, 1000, 128)   24704
batch_normalization_2  (None, 1000, 128)     512
activation_2           (None, 1000, 128)       0
max_pooling1d_2        (None, 250, 128)        0
conv1d_3               (None, 250, 128)    49280
batch_normalization_3  (None, 250, 128)      512
activation_3           (None, 250, 128)        0
max_pooling1d_3        (None, 62, 128)         0
"""
SHAPES = {"2d": (1, 128, 251), "td": (18, 1, 128, 5), "1d": (1, 16000)}  # of one example
TABLES = {  # table, total, trainable
    "dey_2d_cnn_lstm": (TWO_DIMENSIONS + "lstm (None, 32) 20608\ndense (None, 7) 231", 281_383, 280_615),
    "dey_2d_cnn_lstm_256": (TWO_DIMENSIONS + "lstm (None, 256) 394240\ndense (None, 7) 1799", 656_583, 655_815),
    "dey_td_cnn_lstm": (TIME_DISTRIBUTED + "lstm (None, 32) 118912\ndense (None, 7) 231", 253_287, 252_263),
    "dey_td_cnn_bilstm": (TIME_DISTRIBUTED + "bidirectional (None, 64) 237824\ndense (None, 7) 455", 372_423, 371_399),
    "dey_1d_cnn_lstm": (ONE_DIMENSION + "lstm (None, 64) 49408\ndense (None, 7) 455", 137_991, 137_223),
    "dey_1d_cnn_bilstm": (ONE_DIMENSION + "bidirectional (None, 128) 98816\ndense (None, 7) 903", 187_847, 187_079),
}


def example(name: str, n: int):
    generator = torch.Generator().manual_seed(5)
    return torch.randn(n, *SHAPES[name.split("_")[1]], generator=generator)


@pytest.mark.parametrize("name", TABLES)
def test_every_layer_and_the_totals(name):
    table, total, trainable = TABLES[name]
    net = nets.build(name, 7)
    lines = nets.summary(net, SHAPES[name.split("_")[1]]).splitlines()
    assert net.training
    for line, expected in zip(lines[2:-4], table.strip().splitlines(), strict=True):
        layer, shape_and_count = expected.split(maxsplit=1)
        *shape, count = shape_and_count.rsplit(maxsplit=1)
        assert line.split()[0] == layer and line.split()[-1] == count, line
        assert shape[0].strip() in line
    assert lines[-3:] == [
        f"Total params: {total:,}",
        f"Trainable params: {trainable:,}",
        f"Non-trainable params: {total - trainable:,}",
    ]
    assert nets.count_parameters(net) == (total, trainable)


@pytest.mark.parametrize("name", TABLES)
def test_logits_for_every_example(name):
    logits = nets.build(name, 6)(example(name, 3))
    assert logits.shape == (3, 6) and logits.isfinite().all()
    assert (logits < 0).any() and not torch.allclose(logits.sum(1), torch.ones(3))  # no softmax


def test_three_and_a_half_seconds_are_one_step_too():
    net = nets.build("dey_2d_cnn_lstm", 7).eval()
    assert net[:-2](torch.zeros(1, 1, 128, 219)).shape == (1, 1, 128)
    assert net[:-2](torch.zeros(1, 1, 128, 256)).shape == (1, 2, 128)


def test_recurrent_weights_get_no_gradient_from_one_step():
    net = nets.build("dey_2d_cnn_lstm", 7)
    net(example("dey_2d", 2)).square().sum().backward()
    lstm = net.lstm.lstm
    assert (lstm.weight_hh_l0.grad == 0).all() and (lstm.bias_ih_l0.grad[32:64] == 0).all()  # c_0 = 0: no forgetting
    assert (lstm.weight_ih_l0.grad[:32] != 0).any()


def test_recurrent_weights_learn_over_many_steps():
    net = nets.build("dey_td_cnn_lstm", 7)
    net(example("dey_td", 2)).square().sum().backward()
    assert (net.lstm.lstm.weight_hh_l0.grad != 0).any()


@pytest.mark.parametrize("name", ["dey_2d_cnn_lstm", "dey_td_cnn_bilstm", "dey_1d_cnn_lstm"])
def test_batch_normalisation_is_keras(name):
    norms = [m for m in nets.build(name, 7).modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert [(norm.eps, norm.momentum) for norm in norms] == [(1e-3, 0.01)] * 4
    assert all((norm.weight == 1).all() and (norm.bias == 0).all() for norm in norms)


def test_order_of_normalisation_and_activation():
    """Time-distributed: ReLU first, so the normalised values have mean 0. The others: ELU last, nothing below -1."""
    net, x = nets.build("dey_td_cnn_lstm", 7), example("dey_td", 2)
    activated = net[0](x)
    assert activated.min() == 0
    torch.testing.assert_close(net[:2](x).mean((0, 1, 3, 4)), torch.zeros(128), atol=1e-4, rtol=0)
    for name in ("dey_2d_cnn_lstm", "dey_1d_cnn_lstm"):
        net, x = nets.build(name, 7), example(name, 2)
        normalised, activated = net[:2](x), net[:3](x)
        torch.testing.assert_close(normalised.flatten(2).mean((0, 2)), torch.zeros(64), atol=1e-4, rtol=0)
        expected = torch.where(normalised > 0, normalised, normalised.exp() - 1)  # alpha 1
        torch.testing.assert_close(activated, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", TABLES)
def test_initial_values_are_keras(name):
    net = nets.build(name, 7, seed=1)
    for layer in net.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            area = np.prod(layer.weight.shape[2:], initial=1)
            bound = np.sqrt(6 / (area * (layer.weight.shape[0] + layer.weight.shape[1])))
            assert 0.95 * bound < layer.weight.abs().max() <= bound
            assert (layer.bias == 0).all()
        elif isinstance(layer, LastStateLSTM):
            inputs, hidden = layer.lstm.input_size, layer.lstm.hidden_size
            bound = np.sqrt(6 / (inputs + 4 * hidden))
            for direction in ("", "_reverse") if layer.lstm.bidirectional else ("",):
                kernel, recurrent, bias, second = (
                    getattr(layer.lstm, f"{array}_l0{direction}").detach()
                    for array in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
                )
                assert 0.98 * bound < kernel.abs().max() <= bound
                assert abs(kernel.std() - bound / np.sqrt(3)) < 0.02 * bound
                torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(hidden), atol=1e-5, rtol=0)
                assert bias[hidden : 2 * hidden].eq(1).all() and bias.sum() == hidden
                assert (second == 0).all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_one_bias_alone_learns(bidirectional):
    layer = LastStateLSTM(5, 3, bidirectional)
    before = {name: p.detach().clone() for name, p in layer.lstm.named_parameters()}
    assert nets.count_parameters(layer)[0] == (1 + bidirectional) * 4 * 3 * (5 + 3 + 1)
    optimizer = KerasAdam(layer.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.randn(4, 6, 5)).sum().backward()
        optimizer.step()
    for name, p in layer.lstm.named_parameters():
        if name.startswith("bias_hh"):
            assert p.grad is None and (p == 0).all()
        else:
            assert not torch.equal(p, before[name]), name


def test_last_state_is_that_of_two_lstms_by_hand():
    layer, x = LastStateLSTM(5, 3, bidirectional=True), torch.randn(4, 7, 5)
    last = []
    for direction, sequence in (("", x), ("_reverse", x.flip(1))):  # the second one reads from the end
        one = nn.LSTM(5, 3, batch_first=True)
        with torch.no_grad():
            for array in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(one, f"{array}_l0").copy_(getattr(layer.lstm, f"{array}_l0{direction}"))
        last.append(one(sequence)[0][:, -1])
    torch.testing.assert_close(layer(x), torch.cat(last, dim=1))
    assert not torch.allclose(layer(x), layer.lstm(x)[0][:, -1])


def test_running_statistics_move_once_over_all_steps():
    layer, x = TimeDistributed(nn.BatchNorm2d(3, momentum=0.01)), torch.randn(2, 4, 3, 5, 6)
    layer(x)
    torch.testing.assert_close(layer.layer.running_mean, 0.01 * x.mean((0, 1, 3, 4)))
    assert layer.layer.num_batches_tracked == 1


def test_equal_seeds_equal_networks():
    a, b, c = (nets.build("dey_1d_cnn_bilstm", 7, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not torch.equal(a["bidirectional.lstm.weight_hh_l0"], c["bidirectional.lstm.weight_hh_l0"])
