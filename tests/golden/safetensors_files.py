#!/usr/bin/env python3
"""Files of the reference writer, for tests/core/io/test_safetensors.c.

    pip install numpy safetensors
    tests/golden/safetensors_files.py > tests/golden/safetensors_files.inc    (made with safetensors 0.8.0)
"""
import numpy as np
from safetensors.numpy import save

TENSORS = {
    "0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "0.bias": np.array([0.5, -0.5], dtype=np.float32),
    "steps": np.array(7, dtype=np.int64),
    "half": np.array([1, 2, 65504], dtype=np.float16),
    "mask": np.array([True, False, True]),
    "none": np.zeros((0, 4), dtype=np.float64),
    "ünï \"q\"": np.array([255], dtype=np.uint8),
}


def table(name, data):
    print(f"static const unsigned char {name}[] = {{")
    for i in range(0, len(data), 16):
        print("    " + ", ".join(f"0x{b:02x}" for b in data[i:i + 16]) + ",")
    print("};")


print("/* Made by tests/golden/safetensors_files.py. */")
table("golden_file", save(TENSORS))
table("golden_file_with_metadata", save({"x": TENSORS["0.bias"]}, {"format": "pt"}))
# One dtype a width: there the reference's order is ours.
table("golden_plain", save({k: v for k, v in TENSORS.items() if k[0] not in "nü"}))
