"""The digest of the evidence: small, complete where it can be, and readable by the bot."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from bot.routing import EvidenceDigest
from retrieval.types import Evidence, Ranked
from web.conversation.digest import MAX_BYTES, digest


def test_the_bot_reads_what_was_sent() -> None:
    ranked = (Ranked("a", 3, "en", 0.91234, 0.8), Ranked("b", 1, "zh", 0.1, 0.2))
    evidence = Evidence("q", "q", "en", ranked, features={"margin": 0.4})
    read = EvidenceDigest.from_dict(digest(evidence, {"b": "a"}.get))
    assert [(i.id, i.rev, i.p, i.lang, i.of) for i in read.items] == [
        ("a", 3, 0.9123, "en", None),
        ("b", 1, 0.1, "zh", "a"),
    ]
    assert read.features == {"margin": 0.4}


@given(
    ids=st.lists(st.text("好a-", min_size=1, max_size=200), max_size=12, unique=True),
    names=st.lists(st.text("fx", min_size=1, max_size=40), max_size=30),
)
def test_it_never_grows_beyond_two_kilobytes(ids: list[str], names: list[str]) -> None:
    ranked = tuple(Ranked(i, 1, "en", 0.5, 0.5) for i in ids)
    body = digest(Evidence("q", "q", "en", ranked, dict.fromkeys(names, 0.1)), lambda _: None)
    assert len(orjson.dumps(body)) <= MAX_BYTES
    assert len(body["items"]) <= 8
    assert [item["id"] for item in body["items"]] == ids[: len(body["items"])]
    EvidenceDigest.from_dict(body)
