"""What the grid's script has to know to say at once what saving would: how numbers are written, and what to say."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from dabiao.core import config, written
from dabiao.engine import number


def typing_rules(*, most: Decimal | None) -> Mapping[str, object]:
    """most: what a value may be at most, whichever its sign. The words keep their places (`%(value)s`) for the script.

    It says them as the server does when it saves: `uploads.amount`, `actions.check`.
    """
    currency = config.get("DABIAO_CURRENCY")
    return {
        "grammar": written.grammar(),
        "scale": number.MONEY_SCALE,
        "signs": [sign for sign, codes in written.CURRENCIES.items() if currency in codes],
        "most": None if most is None else number.text(most),
        "words": {
            "none": _("%(value)s is not a number. Write it like 1234.50."),
            "digits": _("%(value)s has more digits than can be kept (14 before, 4 after the point)."),
            "foreign": _(
                "%(value)s is not in %(currency)s, in which amounts are kept. Convert it, and leave the sign out."
            ).replace("%(currency)s", currency),
            "most": _("%(value)s is too large for a ratio. Write 90%% or 0.9.").replace("%%", "%"),
            "later": _("Known after saving"),
            "follows": _("The whole follows from its parts."),
            "sum": _("%(period)s: the parts sum to %(sum)s."),
            "even": _("%(period)s: the parts sum to %(sum)s, as the whole."),
            "open": _("%(period)s: the parts sum to %(sum)s; %(left)s is left to share out."),
            "over": _("%(period)s: the parts sum to %(sum)s, %(left)s more than the whole."),
        },
    }
