"""Write safetensors with numpy alone, so that the scripts here need Debian's packages only."""
import json

import numpy as np

DTYPES = {"float32": "F32", "float64": "F64", "int64": "I64"}


def save(path, arrays):
    """arrays: a dict of name to numpy array, kept in its order."""
    header, chunks, offset = {}, [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": DTYPES[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(chunks))
