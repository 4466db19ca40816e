"""What the order desk says, in English and Chinese."""

from __future__ import annotations

from datetime import date, timedelta

from web.internal.orders import Order

_STATUS = {
    "en": {
        "processing": "is being packed",
        "shipped": "is on its way with {carrier} (tracking {tracking}) and should arrive on {day}",
        "out_for_delivery": "is out for delivery with {carrier} today (tracking {tracking})",
        "delivered": "was delivered on {day} by {carrier} (tracking {tracking})",
        "delayed": "is delayed; we now expect it on {day}",
        "cancelled": "was cancelled on {day}",
        "returned": "came back to us on {day}; the refund is under way",
    },
    "zh": {
        "processing": "正在配货",
        "shipped": "已由 {carrier} 承运（运单号 {tracking}），预计{day}送达",
        "out_for_delivery": "今天由 {carrier} 派送（运单号 {tracking}）",
        "delivered": "已于{day}由 {carrier} 送达（运单号 {tracking}）",
        "delayed": "有延误，预计{day}送达",
        "cancelled": "已于{day}取消",
        "returned": "已于{day}退回，正在办理退款",
    },
}
_SENTENCE = {
    "en": "Order {number} ({items}) {status}.",
    "zh": "订单 {number}（{items}）{status}。",
}
_NO_MATCH = {
    "en": "I found no order with this number and this e-mail address together. Please check both "
    "in your confirmation e-mail and ask about your order again.",
    "zh": "没有找到订单号和邮箱都相符的订单。请对照确认邮件核对后再查一次。",
}
_LOCKED = {
    "en": "There were too many tries, so order lookup is closed here for about {minutes} minutes. "
    "Our team can help you meanwhile: just ask for a person.",
    "zh": "尝试次数过多，订单查询暂停约 {minutes} 分钟。急用的话请说“转人工”。",
}
_BAD_NUMBER = {
    "en": "“{value}” is not an order number: it is TW- followed by five digits.",
    "zh": "“{value}”不是订单号：订单号是 TW- 加五位数字。",
}
_BAD_EMAIL = {
    "en": "“{value}” does not look like an e-mail address.",
    "zh": "“{value}”不像是邮箱地址。",
}


def order_found(order: Order, lang: str, today: date) -> str:
    """The state of an order."""
    status = _STATUS[lang][order.status].format(
        carrier=order.carrier, tracking=order.tracking, day=_day(today, order.day, lang)
    )
    return _SENTENCE[lang].format(number=order.number, items=order.items[lang], status=status)


def no_match(lang: str) -> str:
    """One answer for a wrong number and a wrong address, so that neither can be guessed alone."""
    return _NO_MATCH[lang]


def locked(lang: str, minutes: int) -> str:
    """Too many tries."""
    return _LOCKED[lang].format(minutes=minutes)


def bad_number(lang: str, value: object) -> str:
    """What was given cannot be an order number."""
    return _BAD_NUMBER[lang].format(value=_short(value))


def bad_email(lang: str, value: object) -> str:
    """What was given cannot be an e-mail address."""
    return _BAD_EMAIL[lang].format(value=_short(value))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _day(today: date, offset: int, lang: str) -> str:
    day = today + timedelta(days=offset)
    if lang == "zh":
        return f"{day.month}月{day.day}日"
    return f"{day.day} {day:%B}"
