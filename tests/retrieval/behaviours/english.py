"""What visitors of the balloon company write, by behaviour: text, the entry that answers it (None:
none does) and, where it matters, what they said before."""

from __future__ import annotations

from tests.retrieval.behaviours.case import Case, Weak

PARAPHRASE = [
    Weak("what am i looking at per head", "price"),
    Weak("we'd rather not share with strangers, what's the damage for a couple", "private"),
    Case("say it's blowing a gale on the morning, what then", "weather"),
    Case("I'm on the big side, 19 stone, is that a problem", "weight"),
    Case("my wife is expecting in may, is she allowed on board", "pregnant"),
    Weak("once we're down in some field, what about our car", "return"),
    Case("will I be frozen up there, do I need a thick jacket", "clothes"),
    Case("how many hours should I keep free that morning", "duration"),
    Case("is my little girl too young for this, she turned six", "children"),
    Case("someone snapped us from the camera on the ropes, where can I download those", "photos"),
]

TYPOS = [
    Case("hwo much is a baloon fligth", "price"),
    Weak("cancle my bookin", "cancel"),
    Case("weigth limt??", "weight"),
    Case("how do i redeam a gfit vouchr", "redeem"),
    Case("wher do we meat befor the flight", "meeting"),
    Weak("chnage date of flihgt", "move"),
    Case("anual membershp price", "annual"),
    Case("fotos of my flite", "photos"),
]

SLANG = [
    Case("yo hw much 4 a ride m8", "price"),
    Weak("gonna b chucking it down sat, we still going up or wot", "weather"),
    Case("cba with the sky club anymore, get me out", "leave"),
    Case("cant make it lads, do i get me dosh back", "cancel"),
    Case("wot do i wear innit", "clothes"),
    Case("me vouchers outta date, is it toast", "expired"),
    Case("binned the email w the voucher code by mistake lol", "lost"),
]

STORIES = [
    Weak(
        "My parents have their golden wedding this summer and my sister and I wanted to give them "
        "something they would never buy for themselves. Dad is 74 and still rides his bike every "
        "morning. We would like it to be just the two of them and the pilot, nobody else. What "
        "would we have to pay for that?",
        "private",
    ),
    Case(
        "I found an envelope in a drawer when we moved house last week, from my old colleagues. "
        "Inside was a card with a balloon on it. It was meant for a flight, but the date printed "
        "on the back was in January and it is March now. Is there anything that can be done?",
        "expired",
    ),
    Case(
        "We had such a lovely morning with you on Sunday, the pilot was great and my mum has not "
        "stopped talking about it. There was a camera that took pictures of us all above the "
        "river. My mum would love one for her kitchen. How do I get hold of them?",
        "photos",
    ),
    Case(
        "So we booked for the 14th, four of us. Now my brother has broken his leg playing "
        "football and will be in plaster for six weeks. We all want to go together, so we would "
        "like to come in September instead. Is that possible?",
        "move",
    ),
    Case(
        "Hi there. My hen party is flying with you on Saturday, we are staying at a hotel in town "
        "and nobody wants to drive because there will be prosecco. We understand that you never "
        "know where you come down. So who takes us home from there?",
        "return",
    ),
]

MIXED = [
    Case("热气球 flight 一个人多少钱", "price"),
    Case("我的 voucher 过期了 can you extend it", "expired"),
    Case("下雨的话 still fly 吗", "weather"),
    Case("想 cancel booking 怎么弄", "cancel"),
    Case("怀孕可以坐 balloon 吗", "pregnant"),
    Case("几岁的 kids 可以 fly", "children"),
]

FULL_WIDTH = [
    Case("ＷＨＡＴ　ＤＯＥＳ　ＴＨＥ　ＡＮＮＵＡＬ　ＭＥＭＢＥＲＳＨＩＰ　ＣＯＳＴ？", "annual"),
    Case("ｗｅｉｇｈｔ　ｌｉｍｉｔ？", "weight"),
    Case("ｈｏｗ　ｄｏ　ｉ　ｃａｎｃｅｌ　ｍｙ　ｂｏｏｋｉｎｇ", "cancel"),
    Case("ｌｏｓｔ　ｍｙ　ｖｏｕｃｈｅｒ　ｃｏｄｅ！！", "lost"),
]

