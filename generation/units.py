"""Currencies, units and months as tables."""

from __future__ import annotations

CURRENCY_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "￥": "CNY"}
CURRENCY_WORDS = {
    "euros": "EUR", "euro": "EUR", "eur": "EUR", "欧元": "EUR",
    "dollars": "USD", "dollar": "USD", "usd": "USD", "美元": "USD",
    "pounds": "GBP", "pound": "GBP", "gbp": "GBP", "英镑": "GBP",
    "yuan": "CNY", "cny": "CNY", "rmb": "CNY", "元": "CNY", "块": "CNY", "块钱": "CNY",
    "cents": "cent", "cent": "cent", "分钱": "fen", "角": "jiao", "港元": "HKD", "日元": "JPY",
}  # fmt: skip

DURATION_MINUTES = {
    "second": 1 / 60, "minute": 1.0, "hour": 60.0, "day": 1440.0, "week": 10080.0,
}  # fmt: skip
"""Units that convert exactly; months, years and working days do not and stay themselves."""

UNITS = {
    "second": "second", "seconds": "second", "sec": "second", "秒": "second", "秒钟": "second",
    "minute": "minute", "minutes": "minute", "min": "minute", "mins": "minute",
    "分钟": "minute",
    "hour": "hour", "hours": "hour", "hrs": "hour", "小时": "hour", "个小时": "hour",
    "day": "day", "days": "day", "天": "day", "日内": "day",
    "business day": "workday", "business days": "workday", "working day": "workday",
    "working days": "workday", "workdays": "workday", "个工作日": "workday", "工作日": "workday",
    "business hours": "workhour", "working hours": "workhour",
    "week": "week", "weeks": "week", "周": "week", "星期": "week", "个星期": "week",
    "month": "month", "months": "month", "个月": "month", "year": "year", "years": "year",
    "年": "year", "岁": "year",
    "kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB", "G流量": "GB",
    "kbit/s": "kbps", "kbps": "kbps", "mbit/s": "Mbps", "mbps": "Mbps", "Mb/s": "Mbps",
    "gbit/s": "Gbps", "gbps": "Gbps", "兆": "Mbps", "兆比特每秒": "Mbps",
    "km": "km", "kilometres": "km", "kilometers": "km", "公里": "km", "m": "m", "metres": "m",
    "meters": "m", "米": "m", "cm": "cm", "厘米": "cm", "kg": "kg", "公斤": "kg",
    "ghz": "GHz", "mhz": "MHz", "volts": "V", "watts": "W",
    "times": "times", "次": "times", "折": "zhe",
}  # fmt: skip

ZH_COUNTERS = "[个台位期条张部户项种名封份款]"

EN_MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
    "august": 8, "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1,
    "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10,
    "nov": 11, "dec": 12,
}  # fmt: skip
