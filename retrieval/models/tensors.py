"""Reading weight files as plain numpy arrays."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ConversionFailed

Array = NDArray[np.float32]

_BLOCK = 32
_Q4_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
_MAGIC = b"E5S1"


def read_safetensors(path: Path) -> dict[str, Array]:
    """All tensors of a safetensors file as float32."""
    from safetensors.numpy import load_file

    return {name: array.astype(np.float32) for name, array in load_file(path).items()}


@dataclass(frozen=True, slots=True)
class E5Blocks:
    """The header, the vocabulary pieces and the tensors of an ``E5S1`` file."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float
    pieces: list[str]
    tensors: dict[str, Array]


def read_e5_blocks(path: Path) -> E5Blocks:
    """Read the 4-bit block file of multilingual-e5-small.

    Layout: magic, version, seven header integers (hidden size, layers, heads, inner size,
    vocabulary, positions, token types), epsilon, block size; the tokenizer (offsets, scores,
    pieces, normalisation map); then a directory of named tensors. Matrices are Q4_0: blocks of
    32 weights, a half-precision scale and 16 bytes whose low nibbles are the first 16 weights;
    value = (nibble - 8) * scale. Raises ConversionFailed on anything else.
    """
    data = path.read_bytes()
    if data[:4] != _MAGIC:
        raise ConversionFailed(f"{path.name} does not begin with {_MAGIC.decode()}.")
    cursor = 8
    hidden, layers, heads, inner, vocabulary, positions, types = struct.unpack_from(
        "<7i", data, cursor
    )
    epsilon, block = struct.unpack_from("<fi", data, cursor + 28)
    if block != _BLOCK:
        raise ConversionFailed(f"{path.name} has blocks of {block}; {_BLOCK} was expected.")
    pieces, cursor = _read_pieces(data, cursor + 36)
    sizes: dict[str, tuple[int, ...]] = {
        "emb.word": (vocabulary, hidden),
        "emb.pos": (positions, hidden),
        "emb.type": (types, hidden),
    }
    matrices: dict[str, tuple[int, ...]] = {"fi.w": (inner, hidden), "fo.w": (hidden, inner)}
    tensors = {}
    for name, kind, count, offset in _directory(data, cursor):
        square = name.endswith(".w") and "ln." not in name
        default: tuple[int, ...] = (hidden, hidden) if square else (count,)
        shape = sizes.get(name) or matrices.get(name.partition(".")[2], default)
        tensors[name] = _tensor(data, kind, offset, shape)
    return E5Blocks(hidden, layers, heads, inner, vocabulary, positions, epsilon, pieces, tensors)


def _read_pieces(data: bytes, cursor: int) -> tuple[list[str], int]:
    (count,) = struct.unpack_from("<i", data, cursor)
    (blob_bytes,) = struct.unpack_from("<Q", data, cursor + 20)
    cursor += 28
    offsets = np.frombuffer(data, "<u4", count + 1, cursor)
    cursor += (count + 1) * 4 + count * 4
    blob = data[cursor : cursor + blob_bytes]
    ends = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    pieces = [blob[a:b].decode("utf-8") for a, b in ends]
    cursor += blob_bytes
    _, map_bytes = struct.unpack_from("<iI", data, cursor)
    return pieces, cursor + 8 + map_bytes


def _directory(data: bytes, cursor: int) -> list[tuple[str, int, int, int]]:
    (count,) = struct.unpack_from("<i", data, cursor)
    cursor += 4
    rows = []
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, cursor)
        name = data[cursor + 2 : cursor + 2 + length].decode()
        kind, elements, offset, _ = struct.unpack_from("<BIQQ", data, cursor + 2 + length)
        rows.append((name, kind, elements, offset))
        cursor += 2 + length + 21
    return rows


def _tensor(data: bytes, kind: int, offset: int, shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape))
    if kind == 0:
        return np.frombuffer(data, "<f4", count, offset).reshape(shape).astype(np.float32)
    blocks = np.frombuffer(data, _Q4_TYPE, count // _BLOCK, offset)
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    values *= blocks["scale"].astype(np.float32)[:, None]
    result: Array = values.reshape(shape)
    return result


@dataclass(frozen=True, slots=True)
class Gguf:
    """The fields and the dequantised tensors of a GGUF file."""

    fields: dict[str, object]
    tensors: dict[str, Array]


def read_gguf(path: Path) -> Gguf:
    """Read a GGUF file; every tensor is dequantised to float32."""
    import gguf

    reader = gguf.GGUFReader(path)
    fields = {name: entry.contents() for name, entry in reader.fields.items()}
    tensors = {
        t.name: np.ascontiguousarray(gguf.dequantize(t.data, t.tensor_type), dtype=np.float32)
        for t in reader.tensors
    }
    return Gguf(fields, tensors)
