#!/usr/bin/env python3
"""Files of numpy, for tests/core/io/test_npy.c.

    tests/golden/npy_files.py > tests/golden/npy_files.inc         (made with numpy 2.4.6)
"""
import io

import numpy as np


def table(name, array, version=(1, 0)):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    data = file.getvalue()
    print(f"static const unsigned char {name}[] = {{")
    for i in range(0, len(data), 16):
        print("    " + ", ".join(f"0x{b:02x}" for b in data[i:i + 16]) + ",")
    print("};")


cube = np.arange(24).reshape(2, 3, 4)
print("/* Made by tests/golden/npy_files.py. */")
table("f4_c", cube.astype("<f4"))
table("i4_fortran", np.asfortranarray(cube.astype("<i4")))
table("i8_big", cube.astype(">i8"))
table("f2_big_fortran_v2", np.asfortranarray(cube.astype(">f2")), (2, 0))
table("bool_v3", np.array([True, False, True]), (3, 0))
table("f8_scalar", np.array(2.5))
table("i2_empty", np.zeros((3, 0, 2), dtype="<i2"))
table("i1", np.array([-128, 0, 127], dtype="i1"))
table("u2_big_fortran", np.asfortranarray(np.array([[0, 1, 2], [65535, 4, 32768]], dtype=">u2")))
table("u4", np.array([0, 2**31, 2**32 - 1], dtype="<u4"))
table("u8_big", np.array([0, 2**32, 2**63 - 1], dtype=">u8"))
table("u8_beyond_i64_fortran", np.asfortranarray(np.array([[1, 2], [3, 4], [2**63, 6]], dtype="<u8")))
table("record", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))
table("text", np.array(["ab"]))
