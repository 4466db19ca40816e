"""Two small bases that no reader has seen: balloon flights in English, star-gazing in Chinese."""

from __future__ import annotations

from retrieval.types import Entry, Lang


def _entry(lang: Lang, key: str, answer: str, question: str, *alternatives: str) -> Entry:
    return Entry(key, 1, lang, question, answer, alternatives)


#: A company that flies people in hot-air balloons.
BALLOONS = (
    _entry(
        "en", "price", "A shared flight costs £165 a person at dawn and £185 at sunset.",
        "How much is a balloon flight?", "What do you charge for one person?",
    ),
    _entry(
        "en", "private", "A private basket for two costs £690, at dawn or at sunset.",
        "What does a private basket for two cost?", "Can we have a balloon to ourselves?",
    ),
    _entry(
        "en", "weather", "If wind, rain or fog stop a flight, you choose a new date for nothing. "
        "We decide at 6 pm the evening before and send a text message.",
        "What happens if my flight is called off because of the weather?",
        "Will we still fly when it rains?",
    ),
    _entry(
        "en", "cancel", "Open My Flights and press Cancel booking. Up to 14 days before the flight "
        "you get everything back, later half.",
        "How do I cancel my booking?", "Do I get my money back if I call off the flight?",
    ),
    _entry(
        "en", "move", "Open My Flights and press Change date, up to 48 hours before take-off. "
        "The first change is free, each further one costs £20.",
        "Can I move my booking to another day?", "How do I change the date of my flight?",
    ),
    _entry(
        "en", "weight", "A passenger may weigh up to 120 kg; above that we keep two places for "
        "you.",
        "Is there a weight limit for passengers?", "I am quite heavy. May I fly?",
    ),
    _entry(
        "en", "children", "Children fly from the age of 7 and 1.20 m, beside an adult.",
        "How old must children be to fly?", "From what age may my son come along?",
    ),
    _entry(
        "en", "pregnant", "No. The landing can be rough, so we take nobody who is pregnant.",
        "Can I fly while I am pregnant?", "Do you take expectant mothers?",
    ),
    _entry(
        "en", "clothes", "Flat closed shoes and long trousers; the burner keeps you warm from "
        "above, so a jumper is enough.",
        "What should I wear for the flight?", "Do I need special shoes or a warm coat?",
    ),
    _entry(
        "en", "duration", "About an hour in the air; with setting up and the way back plan four.",
        "How long does a flight last?", "How much time should I plan for it?",
    ),
    _entry(
        "en", "meeting", "At the barn on Hollow Lane, 75 minutes before take-off.",
        "Where do we meet before the flight?", "What is the address of the launch site?",
    ),
    _entry(
        "en", "return", "Our truck follows the balloon and drives everybody back to the barn.",
        "How do we get back after landing?", "Who picks us up where the balloon comes down?",
    ),
    _entry(
        "en", "redeem", "Choose a date on the website and enter the code of the voucher at "
        "payment.",
        "How do I redeem a gift voucher?", "I was given a voucher. How do I book with it?",
    ),
    _entry(
        "en", "expired", "Once, within six months of the last day, for £25: write to us with "
        "the code.",
        "Can an expired voucher be extended?", "My voucher has run out. Is the money gone?",
    ),
    _entry(
        "en", "lost", "Tell us the buyer's e-mail address and we send the code again.",
        "I have lost my voucher code. What now?", "Can you send me the voucher again?",
    ),
    _entry(
        "en", "monthly", "The monthly membership of the Sky Club costs £12 and can be ended any "
        "month.",
        "What does the monthly membership cost?", "How much is the Sky Club by the month?",
    ),
    _entry(
        "en", "annual", "The annual membership of the Sky Club costs £99 and holds one dawn "
        "flight.",
        "What does the annual membership cost?", "How much is the Sky Club for a year?",
    ),
    _entry(
        "en", "family", "The family membership costs £249 a year for two adults and up to three "
        "children.",
        "What does the family membership cost?", "Is there a Sky Club for the whole family?",
    ),
    _entry(
        "en", "leave", "Under Sky Club press End membership; it runs until what you have paid "
        "is used up.",
        "How do I end my membership?", "I want to leave the Sky Club",
    ),
    _entry(
        "en", "photos", "Two days after the flight a link to the photos comes by e-mail; they "
        "are free.",
        "Where do I find the photos of my flight?", "When do I get the pictures from on board?",
    ),
)  # fmt: skip

