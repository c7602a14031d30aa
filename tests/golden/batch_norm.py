#!/usr/bin/env python3
"""models/batch_norm2d_case.safetensors: nn.BatchNorm2d(3) in training, from PyTorch 1.13.1's own module test
table (torch.testing, ModuleInfo, float64), written as text: "kind NAME dtype rank dims…", then the values.

    batch_norm.py BatchNorm2d.txt OUT.safetensors
"""
import array
import json
import sys

NAMES = {
    ("arg", "a0"): "x",
    ("output", "o0"): "y",
    ("cotangent", "o0"): "cotangent",
    ("grad", "a0"): "grad.x",
    ("grad", "state.weight"): "grad.0.weight",
    ("grad", "state.bias"): "grad.0.bias",
    ("newstate", "running_mean"): "new.0.running_mean",
    ("newstate", "running_var"): "new.0.running_var",
}


def read(path):
    name = None
    for line in open(path):
        words = line.split()
        if not words:
            continue
        if words[0][0].isalpha():
            name = NAMES.get(tuple(words[:2]))
            if name:
                yield name, [int(n) for n in words[4:]], []
                continue
        elif name:
            yield name, None, [float(v) for v in words]


def main():
    shapes, values = {}, {}
    for name, shape, row in read(sys.argv[1]):
        if shape is not None:
            shapes[name] = shape
        values.setdefault(name, array.array("f")).extend(row)
    header, data = {}, b""
    for name, numbers in values.items():
        chunk = numbers.tobytes()
        header[name] = {"dtype": "F32", "shape": shapes[name], "data_offsets": [len(data), len(data) + len(chunk)]}
        data += chunk
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[2], "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


main()
