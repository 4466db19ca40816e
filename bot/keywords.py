"""What a few words say by themselves, in English and Chinese; pure and tiny.

Two uses: cues that a statistical classifier reads badly ("2", "the second one", a bare "hi"), and
the whole reading of a message while Rasa is down. Only ``bot.routing`` imports this module.
"""

from __future__ import annotations

import re
import unicodedata

_EN_ORDINALS = {
    "first": 1, "1st": 1, "one": 1, "former": 1, "top": 1,
    "second": 2, "2nd": 2, "two": 2,
    "third": 3, "3rd": 3, "three": 3,
    "fourth": 4, "4th": 4, "four": 4,
    "last": -1, "latter": -1,
}  # fmt: skip
_ZH_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4}
_EN_FILLER = """the one option number no choice please pls i mean meant want it is its thats that
    answer yes yeah ok go with pick choose take of those thanks thank you a"""
_ZH_LEAD = r"^(?:我?(?:要|选|选择|想问|想要|说的|指的)?的?是?)?"
_ZH_ORDINAL = re.compile(
    _ZH_LEAD + r"(?:第|选项)?\s*"
    r"(?:([一二两三四])|(\d{1,2}))\s*(?:个|项|条|种)?(?:选项|问题)?(?:吧|谢谢|啊|呢|那个)*$"
)
_ZH_LAST = re.compile(_ZH_LEAD + r"(?:最后(?:一)?(?:个|项|条)?|后者)(?:吧|谢谢)*$")
_ZH_FORMER = re.compile(_ZH_LEAD + r"(?:前者|上面(?:那)?(?:个)?)(?:吧|谢谢)*$")

# A message that consists of nothing but one of these is that intent, whatever else is believed.
_EXACT: dict[str, str] = {
    "greeting": "hi|hello|hey|hiya|yo|hi there|hello there|hey there|hi hi|good morning|"
    "good afternoon|good evening|greetings|howdy|你好|您好|嗨|哈喽|哈罗|早上好|下午好|晚上好|"
    "早|早安|在吗|在么|有人吗|你好啊|你好呀|喂|hi 你好|大家好",
    "thanks": "thanks|thank you|thx|ty|cheers|thanks a lot|many thanks|thank you so much|"
    "thank you very much|thanks so much|much appreciated|great thanks|ok thanks|okay thanks|"
    "perfect thanks|谢谢|多谢|谢啦|谢了|感谢|非常感谢|谢谢你|谢谢您|好的谢谢|太感谢了|辛苦了",
    "goodbye": "bye|goodbye|bye bye|see you|see ya|good night|cya|thats all|that is all|later|"
    "再见|拜拜|拜|回头见|晚安|没事了|没有了|没别的了|下次再聊",
    "affirm": "yes|yeah|yep|yup|sure|ok|okay|correct|right|exactly|yes please|of course|"
    "thats right|是|是的|对|对的|好|好的|嗯|没错|可以|行|对呀|是啊|当然",
    "deny": "no|nope|nah|no thanks|neither|none|none of them|none of these|none of those|"
    "not that|not those|neither of them|不|不是|不对|没有|都不是|不用|不要|都不对|不是这个|"
    "都不是谢谢",
    "stop_flow": "stop|cancel|never mind|nevermind|forget it|quit|exit|取消|算了|不查了|停|"
    "退出|停止|不用查了",
    "ask_person": "agent|human|operator|representative|real person|a human|a person|"
    "live agent|person|a person please|a human please|human please|agent please|person please|"
    "real person please|a real person please|人工|转人工|人工客服|真人|客服|找人工",
}
_EXACT_BY_TEXT = {phrase: intent for intent, text in _EXACT.items() for phrase in text.split("|")}

