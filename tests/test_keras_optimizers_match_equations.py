"""Definition: Keras' Adam and RMSprop written out in NumPy, float64, against the optimisers on a small network."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from experiments.training.optimizers import KerasAdam, KerasRmsprop


def small_network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    return net, torch.randn(8, 5).double(), torch.randint(0, 3, (8,))


def train(net, optimizer, x, y, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        yield {name: p.grad.numpy().copy() for name, p in net.named_parameters()}
        optimizer.step()


def arrays(net):
    return {name: p.detach().numpy().copy() for name, p in net.named_parameters()}


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-2])
def test_ten_steps_of_adam(decay, epsilon):
    net, x, y = small_network()
    w = arrays(net)
    m, v = ({name: np.zeros_like(value) for name, value in w.items()} for _ in range(2))
    optimizer = KerasAdam(net.parameters(), learning_rate=0.05, epsilon=epsilon, decay=decay)
    for step, gradients in enumerate(train(net, optimizer, x, y, 10)):
        for name, p in net.named_parameters():  # still the weights before this step
            np.testing.assert_allclose(p.detach().numpy(), w[name], atol=1e-14)
        t = step + 1
        rate = 0.05 / (1 + decay * step)  # undiminished at the first step
        rate *= np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        for name, g in gradients.items():
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g**2
            w[name] = w[name] - rate * m[name] / (np.sqrt(v[name]) + epsilon)
    for name, value in arrays(net).items():
        np.testing.assert_allclose(value, w[name], atol=1e-14)


@pytest.mark.parametrize("epsilon", [1e-7, 1e-2])
def test_ten_steps_of_rmsprop(epsilon):
    net, x, y = small_network()
    w = arrays(net)
    v = {name: np.zeros_like(value) for name, value in w.items()}
    optimizer = KerasRmsprop(net.parameters(), learning_rate=0.01, epsilon=epsilon)
    for gradients in train(net, optimizer, x, y, 10):
        for name, g in gradients.items():
            v[name] = 0.9 * v[name] + 0.1 * g**2
            w[name] = w[name] - 0.01 * g / (np.sqrt(v[name]) + epsilon)
    for name, value in arrays(net).items():
        np.testing.assert_allclose(value, w[name], atol=1e-14)


def test_defaults_are_keras():
    adam, rmsprop = (kind([torch.zeros(1)]).param_groups[0] for kind in (KerasAdam, KerasRmsprop))
    names = ("learning_rate", "beta_1", "beta_2", "epsilon", "decay")
    assert [adam[name] for name in names] == [1e-3, 0.9, 0.999, 1e-7, 0]
    assert [rmsprop[name] for name in ("learning_rate", "rho", "epsilon")] == [1e-3, 0.9, 1e-7]


def test_a_tiny_gradient_sees_epsilon_uncorrected():
    """g = 1e-7 in one step: sqrt(v) = sqrt(0.001) g, so epsilon counts as if it were 1e-7 / sqrt(0.001)."""
    w = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    w.grad = torch.full_like(w, 1e-7)
    KerasAdam([w], learning_rate=1.0).step()
    assert w.item() == pytest.approx(-1 / (1 + 1 / np.sqrt(0.001)), rel=1e-9)


@pytest.mark.parametrize("make", [lambda p: KerasAdam(p, 0.01, decay=0.1), lambda p: KerasRmsprop(p, 0.01)])
def test_a_stored_state_goes_on_bit_for_bit(make, tmp_path):
    net, x, y = small_network()
    optimizer = make(net.parameters())
    list(train(net, optimizer, x, y, 4))
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "state.pt")
    stored = torch.load(tmp_path / "state.pt", weights_only=True)
    again = copy.deepcopy(net)
    nn.init.zeros_(again[0].weight)
    again.load_state_dict(stored["net"])
    resumed = make(again.parameters())
    resumed.load_state_dict(stored["optimizer"])
    list(train(net, optimizer, x, y, 4))
    list(train(again, resumed, x, y, 4))
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("kind", [KerasAdam, KerasRmsprop])
def test_zero_and_missing_gradients_move_nothing(kind):
    zero, missing = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    zero.grad = torch.zeros(3)
    optimizer = kind([zero, missing])
    optimizer.step()
    assert (zero == 1).all() and (missing == 1).all()
