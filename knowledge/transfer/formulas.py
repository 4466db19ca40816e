"""Cells that a spreadsheet would run as a formula, made safe and made whole again.

A cell that begins with ``= + - @`` (or their full-width forms, after any spaces), or with a tab
or line break, is a formula to some spreadsheet (OWASP, *CSV Injection*). Such a cell gets one
apostrophe in front; so does a cell that has apostrophes there already. Taking one off again
therefore always gives the original: n apostrophes became n + 1, and every other cell is left
alone. A cell that people wrote without our apostrophe comes in as it stands.
"""

from __future__ import annotations

import re

_RISKY = r"(?:[\t\r\n]|[\s\ufeff]*[=+\-@＝＋－＠])"
_ESCAPE = re.compile(rf"'*{_RISKY}")
_UNESCAPE = re.compile(rf"'+{_RISKY}")


def escape(cell: str) -> str:
    """``cell`` as no spreadsheet runs it."""
    return f"'{cell}" if _ESCAPE.match(cell) else cell


def unescape(cell: str) -> str:
    """What :func:`escape` was given."""
    return cell[1:] if _UNESCAPE.match(cell) else cell
