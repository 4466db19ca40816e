"""What visitors of the star-gazing company write; as :mod:`.english`."""

from __future__ import annotations

from tests.retrieval.behaviours.case import Case, Weak

PARAPHRASE = [
    Case("玩一天设备大概得花多少", "zh-rent"),
    Case("东西早寄回去了，那笔钱怎么还没见着", "zh-deposit"),
    Weak("出差没来得及送回，拖了两天要补多少", "zh-late"),
    Weak("不小心磕了一下，玻璃上有道印子", "zh-damage"),
    Case("娃五岁半，能跟着上山吗", "zh-kids"),
    Case("天公不作美，啥也瞧不见，这钱白花了？", "zh-cloudy"),
    Case("我们没车，怎么过去", "zh-bus"),
    Case("报销要凭证，麻烦给弄一个", "zh-invoice"),
    Weak("夜里山上会不会冻成狗，要裹多厚", "zh-bring"),
    Case("三口之家办哪种划算，什么价", "zh-familycard"),
]

TYPOS = [
    Case("望元镜租一天多少钱", "zh-rent"),
    Case("压金什么时侯退", "zh-deposit"),
    Weak("怎么开发漂", "zh-invoice"),
    Case("年咔多少钱", "zh-year"),
    Case("红登一直闪", "zh-redlight"),
    Weak("怎么取肖报名", "zh-cancel"),
    Case("连不上wfii", "zh-wifi"),
]

SLANG = [
    Case("租个镜子几个米啊老板", "zh-rent"),
    Case("软件一点就崩 裂开", "zh-crash"),
    Weak("鸽了不去了 钱能吐出来不", "zh-cancel"),
    Case("咋又偷偷扣我钱 给爷关了", "zh-renewal"),
    Case("带娃冲营地 几岁起步", "zh-kids"),
    Case("这灯一直红红的闪是闹哪样", "zh-redlight"),
]

STORIES = [
    Case(
        "上个月给儿子过生日租了一台，他特别喜欢，天天晚上趴在阳台上看月亮。上周一我叫快递寄回去了，"
        "物流显示周三就签收，今天都第八天了，卡里还没动静。当初交的那五百块到底哪天回来？",
        "zh-deposit",
    ),
    Case(
        "我跟两个闺蜜约好了这周末一起去山上，帐篷都看好了位置。结果其中一个临时要加班，"
        "我们商量了一下不想拆开，干脆等下个月三个人都有空再去。这个要在哪里弄？",
        "zh-change",
    ),
    Case(
        "昨天晚上天气特别好，我把设备搬到楼顶，三脚架也支好了，可是手机怎么都找不到那个信号，"
        "重启了两次手机还是不行，老公说是不是坏了，最后只能收摊睡觉。",
        "zh-wifi",
    ),
    Case(
        "去年双十一看朋友推荐开的会员，用了两次就没再用了，今天查账单发现这几个月一直在扣三十九，"
        "我都忘了这回事。怎么让它别再扣了？",
        "zh-renewal",
    ),
    Case(
        "我爸今年六十了，年轻的时候就爱看星星，我想周末带他去你们那里住一晚。他退休金不高，"
        "总问我贵不贵，我得提前跟他说个数。我们两个人，每个人大概要花多少？",
        "zh-camp",
    ),
]

MIXED = [
    Case("我的 telescope 灯一直 blink 怎么办", "zh-redlight"),
    Case("app 一打开就 crash", "zh-crash"),
    Case("deposit 什么时候 refund", "zh-deposit"),
    Case("想 cancel 周末的 camp", "zh-cancel"),
    Case("family card 多少钱一年", "zh-familycard"),
    Case("可以 pay by 支付宝 吗", "zh-alipay"),
    Case("invoice 怎么开", "zh-invoice"),
    Case("auto renewal 怎么关", "zh-renewal"),
]

PINYIN = [
    Weak("yajin shenme shihou tui", "zh-deposit"),
    Weak("zenme kai fapiao", "zh-invoice"),
    Weak("zu wangyuanjing duoshao qian", "zh-rent"),
    Weak("nianka duoshao qian", "zh-year"),
    Weak("zenme quxiao baoming", "zh-cancel"),
    Weak("dengzi yizhi shan hongse", "zh-redlight"),
]

ABBREVIATIONS = [
    Case("可以用zfb付吗", "zh-alipay"),
    Case("能用wx付款不", "zh-alipay"),
    Case("yj什么时候退", "zh-deposit"),
    Case("怎么开fp", "zh-invoice"),
    Weak("观星营怎么qx报名", "zh-cancel"),
    Case("会员nk多少钱", "zh-year"),
]

TRADITIONAL = [
    Case("押金什麼時候退？", "zh-deposit"),
    Case("望遠鏡連不上WiFi怎麼辦", "zh-wifi"),
    Case("會員年卡多少錢", "zh-year"),
    Case("怎麼開發票", "zh-invoice"),
    Case("遇到陰天看不到星星可以退錢嗎", "zh-cloudy"),
    Case("小朋友幾歲可以參加", "zh-kids"),
    Case("關閉自動續費", "zh-renewal"),
    Case("望遠鏡摔壞了要賠嗎", "zh-damage"),
]

