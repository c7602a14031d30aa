#!/usr/bin/python3
"""What PyTorch gives where pointwise functions change their ways, for tests/core/ops/test_pointwise_edges.c.

    tests/golden/pointwise_edges.py > tests/golden/pointwise_edges.inc        (made with torch 2.15)
"""
import math

import torch
import torch.nn.functional as F

inf, nan = math.inf, math.nan
POINTS = [-inf, -20, -6, -3, -2, -1, -0.5, -0.0, 0.0, 0.5, 1, 2, 3, 6, 10, 20, 21, inf, nan]
PAIRS = [(a, b) for a in (-1.0, 0.0, 1.0, 2.0, nan) for b in (-1.0, 0.0, 1.0, nan)]


def number(v):
    return "NAN" if math.isnan(v) else ("-" if v < 0 else "") + "INFINITY" if math.isinf(v) else "%.17g" % v


def numbers(values):
    return "{%s}" % ", ".join(map(number, values.tolist()))


def print_case(name, f, *inputs):
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    y = f(*inputs)
    y.sum().backward()
    print('    {"%s", %s, {%s}},' % (name, numbers(y), ", ".join(numbers(x.grad) for x in inputs)))


def ones():
    print("static const double points[] = {%s};" % ", ".join(map(number, POINTS)))
    print("static const one_golden one_goldens[] = {")
    for name, f in (
            ("sgn", torch.sign), ("floor", torch.floor), ("round", torch.round), ("relu6", F.relu6),
            ("clamp", lambda x: x.clamp(-0.5, 2)), ("clamp_min", lambda x: x.clamp_min(0.5)),
            ("clamp_max", lambda x: x.clamp_max(0.5)), ("pow_scalar_0", lambda x: x ** 0),
            ("pow_scalar_3", lambda x: x ** 3), ("elu", F.elu), ("celu", F.celu), ("selu", F.selu), ("silu", F.silu),
            ("softplus", F.softplus), ("logsigmoid", F.logsigmoid), ("hardtanh", F.hardtanh),
            ("hardsigmoid", F.hardsigmoid), ("hardswish", F.hardswish), ("hardshrink", F.hardshrink),
            ("softshrink", F.softshrink), ("threshold", lambda x: F.threshold(x, 0.5, 7)),
            ("smooth_abs", lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), reduction="none"))):
        print_case(name, f, POINTS)
    print("};")


def pairs():
    for k in (0, 1):
        print("static const double pairs_%s[] = {%s};" % ("ab"[k], ", ".join(number(p[k]) for p in PAIRS)))
    print("static const pair_golden pair_goldens[] = {")
    for name, f in (("maximum", torch.maximum), ("minimum", torch.minimum), ("pow", torch.pow), ("xlogy", torch.xlogy)):
        print_case(name, f, [p[0] for p in PAIRS], [p[1] for p in PAIRS])
    print("};")


print("/* Made by tests/golden/pointwise_edges.py. */")
ones()
pairs()
