#!/usr/bin/env python3
"""Archives of numpy, for tests/core/io/test_npz.c.

    tests/golden/npz_files.py > tests/golden/npz_files.inc         (made with numpy 2.4.6)
"""
import io
import zipfile

import numpy as np


def table(name, data):
    print(f"static const unsigned char {name}[] = {{")
    for i in range(0, len(data), 16):
        print("    " + ", ".join(f"0x{b:02x}" for b in data[i:i + 16]) + ",")
    print("};")


def saved(save, **arrays):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


class Pipe(io.RawIOBase):
    """Cannot go back, so sizes and checksum of a member stand behind its bytes."""

    def __init__(self):
        self.bytes = b""

    def writable(self):
        return True

    def write(self, data):
        self.bytes += bytes(data)
        return len(data)


arrays = {"x": np.arange(6, dtype="<f4").reshape(2, 3), "y": np.array([3, 1], dtype="<i8"),
          "größe": np.array(2.5), "turned": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3))}
print("/* Made by tests/golden/npz_files.py. */")
table("savez", saved(np.savez, **arrays))
table("savez_compressed", saved(np.savez_compressed, **arrays))
pipe = Pipe()
with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
    for name in ("x", "y"):
        file = io.BytesIO()
        np.save(file, arrays[name])
        archive.writestr(name + ".npy", file.getvalue())
    archive.comment = b"streamed, with a comment"
table("streamed", pipe.bytes)
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
    archive.writestr("x.npy", b"none")
table("lzma", file.getvalue())
table("nothing", saved(np.savez))