FULL_WIDTH = [
    Case("望远镜连不上ＷｉＦｉ怎么办", "zh-wifi"),
    Case("ＡＰＰ一打开就闪退！！！", "zh-crash"),
    Case("会员年卡多少钱　？　？　？", "zh-year"),
    Case("１２岁的孩子能参加观星营吗", "zh-kids"),
]

ELLIPSIS = [
    Case("那年卡呢？", "zh-year", ("会员月卡多少钱？",)),
    Case("家庭的呢", "zh-familycard", ("会员年卡多少钱？",)),
    Case("那下雨呢", "zh-cloudy", ("怎么取消观星营的报名？",)),
    Case("如果摔坏了呢", "zh-damage", ("望远镜晚还几天怎么收费？",)),
    Case("小孩呢", "zh-kids", ("周末观星营多少钱一个人？",)),
    Case("要是只想改个日子呢", "zh-change", ("怎么取消观星营的报名？",)),
]

PRONOUNS = [
    Case("它一打开就闪退", "zh-crash", ("寻星App在哪里下载",)),
    Case("这个什么时候退给我", "zh-deposit", ("租望远镜要交押金吗",)),
    Case("那里怎么过去", "zh-bus", ("周末观星营多少钱一个人？",)),
    Case("去那边要带什么", "zh-bring", ("周末观星营多少钱一个人？",)),
    Case("这个怎么关掉自动扣费", "zh-renewal", ("会员月卡多少钱？",)),
]

CORRECTIONS = [
    Case("不是，我说的是年卡", "zh-year", ("会员月卡多少钱？",)),
    Case("我问的是家庭卡", "zh-familycard", ("会员年卡多少钱？",)),
    Case("不对，是改期不是取消", "zh-change", ("怎么取消观星营的报名？",)),
    Case("我的意思是晚还怎么算", "zh-late", ("租一台望远镜多少钱？",)),
    Case("错了，我是问灯一直闪红", "zh-redlight", ("望远镜连不上WiFi怎么办",)),
]

SWITCHES = [
    Case("怎么开发票", "zh-invoice", ("望远镜连不上WiFi", "恢复出厂以后还是不行")),
    Case("大巴在哪里上", "zh-bus", ("会员年卡多少钱", "那家庭的呢", "好的")),
    Case("押金多久退", "zh-deposit", ("孩子多大能去营地", "五岁不行吗")),
    Case("对了换个问题，能用支付宝吗", "zh-alipay", ("观星营怎么改日期", "改一次要钱吗")),
    Case("另外软件老闪退怎么弄", "zh-crash", ("租一台多少钱", "专业款呢")),
]

TWO = [
    Case("会员年卡多少钱？怎么关闭自动续费？", ("zh-year", "zh-renewal")),
    Case("押金什么时候退？另外能开发票吗？", ("zh-deposit", "zh-invoice")),
    Case("去营地怎么坐车，还有要带什么", ("zh-bus", "zh-bring")),
    Case("周末营多少钱一个人，小朋友几岁可以参加", ("zh-camp", "zh-kids")),
    Case("租望远镜多少钱？可以用支付宝吗？", ("zh-rent", "zh-alipay")),
    Case("红灯一直闪怎么办，顺便问下App闪退怎么处理", ("zh-redlight", "zh-crash")),
]

NEAR = [
    Case("望远镜怎么寄回去？", None),
    Weak("会员学生卡多少钱？", None),
    Weak("主机绿灯一直闪是什么意思？", None),
    Weak("宠物可以参加观星营吗？", None),
    Weak("买一台望远镜多少钱？", None),
    Weak("三脚架摔坏了怎么修？", None),
    Weak("去营地怎么停车？", None),
    Case("观星营有素食吗？", None),
    Case("寻星App怎么改头像？", None),
    Weak("可以用比特币付款吗？", None),
    Case("会员卡能转让给朋友吗？", None),
]

FAR = [
    Case("今天股票涨了吗", None),
    Case("帮我写一首关于猫的诗", None),
    Case("洗衣机漏水怎么办", None),
    Case("秘鲁的首都是哪里", None),
    Case("昨晚球赛谁赢了", None),
]

EMPTY = [
    Case("？", None),
    Case("　　", None),
    Case("嗯", None),
    Case("好的", None),
    Case("在吗", None),
    Case("你好", None),
    Case("谢谢", None),
    Case("哈哈哈哈", None),
]

BEHAVIOURS = {
    "paraphrase without shared words": PARAPHRASE,
    "typos": TYPOS,
    "slang": SLANG,
    "long stories around the point": STORIES,
    "two languages in one message": MIXED,
    "Pinyin": PINYIN,
    "Pinyin abbreviations": ABBREVIATIONS,
    "traditional Chinese": TRADITIONAL,
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
