"""Whether a file of weights is whole: its header, the places of its tensors, every number finite."""
import array
import hashlib
import json
import math
import struct


def is_whole(path, known=()):
    """What is wrong with it, or nothing. `known`: sha256 of files that need no look at their numbers."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 8:
        return f"only {len(data)} bytes"
    n_header = struct.unpack("<Q", data[:8])[0]
    try:
        header = json.loads(data[8:8 + n_header])
        tensors = [entry for name, entry in header.items() if name != "__metadata__"]
        ends = [entry["data_offsets"][1] for entry in tensors]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"no header: {error}"
    if max(ends, default=-1) != len(data) - 8 - n_header:
        return f"{len(data)} bytes, its header speaks of {8 + n_header + max(ends, default=0)}"
    if any(entry["dtype"] != "F32" for entry in tensors):
        return "a tensor that is not F32"
    if hashlib.sha256(data).hexdigest() in known:
        return None
    numbers = array.array("f")
    numbers.frombytes(data[8 + n_header:])
    return None if math.isfinite(sum(numbers)) else "a number that is not finite"
