"""Understanding, each language on phrases that training never saw."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from conftest import BOT, Server

pytestmark = pytest.mark.slow

HELD_OUT = Path(__file__).parents[1] / "nlu"


def phrases(lang: str) -> list[tuple[str, str]]:
    by_intent = yaml.safe_load((HELD_OUT / f"{lang}.yml").read_text(encoding="utf-8"))
    return [(intent, text) for intent, texts in by_intent.items() for text in texts]


def trained() -> set[str]:
    lines = "\n".join(p.read_text(encoding="utf-8") for p in (BOT / "data" / "nlu").glob("*.yml"))
    return {x.strip()[2:].lower() for x in lines.splitlines() if x.strip().startswith("- ")}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_held_out_means_held_out(lang: str) -> None:
    assert not {text.lower() for _, text in phrases(lang)} & trained()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_intents(server: Server, lang: str) -> None:
    cases = phrases(lang)
    wrong = []
    for n, (intent, text) in enumerate(cases):
        nlu = server.turn(f"nlu-{lang}-{n}", text, lang=lang)["nlu"]
        if nlu["intent"] != intent:
            wrong.append((text, intent, nlu["intent"], nlu["confidence"]))
    accuracy = 1 - len(wrong) / len(cases)
    assert accuracy >= 0.85, (accuracy, wrong)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_questions_with_evidence_are_answered(server: Server, lang: str) -> None:
    """A covered question may be misread, and reaches its answer all the same."""
    questions = [text for intent, text in phrases(lang) if intent == "ask_question"]
    lost = [
        text
        for n, text in enumerate(questions)
        if server.turn(f"q-{lang}-{n}", text, lang=lang, ps=[0.8, 0.1])["directives"][0]["route"]
        != "answer"
    ]
    assert not lost


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_no_question_is_not_answered(server: Server, lang: str) -> None:
    """Middling evidence for small talk, as retrieval often finds some, changes nothing."""
    others = [
        (intent, text)
        for intent, text in phrases(lang)
        if intent not in ("ask_question", "insight", "stop_flow")
    ]
    answered = [
        text
        for n, (_, text) in enumerate(others)
        if server.turn(f"o-{lang}-{n}", text, lang=lang, ps=[0.35, 0.1])["directives"][0]["route"]
        in ("answer", "compose")
    ]
    assert len(answered) <= len(others) * 0.05, answered


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("it's TW-10442", "order_number", "TW-10442"),
        ("订单号TW-20031谢谢", "order_number", "TW-20031"),
        ("anna@example.com", "email", "anna@example.com"),
        ("I ordered on 3 March 2026", "date", "2026-03-03"),
        ("我是3月3日下单的", "date", "--03-03"),
    ],
)
def test_entities(server: Server, conversation: str, text: str, kind: str, value: str) -> None:
    (entity,) = server.turn(conversation, text)["nlu"]["entities"]
    assert (entity["entity"], entity["value"]) == (kind, value)
    assert 0 <= entity["start"] < entity["end"] <= len(text)


@pytest.mark.parametrize(
    "text",
    ["How do I cancel it?", "how can I stop it?", "can I still cancel that?", "怎么取消它？"],
)
def test_a_question_about_cancelling_stops_nothing(server: Server, text: str) -> None:
    assert text.lower() not in trained()
    reply = server.turn(f"cancel-{text}", text, ps=[0.5, 0.3])
    assert reply["directives"][0]["route"] == "clarify", reply["nlu"]


#: Topics in one or two words, none of them in training.
TOPICS = {
    "en": "voicemail, contract, roaming charges, fibre, shoes, ringtone, deposit, hotspot, 5G, "
    "paper bill, gluten, second line, router, postage, breakfast",
    "zh": "合同, 路由器, 语音信箱, 漫游, 光纤, 鞋子, 铃声, 押金, 热点, 5G, "
    "纸质账单, 副卡, 邮费, 早餐, 插座",
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_bare_topic_is_no_small_talk(server: Server, lang: str) -> None:
    topics = TOPICS[lang].split(", ")
    assert not set(map(str.lower, topics)) & trained()
    read = {
        text: server.turn(f"topic-{lang}-{n}", text, lang=lang, ps=[0.3, 0.1])["directives"][0]
        for n, text in enumerate(topics)
    }
    chatted = [text for text, directive in read.items() if directive["route"] == "chat"]
    assert len(chatted) <= len(topics) // 10, chatted
