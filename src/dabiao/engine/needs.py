"""What has been found out of a customer's needs: three flags of a visit, and what all visits up to a day found together.

Pain on one visit, decision weights and budget cycle on another are three needs, not one and two.
"""

from typing import Final

import ibis
import ibis.expr.types as ir

FLAGS: Final = ("need_pain", "need_weights", "need_budget")
DEPTH: Final = "needs_depth"
"""How many of them; of a visit of which only that is known, the number says how deep and not which."""
UNITED: Final = "united_depth"
AS_STORED: Final = f"CASE WHEN coalesce({', '.join(FLAGS)}) IS NOT NULL THEN " + " + ".join(
    f"coalesce({name}, false)::BIGINT" for name in FLAGS
) + " END"  # fmt: skip
"""The depth of a row that has flags alone, as SQL."""


def contradicts(depth: int | None, flags: tuple[bool | None, ...]) -> bool:
    """Whether a number cannot be how many of the flags are set; what is not told of a flag may be either."""
    told = [flag for flag in flags if flag is not None]
    return depth is not None and bool(told) and not sum(told) <= depth <= len(flags) - told.count(False)


def with_united(activities: ir.Table, *, on: str, touched: ir.Table | None = None) -> ir.Table:
    """Activities with `united_depth`: the different needs found by the end of their day on any visit.

    Of an activity with an opportunity visits to that opportunity count, of one without those to its customer, else it
    stands alone. A visit of which only the number is known has found so many: all together have found at least that.

    touched: only activities of these days (column `day`) are wanted; what was found before them counts all the same.
    returns: the columns of `activities` and united_depth (int64), null where nothing is known of any of the visits.
    """
    told = activities.mutate(united_on=activities[on].cast("date"))
    if touched is not None:
        wanted = told.filter(told.united_on.isin(touched.day))
        told = told.filter(
            told.opportunity.isin(wanted.opportunity)
            | told.customer.isin(wanted.customer)
            | told.united_on.isin(touched.day)
        )
    united = told.mutate(
        **{
            UNITED: ibis.cases(
                (told.opportunity.notnull(), _found(told, "opportunity")),
                (told.customer.notnull(), _found(told, "customer")),
                else_=told[DEPTH],
            )
        }
    )
    if touched is not None:
        united = united.filter(united.united_on.isin(touched.day))
    return united.drop("united_on")


def _found(told: ir.Table, about: str) -> ir.IntegerValue:
    """How many different needs are known by the end of each day of all that is about one thing."""
    so_far = ibis.window(group_by=about, order_by="united_on", range=(None, 0))
    flags = [told[name].cast("int64").max().over(so_far) for name in FLAGS]
    different = sum((flag.fill_null(0) for flag in flags[1:]), flags[0].fill_null(0))
    deepest = told[DEPTH].max().over(so_far)
    return ibis.ifelse(deepest.isnull(), ibis.null("int64"), ibis.greatest(different, deepest))
