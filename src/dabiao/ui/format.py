"""How figures and dates are written: 万/亿 or K/M, one decimal of a percent, a true minus sign, dates by locale."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.engine.period import Period

Number = Decimal | int | float
NOTHING: Final = "–"
GAP: Final = "\u00a0"
"""A space that no line breaks at."""
SYMBOLS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$"}
_CENT: Final = Decimal("0.01")
_STEPS: Final = {
    "zh-hans": ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万")),
    "zh-hant": ((Decimal(10) ** 8, "億"), (Decimal(10) ** 4, "萬")),
    "en": ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K")),
}


@dataclass(frozen=True)
class Short:
    """A figure cut to what the eye takes in: `1,842` and `万`."""

    digits: str
    step: str

    def __str__(self) -> str:
        return (
            f"{self.digits}{GAP}{self.step}"
            if self.step in {"万", "亿", "萬", "億"}
            else self.digits + self.step
        )


def short(value: Number) -> Short:
    """Three significant digits with the step of the language, four where there are thousands."""
    number = _decimal(value)
    size, name = step(abs(number))
    return Short(_trimmed(number / size, whole=not name and abs(number) >= 1000), name)


def step(largest: Decimal) -> tuple[Decimal, str]:
    """The step in which a figure of this size is written: (10000, 万); (1, "") where none is needed."""
    steps = _STEPS.get(get_language() or "en", _STEPS["en"])
    return next(((size, name) for size, name in steps if largest >= size), (Decimal(1), ""))


def _trimmed(scaled: Decimal, *, whole: bool) -> str:
    size = abs(scaled)
    text = plain(scaled, 0 if whole or size >= 100 else 1 if size >= 10 else 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Number, digits: int = 0) -> str:
    """Thousands by comma, a true minus sign, no negative zero."""
    number = _decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{abs(number):,f}" if not number else f"{number:,f}".replace("-", "−")


def exact(value: Number, digits: int | None = None) -> str:
    """Every digit there is, or `digits` of them."""
    if digits is not None:
        return plain(value, digits)
    text = f"{_decimal(value):,f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


def rough(value: Number) -> str:
    """A figure that is worked out from others, as a person would write it: whole from a thousand on, else two decimals
    at most."""
    number = _decimal(value)
    if abs(number) >= 1000:
        return plain(number)
    cents_ = number.quantize(_CENT, rounding=ROUND_HALF_UP)
    return exact(cents_ if cents_ else 0)


def money(value: Number, currency: str = "CNY") -> str:
    """An amount with its currency, shortened: `¥156 万`, `¥1.56M`."""
    figure = short(abs(_decimal(value)))
    return _with_symbol(str(figure), currency, negative=_decimal(value) < 0)


def cents(value: Number, currency: str = "CNY") -> str:
    """An amount with its currency and all its cents."""
    return _with_symbol(plain(abs(_decimal(value)), 2), currency, negative=_decimal(value) < 0)


def percent(value: Number, digits: int = 1) -> str:
    """0.708 → 70.8%."""
    return f"{plain(_decimal(value) * 100, digits)}%"


def points(value: Number) -> str:
    """A change of a ratio, which is in percentage points: −0.08 → −8.0 pp."""
    return f"{signed(_decimal(value) * 100, 1)}{GAP}pp"


def signed(value: Number, digits: int = 0) -> str:
    """With its sign: +3, −3, 0."""
    text = plain(value, digits)
    return text if text.startswith("−") or not text.strip("0.,") else f"+{text}"


def figure(value: Number | None, unit: str, currency: str = "CNY", digits: int | None = None) -> str:
    """A metric's value as its unit is written: money, ratio, count, days, score, minutes.

    digits: decimals of what is neither money nor a ratio, where the unit's own are too few.
    """
    if value is None:
        return NOTHING
    if unit == "money":
        return money(value, currency)
    if unit in {"ratio", "share", "percent"}:
        return percent(value)
    if unit == "days":
        return _("{n} days").format(n=plain(value, digits or 1))
    return count(value) if digits is None else plain(value, digits)


def count(value: Number) -> str:
    """A number of things: all its digits up to a million."""
    return str(short(value)) if abs(_decimal(value)) >= 1_000_000 else exact(value, 0 if _whole(value) else 1)


def _whole(value: Number) -> bool:
    return _decimal(value) == _decimal(value).to_integral_value()


def parts(value: Number | None, unit: str, currency: str = "CNY") -> Short:
    """A value in two parts, the second to be set smaller."""
    if value is None:
        return Short(NOTHING, "")
    if unit in {"ratio", "share", "percent"}:
        return Short(plain(_decimal(value) * 100, 1), "%")
    if unit in {"days", "minutes"}:
        return Short(plain(value, 1), _("days") if unit == "days" else _("min"))
    if unit != "money":
        return Short(count(value), "")
    figure_ = short(value)
    return Short(
        _with_symbol(figure_.digits.lstrip("−"), currency, negative=_decimal(value) < 0),
        figure_.step,
    )


def beside(target: Number, value: Number | None, unit: str) -> str:
    """A target as it is written beside its value: in the same step where that is exact enough, without currency."""
    if unit != "money":
        return figure(target, unit)
    size, name = step(max(abs(_decimal(value or 0)), abs(_decimal(target)) / 20))
    same = value is not None and step(abs(_decimal(value)))[1] == name
    text = _trimmed(_decimal(target) / size, whole=not name and abs(_decimal(target)) >= 1000)
    return text if same else f"{text}{GAP}{name}" if name > "z" else text + name


def change(value: Number | None, unit: str, currency: str = "CNY", digits: int | None = None) -> str:
    """A difference between two values of a metric; ratios differ in percentage points."""
    if value is None:
        return NOTHING
    if unit in {"ratio", "share", "percent"}:
        return points(value)
    text = figure(value, unit, currency, digits)
    return text if _decimal(value) <= 0 else f"+{text}"


def day(on: date, *, year: bool = True) -> str:
    """A day in the language's own order."""
    if (get_language() or "en").startswith("zh"):
        return f"{on.year}-{on:%m-%d}" if year else f"{on:%m-%d}"
    return date_format(on, "j M Y" if year else "j M")


def moment(at: datetime) -> str:
    """A moment in the business time zone, without the year while it is this one. Facts keep theirs without a zone."""
    local = at if timezone.is_naive(at) else timezone.localtime(at)
    return f"{day(local.date(), year=local.year != timezone.localdate().year)} {local:%H:%M}"


def period(window: Period) -> str:
    """A period as people call it."""
    number = window.label.partition("-")[2].lstrip("HQPW0")
    year = window.label[:4]
    if window.kind == "month":
        first = date(int(year), int(window.label[5:7]), 1)
        return date_format(first, _("F Y"))
    names = {
        "year": _("{year}"),
        "half": _("Half {number}, {year}"),
        "quarter": _("Q{number} {year}"),
        "period": _("Period {number}, {year}"),
        "week": _("Week {number}, {year}"),
    }
    if window.kind in names:
        return names[window.kind].format(year=year, number=number)
    if window.kind == "day":
        return day(window.start)
    return f"{day(window.start)} – {day(window.last_day)}"


def _with_symbol(text: str, currency: str, *, negative: bool) -> str:
    symbol = SYMBOLS.get(currency, f"{currency}{GAP}" if currency else "")
    return f"{'−' if negative and text.strip('0.,') else ''}{symbol}{text}"


def _decimal(value: Number) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
