"""The summary as people read it in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

#: Characters of a bar that stands for all.
_BAR = 40
_COLUMNS = (
    ("n", "count", "d"),
    ("right", "right", "%"),
    ("clarified right", "clarified_right", "%"),
    ("clarified", "clarified", "%"),
    ("wrong given", "wrong_given", "%"),
    ("uncovered not answered", "not_answered_on_uncovered", "%"),
)


def print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print outcomes by group, then ranking, coverage, calibration and speed."""
    console.print(_outcomes(summary))
    console.print(_ranking(summary))
    console.print(_reliability(summary["reliability"]))
    console.print(_speed(summary["seconds"]))


def _outcomes(summary: Mapping[str, Any]) -> Table:
    table = Table(title="What was shown", title_justify="left")
    table.add_column("group")
    for heading, _, _ in _COLUMNS:
        table.add_column(heading, justify="right")
    for name, figures in _groups(summary):
        cells = [_cell(figures[key], style) for _, key, style in _COLUMNS]
        table.add_row(name, *cells)
    return table


def _ranking(summary: Mapping[str, Any]) -> Table:
    table = Table(title="Ranking and probabilities", title_justify="left")
    headings = ("hit@1", "MRR", "recall@3", "AUROC", "near", "far", "AUPR", "calibration error")
    table.add_column("group")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, figures in _groups(summary):
        ranking, coverage = figures["ranking"], figures["coverage"]
        values = (
            ranking["hit@1"],
            ranking["mrr"],
            ranking["recall@3"],
            coverage["all"]["auroc"],
            coverage["near"]["auroc"],
            coverage["far"]["auroc"],
            coverage["all"]["aupr"],
            figures["calibration_error"],
        )
        table.add_row(name, *(_cell(value, ".3f") for value in values))
    return table


def _reliability(bins: Sequence[Mapping[str, Any]]) -> Table:
    """The reliability diagram lying on its side: a bar is as long as the share that was right, and
    the mark stands where the probability says that it should end."""
    table = Table(title="What probabilities were worth (■ right, │ said)", title_justify="left")
    for heading in ("n", "said", "right"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for one in bins:
        bar = ["■" if (place + 0.5) / _BAR <= one["right"] else " " for place in range(_BAR)]
        bar[min(_BAR - 1, int(one["p"] * _BAR))] = "│"
        shares = (_cell(one["p"], "%"), _cell(one["right"], "%"))
        table.add_row(str(one["count"]), *shares, "".join(bar))
    return table


def _speed(seconds: Mapping[str, Any]) -> Table:
    table = Table(title="Milliseconds a question, by length in tokens", title_justify="left")
    for heading in ("length", "n", "p50", "p95"):
        table.add_column(heading, justify="left" if heading == "length" else "right")
    for name, row in seconds.items():
        values = [None if row[key] is None else 1000 * row[key] for key in ("p50", "p95")]
        table.add_row(name, str(row["count"]), *(_cell(value, ".0f") for value in values))
    return table


def _groups(summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    groups = [("all", summary["all"])]
    groups += [(f"lang {name}", figures) for name, figures in summary["by_lang"].items()]
    groups += [(f"kind {name}", figures) for name, figures in summary["by_kind"].items()]
    if summary["dialogue_turns"]["count"]:
        groups.append(("dialogue turns", summary["dialogue_turns"]))
    return groups


def _cell(value: float | None, style: str) -> str:
    if value is None:
        return "–"
    if style == "%":
        return f"{100 * value:.1f} %"
    return format(value, style)
