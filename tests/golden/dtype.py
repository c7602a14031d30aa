#!/usr/bin/python3
"""Expected values for tests/core/tensor/test_dtype.c, from PyTorch.

    tests/golden/dtype.py > tests/golden/dtype.inc        (made with torch 1.13.1)
"""
import struct

import torch

NAMES = ["F32", "F64", "I64", "I32", "I16", "U8", "BOOL", "F16", "BF16"]
TYPES = [torch.float32, torch.float64, torch.int64, torch.int32, torch.int16,
         torch.uint8, torch.bool, torch.float16, torch.bfloat16]


def bits(tensor):
    return tensor.view(torch.int16).item() & 0xffff


print("/* Made by tests/golden/dtype.py. */")
print("static const lks_dtype promoted[LKS_N_DTYPES][LKS_N_DTYPES] = {")
for name, a in zip(NAMES, TYPES):
    row = ", ".join("LKS_" + NAMES[TYPES.index(torch.promote_types(a, b))] for b in TYPES)
    print(f"    [LKS_{name}] = {{{row}}},")
print("};")

VALUES = [0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x3dcccccd, 0x40490fdb,
          0x477fe000, 0x477fefff, 0x477ff000, 0x47800000, 0x7f7fffff, 0xff7fffff,
          0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0x38800000,
          0x387fe000, 0x387fffff, 0x33800000, 0x33000000, 0x33000001, 0x33c00000,
          0x34200000, 0x00000001, 0x00008000, 0x00008001, 0x00018000, 0x007fffff,
          0x3f801000, 0x3f803000, 0x3f801001, 0x3f808000, 0x3f818000, 0x7f7f8000]
print("static const struct {")
print("    uint32_t f32;")
print("    uint16_t f16, bf16;")
print("} rounded[] = {")
for value in VALUES:
    f = torch.tensor([value if value < 2**31 else value - 2**32], dtype=torch.int32).view(torch.float32)
    print(f"    {{0x{value:08x}, 0x{bits(f.to(torch.float16)):04x}, 0x{bits(f.to(torch.bfloat16)):04x}}},")
print("};")
