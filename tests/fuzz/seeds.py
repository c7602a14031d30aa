#!/usr/bin/env python3
"""First inputs for the data formats' fuzz targets: small, each with another feature.

    tests/fuzz/seeds.py          writes tests/fuzz/corpus/{safetensors,npy,npz,idx,csv,text}
"""
import gzip
import io
import json
import os
import struct
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))


def put(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def weights(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


put("safetensors", "empty", weights(b"{}      "))
put("safetensors", "two", weights({"0.weight": entry("F32", [2, 3], 0, 24),
                                   "0.bias": entry("F32", [2], 24, 32)}, bytes(32)))
put("safetensors", "all-dtypes", weights(
    {d: entry(d, [1], 8 * i, 8 * i + 8) for i, d in enumerate(["F64", "I64"])}, bytes(16)))
put("safetensors", "unaligned", weights({"b": entry("U8", [1], 0, 1), "f": entry("F32", [1], 1, 5),
                                         "h": entry("BF16", [0], 5, 5)}, bytes(5)))
put("safetensors", "metadata", weights({"__metadata__": {"format": "pt"},
                                        "x": entry("BOOL", [], 0, 1)}, b"\1"))
put("safetensors", "metadata-null", weights({"__metadata__": None, "x": entry("BOOL", [], 0, 1)}, b"\1"))
put("safetensors", "metadata-zero-byte", weights({"__metadata__": {"a": "\0"}, "x": entry("F32\0", [], 0, 1)}, b"\1"))
put("safetensors", "overlap", weights({"a": entry("U8", [4], 0, 4), "b": entry("U8", [4], 2, 6)}, bytes(6)))
put("safetensors", "hole", weights({"a": entry("U8", [4], 2, 6)}, bytes(6)))
put("safetensors", "overflow", weights({"a": entry("F64", [2**62, 4], 0, 0)}))
put("safetensors", "long-header", struct.pack("<Q", 2**63) + b"{}")


def npy(header, data, version=1):
    text = header.encode()
    prefix = b"\x93NUMPY" + bytes([version, 0])
    length = "<H" if version == 1 else "<I"
    used = len(prefix) + struct.calcsize(length) + len(text) + 1
    text += b" " * (-used % 64) + b"\n"
    return prefix + struct.pack(length, len(text)) + text + data


put("npy", "f4", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", bytes(24)))
put("npy", "big-endian-fortran", npy("{'descr': '>i8', 'fortran_order': True, 'shape': (2, 2), }", bytes(32)))
put("npy", "scalar", npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", b"\1", 2))
put("npy", "one", npy('{"shape":(3,),"fortran_order":False,"descr":"<f2"}', bytes(6), 3))
put("npy", "empty", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 5), }", b""))
put("npy", "python-2", npy("{u'descr': u'<i4', u'fortran_order': True, u'shape': (2L, 0x1L), }  # long", bytes(8)))
put("npy", "i1", npy("{'descr': '|i1', 'fortran_order': False, 'shape': (3,), }", b"\x80\0\x7f"))
put("npy", "u2-big-endian-fortran", npy("{'descr': '>u2', 'fortran_order': True, 'shape': (2, 2), }", bytes(range(8))))
put("npy", "u4", npy("{'descr': 'uint32', 'fortran_order': False, 'shape': (+1, 0b1), }", b"\xff" * 4, 2))
put("npy", "u8-beyond-i64", npy("{'descr': '<u8', 'fortran_order': False, 'shape': (2, 1_0), }", b"\xff" * 160))
put("npy", "object", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", bytes(8)))
put("npy", "record", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", bytes(4)))
put("npy", "huge", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", b""))


def npz(members, compression=zipfile.ZIP_STORED, comment=b"", wide=False):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=wide) as member:
                member.write(data)
        archive.comment = comment
    return file.getvalue()


array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", bytes(24))
put("npz", "stored", npz({"x.npy": array, "y.npy": array[:-8]}))
put("npz", "wide", npz({"x.npy": array}, wide=True))
put("npz", "comment", npz({"x": b"no array"}, comment=b"PK\5\6" * 6))
put("npz", "nothing", npz({}))
for name, way in (("deflated", zipfile.ZIP_DEFLATED), ("lzma", zipfile.ZIP_LZMA)):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", way) as archive:
        archive.writestr("x.npy", array)
    put("npz", name, file.getvalue())


def idx(dtype, dims, data):
    return struct.pack(f">BBBB{len(dims)}I", 0, 0, dtype, len(dims), *dims) + data


# The target reads the first byte as choices: 1 gzip, 2 labels.
put("idx", "images", b"\0" + idx(8, [2, 2, 3], bytes(range(12))))
put("idx", "images-4d", b"\0" + idx(8, [2, 3, 1, 2], bytes(range(12))))
put("idx", "labels", b"\2" + idx(8, [3], b"\0\1\2"))
put("idx", "images-gz", b"\1" + gzip.compress(idx(8, [2, 2, 3], bytes(range(12))), mtime=0))
put("idx", "labels-gz-two-members", b"\3" + gzip.compress(idx(8, [3], b"\0"), mtime=0)
    + gzip.compress(b"\1\2", mtime=0))
put("idx", "images-gz-padded", b"\1" + gzip.compress(idx(8, [2, 2, 3], bytes(range(12))), mtime=0) + bytes(20))
put("idx", "labels-gz-members-and-padding", b"\3" + gzip.compress(idx(8, [3], b"\0"), mtime=0) + bytes(7)
    + gzip.compress(b"\1\2", mtime=0) + bytes(1))
put("idx", "labels-gz-garbage-behind-padding", b"\3" + gzip.compress(idx(8, [1], b"\0"), mtime=0) + bytes(7) + b"x")
put("idx", "images-for-labels", b"\2" + idx(8, [2, 2, 3], bytes(12)))
put("idx", "overflow", b"\0" + idx(8, [2**32 - 1] * 4, b""))
put("idx", "zero", b"\0" + idx(8, [0, 0, 0], b""))
put("idx", "floats", b"\0" + idx(13, [1, 1, 1], bytes(4)))

put("csv", "values", b"\0a,b,y\n1,2.5,0.5\n-3,4e1,1\n")
put("csv", "classes", b'\0a,y\r\n1,rose\r\n2,"lily, ""white"""\r\n')
put("csv", "bare-semicolons", b"\x031;2;3\r4;5;6")
put("csv", "skipped", b"\4\xef\xbb\xbfa,y\n1,2\n,3\nNA,?\n")
put("csv", "means", b"\x08a,b,y\n1,,u\n\n2,5,v\n")
put("csv", "whole-values", b"\x10a,y\n1,2\n2,123456789012345678901234567890\n")
put("csv", "blanks", b"\x20 a\tb  y \n1 2  3\n")
put("csv", "open-quote", b'\0a,y\n1,"2\n')
put("csv", "empty", b"\0")

put("text", "characters", "\0Größe und 世界 𝄞\r\nnoch eine Zeile".encode())
put("text", "words", b"\4the cat sat\r\n\r\non <unk> mat")
put("text", "rare-words", b"\x0ca b c a b a b a b a\n")
put("text", "labelled", "\1anna\tfi\r\nbob a\ten\nø\tda".encode())
put("text", "labelled-words-long", b"\x15a b\tx\na b c d e f g\ty\n")
put("text", "pairs", b"\6ein Haus\nein\na house\none")
put("text", "no-tab", b"\1anna\tfi\nbob en\n")
put("text", "cut-character", b"\0abcdefg\xe4\xb8")
put("text", "surrogate", b"\0abcdefg\xed\xa0\x80abc")
put("text", "zeros", b"\0a\0b\0c\0d\0e\0f\0")
put("text", "empty-lines", b"\1\n\n")
put("text", "uneven", b"\2ab\ncd\nefgh")
