"""The course of a training: first whole texts, then every token.

A checkpoint holds weights, optimiser, random states and place; a course that goes on from it takes
the same steps as one that was never stopped.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from retrieval.training.objectives import embedding_loss, interaction_loss
from retrieval.training.reader import Reader
from retrieval.training.saving import save
from retrieval.training.worlds import Ask, World
from retrieval.types import Entry

_ASKS = {"embedding": 160, "interaction": 200}
_PART_OF_BASE = 0.7
#: So many questions follow one that has nothing to do with them: a customer changes the topic.
_CHANGES_TOPIC = 0.15
_WARM_UP = 0.05
_FIRST_RATE, _LAST_RATE = 0.1, 0.03
_SAVE_EVERY_S = 120.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Passes over all worlds, and the learning rate of the transformer."""

    embedding: int = 2
    interaction: int = 3
    rate: float = 8e-5
    seed: int = 1


@dataclass(slots=True)
class Course:
    """Takes a reader through the schedule.

    ``asks_of`` picks the questions of a world that this reader learns from; ``report`` is told
    phase, pass, step, steps and loss. ``checkpoint`` is written now and then and removed by nobody.
    """

    reader: Reader
    worlds: Sequence[World]
    asks_of: Callable[[World], list[Ask]]
    schedule: Schedule
    checkpoint: Path
    report: Callable[[str, int, int, int, float], None]
    rng: random.Random = field(init=False)
    optimiser: Any = field(init=False)
    place: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.schedule.seed)  # noqa: S311 - an order of questions
        self.reader.freeze()
        rate = self.schedule.rate
        heads = [
            *self.reader.projection.parameters(),
            *self.reader.message.parameters(),
            *self.reader.entry.parameters(),
        ]
        trained = [p for p in self.reader.bert.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": trained, "base": rate},
                {"params": heads, "base": 1e-3},
                {"params": [self.reader.first_scales], "base": 0.02},
                {"params": [self.reader.scales, *self.reader.none.parameters()], "base": 0.1},
            ],
            lr=rate,
            weight_decay=0.0,
        )
        if self.checkpoint.is_file():
            self._restore()

    def run(self) -> None:
        """Go through what is left of the schedule."""
        phases = ["embedding"] * self.schedule.embedding
        phases += ["interaction"] * self.schedule.interaction
        for number, phase in enumerate(phases):
            if number < self.place[0]:
                continue
            # The order of a pass is drawn from its own seed, so that it can be drawn again.
            self.rng.seed(self.schedule.seed * 1000 + number)
            self._go_through(phase, number, len(phases))
            self.place = (number + 1, 0)
            self.save()

    def _go_through(self, phase: str, number: int, phases: int) -> None:
        loss_of = embedding_loss if phase == "embedding" else interaction_loss
        steps = self._steps(_ASKS[phase])
        saved = time.monotonic()
        self.reader.train()
        for step, (entries, asks) in enumerate(steps):
            if step < self.place[1]:
                continue
            self._set_rate((number + step / len(steps)) / phases)
            loss = loss_of(self.reader, entries, asks)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.reader.bert.parameters(), 1.0)
            self.optimiser.step()
            self.report(phase, number, step + 1, len(steps), float(loss.detach()))
            if time.monotonic() - saved > _SAVE_EVERY_S:
                self.place = (number, step + 1)
                self.save()
                saved = time.monotonic()

    def _steps(self, size: int) -> list[tuple[list[Entry], list[Ask]]]:
        """Bases and questions of one pass; half of the time a part of a base, where the questions
        of the rest have no answer."""
        made = []
        for world in self.worlds:
            asks = self.asks_of(world)
            if not asks:
                continue  # a world of the other language
            self.rng.shuffle(asks)
            count = max(1, round(len(asks) / size))
            for start in range(count):
                entries = list(world.entries)
                if self.rng.random() >= 0.5:
                    entries = self.rng.sample(entries, int(len(entries) * _PART_OF_BASE))
                made.append((entries, self._after_others(asks[start::count])))
        self.rng.shuffle(made)
        return made

    def _after_others(self, asks: Sequence[Ask]) -> list[Ask]:
        made = []
        for ask in asks:
            other = self.rng.choice(asks)
            changes = self.rng.random() < _CHANGES_TOPIC and other.lang == ask.lang
            if changes and not ask.history and not set(other.gold) & set(ask.gold):
                ask = replace(ask, history=(*other.history, other.text))
            made.append(ask)
        return made

    def _set_rate(self, progress: float) -> None:
        if progress <= _WARM_UP:
            factor = max(_FIRST_RATE, progress / _WARM_UP)
        else:
            factor = max(_LAST_RATE, 1 - progress)
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * factor

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "reader": self.reader.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "torch": torch.get_rng_state(),
            "place": list(self.place),
        }
        save(state, self.checkpoint)

    def _restore(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.reader.load_state_dict(state["reader"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["torch"])
        self.place = (state["place"][0], state["place"][1])
