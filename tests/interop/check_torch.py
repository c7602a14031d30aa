#!/usr/bin/env python3
"""Weights to PyTorch and back: check_torch.py MODEL_TOOL

What the library saves, safetensors.torch.load_file reads into the same nn.Sequential; what
save_file writes, the library loads; and both give the same outputs. Needs torch and safetensors;
exits with 77 (skipped) where one is missing.
"""
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77

try:
    import torch
    from safetensors.torch import load_file, save_file
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(SKIPPED)

from torch import nn


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )


def check_same_outputs(tool, folder, model, weights):
    """The library with the file `weights` computes what the module does."""
    x = torch.randn(16, 1, 28, 28)
    save_file({"x": x}, folder / "x.safetensors")
    tool("forward", weights, folder / "x.safetensors", folder / "y.safetensors")
    ours = load_file(folder / "y.safetensors")["y"]
    with torch.no_grad():
        theirs = model(x)
    worst = (ours - theirs).abs().max().item()
    print(f"{weights.name}: outputs differ by at most {worst:.2g}")
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6), worst


def check_ours_loads_there(tool, folder):
    path = folder / "ours.safetensors"
    tool("save", path)
    model = lenet()
    model.load_state_dict(load_file(path), strict=True)
    check_same_outputs(tool, folder, model, path)


def check_theirs_loads_here(tool, folder):
    path, again = folder / "theirs.safetensors", folder / "again.safetensors"
    model = lenet()
    save_file(model.state_dict(), path)
    check_same_outputs(tool, folder, model, path)
    tool("copy", path, again)
    copy = load_file(again)
    assert list(sorted(copy)) == list(sorted(model.state_dict()))
    for name, tensor in model.state_dict().items():
        assert torch.equal(copy[name], tensor), name


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)

    def tool(*args):
        subprocess.run([sys.argv[1], *map(str, args)], check=True)

    with tempfile.TemporaryDirectory() as folder:
        check_ours_loads_there(tool, pathlib.Path(folder))
        check_theirs_loads_here(tool, pathlib.Path(folder))


if __name__ == "__main__":
    main()
