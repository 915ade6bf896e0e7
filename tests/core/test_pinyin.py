"""Names as they are typed in Latin letters. Readings are those of the dictionary of modern Chinese."""

import pytest

from dabiao.core.called import Called
from dabiao.core.pinyin import sounds, spelled, spellings


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("王浩然", "wanghaoran"),
        ("Wáng Hàorán", "wanghaoran"),
        ("WANG Hao-ran", "wanghaoran"),
        ("曾单", "zengdan"),  # a surname is read as one, what follows it is not
        ("单于飞", "chanyufei"),
        ("欧阳修", "ouyangxiu"),
        ("吕布", "lvbu"),
        ("Lǚ Bù", "lvbu"),
        ("LYU BU", "lvbu"),
        ("重庆长安银行", "chongqingchanganyinhang"),
        ("ＡＢＣ科技12厂", "abckeji12chang"),
        ("Ada Lovelace", "adalovelace"),
        ("…", ""),
    ],
)
def test_a_name_is_spelled(written, typed):
    assert spelled(written) == typed


def test_a_surname_may_stand_last():
    assert spellings("王浩然") == {"wanghaoran", "haoranwang"}
    assert spellings("欧阳修") == {"ouyangxiu", "xiuouyang"}
    assert spellings("重庆长安银行") == {"chongqingchanganyinhang", "zhongqingzhanganyinxing"}


def test_a_name_is_found_from_each_syllable_and_by_initials():
    assert sounds("王浩然").split() == ["wanghaoran", "haoran", "ran", "whr", "hr", "r", "haoranwang"]
    assert sounds("ABC科技12厂").split()[-5:] == ["abckj12c", "kj12c", "j12c", "12c", "c"]
    assert sounds("Ada") == ""


def test_what_a_name_alone_does_not_tell_is_found_by_either_reading():
    words = sounds("上海长风医疗").split()
    assert {"changfengyiliao", "zhangfengyiliao"} <= set(words)
    assert Called({"P1": "乐长风"}).meant("Yue Changfeng") == ["P1"]


def test_the_longest_name_fits_its_column():
    assert len(sounds("双长" * 300)) <= 1000


class TestCalled:
    PEOPLE = {"P1": "王浩然", "P2": "张伟", "P3": "章维", "P4": "张伟", "P5": "Ada Lovelace", "Ann": "Bob"}

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("P1", ["P1"]),
            ("王浩然", ["P1"]),
            ("Haoran Wang", ["P1"]),
            ("张伟", ["P2", "P4"]),
            ("Zhang Wei", ["P2", "P3", "P4"]),
            ("ada lovelace", ["P5"]),
            ("Ann", ["Ann"]),
            ("章伟", []),  # another character is another name
            ("whr", []),  # initials are for looking, not for loading
            ("", []),
        ],
    )
    def test_tells_whom_a_text_can_mean(self, text, numbers):
        assert Called(self.PEOPLE).meant(text) == numbers

    def test_gets_to_know_somebody_later(self):
        called = Called(self.PEOPLE)
        assert called.meant("Li Na") == []
        called.add("P9", "李娜")
        assert called.meant("Li Na") == ["P9"]
