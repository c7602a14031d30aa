#!/usr/bin/python3
"""Normalised pixels, to the bit, for tests/core/data/test_dataset.c, from PyTorch.

    tests/golden/normalise.py > tests/golden/normalise.inc       (made with torch 1.13.1)
"""
import torch


def table(name, x, mean, std):
    y = ((x.float() / 255 if x.dtype == torch.uint8 else x) - mean) / std
    bits = [b & 0xffffffff for b in y.flatten().view(torch.int32).tolist()]
    print(f"static const uint32_t {name}[] = {{")
    for i in range(0, len(bits), 8):
        print("    " + ", ".join(f"0x{b:08x}" for b in bits[i:i + 8]) + ",")
    print("};")


def channels(values):
    return torch.tensor(values).view(3, 1)


print("/* Made by tests/golden/normalise.py. */")
pixels = torch.arange(256, dtype=torch.uint8)
table("fashion_mnist", pixels, 0.2860, 0.3530)
table("plain", pixels, 0.0, 1.0)
table("cifar10", pixels[::16].expand(3, 16), channels([0.4914, 0.4822, 0.4465]),
      channels([0.2470, 0.2435, 0.2616]))
table("floats", torch.arange(-6, 6).view(3, 4) / 7, channels([0.1, -0.2, 3.0]),
      channels([0.3, 1.7, 1e-3]))
