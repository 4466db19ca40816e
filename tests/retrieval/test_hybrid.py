from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.arena import TokenArena
from retrieval.hybrid import HybridRetriever
from retrieval.types import Entry, Reading
from tests.retrieval.conftest import SMALL_BASE, entry, small_retriever
from tests.retrieval.hashing import HashingEncoder

IDS = st.sampled_from([e.id for e in SMALL_BASE])
EDIT = st.tuples(st.sampled_from(["upsert", "stale", "remove", "replace", "snapshot"]), IDS)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=st.lists(EDIT, max_size=15))
def test_no_sequence_of_edits_brings_back_a_dead_revision(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str]]
) -> None:
    made = small_retriever(tmp_path_factory.mktemp("edits"))
    made.load()
    made.replace_all(SMALL_BASE)
    truth: dict[str, Entry] = {e.id: e for e in SMALL_BASE}
    revision = 1
    for act, key in edits:
        revision += 1
        original = next(e for e in SMALL_BASE if e.id == key)
        if act == "upsert":
            truth[key] = replace(original, revision=revision, question=f"Edited {revision} {key}")
            made.upsert([truth[key]])
        elif act == "stale" and key in truth:
            made.upsert([replace(truth[key], revision=truth[key].revision - 1, question="Old")])
        elif act == "remove":
            truth.pop(key, None)
            made.remove([key])
        elif act == "replace":
            truth = {e.id: truth.get(e.id, e) for e in SMALL_BASE[:4]}
            made.replace_all(truth.values())
        elif act == "snapshot":
            made.snapshot()
            made.load()
    assert made.check(truth.values()).ok
    for text in ("router", "edited mobile contract", "发票", "roaming in switzerland"):
        for ranked in made.search(text, limit=50).ranked:
            assert truth[ranked.entry_id].revision == ranked.revision


def test_an_entry_whose_language_changes_leaves_the_english_index(
    retriever: HybridRetriever,
) -> None:
    changed = entry("roaming", "漫游怎么收费？", lang="zh", revision=2)
    retriever.upsert([changed])
    rest = [e for e in SMALL_BASE if e.id != "roaming"]
    assert retriever.check([*rest, changed]).ok


def test_the_same_revision_with_other_words_is_taken_as_news(retriever: HybridRetriever) -> None:
    first = SMALL_BASE[0]
    retriever.upsert([replace(first, question="Where is the zebra crossing?")])
    assert retriever.search("zebra crossing").ranked[0].entry_id == first.id


def test_evidence_says_what_it_was_made_of(retriever: HybridRetriever) -> None:
    evidence = retriever.search("how do i reset my router")
    assert evidence.query == evidence.text
    assert set(evidence.ms) == {"encode", "rank"}
    assert evidence.features["completed"] == 0.0
    assert 0.0 <= evidence.features["none"] <= 1.0
    first, second = evidence.ranked[:2]
    assert evidence.features["margin"] == pytest.approx(first.p - second.p)
    assert first.features["best"] > second.features["best"]


def test_it_says_whether_its_probabilities_were_fitted_for_its_encoders(
    retriever: HybridRetriever, caplog: pytest.LogCaptureFixture
) -> None:
    assert not retriever.calibrated
    retriever.load()
    assert "fit_calibration" in caplog.text


@pytest.mark.models
def test_the_default_encoders_are_those_of_the_calibration(real_retriever: HybridRetriever) -> None:
    assert real_retriever.calibrated


def test_translations_share_one_probability(retriever: HybridRetriever) -> None:
    ranked = {r.entry_id: r for r in retriever.search("what does roaming cost").ranked}
    assert ranked["roaming"].p > 0.0
    assert ranked["zh-roaming"].p == 0.0


