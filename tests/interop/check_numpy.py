#!/usr/bin/env python3
"""Arrays to NumPy and PyTorch and back: check_numpy.py SHARE_TOOL

SHARE_TOOL is a library with the functions of share_tool.c. What the library hands out by DLPack NumPy and
PyTorch take without a copy, and the reverse; an .npy file mapped here and there is one memory; archives are
read and written alike. Needs numpy; PyTorch where it is there. Exits with 77 (skipped) without numpy.
"""
import ctypes
import gc
import pathlib
import sys
import tempfile

SKIPPED = 77

try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(SKIPPED)

try:
    import torch
except ImportError as error:
    torch = None
    print(f"without PyTorch: {error}")

python = ctypes.pythonapi
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]
USED = {b"dltensor": b"used_dltensor", b"dltensor_versioned": b"used_dltensor_versioned"}


class Ours:
    """A tensor of the library's, as Python's array API wants it."""

    def __init__(self, tool):
        self.tool = tool

    def __dlpack_device__(self):
        return 1, 0

    def __dlpack__(self, max_version=None, **_):
        if max_version and max_version[0] >= 1:
            return python.PyCapsule_New(self.tool.tool_hand_out(), b"dltensor_versioned", None)
        return python.PyCapsule_New(self.tool.tool_hand_out_unversioned(), b"dltensor", None)


class Older(Ours):
    def __dlpack__(self, **_):
        return super().__dlpack__()


def add_one(tool, array, **kind):
    """The library adds 1 to what `array` hands it, in place; the text of its error."""
    capsule = array.__dlpack__(**kind)
    versioned = bool(kind)
    name = b"dltensor_versioned" if versioned else b"dltensor"
    call = tool.tool_add_one if versioned else tool.tool_add_one_unversioned
    text = call(python.PyCapsule_GetPointer(capsule, name)).decode()
    if not text.startswith("from_dlpack"):  # it is the library's now, and given back
        python.PyCapsule_SetName(capsule, USED[name])
    return text


def check_dlpack_out(tool, take, to_list):
    for ours in (Ours(tool), Older(tool)):
        array = take(ours)
        assert to_list(array) == [[0, 3], [1, 4], [2, 5]], array
        del array
        gc.collect()


def check_dlpack_in_numpy(tool):
    versions = {"max_version": (1, 0)}
    x = np.arange(12, dtype="f4").reshape(3, 4)
    view = x[::2, 1::2]
    assert add_one(tool, view) == ""
    assert add_one(tool, view, **versions) == ""
    assert x.tolist() == [[0, 3, 2, 5], [4, 5, 6, 7], [8, 11, 10, 13]], x
    assert add_one(tool, x[::-1], **versions) == ""
    for dtype in ("f8", "i8", "i4", "i2", "u1", "f2"):
        numbers = np.zeros(3, dtype)
        assert add_one(tool, numbers, **versions) == "", dtype
        assert numbers.tolist() == [1, 1, 1], (dtype, numbers)
    for dtype in ("c8", "u4", "i1"):
        text = add_one(tool, np.zeros(3, dtype), **versions)
        assert text.startswith("from_dlpack: no dtype for elements of code"), text
    x.flags.writeable = False
    assert "may only be read" in add_one(tool, x, **versions)
    before = sys.getrefcount(x)
    add_one(tool, x, **versions)
    assert sys.getrefcount(x) == before, "the library keeps what it was handed"


def check_dlpack_in_torch(tool):
    x = torch.zeros(2, 3, dtype=torch.bfloat16)
    assert add_one(tool, x.t()) == ""
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]], x


def check_mapped_file(tool, folder):
    path = folder / "x.npy"
    np.save(path, np.arange(6, dtype="f8").reshape(2, 3))
    there = np.load(path, mmap_mode="r+")
    assert tool.tool_fill_file(bytes(path), 2.5) == b""
    assert (there == 2.5).all(), there
    there[1, 2] = 7
    there.flush()
    assert np.load(path)[1, 2] == 7
    np.save(path, np.asfortranarray(np.ones((2, 3))))
    assert b"Fortran" in tool.tool_fill_file(bytes(path), 2.5)


def check_archives(tool, folder):
    arrays = {"x": np.arange(6, dtype="f4").reshape(2, 3), "größe": np.array(3), "none": np.zeros((0, 2), "i2"),
              "bits": np.array([True, False]), "pixels": np.zeros((100, 28, 28), "u1")}
    for save in (np.savez, np.savez_compressed):
        for compressed in (0, 1):
            theirs, ours = folder / "theirs.npz", folder / "ours.npz"
            save(theirs, **arrays)
            text = tool.tool_copy_npz(bytes(theirs), bytes(ours), compressed)
            assert text == b"", text
            with np.load(ours) as back:
                assert list(back) == list(arrays), list(back)
                for name, array in arrays.items():
                    assert back[name].dtype == array.dtype and (back[name] == array).all(), name
            assert (ours.stat().st_size < 20000) == bool(compressed)


def main():
    tool = ctypes.CDLL(sys.argv[1])
    for name in ("tool_hand_out", "tool_hand_out_unversioned"):
        getattr(tool, name).restype = ctypes.c_void_p
    for name in ("tool_add_one", "tool_add_one_unversioned"):
        getattr(tool, name).argtypes = [ctypes.c_void_p]
        getattr(tool, name).restype = ctypes.c_char_p
    tool.tool_fill_file.argtypes = [ctypes.c_char_p, ctypes.c_double]
    tool.tool_fill_file.restype = tool.tool_copy_npz.restype = ctypes.c_char_p
    tool.tool_copy_npz.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    check_dlpack_out(tool, np.from_dlpack, lambda a: a.tolist())
    check_dlpack_in_numpy(tool)
    if torch:
        check_dlpack_out(tool, torch.from_dlpack, lambda a: a.tolist())
        check_dlpack_in_torch(tool)
    with tempfile.TemporaryDirectory() as folder:
        check_mapped_file(tool, pathlib.Path(folder))
        check_archives(tool, pathlib.Path(folder))
    print("shared" + (" with PyTorch too" if torch else ""))


main()
