"""Companies that nothing was trained or fitted on, through the whole product.

``python -m benchmarks.companies [--worlds DIR] [--json FILE]`` starts the product once for every
company of the folder, with its base as the only one, asks all its questions but the ambiguous ones,
and holds all its conversations. It prints the summary of ``grapevine eval`` over the single
questions, over messages that hold two, and over the turns of the conversations.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from benchmarks import report
from retrieval.training.worlds import Ask, World, read_worlds
from web.evaluation.asking import Asker
from web.evaluation.expectation import Expectation
from web.evaluation.files import Question
from web.evaluation.path import path_holding
from web.evaluation.summary import summarise
from web.evaluation.table import print_summary

WORLDS = Path(__file__).parent / "data" / "worlds" / "validation"


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask every company's questions, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=Path, default=WORLDS, help="folder of companies")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    console = Console()
    found: dict[str, Any] = {}
    for world in read_worlds(options.worlds):
        console.print(f"[bold]{world.name}[/bold]: {len(world.entries)} entries")
        found[world.name] = ask(world, console)
        print_summary(console, found[world.name])
        two = found[world.name]["two_questions"]
        console.print(f"two questions in one message, both answered: {two['right']:.0%}\n")
    run = report.provenance(None, sorted(options.worlds.glob("*.jsonl")))
    report.write(options.json, {"companies": found, "run": run})


def ask(world: World, console: Console) -> dict[str, Any]:
    """The summary of one company; ends the program where the base does not take an entry."""
    questions, doubles = questions_of(world), questions_of(world, double=True)
    dialogues = dialogues_of(world)
    count = len(questions) + len(doubles) + len(dialogues)
    with path_holding(entries_of(world), rejected=_refuse) as url, Progress(console=console) as bar:
        task = bar.add_task("asking", total=count)
        asker = Asker(url)
        asked, talked = asker.ask_all(
            [*questions, *doubles], dialogues, progress=lambda: bar.advance(task)
        )
        asker.close()
    turns = [one for dialogue in talked for one in dialogue]
    return {
        **summarise(asked[: len(questions)]),
        "two_questions": summarise(asked[len(questions) :])["all"],
        "dialogue_turns": summarise(turns)["all"],
    }


def entries_of(world: World) -> list[dict[str, Any]]:
    """The base as ``grapevine eval --kb`` reads it."""
    return [
        {
            "id": entry.id,
            "lang": entry.lang,
            "question": entry.question,
            "alternatives": list(entry.alternatives),
            "answer": entry.answer,
        }
        for entry in world.entries
    ]


def questions_of(world: World, *, double: bool = False) -> list[Question]:
    """What is asked by itself: single questions, or messages of two. An ambiguous question has no
    one right answer and is left out."""
    apart = ("ambiguous", "turn", "double")
    return [
        _question(one)
        for one in world.asks
        if (one.kind == "double" if double else one.kind not in apart)
    ]


def dialogues_of(world: World) -> list[list[Question]]:
    """The conversations, turn by turn."""
    found: list[list[Question]] = []
    for one in world.asks:
        if one.kind == "turn":
            if not one.history:
                found.append([])
            found[-1].append(_question(one))
    return found


def _question(one: Ask) -> Question:
    return Question(
        one.text, Expectation(one.gold, all_of=one.kind == "double"), one.kind, one.lang
    )


def _refuse(entry_id: str, reason: str) -> None:
    raise SystemExit(f"the base does not take {entry_id}: {reason}")


if __name__ == "__main__":
    main()
