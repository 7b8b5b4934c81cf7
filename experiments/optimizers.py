"""Optimisers of the papers' frameworks, where PyTorch's differ."""

import math

import torch


class MatlabSgdm(torch.optim.Optimizer):
    """MATLAB's trainingOptions('sgdm'): momentum, L2 and a norm limit for each array of learnables.

    g <- dE/dw + l2 w              weights only; biases have L2 factor 0
    g <- g min(1, T / ||g||_2)     each array by itself (GradientThresholdMethod 'l2norm')
    v <- momentum v - rate g;  w <- w + v

    PyTorch's SGD adds its weight decay after the caller has clipped, and clip_grad_norm_ limits all
    arrays together: neither is this. An array without a gradient from the data still decays.

    Parameters
    ----------
    net : a torch module; an array is a bias if its name ends in "bias"
    learning_rate, momentum, l2, gradient_threshold : floats; MATLAB's defaults but for the rate

    Source: MathWorks, documentation of trainingOptions. Checked: tests/test_sgdm_matches_matlab_equations.py
    """

    def __init__(self, net, learning_rate, momentum=0.9, l2=1e-4, gradient_threshold=math.inf):
        weights = [p for name, p in net.named_parameters() if not name.endswith("bias")]
        biases = [p for name, p in net.named_parameters() if name.endswith("bias")]
        groups = [{"params": weights, "l2": l2}, {"params": biases, "l2": 0.0}]
        shared = {"learning_rate": learning_rate, "momentum": momentum, "gradient_threshold": gradient_threshold}
        super().__init__(groups, shared)

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for w in group["params"]:
                g = torch.zeros_like(w) if w.grad is None else w.grad
                g.add_(w, alpha=group["l2"])
                limit = group["gradient_threshold"] / max(float(torch.linalg.vector_norm(g)), 1e-30)
                velocity = self.state[w].setdefault("velocity", torch.zeros_like(w))
                velocity.mul_(group["momentum"]).sub_(g, alpha=group["learning_rate"] * min(1.0, limit))
                w.add_(velocity)
