"""Definition: MATLAB's sgdm written out in NumPy, float64, against the optimiser on a small network."""

import numpy as np
import torch
from torch import nn

from experiments.training.optimizers import MatlabSgdm


def test_ten_steps_of_the_equations():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    x, y = torch.randn(8, 5).double() * 5, torch.randint(0, 3, (8,))
    w = {name: p.detach().numpy().copy() for name, p in net.named_parameters()}
    v = {name: np.zeros_like(value) for name, value in w.items()}
    optimizer = MatlabSgdm(net, learning_rate=0.05, momentum=0.9, l2=0.02, gradient_threshold=0.3)
    clipped = 0
    for _ in range(10):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        gradients = {name: p.grad.numpy().copy() for name, p in net.named_parameters()}
        optimizer.step()
        for name, g in gradients.items():
            if name.endswith("weight"):
                g = g + 0.02 * w[name]  # L2 first, weights only
            norm = np.sqrt((g**2).sum())
            if norm > 0.3:  # then the limit, each array by itself
                g, clipped = g * 0.3 / norm, clipped + 1
            v[name] = 0.9 * v[name] - 0.05 * g
            w[name] = w[name] + v[name]
        for name, p in net.named_parameters():
            np.testing.assert_allclose(p.detach().numpy(), w[name], atol=1e-14)
    assert 0 < clipped < 40


def test_an_array_without_a_gradient_decays():
    net = nn.Linear(3, 2, bias=False)
    before = net.weight.detach().clone()
    MatlabSgdm(net, learning_rate=0.1, l2=0.5).step()
    torch.testing.assert_close(net.weight.detach(), before * (1 - 0.1 * 0.5))


def test_without_limit_and_l2_it_is_torchs_sgd():
    torch.manual_seed(1)
    ours, theirs = nn.Linear(6, 3), nn.Linear(6, 3)
    theirs.load_state_dict(ours.state_dict())
    x, y = torch.randn(10, 6), torch.randint(0, 3, (10,))
    a, b = MatlabSgdm(ours, 0.1, l2=0.0), torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9)
    for _ in range(5):
        for net, optimizer in ((ours, a), (theirs, b)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_a_zero_gradient_does_no_harm():
    net = nn.Linear(2, 2)
    nn.init.zeros_(net.weight)
    MatlabSgdm(net, 0.1, gradient_threshold=1.0).step()
    assert (net.weight == 0).all()
