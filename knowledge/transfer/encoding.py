"""Which encoding a text file has, and reading it so that bad bytes stay with their row."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from knowledge.errors import ImportRefused

_ERRORS = "knowledge-mark"
_BAD = re.compile("[\udc80-\udcff]")
_SAMPLE_BYTES = 256 * 1024
#: Share of lines with non-ASCII bytes that must be sound for an encoding to be believed while
#: the rest is reported row by row. UTF-8 sequences hardly ever come about by chance.
_MOSTLY_UTF8 = 0.5
_MOSTLY_GB = 0.8
#: Share of non-ASCII characters that GB2312 knows. Latin text read as GB18030 gives rare Hanzi.
_PLAUSIBLE_GB = 0.6

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with BOM"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec, its name for people, and why it was chosen."""

    codec: str
    label: str
    reason: str


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Put U+DC80…U+DCFF, which no sound file holds, in place of bytes that cannot be read."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start]
    return chr(0xDC00 + byte) if byte >= 0x80 else "\udcff", error.end


codecs.register_error(_ERRORS, _mark)


def named(name: str) -> Encoding:
    """The encoding that the user asked for. Raises ImportRefused where it is not known."""
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)
    except LookupError:
        raise ImportRefused(
            f"the encoding {name!r} is not known; use utf-8, utf-16, gb18030 or another that "
            "Python knows"
        ) from None
    return Encoding(codec, name, "as asked for")


def detect(path: Path) -> Encoding:
    """The encoding of a text file.

    A byte order mark decides; then UTF-8, then GB18030 (which holds GB2312 and GBK) where its
    characters are common ones; only then a guess by charset-normalizer.
    Raises ImportRefused for a binary file and where nothing fits.
    """
    with path.open("rb") as file:
        head = file.read(4)
        for bom, codec, label in _BOMS:
            if head.startswith(bom):
                return Encoding(codec, label, "the file begins with its mark")
        file.seek(0)
        utf8 = _share_of_sound_lines(file, "utf-8")
        if utf8 == 1:
            return Encoding("utf-8", "UTF-8", "every byte is valid in it")
        file.seek(0)
        gb = _share_of_sound_lines(file, "gb18030")
        file.seek(0)
        sample = file.read(_SAMPLE_BYTES)
    if utf8 >= _MOSTLY_UTF8 and utf8 >= gb * _plausible_gb(sample):
        return Encoding("utf-8", "UTF-8", "most rows are valid in it; the others are reported")
    if gb >= _MOSTLY_GB and _plausible_gb(sample) >= _PLAUSIBLE_GB:
        return Encoding("gb18030", "GB18030", "not UTF-8, and its characters are common in GB2312")
    return _guess(sample)


def open_text(path: Path, encoding: Encoding) -> tuple[BinaryIO, io.TextIOWrapper]:
    """The file as text with its line ends kept; also the binary file, to tell how far it is."""
    raw = path.open("rb")
    return raw, io.TextIOWrapper(raw, encoding=encoding.codec, errors=_ERRORS, newline="")


def bad_bytes(text: str) -> str | None:
    """The first unreadable byte in ``text``, as 0xNN; None where all could be read."""
    found = _BAD.search(text)
    return f"0x{ord(found[0]) - 0xDC00:02X}" if found else None


def _share_of_sound_lines(file: BinaryIO, codec: str) -> float:
    """Of the lines with non-ASCII bytes, the share that ``codec`` can read; 1 without such."""
    sound = total = 0
    for line in file:
        if b"\0" in line:
            raise ImportRefused(
                "the file holds zero bytes: it is not text, or it is UTF-16 without its mark; "
                "save it as CSV UTF-8"
            )
        if line.isascii():
            continue
        total += 1
        try:
            line.decode(codec)
            sound += 1
        except UnicodeDecodeError:
            pass
    return sound / total if total else 1.0


def _plausible_gb(sample: bytes) -> float:
    text = sample.decode("gb18030", "replace")
    foreign = [char for char in text if ord(char) > 0x7F]
    known = sum(1 for char in foreign if char.encode("gb2312", "ignore"))
    return known / len(foreign) if foreign else 0.0


def _guess(sample: bytes) -> Encoding:
    best = from_bytes(sample).best()
    if best is None:
        raise ImportRefused(
            "the encoding of the file is neither UTF-8, UTF-16 nor GB18030; save it as CSV UTF-8, "
            "or name the encoding"
        )
    reason = "a guess, since it is neither UTF-8 nor GB18030: check the texts"
    return Encoding(best.encoding, best.encoding, reason)
