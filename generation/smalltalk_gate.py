"""The gate of small talk: kind words, no facts."""

from __future__ import annotations

import re

from generation.gate import Verdict
from generation.literals import find_literals
from generation.quantities import find_quantities
from generation.reading import normalise

_ALLOWED_NUMBERS = frozenset({"one", "first", "second", "第一", "第二"})
_PROMISE = re.compile(
    r"\b(?:guarantee[ds]?|promise[ds]?|refund\w*|discount\w*|for free|free of charge|no charge|"
    r"compensat\w+|credited|(?:a|your) credit\b|warranty|"
    r"(?:we|i)(?:'ll| will| shall) (?:pay|refund|credit|send|"
    r"fix|repair|replace|deliver|give|call|make sure|ensure|cancel|upgrade|waive|solve)|"
    r"will be (?:fixed|refunded|delivered|solved|repaired|replaced)|free (?:month|phone|data|"
    r"router|gift|upgrade|trial))\b"
    r"|保证|承诺|赔偿|补偿|免费|优惠|打折|折扣|赠送|退款给|一定会|立即修复|马上修好|减免",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"\b(?:price[sd]?|costs?|cheap\w*|expensive|euros?|dollars?|pounds?|cents?|fees?)\b|[€$£¥￥%]"
    r"|价格|费用|便宜|多少钱|元|块钱",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\b(?:restart|reboot|reset|unplug|plug in|press|click|tap|dial|download|install|log in|"
    r"sign in|go to (?:settings|your|the (?:settings|app|website|page|store|menu|account))|visit|"
    r"call us|enter your|open the|switch (?:it |the \w+ )?o(?:n|ff)|password|"
    r"pin code|card number)\b"
    r"|重启|重置|拔掉|点击|拨打|下载|安装|登录|前往|密码|卡号|验证码",
    re.IGNORECASE,
)


def judge_small_talk(text: str) -> Verdict:
    """Whether a line of small talk is free of numbers, prices, promises, links, instructions."""
    plain = normalise(text)
    reasons = [f"{x.kind}: {x.value}" for x in find_literals(plain)]
    reasons += [
        f"number: {q.text}"
        for q in find_quantities(plain)
        if q.text.lower().strip() not in _ALLOWED_NUMBERS and not _article(q.text)
    ]
    for name, pattern in (
        ("price", _PRICE), ("promise", _PROMISE), ("instruction", _INSTRUCTION)
    ):  # fmt: skip
        reasons += [f"{name}: {m.group()}" for m in pattern.finditer(plain)]
    return Verdict(not reasons, tuple(reasons))


def _article(text: str) -> bool:
    # "一个", "一条", "一次": "a", not "one"; "几个" is no number at all.
    return text.startswith("一") and len(text) <= 2
