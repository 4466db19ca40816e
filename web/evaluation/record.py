"""One asked question as the result file keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.conversation.models import StoredMessage
from web.evaluation.expectation import Expectation, judge

_MAX_SHOWN = 3


def record_of(text: str, reply: StoredMessage, expected: Expectation | None) -> dict[str, Any]:
    """Turn a reply and its provenance into a record; without ``expected``, without an outcome."""
    provenance = reply.provenance
    if provenance is None:
        return error_record(text, expected)
    shown = (
        [option.entry_id for option in reply.options]
        if provenance.route == "clarify"
        else [entry.id for entry in provenance.entries]
        if provenance.route in ("answer", "compose")
        else []
    )
    ranking = [str(item["id"]) for item in provenance.ranking]
    top_p = float(provenance.ranking[0]["p"]) if provenance.ranking else 0.0
    return _finish(
        {
            "text": text,
            "route": provenance.route,
            "entry_ids": shown[:_MAX_SHOWN],
            "ranking": ranking,
            "p": top_p,
            "expect": expected.to_json() if expected else None,
            "degraded": provenance.degraded,
            "ms": dict(provenance.ms),
        },
        expected,
    )


def error_record(text: str, expected: Expectation | None) -> dict[str, Any]:
    """The record of a question that got no answer at all."""
    return _finish(
        {
            "text": text,
            "route": "error",
            "entry_ids": [],
            "ranking": [],
            "p": 0.0,
            "expect": expected.to_json() if expected else None,
            "degraded": False,
            "ms": {},
        },
        expected,
    )


def _finish(record: dict[str, Any], expected: Expectation | None) -> dict[str, Any]:
    outcome = judge(expected, record["route"], record["entry_ids"]) if expected else None
    return {**record, "outcome": outcome}


def reply_of(body: Mapping[str, Any]) -> StoredMessage:
    """Read the ``reply`` of the REST twin's response."""
    return StoredMessage.model_validate(body["reply"])
