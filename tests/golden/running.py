#!/usr/bin/env python3
"""What running statistics become over three steps of training, and a padded embedding's gradient:
tests/golden/running.inc, of torch 2.15.

    tests/golden/running.py > tests/golden/running.inc
"""
import torch
from torch import nn


def numbers(t):
    return "{" + ", ".join("%.9g" % v for v in t.detach().reshape(-1).tolist()) + "}"


def samples(step):
    """(2, 3, 4), as in test_running.c"""
    return torch.tensor([(i * 37 + step * 11) % 17 / 8 - 1 for i in range(24)]).reshape(2, 3, 4)


def running(name, layer):
    for step in range(3):
        layer.train()
        y = layer(samples(step))
    layer.eval()
    print('    {"%s", %s, %s, %s, %s},' % (name, numbers(layer.running_mean), numbers(layer.running_var), numbers(y),
                                          numbers(layer(samples(3)))))


print("/* Made by tests/golden/running.py: running_mean, running_var, the last output in training, one in evaluation. */")
running("batch_norm1d cumulative", nn.BatchNorm1d(3, momentum=None))
running("batch_norm1d plain", nn.BatchNorm1d(3, momentum=0.3, affine=False))
running("instance_norm1d", nn.InstanceNorm1d(3, momentum=0.3, track_running_stats=True))
running("instance_norm1d unmoved", nn.InstanceNorm1d(3, momentum=None, track_running_stats=True))
