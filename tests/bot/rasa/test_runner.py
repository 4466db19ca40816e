"""The graph run straight: the very results and errors of the runner that it stands in for."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

from bot.components.runner import StraightGraphRunner


class Number(GraphComponent):  # type: ignore[misc]
    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Number:
        made = cls()
        made.by = config["by"]  # type: ignore[attr-defined]
        return made

    def add(self, one: int, other: int) -> int:
        return one + other + int(self.by)  # type: ignore[attr-defined]


def node(needs: dict[str, str], by: int, *, target: bool = False) -> SchemaNode:
    return SchemaNode(
        needs=needs, uses=Number, fn="add", constructor_name="create", config={"by": by},
        eager=True, is_target=target, is_input=False, resource=None,
    )  # fmt: skip


SCHEMA = GraphSchema(
    {
        "last": node({"one": "left", "other": "right"}, 0, target=True),
        "left": node({"one": "start", "other": "start"}, 10),
        "right": node({"one": "left", "other": "start"}, 100),
        "aside": node({"one": "start", "other": "missing"}, 1),
    }
)


def runners(default_model_storage: Any) -> list[Any]:
    context = ExecutionContext(graph_schema=SCHEMA, model_id="none")
    return [
        kind.create(SCHEMA, default_model_storage, context)
        for kind in (DaskGraphRunner, StraightGraphRunner)
    ]


@pytest.fixture
def storage(tmp_path: Any) -> Any:
    from rasa.engine.storage.local_model_storage import LocalModelStorage

    return LocalModelStorage.create(tmp_path / "model")


def test_results_are_those_of_dask(storage: Any) -> None:
    theirs, ours = runners(storage)
    for targets in (None, ["left"], ["right", "left"]):
        for start in (1, 5):
            expected = theirs.run(inputs={"start": start}, targets=targets)
            assert ours.run(inputs={"start": start}, targets=targets) == expected


def test_an_input_stands_in_for_the_node_of_its_name(storage: Any) -> None:
    for runner in runners(storage):
        assert runner.run(inputs={"start": 1, "left": 5}, targets=["right"]) == {"right": 106}


def test_a_missing_input_is_the_same_error(storage: Any) -> None:
    for runner in runners(storage):
        with pytest.raises(GraphRunError, match="missing"):
            runner.run(inputs={"start": 1}, targets=["aside"])
