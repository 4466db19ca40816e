"""``grapevine doctor``: what is wrong with this installation and how to mend it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.terminal import expected_errors

if TYPE_CHECKING:
    from web.doctor import Finding

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Data folder to look at. [GRAPEVINE_DATA_DIR]", show_default=False),
    ] = None,
) -> None:
    """Check environments, database, models, index and bot; exit code 1 if something fails."""
    with expected_errors():
        from web.doctor import examine
        from web.settings import Settings
        from web.supervisor.environment import resolved

        settings = Settings(data_dir=data_dir) if data_dir is not None else Settings()
        findings = []
        for finding in examine(resolved(settings)):
            findings.append(finding)
            if not as_json:
                _show(finding)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _conclude(findings)
    if any(finding.status == "fail" for finding in findings):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    mark = typer.style(f"{finding.status:<5}", fg=_COLOURS[finding.status], bold=True)
    typer.echo(f"{mark}{finding.area:<13}{finding.name:<22}{finding.detail}")
    if finding.status != "ok" and finding.remedy:
        typer.echo(f"{'':<18}mend: {finding.remedy}")


def _conclude(findings: list[Finding]) -> None:
    count = {status: sum(f.status == status for f in findings) for status in _COLOURS}
    typer.echo(f"\n{count['ok']} ok, {count['warn']} to look at, {count['fail']} failing")
