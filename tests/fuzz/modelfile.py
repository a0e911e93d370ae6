"""Model files taken apart: leaves of the card, tensors, the header; sealed anew, so that the card is read."""

import copy
import hashlib
import json
import struct

import numpy as np

from .values import pick

LEAVES = (None, True, False, 0, -1, 1, 3, 0.5, -1e300, 1e300, float("nan"), float("inf"), 2**63, 10**40, "", "x", "0",
          "flux", "image", "%s", "\x00", "é" * 300, [], [1], [[]], ["flux"], ["u", "u"], [None], [1, "a"], [0.0, 1.0],
          [1.0, 0.0], ["nan", 3], {}, {"a": 1}, {"a": {"b": []}}, [[[[]]]])  # fmt: skip
DEFAULTS = {
    **{name: {} for name in ("settings", "posterior", "ranges", "sample", "scores", "tensors")},
    **dict.fromkeys(("citation", "licence", "created", "version", "sha256"), ""),
    **dict.fromkeys(("photometry", "dereddened"), "unknown"),
    **dict.fromkeys(("pixel_scale", "stamp")),
    "seed": 0,
    "temperature": 1.0,
    "learning_curve": [],
}
"""Of the fields that a card may leave out: the hash is over all."""
KINDS = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}
NAMED = {np.dtype(kind).name: name for name, kind in KINDS.items()}


def parts(octets):
    """Return the card and the tensors of a sound model file."""
    length = struct.unpack("<Q", octets[:8])[0]
    header = json.loads(octets[8 : 8 + length])
    card = json.loads(header.pop("__metadata__")["card"])
    body = octets[8 + length :]
    tensors = {}
    for name, held in header.items():
        begin, end = held["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], KINDS[held["dtype"]]).reshape(held["shape"])
    return card, tensors


def sealed(card, tensors, keep=()):
    """Return a card that lists its tensors and carries its hash, but for the fields in ``keep``."""
    if not isinstance(card, dict):
        return card
    if "tensors" not in keep:
        card["tensors"] = {name: [array.dtype.name, list(array.shape)] for name, array in sorted(tensors.items())}
    if "sha256" not in keep:
        content = {name: value for name, value in (DEFAULTS | card).items() if name != "sha256"}
        total = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
        for name in sorted(tensors):
            total.update(np.ascontiguousarray(tensors[name]).tobytes())
        card["sha256"] = total.hexdigest()
    return card


def encode(card, tensors, changes=()):
    """Return the bytes of a file; the changes are of its header."""
    header, body = {"__metadata__": {"card": json.dumps(card)}}, b""
    for name, array in tensors.items():
        octets = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": NAMED[array.dtype.name], "shape": list(array.shape)}
        header[name]["data_offsets"] = [len(body), len(body) + len(octets)]
        body += octets
    for _, _, path, value in changes:
        put(header, path, value)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def small(octets):
    """Return a shipped model without what it remembers of its training sample, which is most of its bytes."""
    card, tensors = parts(octets)
    tensors = {name: array for name, array in tensors.items() if not name.startswith("_")}
    card["learning_curve"] = []
    return encode(sealed(card, tensors), tensors)


def apply(octets, changes):
    """Return a file's bytes after changes ``["leaf", what, path, value]``; what is card, tensor or header."""
    card, tensors = parts(octets)
    for _, what, path, value in changes:
        if what == "card":
            put(card, path, value)
        elif what == "tensor":
            _alter(tensors, path, value)
    kept = {path[0] for _, what, path, _ in changes if what == "card" and path}
    return encode(sealed(card, tensors, kept), tensors, [change for change in changes if change[1] == "header"])


def put(tree, path, value):
    """Put a value at a path of a tree of mappings and lists; the value ``{"drop": path}`` takes out what is there."""
    for step in path[:-1]:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return
    try:
        if isinstance(value, dict) and "drop" in value:
            del tree[path[-1]]
        else:
            tree[path[-1]] = copy.deepcopy(value)
    except (KeyError, IndexError, TypeError):
        return


def leaves(tree, path=()):
    """Yield the paths of everything in a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield [*path, key]
        yield from leaves(value, (*path, key))


def _alter(tensors, name, what):
    array = tensors.get(name)
    if array is None:
        return
    match what:
        case "drop":
            del tensors[name]
        case "double":
            tensors[name + "x"] = array
        case "flat":
            tensors[name] = array.reshape(-1)
        case "turned":
            tensors[name] = array.T.copy()
        case "short":
            tensors[name] = array[: len(array) // 2].copy() if array.ndim else array
        case "deep":
            tensors[name] = array[None]
        case "empty":
            tensors[name] = array.reshape(-1)[:0].copy()
        case "nan" | "huge" | "zero":
            tensors[name] = np.full_like(array, {"nan": np.nan, "huge": 3e38, "zero": 0}[what])
        case _:
            tensors[name] = array.astype(what)


ALTERED = ("drop", "double", "flat", "turned", "short", "deep", "empty", "nan", "huge", "zero", "float64", "float16",
           "int64", "int32", "uint8", "bool")  # fmt: skip


def some_leaf(rng, octets):
    """Return a mutation of a model file."""
    card, tensors = parts(octets)
    match pick(rng, ["card", "tensor", "header"], p=[0.7, 0.2, 0.1]):
        case "card":
            paths = list(leaves(card))
            roots = [path for path in paths if len(path) == 1]
            path = pick(rng, roots if rng.random() < 0.4 else paths)
            value = {"drop": 1} if rng.random() < 0.1 else pick(rng, LEAVES)
            return ["leaf", "card", path, value]
        case "tensor":
            return ["leaf", "tensor", pick(rng, sorted(tensors)), pick(rng, ALTERED)]
        case _:
            name = pick(rng, [*sorted(tensors), "__metadata__", "new"])
            path = [name, *pick(rng, [["dtype"], ["shape"], ["data_offsets"], ["data_offsets", 1], ["card"], []])]
            value = pick(
                rng, [*LEAVES, "F64", "BF16", "F8_E4M3", "Q", [2**40, 2**41], [0, 0], [10**9, 10**9], '{"a": 1}']
            )
            return ["leaf", "header", path, value]
