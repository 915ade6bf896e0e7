"""Chinese names in Latin letters: as people type them who look for somebody, and as other systems write them.

Readings are pypinyin's, by phrases (重庆 is chongqing), without tones; ü is v, as keyboards have it. A first character that is
a surname is read as one (曾 zeng, 单 shan).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

SURNAMES: Final = {
    "乐": ("yue",), "仇": ("qiu",), "区": ("ou",), "卜": ("bu",), "单": ("shan",), "員": ("yun",), "單": ("shan",),
    "區": ("ou",), "召": ("shao",), "曾": ("zeng",), "朴": ("piao",), "查": ("zha",), "盖": ("ge",),
    "种": ("chong",), "種": ("chong",), "秘": ("bi",), "繆": ("miao",), "缪": ("miao",), "翟": ("zhai",), "覃": ("qin",),
    "解": ("xie",), "隗": ("wei",),
}  # fmt: skip
"""Surname → its reading, where that is another than the character's own."""
_EITHER: Final = {
    "长": ("chang", "zhang"), "長": ("chang", "zhang"), "重": ("chong", "zhong"), "乐": ("le", "yue"), "樂": ("le", "yue"),
    "行": ("xing", "hang"), "朝": ("chao", "zhao"), "厦": ("xia", "sha"), "廈": ("xia", "sha"), "盛": ("sheng", "cheng"),
    "柏": ("bai", "bo"), "传": ("chuan", "zhuan"), "傳": ("chuan", "zhuan"), "调": ("diao", "tiao"), "調": ("diao", "tiao"),
    "都": ("du", "dou"), "大": ("da", "dai"), "会": ("hui", "kuai"), "會": ("hui", "kuai"), "藏": ("zang", "cang"),
    "仇": ("qiu", "chou"), "蕃": ("fan", "bo"), "茜": ("qian", "xi"), "晟": ("sheng", "cheng"), "铅": ("qian", "yan"),
}  # fmt: skip
"""Characters of names whose reading a name alone does not tell: found by either."""
_TWO: Final = re.compile(
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|東方|皇甫|令狐|公孙|公孫|慕容|司徒|司空|夏侯|鲜于|鮮于|宇文|轩辕|軒轅|南宫|南宮|端木|呼延|"
    "独孤|獨孤|百里|闻人|聞人|赫连|赫連|拓跋|太史|申屠|钟离|鐘離|尉迟|长孙|長孫|单于|万俟|澹台"
)
"""Surnames of two characters."""
_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_HAN_STRETCH: Final = re.compile(r"([㐀-䶿一-鿿豈-﫿]+)")
_NAME: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿·]{2,5}")
"""What may be somebody's name."""
_STARTS: Final = 8
"""So many of a long name's syllables can be typed first."""
_SYLLABLES: Final = 16
_LETTERS: Final = 40
"""A long name is found by as many letters; whoever types more finds it too."""


def is_chinese(text: str) -> bool:
    """Whether a character of it has to be read aloud before it can be typed."""
    return _HAN.search(text) is not None


def spelled(text: str) -> str:
    """The text in small Latin letters and digits, without tones, blanks and marks: 王浩然, Wáng Hàorán and WANG Hao-ran
    are wanghaoran."""
    return "".join(_syllables(text))


def spellings(name: str) -> frozenset[str]:
    """Each way to write the name in Latin letters, as `spelled`: a Chinese name with its surname last, too."""
    plain = unicodedata.normalize("NFKC", name).strip()
    ways = set()
    for read in _readings(plain):
        syllables = [said for said, _first in read]
        ways.add("".join(syllables))
        if _NAME.fullmatch(plain):
            first = 2 if len(plain) > 2 and _TWO.match(plain) else 1
            ways.add("".join((*syllables[first:], *syllables[:first])))
    return frozenset(ways - {""})


def typed(text: str) -> str:
    """What is looked for in `sounds` when somebody types the text. Empty where it finds nobody: of one letter, and of what is
    written in Chinese, which stands in the name itself."""
    said = "" if is_chinese(text) else spelled(text)[:_LETTERS]
    return f" {said}" if len(said) > 1 else ""


@lru_cache(maxsize=4096)
def sounds(name: str) -> str:
    """What a Chinese name is found by, as words that each begin with a blank: it from any of its first syllables on, and
    their initials. " wanghaoran haoran ran haoranwang whr hr r". Empty where there is nothing to read aloud.
    """
    if not is_chinese(name):
        return ""
    plain = unicodedata.normalize("NFKC", name).strip()
    words: dict[str, None] = {}
    for reading in _readings(plain):
        read = reading[:_SYLLABLES]
        starts = range(min(len(read), _STARTS))
        whole = ["".join(said for said, _first in read[start:])[:_LETTERS] for start in starts]
        initials = ["".join(first for _said, first in read[start:])[:_LETTERS] for start in starts]
        words |= dict.fromkeys([*whole, *initials])
    turned = spellings(name) if _NAME.fullmatch(plain) else ()
    return "".join(f" {word}" for word in dict.fromkeys([*words, *sorted(turned)]))


def _syllables(text: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKC", text).strip()
    return [said for said, _first in _readings(plain)[0]]


def _readings(plain: str) -> Sequence[Sequence[tuple[str, str]]]:
    """(syllable, its initial; what is not Chinese is both as it stands): as the dictionary reads it, and, where it holds a
    character of `_EITHER` other than as a surname, with the other reading of each."""
    first: list[tuple[str, str]] = []
    other: list[tuple[str, str]] = []
    for part in _parts(plain):
        if is_chinese(part):
            syllables, others = _read(part, plain)
            first += [(said, said[0]) for said in syllables]
            other += [(said, said[0]) for said in others]
        elif said := _latin(part):
            first.append((said, said))
            other.append((said, said))
    return [first] if first == other else [first, other]


def _parts(plain: str) -> Sequence[str]:
    """Stretches of Chinese and of what is not."""
    return [part for part in _HAN_STRETCH.split(plain) if part]


def _read(part: str, whole: str) -> tuple[Sequence[str], Sequence[str]]:
    """The syllables of a Chinese stretch, and the same by its characters' other readings. A whole name begins with a
    surname, which has one."""
    from pypinyin import lazy_pinyin

    known = part[0] if _NAME.fullmatch(whole) and not _TWO.match(part) and part[0] in SURNAMES else ""
    rest = part[len(known) :]
    read = [said for each in lazy_pinyin(rest) if (said := _latin(each))]
    others = read
    if len(read) == len(rest):
        others = [
            next((each for each in _EITHER.get(sign, ()) if each != said), said)
            for said, sign in zip(read, rest, strict=True)
        ]
    surname = SURNAMES.get(known, ())
    return [*surname, *read], [*surname, *others]


def _latin(text: str) -> str:
    """Small letters and digits alone; u with two dots is v, and so is the yu of passports (LYU)."""
    marked = unicodedata.normalize("NFD", text.casefold()).replace("u\u0308", "v")
    plain = "".join(each for each in marked if each.isascii() and each.isalnum())
    return plain.replace("lyu", "lv").replace("nyu", "nv")