# Looser patterns for the time without Rasa: (intent, confidence, pattern), first match wins.
_PATTERNS: tuple[tuple[str, float, re.Pattern[str]], ...] = tuple(
    (intent, confidence, re.compile(pattern, re.I))
    for intent, confidence, pattern in (
        ("ask_person", 0.9,
         r"\b(?:talk|speak|chat|connect|transfer)\b.{0,20}\b(?:human|person|agent|someone|"
         r"somebody|representative|operator|advisor|adviser)\b|转人工|(?:找|要|接|转).{0,4}(?:人工|真人|客服)"),
        ("insight", 0.9,
         r"\bwhat (?:are|do|have) (?:\w+ )?(?:customers|people|users|others|everyone)\b.{0,20}"
         r"\b(?:say|saying|complain|complaining|talking)|"
         r"\b(?:top|common|most frequent) complaints\b|"
         r"(?:客户|用户|顾客|大家|网友)(?:们)?(?:最近)?(?:都)?(?:在)?(?:说|抱怨|吐槽|讨论|反映)"),
        ("order_status", 0.85,
         r"\b(?:where(?:'s| is)|status of|track|check)\b.{0,15}\b(?:my|an?|this) (?:\w+ )?"
         r"(?:order|parcel|package|delivery)\b|\border status\b|\bTW-?\d{4,6}\b|"
         r"(?:我的|查(?:一下|询)?)(?:订单|快递|包裹|物流)|订单(?:状态|到哪)"),
        ("bot_identity", 0.85,
         r"\bare you (?:a |an )?(?:bot|robot|human|real|ai|machine|person)\b|\bwho are you\b|"
         r"你是(?:不是)?(?:机器人|真人|谁|人工智能|ai)"),
        ("thanks", 0.7, r"^\W*(?:(?:thanks|thank you|thx)(?:\W+\w+){0,4}|(?:谢谢|多谢).{0,6})\W*$"),
        ("greeting", 0.6, r"^\W*(?:(?:hi|hello|hey)(?:\W+\w+){0,2}|(?:你好|您好).{0,3})\W*$"),
    )
)  # fmt: skip
_SEVERAL = re.compile(
    r"\?.+\?|？.+？|\b(?:and|also|plus)\b,? (?:also )?(?:how|what|when|where|can|do|does|is|which|"
    r"why|will|who)\b|\balso,? |\bas well as\b|(?:另外|还有|以及|同时|顺便).{0,4}(?:怎么|多少|什么|"
    r"如何|能|可以|是否|哪|几|有没有|想问|问)",
    re.I,
)
_CJK = re.compile(r"[\u3400-\u9fff]")


def normalise(text: str) -> str:
    """Lower-case ``text``, fold its width, and drop punctuation, marks and doubled spaces."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    kept = (c if unicodedata.category(c)[0] in "LNZ" else " " for c in folded)
    return " ".join("".join(kept).split())


def language(text: str) -> str:
    """Language by script: zh where ``text`` holds a Chinese character, en otherwise."""
    return "zh" if _CJK.search(text) else "en"


def exact_intent(text: str) -> str | None:
    """The intent of a message that is nothing but a set phrase ("hi", "谢谢"), else None."""
    return _EXACT_BY_TEXT.get(normalise(text))


def ordinal(text: str) -> int | None:
    """The option that a message names: 1 for "the first one", -1 for the last, else None.

    The whole message has to be such a choice: "my second router is broken" names none.
    """
    plain = normalise(text)
    if len(plain) > 40:
        return None
    if _CJK.search(plain):
        if _ZH_LAST.match(plain):
            return -1
        if _ZH_FORMER.match(plain):
            return 1
        found = _ZH_ORDINAL.match(plain)
        return (_ZH_DIGITS[found[1]] if found[1] else int(found[2])) if found else None
    return _english_ordinal(plain.split())


def _english_ordinal(words: list[str]) -> int | None:
    filler = _EN_FILLER.split()
    named = [w for w in words if w in _EN_ORDINALS and w != "one"] or [
        w for w in words if w.isascii() and w.isdigit() and len(w) <= 2
    ]
    if not named and words in (["one"], ["option", "one"], ["number", "one"]):
        return 1
    if len(named) != 1 or any(w not in filler and w != named[0] for w in words):
        return None
    return _EN_ORDINALS.get(named[0]) or int(named[0])


def asks_several(text: str) -> bool:
    """True where the message seems to hold two questions."""
    return bool(_SEVERAL.search(text))


def read_intent(text: str) -> tuple[str, float]:
    """Intent and confidence by keywords alone; a message without a cue is a question."""
    exact = exact_intent(text)
    if exact:
        return exact, 0.99
    for intent, confidence, pattern in _PATTERNS:
        if pattern.search(text):
            return intent, confidence
    return "ask_question", 0.9
