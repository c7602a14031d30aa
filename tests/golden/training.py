#!/usr/bin/env python3
"""What PyTorch does in 100 steps: LeNet on Fashion-MNIST from fixed start weights.

    /usr/bin/python3 tests/golden/training.py

Needs Debian's python3-torch (made with 1.13) and dataset-fashion-mnist; some minutes. Samples come in
the file's order, 64 a step, normalised by mean 0.2860 and std 0.3530; one thread, float32,
PyTorch's default initialisation. Writes into tests/golden/training/:

    start.safetensors            the start weights
    sgd.safetensors              the weights after SGD(lr=0.01, momentum=0.9)
    adam.safetensors             the weights after Adam(lr=0.001)
    losses.safetensors           the loss of each step before its update, "sgd" [100], "adam" [100]

From most starts these 100 steps are chaotic: rounding alone grows until PyTorch's own float32 and
float64 runs differ by percents, so there is no number to compare with. The start is therefore the
first seed from which PyTorch agrees with itself.
"""
import gzip
import pathlib

import numpy as np
import torch
from torch import nn

import write_safetensors

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
OUT = pathlib.Path(__file__).parent / "training"
STEPS, BATCH = 100, 64
OPTIMIZERS = {
    "sgd": lambda params: torch.optim.SGD(params, lr=0.01, momentum=0.9),
    "adam": lambda params: torch.optim.Adam(params, lr=0.001),
}


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )


def read(name, header):
    with gzip.open(DATA / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def weights(model):
    return {name: t.detach().numpy() for name, t in model.state_dict().items()}


def train(start, make_optimizer, inputs, targets, dtype=torch.float32):
    model = lenet().to(dtype)
    model.load_state_dict(start)
    optimizer = make_optimizer(model.parameters())
    losses = []
    for step in range(STEPS):
        batch = slice(step * BATCH, (step + 1) * BATCH)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs[batch].to(dtype)), targets[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses), model


def agrees_with_itself(start, inputs, targets):
    """float32 and float64 give the same losses from here, with every optimizer."""
    for make_optimizer in OPTIMIZERS.values():
        narrow, _ = train(start, make_optimizer, inputs, targets)
        wide, _ = train(start, make_optimizer, inputs, targets, torch.float64)
        if (abs(narrow - wide) / wide).max() > 5e-6:
            return False
    return True


def find_start(inputs, targets):
    for seed in range(100):
        torch.manual_seed(seed)
        start = {name: t.clone() for name, t in lenet().state_dict().items()}
        if agrees_with_itself(start, inputs, targets):
            print("seed", seed)
            return start
    raise RuntimeError("no start is well-conditioned")


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    n = STEPS * BATCH
    pixels = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:n]
    inputs = (torch.from_numpy(pixels.astype(np.float32)) / 255 - 0.2860) / 0.3530
    targets = torch.from_numpy(read("train-labels-idx1-ubyte.gz", 8)[:n].astype(np.int64))

    start = find_start(inputs, targets)
    OUT.mkdir(exist_ok=True)
    write_safetensors.save(OUT / "start.safetensors", {k: v.numpy() for k, v in start.items()})
    losses = {}
    for name, make_optimizer in OPTIMIZERS.items():
        losses[name], model = train(start, make_optimizer, inputs, targets)
        write_safetensors.save(OUT / f"{name}.safetensors", weights(model))
        print(name, "first", losses[name][0], "last", losses[name][-1])
    write_safetensors.save(OUT / "losses.safetensors", losses)


if __name__ == "__main__":
    main()
