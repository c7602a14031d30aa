#!/usr/bin/env python3
"""What running statistics become over three steps of training: tests/golden/running.inc, of torch 2.15; and
what embeddings whose rows are cut down become: tests/golden/max_norm.inc.

    tests/golden/running.py > tests/golden/running.inc
    tests/golden/running.py max_norm > tests/golden/max_norm.inc
"""
import sys

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


def statistics():
    print("/* Made by tests/golden/running.py: running_mean, running_var, the last output in training, one in evaluation. */")
    running("batch_norm1d cumulative", nn.BatchNorm1d(3, momentum=None))
    running("batch_norm1d plain", nn.BatchNorm1d(3, momentum=0.3, affine=False))
    running("instance_norm1d", nn.InstanceNorm1d(3, momentum=0.3, track_running_stats=True))
    running("instance_norm1d unmoved", nn.InstanceNorm1d(3, momentum=None, track_running_stats=True))


def cut_down(name, layer):
    """Three steps of SGD of rate 0.5 from weights (i * 37 % 17) / 8 - 1: the weight, the last output."""
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([i * 37 % 17 / 8 - 1 for i in range(18)]).reshape(6, 3))
    for step in range(3):
        y = layer(torch.tensor([(i * 5 + step * 3) % 7 % 6 for i in range(8)]).reshape(2, 4))
        layer.zero_grad()
        (y * torch.arange(y.numel()).reshape(y.shape).sub(3) / 8).sum().backward()
        with torch.no_grad():
            layer.weight -= 0.5 * layer.weight.grad
    print('    {"%s", %s, %s},' % (name, numbers(layer.weight), numbers(y)))


def max_norm():
    print("/* Made by tests/golden/running.py max_norm: the weight, the last output. */")
    cut_down("embedding", nn.Embedding(6, 3, max_norm=1))
    cut_down("embedding l1", nn.Embedding(6, 3, padding_idx=2, max_norm=1.2, norm_type=1))
    cut_down("bag mean", nn.EmbeddingBag(6, 3, max_norm=1))
    cut_down("bag max", nn.EmbeddingBag(6, 3, max_norm=0.9, norm_type=3, mode="max"))
    cut_down("bag plain", nn.EmbeddingBag(6, 3, mode="sum", padding_idx=-2))


max_norm() if sys.argv[1:] else statistics()
