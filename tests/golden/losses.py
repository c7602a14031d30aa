#!/usr/bin/python3
"""Expected sums and counts for tests/core/nn/test_loss.c, from PyTorch's losses with options.

    tests/golden/losses.py > tests/golden/losses.inc        (made with torch 2.15)
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
X = torch.tensor([[0.5, -1.25, 2.0, 0.25], [-0.75, 1.5, 0.125, -2.0], [1.0, 0.0, -0.5, 0.75]])
T = torch.tensor([[0.25, -1.0, 0.5, 0.75], [0.0, 1.0, 0.125, 0.5], [-2.0, 0.5, 0.25, 1.0]])
CLASSES = torch.tensor([2, 1, 3])
WEIGHT = torch.tensor([0.5, 2.0, 0.25, 1.5])


def numbers(tensor):
    return "{%s}" % ", ".join("%.9g" % n for n in tensor.reshape(-1).tolist())


def case(name, f, x, target, divisor=None):
    """The count is what PyTorch's mean divides its sum by, or what is told."""
    x = x.clone().requires_grad_()
    total = f(x, target, "sum")
    total.backward()
    count = divisor if divisor is not None else (total / f(x, target, "mean")).item()
    print('    {"%s", %s, %s, %.12g, %.12g, %s},'
          % (name, numbers(x), numbers(target), total.item(), count, numbers(x.grad)))


def classes(f, **options):
    return lambda x, t, r: f(x, t, reduction=r, **options)


print("/* Made by tests/golden/losses.py. */")
case("cross_entropy", classes(F.cross_entropy), X, CLASSES)
case("cross_entropy weight", classes(F.cross_entropy, weight=WEIGHT), X, CLASSES)
case("cross_entropy all", classes(F.cross_entropy, weight=WEIGHT, ignore_index=1, label_smoothing=0.1), X, CLASSES)
case("nll_loss", classes(F.nll_loss), X, CLASSES)
case("nll_loss weight", classes(F.nll_loss, weight=WEIGHT, ignore_index=3), X, CLASSES)
case("l1_loss", classes(F.l1_loss), X, T)
case("mse_loss", classes(F.mse_loss), X, T)
case("smooth_l1_loss", classes(F.smooth_l1_loss), X, T)
case("smooth_l1_loss beta", classes(F.smooth_l1_loss, beta=0.3), X, T)
case("smooth_l1_loss 0", classes(F.smooth_l1_loss, beta=0.0), X, T)
case("huber_loss", classes(F.huber_loss), X, T)
case("huber_loss delta", classes(F.huber_loss, delta=0.3), X, T)
P = T.clamp(0, 1)
case("binary_cross_entropy", classes(F.binary_cross_entropy), X.clamp(0.0625, 0.75), P)
case("binary_cross_entropy_with_logits", classes(F.binary_cross_entropy_with_logits), X, P)
case("binary_cross_entropy_with_logits pos_weight",
     classes(F.binary_cross_entropy_with_logits, pos_weight=WEIGHT), X, P)
case("kl_div", classes(F.kl_div), X, P)
case("kl_div log_target", classes(F.kl_div, log_target=True), X, T)
case("kl_div batchmean", classes(F.kl_div), X, P, 3)


def gaussian(log_var, **options):
    def f(x, t, r):
        var = x[:, 2:].exp() if log_var else x[:, 2:].abs()
        return F.gaussian_nll_loss(x[:, :2], t[:, :2], var, reduction=r, **options)
    return f


case("gaussian_nll_loss", gaussian(False, eps=0.25), X.abs(), T)
case("gaussian_nll_loss full", gaussian(True, full=True), X, T)
