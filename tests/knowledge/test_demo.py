"""The demo knowledge base holds together: facts, both languages, small talk and site copy."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "knowledge" / "demo"
LANGS = ("en", "zh")
Entry = dict[str, Any]

_FACT = re.compile(r"^### (F\d\d) · ([a-z0-9-]+) · ([a-z]+) · (en zh|en|zh)$", re.M)
_URL = re.compile(r"https?://[A-Za-z0-9./_-]*[A-Za-z0-9]")
_EMAIL = re.compile(r"[\w.-]+@[A-Za-z0-9.-]+[A-Za-z]")
_NUMBER = re.compile(r"\d+(?:[.:]\d+)*")
_PRICE = re.compile(r"€\d+(?:\.\d+)?")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_MONTHS = {"March": "3", "October": "10"}
# Characters that only traditional script uses, enough to catch a slip.
_TRADITIONAL = set("體國電話號碼費訊網選單賬戶門開關寬帶線時間後們這裡還沒會說請問題點樓兩從對雙無")


def _entries(lang: str) -> list[Entry]:
    lines = (DEMO / f"{lang}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


EN, ZH = _entries("en"), _entries("zh")
ALL = EN + ZH
BY_ID = {entry["id"]: entry for entry in ALL}
PAIRS = [(z, BY_ID[z["translation_of"]]) for z in ZH if z.get("translation_of") in BY_ID]
FACTS_TEXT = (DEMO / "facts.md").read_text(encoding="utf-8")
FACTS = _FACT.findall(FACTS_TEXT)


def _fact_bodies() -> dict[str, str]:
    parts = _FACT.split(FACTS_TEXT)
    # Mentions of other facts ("see F51") are not numbers of this one.
    return {parts[i + 1]: re.sub(r"\bF\d\d\b", "", parts[i + 4]) for i in range(1, len(parts), 5)}


def _texts(entry: Entry) -> list[str]:
    return [entry["question"], entry["answer"], *entry["alternatives"]]


def _numbers(text: str) -> set[str]:
    for month, number in _MONTHS.items():
        text = re.sub(rf"\b{month}\b", number, text)
    return set(_NUMBER.findall(text))


def _phrase(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\W+", " ", folded).strip()


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _leaves(node: Any, path: str = "") -> dict[str, str]:
    """Every string of a nested document by its path, with lists by position."""
    if isinstance(node, dict):
        pairs = [_leaves(v, f"{path}.{k}") for k, v in node.items()]
    elif isinstance(node, list):
        pairs = [_leaves(v, f"{path}[{i}]") for i, v in enumerate(node)]
    else:
        assert isinstance(node, str), f"{path} is {node!r}: quote it"
        return {path: node}
    return {key: text for part in pairs for key, text in part.items()}


def test_sixty_entries_in_each_language_fifty_of_them_in_both() -> None:
    assert (len(EN), len(ZH), len(PAIRS)) == (60, 60, 50)
    assert len({english["id"] for _, english in PAIRS}) == 50


def test_ids_are_unique_slugs() -> None:
    assert len(BY_ID) == len(ALL)
    for entry in ALL:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry["id"]), entry["id"]
        assert entry["id"].startswith("zh-") == (entry["lang"] == "zh")


@pytest.mark.parametrize("entry", ALL, ids=lambda e: e["id"])
def test_entry_has_the_agreed_fields_within_their_limits(entry: Entry) -> None:
    required = {"id", "question", "answer", "alternatives", "topic", "lang"}
    assert required <= set(entry) <= required | {"translation_of"}
    assert 2 <= len(entry["alternatives"]) <= 4
    limit = 400 if entry["lang"] == "en" else 220
    assert len(entry["question"]) <= 90
    assert 20 <= len(entry["answer"]) <= limit
    assert all(5 <= len(text) <= 90 for text in entry["alternatives"])
    assert all(text == text.strip() and "\n" not in text for text in _texts(entry))


@pytest.mark.parametrize("entry", ALL, ids=lambda e: e["id"])
def test_entry_is_written_in_its_language(entry: Entry) -> None:
    for text in _texts(entry):
        han = _HAN.findall(text)
        if entry["lang"] == "en":
            assert not han, text
        else:
            assert len(han) >= 3, text
            assert not _TRADITIONAL & set(text), text


def test_translation_links_resolve_to_english_entries_of_the_same_topic() -> None:
    for entry in ZH:
        if "translation_of" not in entry:
            continue
        english = BY_ID[entry["translation_of"]]
        assert english["lang"] == "en"
        assert english["topic"] == entry["topic"]
        assert entry["id"] == f"zh-{english['id']}"
    assert not [entry["id"] for entry in EN if "translation_of" in entry]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p[0]["id"])
def test_a_translation_tells_the_same_numbers_prices_and_links(pair: tuple[Entry, Entry]) -> None:
    chinese, english = pair[0]["answer"], pair[1]["answer"]
    assert _numbers(chinese) == _numbers(english)
    assert set(_PRICE.findall(chinese)) == set(_PRICE.findall(english))
    assert set(_URL.findall(chinese)) == set(_URL.findall(english))
    assert set(_EMAIL.findall(chinese)) == set(_EMAIL.findall(english))


def test_facts_are_numbered_without_a_gap_and_each_has_its_limits() -> None:
    assert [number for number, *_ in FACTS] == [f"F{i:02}" for i in range(1, len(FACTS) + 1)]
    assert FACTS_TEXT.count("\n### ") == len(FACTS)
    for slug, body in _fact_bodies().items():
        assert re.search(r"^True: .{40,}$", body, re.M), slug
        assert re.search(r"^Not covered: .{10,}$", body, re.M), slug


def test_every_fact_has_its_entries_and_every_entry_its_fact() -> None:
    wanted = {}
    for _, slug, topic, langs in FACTS:
        for lang in langs.split():
            wanted[slug if lang == "en" else f"zh-{slug}"] = (lang, topic)
    assert wanted == {entry["id"]: (entry["lang"], entry["topic"]) for entry in ALL}


@pytest.mark.parametrize("entry", ALL, ids=lambda e: e["id"])
def test_every_number_and_link_of_an_answer_stands_in_its_fact(entry: Entry) -> None:
    fact = _fact_bodies()[entry["id"].removeprefix("zh-")]
    assert _numbers(entry["answer"]) <= _numbers(fact)
    for url in _URL.findall(entry["answer"]):
        assert url.removeprefix("https://tidewire.example") in fact


def test_no_two_phrasings_are_the_same() -> None:
    counts = Counter(_phrase(text) for e in ALL for text in (e["question"], *e["alternatives"]))
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_two_answers_are_the_same() -> None:
    assert len({_phrase(entry["answer"]) for entry in ALL}) == len(ALL)


def test_links_and_addresses_stay_on_the_demo_domain() -> None:
    copy = [(ROOT / f"web/site/copy/{lang}.yml").read_text(encoding="utf-8") for lang in LANGS]
    text = "\n".join([*(t for e in ALL for t in _texts(e)), FACTS_TEXT, *copy])
    urls = _URL.findall(text)
    assert len(urls) > 40
    assert all(url.startswith("https://tidewire.example/") for url in urls)
    assert all(address.endswith("@tidewire.example") for address in _EMAIL.findall(text))


@pytest.mark.parametrize("lang", LANGS)
def test_small_talk_is_rich_and_free_of_facts(lang: str) -> None:
    replies = _yaml(ROOT / f"generation/smalltalk/{lang}.yml")
    for intent, texts in replies.items():
        assert 3 <= len(texts) <= 6, intent
        assert len({_phrase(text) for text in texts}) == len(texts), intent
        for text in texts:
            assert len(text) <= 170, text
            assert not re.search(r"[\d€$%]|https?:|@", text), text
            assert bool(_HAN.search(text)) == (lang == "zh"), text
    assert len(replies["decline"]) >= 4


def test_small_talk_covers_the_same_intents_in_both_languages() -> None:
    english, chinese = (_yaml(ROOT / f"generation/smalltalk/{lang}.yml") for lang in LANGS)
    assert list(english) == list(chinese)
    assert {"greeting", "thanks", "goodbye", "affirm", "deny", "bot_identity"} <= set(english)


def test_site_copy_has_the_same_keys_and_prices_in_both_languages() -> None:
    english, chinese = (_leaves(_yaml(ROOT / f"web/site/copy/{lang}.yml")) for lang in LANGS)
    assert list(english) == list(chinese)
    for key, text in english.items():
        assert _PRICE.findall(text) == _PRICE.findall(chinese[key]), key
    prose = {key for key, text in chinese.items() if key.endswith((".title", ".text", ".intro"))}
    assert [k for k in prose if not _HAN.search(chinese[k]) and "Tidewire" not in chinese[k]] == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_topic_of_an_entry_has_a_name_on_the_site(lang: str) -> None:
    topics = _yaml(ROOT / f"web/site/copy/{lang}.yml")["topics"]
    assert set(topics) == {entry["topic"] for entry in ALL}


@pytest.mark.parametrize("lang", LANGS)
def test_the_plans_table_agrees_with_the_entries(lang: str) -> None:
    plans = _yaml(ROOT / f"web/site/copy/{lang}.yml")["plans"]
    for kind, slug in (("broadband", "fibre-plans"), ("mobile", "mobile-plans")):
        fact = _fact_bodies()[slug]
        answer = BY_ID[slug]["answer"]
        assert len(plans[kind]["rows"]) == 3
        for row in plans[kind]["rows"]:
            sentence = answer[answer.index(row["name"]) :]
            first = _PRICE.search(sentence)
            assert first is not None
            assert first.group() == row["price"], row
            assert row["price"].removeprefix("€") in _numbers(fact)
            shown = " ".join(str(row[key]) for key in ("down", "up", "data") if key in row)
            assert _numbers(shown) <= _numbers(fact)
