"""What everything in the demo company is called, in Chinese or English. Numbers know nothing of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dabiao.demo.simulation import catalogue
from dabiao.demo.simulation.arrays import dice
from dabiao.demo.simulation.clients import PATCH
from dabiao.demo.simulation.company import Company
from dabiao.demo.simulation.roster import Seat

Language = Literal["zh", "en"]
Pair = tuple[str, str]
"""Chinese, English."""

UNITS: Mapping[str, Pair] = {
    "company": ("恒川装备", "Hengchuan Equipment"),
    "east": ("华东大区", "East China"),
    "south": ("华南大区", "South China"),
    "north": ("华北大区", "North China"),
    "southwest": ("西南大区", "Southwest China"),
    "shanghai-1": ("上海一组", "Shanghai 1"),
    "shanghai-2": ("上海二组", "Shanghai 2"),
    "hangzhou": ("杭州组", "Hangzhou"),
    "nanjing": ("南京组", "Nanjing"),
    "suzhou": ("苏州组", "Suzhou"),
    "guangzhou": ("广州组", "Guangzhou"),
    "shenzhen": ("深圳组", "Shenzhen"),
    "beijing": ("北京组", "Beijing"),
    "qingdao": ("青岛组", "Qingdao"),
    "chengdu": ("成都组", "Chengdu"),
    "chongqing": ("重庆组", "Chongqing"),
    "sales-operations": ("销售运营部", "Sales operations"),
    "finance": ("财务部", "Finance"),
    "people": ("人力资源部", "People"),
}
REGIONS = ("east", "south", "north", "southwest")
TITLES: Mapping[str, Pair] = {
    "director": ("销售总监", "Sales director"),
    "region": ("大区经理", "Regional manager"),
    "team": ("销售经理", "Team manager"),
    "rep": ("销售代表", "Sales rep"),
    "operations": ("销售运营", "Sales operations"),
    "finance": ("财务主管", "Finance controller"),
    "hr": ("人力资源主管", "People partner"),
}
PRODUCTS: Mapping[str, Pair] = {
    "NE-100": ("电芯叠片机", "Cell stacker"),
    "NE-200": ("真空注液机", "Vacuum filling machine"),
    "NE-300": ("模组装配线", "Module assembly line"),
    "NE-400": ("化成分容柜", "Formation cabinet"),
    "CN-100": ("立式加工中心", "Vertical machining centre"),
    "CN-200": ("龙门加工中心", "Gantry machining centre"),
    "CN-300": ("车铣复合机", "Mill-turn centre"),
    "CN-400": ("数控车床", "CNC lathe"),
    "AU-100": ("上下料机械手", "Loading robot"),
    "AU-200": ("柔性装配站", "Flexible assembly cell"),
    "AU-300": ("移动搬运系统", "Mobile transport system"),
    "AU-400": ("视觉分拣单元", "Vision sorting cell"),
    "IN-100": ("三坐标测量机", "Coordinate measuring machine"),
    "IN-200": ("X 射线检测机", "X-ray inspection machine"),
    "IN-300": ("在线视觉检测", "Inline vision inspection"),
    "IN-400": ("气密检测仪", "Leak tester"),
    "SV-100": ("年度维保", "Yearly maintenance"),
    "SV-200": ("备件包", "Spare parts kit"),
    "SV-300": ("改造升级", "Retrofit"),
    "SV-400": ("操作培训", "Operator training"),
}
WORDS: Mapping[str, Mapping[str, Pair]] = {
    "product_line": {
        "new_energy": ("新能源装备", "New energy"),
        "cnc": ("数控机床", "CNC machines"),
        "automation": ("自动化", "Automation"),
        "inspection": ("检测设备", "Inspection"),
        "service": ("服务与备件", "Service and parts"),
    },
    "acquisition_channel": {
        "content": ("内容营销", "Content"),
        "event": ("行业展会", "Trade fairs"),
        "referral": ("客户转介绍", "Referrals"),
        "search": ("搜索推广", "Search"),
        "portal": ("采购平台", "Purchasing portal"),
        "cold_call": ("电话开拓", "Cold calls"),
    },
    "industry": {
        "battery": ("动力电池", "Batteries"),
        "solar": ("光伏", "Solar"),
        "auto_parts": ("汽车零部件", "Car parts"),
        "electronics": ("消费电子", "Electronics"),
        "aerospace": ("航空航天", "Aerospace"),
        "construction_machinery": ("工程机械", "Construction machinery"),
        "medical": ("医疗器械", "Medical devices"),
    },
    "competitor": {
        "rival-1": ("甲品牌", "Rival A"),
        "rival-2": ("乙品牌", "Rival B"),
        "rival-3": ("丙品牌", "Rival C"),
        "rival-4": ("丁品牌", "Rival D"),
    },
    "lost_reason": {
        "price": ("价格", "Price"),
        "competitor": ("竞品", "Competitor"),
        "no_budget": ("无预算", "No budget"),
        "no_decision": ("未决策", "No decision"),
        "product_fit": ("产品不匹配", "Product does not fit"),
    },
    "vendor": {
        "vendor-search": ("搜索投放商", "Search agency"),
        "vendor-portal": ("采购平台商", "Portal operator"),
    },
}
PLACES: Mapping[str, str] = {
    "Shanghai": "上海", "Zhejiang": "浙江", "Hangzhou": "杭州", "Jiangsu": "江苏", "Nanjing": "南京",
    "Suzhou": "苏州", "Guangdong": "广东", "Guangzhou": "广州", "Shenzhen": "深圳", "Beijing": "北京",
    "Shandong": "山东", "Qingdao": "青岛", "Sichuan": "四川", "Chengdu": "成都", "Chongqing": "重庆",
}  # fmt: skip
TRADES: tuple[Pair, ...] = (
    ("电池", "Battery"),
    ("光伏", "Solar"),
    ("汽配", "Auto Parts"),
    ("电子", "Electronics"),
    ("航空", "Aviation"),
    ("重工", "Heavy Machinery"),
    ("医疗", "Medical"),
)
SUFFIXES: tuple[Pair, ...] = (
    ("科技", " Technology"),
    ("股份", " Holdings"),
    ("集团", " Group"),
    ("有限公司", " Co."),
    ("实业", " Industries"),
    ("制造", " Manufacturing"),
    ("技术", " Systems"),
    ("发展", " Development"),
    ("精密", " Precision"),
    ("智造", " Smart Factory"),
    ("材料", " Materials"),
    ("动力", " Power"),
    ("工业", " Works"),
    ("创新", " Innovation"),
    ("国际", " International"),
    ("联合", " United"),
)
SURNAMES = (
    "王Wang 李Li 张Zhang 刘Liu 陈Chen 杨Yang 赵Zhao 黄Huang 周Zhou 吴Wu 徐Xu 孙Sun 胡Hu 朱Zhu 高Gao 林Lin 何He "
    "郭Guo 马Ma 罗Luo 梁Liang 宋Song 郑Zheng 谢Xie 韩Han 唐Tang 冯Feng 于Yu 董Dong 萧Xiao 程Cheng 曹Cao 袁Yuan "
    "邓Deng 许Xu 傅Fu 沈Shen 曾Zeng 彭Peng 吕Lü"
)
GIVEN = (
    "芳Fang 磊Lei 敏Min 涛Tao 静Jing 强Qiang 丽Li 军Jun 洋Yang 艳Yan 勇Yong 杰Jie 娟Juan 超Chao 明Ming 霞Xia "
    "平Ping 刚Gang 桂英Guiying 建华Jianhua 志强Zhiqiang 晓梅Xiaomei 文博Wenbo 雨桐Yutong 子涵Zihan 浩然Haoran "
    "欣怡Xinyi 俊杰Junjie 思远Siyuan 佳宁Jianing 海波Haibo 雪晴Xueqing 天宇Tianyu 若琳Ruolin 振东Zhendong "
    "秋月Qiuyue 立群Liqun 晨曦Chenxi 国栋Guodong 慧敏Huimin"
)
STEMS = (
    "华瑞Huarui 鼎盛Dingsheng 远航Yuanhang 金泰Jintai 恒佑Hengyou 同创Tongchuang 博远Boyuan 天敬Tianjing "
    "众和Zhonghe 新锐Xinrui 盛达Shengda 立信Lixin 宏图Hongtu 嘉禾Jiahe 凯旋Kaixuan 卓然Zhuoran 启明Qiming "
    "润成Runcheng 明德Mingde 和川Hechuan 锦程Jincheng 安衡Anheng 永兴Yongxing 瑞丰Ruifeng 正源Zhengyuan 东启Dongqi "
    "长风Changfeng 云帆Yunfan 利通Litong 佳信Jiaxin 科迈Kemai 力驰Lichi 元亨Yuanheng 德沛Depei 万隆Wanlong "
    "星河Xinghe 航宇Hangyu 信远Xinyuan 优创Youchuang 旭川Xuchuan 铭洋Mingyang 泰和Taihe 精工Jinggong 中拓Zhongtuo "
    "海川Haichuan 美科Meike 亿程Yicheng 联启Lianqi 百川Baichuan 千山Qianshan"
)


@dataclass(frozen=True)
class Names:
    """Names by key: what the organisation and the labels of facts are called."""

    units: Mapping[str, Pair]
    titles: Mapping[str, str]
    people: Mapping[str, str]
    labels: tuple[tuple[str, str, str], ...]
    """kind, key, name."""


def names(company: Company, language: Language) -> Names:
    """All names, the same people and customers in both languages."""
    which = 0 if language == "zh" else 1
    words = [(kind, key, pair[which]) for kind, of in WORDS.items() for key, pair in of.items()]
    places = [
        (kind, key, zh if which == 0 else key) for key, zh in PLACES.items() for kind in ("province", "city")
    ]
    products = [("product", key, pair[which]) for key, pair in PRODUCTS.items()]
    regions = [("region", key, UNITS[key][which]) for key in REGIONS]
    dealers = [
        ("customer", f"D{n:02d}", f"经销商 {n}" if which == 0 else f"Dealer {n}") for n in range(1, 13)
    ]
    return Names(
        units=UNITS,
        titles={seat.key: title(seat)[which] for seat in company.seats},
        people=_people(company, language),
        labels=(*words, *places, *regions, *products, *dealers, *_customers(company, language)),
    )


def title(seat: Seat) -> Pair:
    """What the holder of a seat is called."""
    if seat.role == "manager":
        return TITLES["region" if seat.unit in REGIONS else "team"]
    return TITLES[seat.role]


def _people(company: Company, language: Language) -> dict[str, str]:
    """No two people have the same name."""
    surnames, given = _pairs(SURNAMES), _pairs(GIVEN)
    order = dice(company.seed, "names of people").permutation(len(surnames) * len(given))
    found = {}
    for person, number in zip(company.people, order.tolist(), strict=False):
        family, own = surnames[number // len(given)], given[number % len(given)]
        found[person.key] = f"{family[0]}{own[0]}" if language == "zh" else f"{own[1]} {family[1]}"
    return found


def _customers(company: Company, language: Language) -> list[tuple[str, str, str]]:
    """City, a word of one's own, the trade. Within a team no two are the same."""
    stems = _pairs(STEMS)
    table = company.tables["customers"]
    keys, cities, trades = (table[name].to_pylist() for name in ("customer", "city", "industry"))
    teams = [int(key[1:]) - 1 for key in keys]
    shuffles = {
        city: dice(company.seed, f"names in {city}").permutation(len(stems) * len(SUFFIXES))
        for city in set(cities)
    }
    first = {
        city: min(n for n, c in zip(teams, cities, strict=True) if c == city) // PATCH for city in set(cities)
    }
    found = []
    for number, key, city, trade in zip(teams, keys, cities, trades, strict=True):
        shuffle = shuffles[city]
        pick = int(shuffle[(number - first[city] * PATCH) % len(shuffle)])
        stem, suffix = stems[pick % len(stems)], SUFFIXES[pick // len(stems)]
        of = TRADES[catalogue.INDUSTRIES.index(trade)]
        name = (
            f"{PLACES[city]}{stem[0]}{of[0]}{suffix[0]}"
            if language == "zh"
            else f"{city} {stem[1]} {of[1]}{suffix[1]}"
        )
        found.append(("customer", key, name))
    return found


def _pairs(text: str) -> list[Pair]:
    """`王Wang 李Li` → (王, Wang), (李, Li)."""
    found = []
    for word in text.split():
        latin = next(index for index, letter in enumerate(word) if ord(letter) < 0x3000)
        found.append((word[:latin], word[latin:]))
    return found
