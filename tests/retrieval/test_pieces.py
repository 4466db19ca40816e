"""SentencePiece gives the ids that ``tokenizers`` gives, for a fraction of the memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from retrieval.models import ModelStore, unigram
from retrieval.pieces import FRAME, PIECES, in_context, open_tokens

_DEMO = Path(__file__).parents[2] / "knowledge" / "demo"
_LETTERS = (
    "abc XYZ019.,!?'\"-_/:()\t\néüñÀßçﬁ①Ⅷ㎡ｆｕ"
    "你好路由器怎么重置，。！？한국日本ひカрусعربहिनไทย🙂👍🏽\u200b\u0301\ufeff\x00\x07▁"
)
_ODD = st.text(st.one_of(st.sampled_from(_LETTERS), st.characters(exclude_categories=["Cs"])))
_SETTINGS = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _small() -> Any:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁ro", "uter", "r", "o", "u", "t", "e", "你好"]
    scores = [0.0, 0.0, 0.0, 0.0, -2.0, -3.0, -3.5, -5.0, -5.0, -5.0, -5.0, -5.0, -4.0]
    made = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), 3, False))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


@pytest.fixture
def small(tmp_path: Path) -> Path:
    _small().save(str(tmp_path / "tokenizer.json"))
    unigram.write(tmp_path / "tokenizer.json", tmp_path)
    return tmp_path


def test_a_small_vocabulary_gives_the_same_ids(small: Path) -> None:
    ours, theirs = open_tokens(small, 12), _small()
    theirs.enable_truncation(12)
    for text in ("", "router", " ro  uter", "你好 router", "xyz", "r" * 40, "roｕter 你 好"):
        assert ours.ids(text) == theirs.encode(text).ids, text
        assert len(ours.plain(text)) >= len(ours.ids(text)) - 2
    assert len(ours.ids("r" * 40)) == 12
    assert ours.ids("router") == [0, 5, 6, 2]


def test_a_special_token_in_a_text_is_text(small: Path) -> None:
    assert 2 not in open_tokens(small, 50).ids("ro</s>uter")[1:-1]
    assert _small().encode("ro</s>uter").ids.count(2) == 2


def test_other_kinds_of_tokenizers_are_left_alone(tmp_path: Path) -> None:
    made = Tokenizer(models.WordPiece({"[UNK]": 0, "router": 1}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    unigram.write(tmp_path / "tokenizer.json", tmp_path)
    assert not (tmp_path / PIECES).exists()
    assert not (tmp_path / FRAME).exists()
    ours = open_tokens(tmp_path, 3)
    assert ours.ids("router what router router router") == [1, 0, 1]
    assert ours.ids("ｒｏｕｔｅｒ　ｗｈａｔ") == [1, 0], "full-width letters are letters"


@pytest.fixture(scope="module")
def real() -> tuple[Any, Any]:
    folder = ModelStore().ensure("multilingual-e5-small")
    theirs = Tokenizer.from_file(str(folder / "tokenizer.json"))
    theirs.enable_truncation(256)
    theirs.no_padding()
    return open_tokens(folder, 256), theirs


@pytest.mark.models
def test_every_word_of_the_demo_base(real: tuple[Any, Any]) -> None:
    ours, theirs = real
    for name in ("en.jsonl", "zh.jsonl"):
        for line in (_DEMO / name).read_text("utf-8").splitlines():
            row = json.loads(line)
            for text in (row["question"], row["answer"], *row["alternatives"]):
                assert ours.ids("query: " + text) == theirs.encode("query: " + text).ids


@pytest.mark.models
@_SETTINGS
@given(text=_ODD)
def test_any_text(real: tuple[Any, Any], text: str) -> None:
    ours, theirs = real
    assert ours.ids(text) == theirs.encode(text).ids


@given(
    st.lists(st.integers(10, 99), max_size=60),
    st.lists(st.lists(st.integers(10, 99), max_size=40), max_size=4),
    st.integers(8, 90),
)
def test_the_turns_before_a_message_never_cost_it_a_word(
    own: list[int], before: list[list[int]], room: int
) -> None:
    found = in_context(own, before, [2], room)
    assert len(found) <= room
    assert found[-len(own) :] == own or len(own) > room or not own
    assert found.count(2) <= min(2, len(before))


def test_the_latest_turns_are_read_and_the_middle_of_long_ones_left_out() -> None:
    long = list(range(100, 140))
    assert in_context([7], [[5], [6]], [2], 80) == [5, 2, 6, 2, 7]
    assert in_context([7], [[4], [5], [6]], [2], 80) == [5, 2, 6, 2, 7]
    assert in_context([7], [long], [2], 80) == [*long[:12], *long[-12:], 2, 7]
    assert in_context([7], [long, [6]], [2], 12) == [6, 2, 7]