ELLIPSIS = [
    Case("and for the family one?", "family", ("what does the annual membership cost?",)),
    Case("and by the month?", "monthly", ("what does the annual membership cost?",)),
    Case("what about for two people on our own", "private", ("how much is a balloon flight?",)),
    Case("and if it's expired?", "expired", ("how do i redeem a gift voucher?",)),
    Case("or to another day instead?", "move", ("how do i cancel my booking?",)),
    Case("and kids?", "children", ("is there a weight limit for passengers?",)),
    Case("and if i've lost it?", "lost", ("how do i redeem a gift voucher?",)),
]

PRONOUNS = [
    Case("how do i get out of it again?", "leave", ("what does the annual membership cost?",)),
    Case("how long does it last?", "duration", ("how much is a balloon flight?",)),
    Case("can i still use it if it has run out", "expired", ("i was given a voucher",)),
    Case("when do they arrive?", "photos", ("did you take photos on board?",)),
    Case("can they come along too?", "children", ("i have two boys, 8 and 10",)),
    Case("what should we wear for that?", "clothes", ("how long does a flight last?",)),
]

CORRECTIONS = [
    Case("no, I meant the annual plan", "annual", ("what does the monthly membership cost?",)),
    Case("sorry, i meant the family membership", "family", ("what does membership cost",)),
    Case("no not cancel, change the date", "move", ("how do i cancel my booking?",)),
    Case("i mean end the membership", "leave", ("how do i cancel my booking?",)),
    Case("wait, i meant the private one", "private", ("how much is a balloon flight?",)),
]

SWITCHES = [
    Case("where do we meet?", "meeting", ("my voucher has expired", "can it be extended?")),
    Case(
        "what should i wear",
        "clothes",
        ("what does the annual membership cost?", "and the family one?", "ok thanks"),
    ),
    Case("how do i redeem a voucher", "redeem", ("is there a weight limit?", "and for kids?")),
    Case(
        "ok. different question, can pregnant women fly",
        "pregnant",
        ("how do i cancel my booking", "do i get everything back?"),
    ),
    Case(
        "and how do i get my photos",
        "photos",
        ("what happens when it rains", "who decides that", "ok"),
    ),
    Case("what's the price of the sky club by the month", "monthly", ("where is the barn",)),
]

TWO = [
    Case("How long does a flight last? And what should I wear?", ("duration", "clothes")),
    Case("is there a weight limit, and how old must children be", ("weight", "children")),
    Case("Where do we meet before the flight and how do we get back?", ("meeting", "return")),
    Case("how do i redeem a voucher? also where do i find my photos?", ("redeem", "photos")),
    Weak("can i fly while pregnant, and if not can i move my booking?", ("pregnant", "move")),
    Case("What does the monthly membership cost? How do I end it later?", ("monthly", "leave")),
]

#: A word that decides is another one; nothing in the base answers it.
NEAR = [
    Weak("Is there a height limit for passengers?", None),
    Weak("How old must dogs be to fly?", None),
    Weak("How do I cancel my newsletter?", None),
    Weak("How long does the pilot training last?", None),
    Case("Can I fly while I am drunk?", None),
    Weak("How do I buy a gift voucher?", None),
    Weak("Where do I find the toilets of the launch site?", None),
    Case("What should I eat before the flight?", None),
    Weak("What does the student membership cost?", None),
    Case("Can I give my booking to another person?", None),
    Weak("What does a private basket for eight cost?", None),
]

FAR = [
    Case("what's the capital of peru", None),
    Case("can you write me a poem about cheese", None),
    Case("my washing machine leaks", None),
    Case("who won the match last night", None),
    Case("do you sell second-hand bicycles", None),
    Case("bitcoin price today", None),
]

EMPTY = [
    Case("", None),
    Case("   ", None),
    Case("?", None),
    Case("...", None),
    Case("!!!!", None),
    Case("🙂", None),
    Case("ok", None),
    Case("hello", None),
    Case("thanks", None),
    Case("\u200b\ufeff", None),
]

BEHAVIOURS = {
    "paraphrase without shared words": PARAPHRASE,
    "typos": TYPOS,
    "slang": SLANG,
    "long stories around the point": STORIES,
    "two languages in one message": MIXED,
    "full-width letters": FULL_WIDTH,
    "ellipsis": ELLIPSIS,
    "pronouns": PRONOUNS,
    "corrections": CORRECTIONS,
    "topic switches": SWITCHES,
    "two questions in one message": TWO,
    "near misses": NEAR,
    "far questions": FAR,
    "empty-looking messages": EMPTY,
}