def test_a_removal_that_comes_after_an_edit_wins(tmp_path: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    entered, go_on = threading.Event(), threading.Event()
    read = made._encoders["multi"].read

    def slow(*arguments: object, **named: object) -> object:
        entered.set()
        go_on.wait(10)
        return read(*arguments, **named)  # type: ignore[arg-type]

    made._encoders["multi"].read = slow  # type: ignore[method-assign, assignment]
    editor = threading.Thread(target=made.upsert, args=([replace(SMALL_BASE[0], revision=2)],))
    remover = threading.Thread(target=made.remove, args=([SMALL_BASE[0].id],))
    editor.start()
    assert entered.wait(10)
    remover.start()
    go_on.set()
    editor.join()
    remover.join()
    assert made.check(SMALL_BASE[1:]).ok


@pytest.mark.models
def test_questions_find_entries_of_the_other_language(real_retriever: HybridRetriever) -> None:
    real_retriever.replace_all(
        [
            entry("zh-roam", "在瑞士漫游怎么收费？", "国外流量多少钱", lang="zh"),
            entry("zh-bill", "发票在哪里下载？", "怎么拿电子发票", lang="zh"),
            entry("en-sim", "How do I get a new SIM card?", "Replace a lost SIM"),
            entry("en-move", "I am moving, what about my internet?", "Take broadband along"),
        ]
    )
    for text, expected in (
        ("how much is roaming in switzerland", "zh-roam"),
        ("where do i download my invoice", "zh-bill"),
        ("SIM 卡丢了，怎么补一张", "en-sim"),
        ("要搬家了，家里的网怎么办", "en-move"),
    ):
        assert real_retriever.search(text).ranked[0].entry_id == expected


@pytest.mark.models
def test_the_pair_in_the_visitors_language_comes_first(real_retriever: HybridRetriever) -> None:
    real_retriever.replace_all(SMALL_BASE)
    assert real_retriever.search("瑞士漫游多少钱").ranked[0].entry_id == "zh-roaming"
    assert real_retriever.search("price of data in switzerland").ranked[0].entry_id == "roaming"
    assert real_retriever.search("roaming 瑞士", lang="en").ranked[0].entry_id == "roaming"


@pytest.mark.models
def test_an_uncovered_question_is_known_as_such(real_retriever: HybridRetriever) -> None:
    real_retriever.replace_all(SMALL_BASE)
    covered = real_retriever.search("how can i put my router back to factory settings")
    assert covered.ranked[0].p > 0.5
    for text in ("do you sell bicycles", "who won the match yesterday", "你们卖自行车吗"):
        assert real_retriever.search(text).ranked[0].p < 0.5


@pytest.mark.models
def test_a_story_around_the_question_does_not_hide_it(real_retriever: HybridRetriever) -> None:
    real_retriever.replace_all(SMALL_BASE)
    story = (
        "Hi there, I moved in with my sister last month and her kids keep playing with everything "
        "on the shelf. Yesterday one of them unplugged half of the living room. Long story short, "
        "how do I restart the router? Thanks a lot in advance."
    )
    assert real_retriever.search(story).ranked[0].entry_id == "router-restart"


def test_each_text_is_read_by_the_encoders_that_it_needs(tmp_path: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE[:5])  # every answer exists in English
    english, chinese = "and for mobile?", "你们的宽带怎么退订 for mobile"
    assert made._searcher.spaces(english, "en") == ["en"]
    assert made._searcher.spaces(english, "en", [chinese]) == ["en", "multi"]
    assert made._searcher.spaces(chinese, "en") == ["multi"]
    assert made.search(english, history=[chinese]).ranked
    made.replace_all(SMALL_BASE)  # one exists in Chinese alone
    assert made._searcher.spaces(english, "en") == ["en", "multi"]
    assert made._searcher.spaces(chinese, "zh") == ["multi"]


def test_a_message_is_read_behind_the_turns_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    read: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    class Listening(HashingEncoder):
        def read(self, texts: Any, kind: Any = "message", before: Any = ()) -> list[Reading]:
            read.append((tuple(texts), tuple(before[0]) if before else ()))
            return super().read(texts, kind, before)

    encoder = Listening()
    encoder.load()
    made._encoders["en"] = encoder
    history = ["你好", "how do i cancel my broadband contract"]
    for turn, before in ((history[0], []), (history[1], history[:1])):
        made.search(turn, history=before)  # what it found is remembered
    read.clear()
    made.search("and for mobile", history=history)
    # Not trained to read context, it is given the completed text.
    assert {texts[0] for texts, _ in read} == {
        "and for mobile",
        "how do i cancel my broadband contract for mobile",
    }
    read.clear()
    encoder.reads_context = True
    made.search("and for mobile", history=history)
    # What was said in another language is kept from the English encoder.
    assert read == [(("and for mobile",), ()), (("and for mobile",), (history[1],))]
    # One that stands by itself and is understood is not read a second time.
    read.clear()
    monkeypatch.setattr("retrieval.search._SURE_ALONE", 0.0)
    made.search("how do i cancel my broadband contract", history=history)
    assert len(read) == 1


def test_an_edit_on_a_full_disk_changes_nothing_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each entry's tokens need a file of their own.
    monkeypatch.setattr(
        "retrieval.catalogue.TokenArena", partial(TokenArena, in_memory=0, segment=1)
    )
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    new = entry("paint", "How do I paint my router?")
    edited = replace(SMALL_BASE[0], revision=2, question="How do I varnish my router?")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("retrieval.arena.os.posix_fallocate", full)
        with pytest.raises(OSError, match="No space left"):
            made.upsert([new, edited])
        found = {one.entry_id: one.revision for one in made.search("varnish my router").ranked}
        assert found[edited.id] == 1
        assert new.id not in found
    made.upsert([new, edited])
    assert made.check([edited, *SMALL_BASE[1:], new]).ok
    assert made.search("varnish my router").ranked[0].entry_id == edited.id
