"""An independent reader and writer of the safetensors format, after its published description, in plain Python.

    safetensors_reference.py dump FILE    checks FILE as the format demands and prints what it holds as JSON
    safetensors_reference.py make FILE    writes a small file as another program would
"""
import json
import math
import struct
import sys

WIDTH = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
CODE = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B"}


def unique(pairs):
    result = dict(pairs)
    assert len(result) == len(pairs), "duplicate keys"
    return result


def load(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    assert size <= 100_000_000 and 8 + size <= len(raw), "header size"
    header, data = raw[8:8 + size], raw[8 + size:]
    assert header[:1] == b"{", "header must begin with {"
    assert size % 8 == 0, "data is not aligned"
    entries = json.loads(header.decode("utf-8"), object_pairs_hook=unique)
    metadata = entries.pop("__metadata__", {})
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in metadata.items()), "metadata is text to text"
    at, tensors = 0, []
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        count = math.prod(entry["shape"])
        assert begin == at and end <= len(data), "holes, overlaps or out of bounds"
        assert end - begin == count * WIDTH[entry["dtype"]], "shape and size"
        values = list(struct.unpack(f"<{count}{CODE[entry['dtype']]}", data[begin:end]))
        tensors.append({"name": name, "dtype": entry["dtype"], "shape": entry["shape"], "values": values})
        at = end
    assert at == len(data), "bytes that belong to no tensor"
    return {"metadata": metadata, "tensors": tensors}


def save(path, metadata, tensors):
    header, data = {"__metadata__": metadata}, b""
    for name, dtype, shape, values in tensors:
        piece = struct.pack(f"<{len(values)}{CODE[dtype]}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    if sys.argv[1] == "dump":
        print(json.dumps(load(sys.argv[2])))
    else:
        tensors = [("a", "F32", [2, 2], [1.5, -2.0, 0.0, 1e-3]), ("b", "I64", [], [-7]), ("empty", "U8", [0, 3], [])]
        save(sys.argv[2], {"made by": "hand \u2603"}, tensors)