#: A company that rents out telescopes and runs camps for looking at stars.
STARS = (
    _entry(
        "zh", "zh-rent", "入门款每天60元，专业款每天180元，另收押金。",
        "租一台望远镜多少钱？", "望远镜租金怎么算",
    ),
    _entry(
        "zh", "zh-deposit", "望远镜寄回验收后三个工作日内原路退还押金。",
        "押金什么时候退？", "还了设备押金多久到账",
    ),
    _entry(
        "zh", "zh-late", "每超一天按日租金的一倍半收取，从押金里扣。",
        "望远镜晚还几天怎么收费？", "超期归还要罚钱吗",
    ),
    _entry(
        "zh", "zh-damage", "镜片划伤按维修价从押金里扣，买过保障的最多付100元。",
        "望远镜摔坏了怎么赔？", "镜片刮花要赔多少",
    ),
    _entry(
        "zh", "zh-wifi", "长按电源键8秒让主机恢复出厂，再在“寻星”App里重新添加。",
        "望远镜连不上WiFi怎么办？", "手机搜不到主机的无线信号",
    ),
    _entry(
        "zh", "zh-redlight", "红灯闪烁表示电量不足或未调平，请充电两小时并放平三脚架。",
        "主机红灯一直闪是什么意思？", "指示灯不停闪红",
    ),
    _entry(
        "zh", "zh-crash", "请把“寻星”App升级到最新版；仍然闪退就清除缓存后重新登录。",
        "寻星App一打开就闪退怎么办？", "软件老是自己关掉",
    ),
    _entry(
        "zh", "zh-camp", "周末营每人398元，含一晚帐篷、晚餐和讲解。",
        "周末观星营多少钱一个人？", "去营地住一晚要多少",
    ),
    _entry(
        "zh", "zh-cloudy", "遇到阴雨天可以免费改到下一期，或者退一半费用。",
        "阴天看不到星星可以退钱吗？", "营期碰上下雨怎么办",
    ),
    _entry(
        "zh", "zh-change", "开营前三天可以在订单里点“改期”，第一次免费。",
        "观星营怎么改日期？", "报了名想换一期去",
    ),
    _entry(
        "zh", "zh-cancel", "开营前七天以上全额退款，七天以内退一半，在订单里点“取消报名”。",
        "怎么取消观星营的报名？", "营不去了能退款吗",
    ),
    _entry(
        "zh", "zh-kids", "6岁以上可以参加，12岁以下要有大人陪同。",
        "小朋友几岁可以参加观星营？", "孩子多大能去营地",
    ),
    _entry(
        "zh", "zh-bus", "周六下午三点在地铁青桐站C口上大巴，周日中午送回原处。",
        "去营地怎么坐车？", "大巴在哪里上车",
    ),
    _entry(
        "zh", "zh-bring", "山上夜里冷，请带羽绒服、保温杯和红光手电；帐篷和睡袋由营地准备。",
        "去观星营要带什么？", "晚上要穿什么衣服",
    ),
    _entry(
        "zh", "zh-month", "月卡39元，可以随时停。",
        "会员月卡多少钱？", "按月的会员怎么收费",
    ),
    _entry(
        "zh", "zh-year", "年卡299元，送一次周末营。",
        "会员年卡多少钱？", "按年的会员怎么收费",
    ),
    _entry(
        "zh", "zh-familycard", "家庭卡每年599元，两大两小都能用。",
        "家庭卡多少钱？", "全家一起办会员怎么收费",
    ),
    _entry(
        "zh", "zh-renewal", "在“我的—会员—自动续费”里关闭，最晚在扣费前一天。",
        "怎么关闭会员自动续费？", "不想让会员每个月自己扣钱",
    ),
    _entry(
        "zh", "zh-invoice", "在“我的订单”里点“开发票”，电子发票当天发到邮箱。",
        "怎么开发票？", "能不能开公司抬头的电子发票",
    ),
    _entry(
        "zh", "zh-alipay", "微信、支付宝和银行卡都可以，不收现金。",
        "可以用支付宝付款吗？", "支持哪些付款方式",
    ),
)  # fmt: skip
