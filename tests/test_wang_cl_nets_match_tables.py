"""The parallel networks: counts, transcribed a second time; who sees what; min-max; initial values."""

import pytest
import torch

import nets
from nets.fused.fuse import fuse
from nets.wang_cl import min_max

COUNTS = {  # EMO-DB, CASIA; of the last step, of all steps
    "wang_cl": ((2_383_431, 2_383_366), (4_464_199, 4_464_134)),
    "wang_control_1": ((2_442_311, 2_442_246), (4_523_079, 4_523_014)),
    "wang_control_2": ((417_351, 417_286), (2_498_119, 2_498_054)),
    "wang_control_3": ((476_231, 476_166), (2_556_999, 2_556_934)),
}
WANG = [name for name in nets.SYSTEMS if name.startswith("wang")]
SPECTROGRAM, MFCC = slice(0, 128), slice(128, 141)


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    for suffix, counts in zip(("", "_all_steps"), COUNTS[name], strict=True):
        assert tuple(nets.count_parameters(nets.build(name + suffix, k))[1] for k in (7, 6)) == counts


def by_hand(cnn: int | None, lstm: int | None, all_steps: bool, n_classes: int) -> int:
    """From table 1: three convolutions, two LSTM layers with two biases each, three dense layers."""
    total = fused = 0
    if cnn:
        total += (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64) + (9 * 64 * 64 + 64)
        fused += 64 * 16 * (cnn // 2 // 2 // 2)
    if lstm:
        total += 4 * 128 * (lstm + 128 + 2) + 4 * 128 * (128 + 128 + 2)
        fused += 128 * (128 if all_steps else 1)
    return total + (fused * 128 + 128) + (128 * 64 + 64) + (64 * n_classes + n_classes)


def test_branches_alone():
    assert nets.count_parameters(nets.build("wang_cnn", 7))[1] == by_hand(128, None, False, 7) == 2_161_735
    assert nets.count_parameters(nets.build("wang_lstm", 7))[1] == by_hand(None, 13, False, 7) == 230_535
    assert nets.count_parameters(nets.build("wang_lstm_all_steps", 7))[1] == by_hand(None, 13, True, 7) == 2_311_303


@pytest.mark.parametrize("name", WANG)
def test_who_sees_what(name):
    """A change of the spectrogram, or of the MFCC, reaches the branches that see it and no other."""
    net = nets.build(name, 6).eval()
    x = torch.rand(2, 128, 141, generator=torch.Generator().manual_seed(0))
    sees = {"wang_control_1": {"spectrogram"}, "wang_cnn": {"spectrogram"}, "wang_control_2": {"mfcc"}}
    sees |= {"wang_lstm": {"mfcc"}}
    expected = sees.get(name.removesuffix("_unscaled").removesuffix("_all_steps"), {"spectrogram", "mfcc"})
    base = net(x)
    assert base.shape == (2, 6)
    found = set()
    for part, columns in (("spectrogram", SPECTROGRAM), ("mfcc", MFCC)):
        other = x.clone()
        other[:, :, columns] = 1 - other[:, :, columns]
        if not torch.equal(net(other), base):
            found.add(part)
    assert found == expected


def test_who_sees_what_of_two():
    """wang_cl and its third control group see the same two features, the other way round."""
    for name, cnn_width, lstm_width in (("wang_cl", 128, 13), ("wang_control_3", 13, 128)):
        net = nets.build(name, 6)
        assert net.lstm.input_size == lstm_width
        assert net.cnn(torch.zeros(1, 1, 128, cnn_width)).shape == (1, 16 * (cnn_width // 8) * 64)


def test_the_last_step_or_all():
    """Without scaling: early frames do not reach the head past the LSTM's state, all steps do directly."""
    for name, numbers in (("wang_lstm", 128), ("wang_lstm_all_steps", 128 * 128)):
        net = nets.build(name, 6).eval()
        seen = []
        net.head[0].register_forward_hook(lambda _, inputs, __, seen=seen: seen.append(inputs[0]))
        x = torch.rand(1, 128, 141)
        net(x)
        steps, _ = net.lstm(x[:, :, MFCC])
        expected = steps.flatten(1) if numbers > 128 else steps[:, -1]
        torch.testing.assert_close(seen[0], min_max(expected))
        assert seen[0].shape == (1, numbers)


def test_min_max():
    x = torch.tensor([[1.0, 3.0, 2.0], [5.0, 5.0, 5.0], [-4.0, 0.0, 4.0]])
    assert min_max(x).tolist() == [[0, 1, 0.5], [0, 0, 0], [0, 0.5, 1]]


def test_both_branches_are_scaled_by_themselves():
    net = nets.build("wang_cl", 6).eval()
    seen = []
    net.head[0].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    net(torch.rand(3, 128, 141))
    for branch in (seen[0][:, :16384], seen[0][:, 16384:]):
        assert branch.amin(1).tolist() == [0, 0, 0] and branch.amax(1).tolist() == [1, 1, 1]


def test_initial_values_are_the_seed_s():
    state = torch.get_rng_state()
    a, b, other = (nets.build("wang_cl", 7, seed).state_dict() for seed in (5, 5, 6))
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(a[key], b[key]) for key in a) and not torch.equal(a["head.0.weight"], other["head.0.weight"])


def test_dropout_stands_where_it_should():
    net = nets.build("wang_cl", 7)
    assert net.lstm.dropout == 0.2 and net.lstm.num_layers == 2
    assert [type(layer).__name__ for layer in net.head] == ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]
    assert [layer.p for layer in net.head if isinstance(layer, torch.nn.Dropout)] == [0.2, 0.2]


@pytest.mark.parametrize("name", ["wang_cl", "wang_cl_all_steps", "wang_lstm", "wang_cnn"])
def test_fused_is_equal(name):
    """Logits and gradients of both without dropout, and one set of weights."""
    net = nets.build(name, 6, seed=1).double()
    fast = fuse(net)
    assert [id(p) for p in fast.parameters()] == [id(p) for p in net.parameters()]
    x = torch.rand(3, 128, 141, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = []
    for module in (net.eval(), fast.eval()):
        net.zero_grad()
        y = module(x)
        y.square().sum().backward()
        found.append([y.detach(), *(p.grad.clone() for p in net.parameters())])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)
