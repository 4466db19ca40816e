"""Running Rasa's graph of components without planning it anew.

Rasa hands the graph to dask for every run: three times a turn dask sorts the same few nodes and
keeps account of tasks that could run side by side, which none does. That is a quarter of the bot's
time a turn. Here the order is worked out once for each set of targets.
"""

from __future__ import annotations

from typing import Any

import rasa.core.processor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner


class StraightGraphRunner(DaskGraphRunner):  # type: ignore[misc]
    """Calls the nodes one after the other; what nodes and targets give is what dask would give."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._orders: dict[tuple[str, ...], list[tuple[str, Any, tuple[str, ...]]]] = {}

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Run what ``targets`` need, given ``inputs`` by name. Raises GraphRunError."""
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        order = self._orders[wanted]
        # A node takes its inputs as (name, value); a name without a value stands for itself.
        done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, node, needs in order:
                if name not in done:
                    done[name] = node(*(done.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return {name: done[name][1] for name in wanted}

    def _order(self, wanted: tuple[str, ...]) -> list[tuple[str, Any, tuple[str, ...]]]:
        """The nodes that the targets need, each after those that it needs."""
        nodes = self._graph_schema.minimal_graph_schema(list(wanted)).nodes
        order: list[str] = []

        def visit(name: str, above: tuple[str, ...]) -> None:
            if name in above:
                raise GraphRunError(f"The node {name!r} needs itself.")
            if name not in nodes or name in order:
                return
            for need in nodes[name].needs.values():
                visit(need, (*above, name))
            order.append(name)

        for name in nodes:
            visit(name, ())
        return [
            (name, self._instantiated_nodes[name], tuple(nodes[name].needs.values()))
            for name in order
        ]


def install() -> None:
    """Have Rasa's message processor run its graph so."""
    rasa.core.processor.DaskGraphRunner = StraightGraphRunner
