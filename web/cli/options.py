"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Author = Annotated[str, typer.Option(help="Who makes the change; kept in the history.")]
Note = Annotated[str, typer.Option(help="Why; kept in the history.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
