"""Optimizers of the papers' frameworks, where they differ from PyTorch's."""

import math

import torch


class MatlabSgdm(torch.optim.Optimizer):
    """MATLAB's trainingOptions('sgdm'): momentum, L2 regularization, and a norm limit for each parameter array.

    g <- dE/dw + l2 w              weights only; biases have L2 factor 0
    g <- g min(1, T / ||g||_2)     each array separately (GradientThresholdMethod 'l2norm')
    v <- momentum v - rate g;  w <- w + v

    PyTorch differs: its SGD adds weight decay after the caller has clipped, and clip_grad_norm_ limits all arrays
    together. Here an array without a gradient from the data still decays.

    Parameters
    ----------
    net : a torch module; an array is a bias if its name ends in "bias"
    learning_rate, momentum, l2, gradient_threshold : floats; the defaults are MATLAB's

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


class KerasAdam(torch.optim.Optimizer):
    """Keras' Adam, with the `decay` of its older versions.

    rate_t = learning_rate / (1 + decay t)                t = 0 at the first step
    m <- beta_1 m + (1 - beta_1) g;  v <- beta_2 v + (1 - beta_2) g^2
    w <- w - rate_t sqrt(1 - beta_2^(t+1)) / (1 - beta_1^(t+1)) m / (sqrt(v) + epsilon)

    PyTorch's Adam corrects v before it adds epsilon. Its epsilon then has sqrt(1 - beta_2^(t+1)) times the effect
    (0.03 at the first step), and its default is 1e-8.

    Parameters
    ----------
    parameters : of a torch module; those without a gradient do not change
    learning_rate, beta_1, beta_2, epsilon, decay : floats; Keras' defaults
    l2 : of every kernel, as kernel_regularizer=l2(...) of every layer: the loss grows by l2 sum(w^2), so g by 2 l2 w;
        biases and batch normalization, arrays of one axis, are left alone

    Source: Keras, optimizers.Adam (decay: the legacy class of tf.keras 2); Kingma & Ba 2015, before section 2.1.
    Checked: tests/test_keras_optimizers_match_equations.py, tests/test_layers_match_keras.py
    """

    def __init__(self, parameters, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, decay=0.0, l2=0.0):
        shared = {"learning_rate": learning_rate, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
        super().__init__(parameters, shared | {"decay": decay, "l2": l2, "steps": 0})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            beta_1, beta_2, steps = group["beta_1"], group["beta_2"], group["steps"]
            correction = math.sqrt(1 - beta_2 ** (steps + 1)) / (1 - beta_1 ** (steps + 1))
            rate = group["learning_rate"] / (1 + group["decay"] * steps) * correction
            group["steps"] = steps + 1
            for w in group["params"]:
                if w.grad is None:
                    continue
                state = self.state[w]
                m = state.setdefault("m", torch.zeros_like(w))
                v = state.setdefault("v", torch.zeros_like(w))
                g = w.grad.add(w, alpha=2 * group["l2"]) if group["l2"] and w.ndim > 1 else w.grad
                m.mul_(beta_1).add_(g, alpha=1 - beta_1)
                v.mul_(beta_2).addcmul_(g, g, value=1 - beta_2)
                w.addcdiv_(m, v.sqrt().add_(group["epsilon"]), value=-rate)


class KerasRmsprop(torch.optim.Optimizer):
    """Keras' RMSprop without momentum.

    v <- rho v + (1 - rho) g^2;  w <- w - learning_rate g / (sqrt(v) + epsilon)

    epsilon is outside the root, as in Keras up to 2.10 (later tf.keras.optimizers.legacy), which was current when the
    papers were written. Later versions divide by sqrt(v + epsilon): the same 1e-7 then acts like 3e-4 beside sqrt(v)
    and suppresses small gradients. PyTorch's RMSprop has it outside the root too, but with rho 0.99 and 1e-8.

    Parameters
    ----------
    parameters : of a torch module; those without a gradient do not change
    learning_rate, rho, epsilon : floats; Keras' defaults

    Source: Keras 2.10, optimizers.RMSprop; Hinton, Coursera lecture 6e.
    Checked: tests/test_keras_optimizers_match_equations.py, tests/test_layers_match_keras.py
    """

    def __init__(self, parameters, learning_rate=1e-3, rho=0.9, epsilon=1e-7):
        super().__init__(parameters, {"learning_rate": learning_rate, "rho": rho, "epsilon": epsilon})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for w in group["params"]:
                if w.grad is None:
                    continue
                v = self.state[w].setdefault("v", torch.zeros_like(w))
                v.mul_(group["rho"]).addcmul_(w.grad, w.grad, value=1 - group["rho"])
                w.addcdiv_(w.grad, v.sqrt().add_(group["epsilon"]), value=-group["learning_rate"])
