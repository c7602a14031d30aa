#!/usr/bin/env python3
"""Weights to PyTorch and back: check_torch.py MODEL_TOOL

What the library saves, safetensors.torch.load_file reads into the same modules; what save_file and
save_model write, the library loads; and both give the same outputs. Needs torch and safetensors;
exits with 77 (skipped) where one is missing.
"""
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77

try:
    import torch
    from safetensors.torch import load_file, save_file, save_model
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


class Words(nn.Module):
    """Recurrent layers of every kind; the last layer has the embedding's weight."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, proj_size=3, batch_first=True)
        self.gru = nn.GRU(6, 6, batch_first=True)
        self.rnn = nn.RNN(6, 6, bias=False, batch_first=True)
        self.head = nn.Linear(6, 11)
        self.head.weight = self.embed.weight

    def forward(self, x):
        x = self.embed(x)
        for layer in (self.lstm, self.gru, self.rnn):
            x = layer(x)[0]
        return self.head(x)


# the module, and a batch for it
MODELS = {
    "lenet": (lenet, lambda: torch.randn(16, 1, 28, 28)),
    "words": (Words, lambda: torch.randint(0, 11, (4, 7))),
}


def check_same_outputs(tool, folder, model, batch, weights):
    """The library with the file `weights` computes what the module does."""
    x = batch()
    save_file({"x": x}, folder / "x.safetensors")
    tool("forward", weights, folder / "x.safetensors", folder / "y.safetensors")
    ours = load_file(folder / "y.safetensors")["y"]
    with torch.no_grad():
        theirs = model(x)
    worst = (ours - theirs).abs().max().item()
    print(f"{weights.name}: outputs differ by at most {worst:.2g}")
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6), worst


def check_ours_loads_there(tool, folder, make, batch):
    path = folder / "ours.safetensors"
    tool("save", path)
    model = make()
    model.load_state_dict(load_file(path), strict=True)
    check_same_outputs(tool, folder, model, batch, path)


def check_theirs_loads_here(tool, folder, make, batch):
    path, again, lean = (folder / f"{name}.safetensors" for name in ("theirs", "again", "lean"))
    model = make()
    save_file({name: tensor.clone() for name, tensor in model.state_dict().items()}, path)
    check_same_outputs(tool, folder, model, batch, path)
    tool("copy", path, again)
    copy = load_file(again)
    assert list(sorted(copy)) == list(sorted(model.state_dict()))
    for name, tensor in model.state_dict().items():
        assert torch.equal(copy[name], tensor), name
    save_model(model, str(lean))  # what two modules share stands there once
    check_same_outputs(tool, folder, model, batch, lean)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name, (make, batch) in MODELS.items():
        def tool(*args):
            subprocess.run([sys.argv[1], name, *map(str, args)], check=True)

        with tempfile.TemporaryDirectory() as folder:
            check_ours_loads_there(tool, pathlib.Path(folder), make, batch)
            check_theirs_loads_here(tool, pathlib.Path(folder), make, batch)


if __name__ == "__main__":
    main()
