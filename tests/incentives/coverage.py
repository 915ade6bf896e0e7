"""Which rules the random plans have met: counted in pairs of a plan and a set of facts, said at the end."""

from collections import Counter
from collections.abc import Iterator

from tests.incentives.oracle import Facts, Plan, Row

MET: Counter[str] = Counter()


def count(plan: Plan, worlds: list[Facts]) -> None:
    """Add a plan that agreed on so many sets of facts."""
    MET["pairs"] += len(worlds)
    MET["plans"] += 1
    for rule in {*rules_of_head(plan), *rules_of_components(plan), *rules_of_settlement(plan)}:
        MET[rule] += len(worlds)
    for facts in worlds:
        for rule in rules_of_facts(facts):
            MET[rule] += 1


def said() -> str:
    """All counts, the most frequent first."""
    return "\n".join(f"{number:6} {rule}" for rule, number in MET.most_common())


def rules_of_head(plan: Plan) -> Iterator[str]:
    yield f"period {plan['period']}"
    yield from (
        word for word in ("cut_day", "digits", "decimals", "exchange", "except", "managers") if word in plan
    )
    yield f"round {plan.get('round', 'payable')}"
    yield "who: everyone" if plan["who"] == "everyone" else "who: a list"
    for rule in plan["credits"].values():
        yield from (f"credits: {word}" for word in rule)


def rules_of_components(plan: Plan) -> Iterator[str]:
    for component in plan["components"].values():
        yield from (word for word in LIMITS if word in component)
        if "bonus" in component:
            yield f"bonus {component['bonus']['kind']}"
        elif component["base"] == "linked":
            yield "refunds linked to their sale"
        yield from rules_of_rate(component.get("rate"))
        for factor in component.get("times", []):
            yield f"times {next(iter(factor))}" if isinstance(factor, dict) else "times a number"
        for rule in component.get("clawback", []):
            yield f"clawback when {rule['when']}"
        yield from (
            "a team's number" for word in ("gate", "raise", "times") if "'team'" in str(component.get(word))
        )
        yield from ("base pay.other" for word in ("base", "bonus") if "pay." in str(component.get(word)))


LIMITS = ["stages", "hold", "cap", "floor", "gate", "raise", "prorate", "unit"]


def rules_of_rate(rate: Row | None) -> Iterator[str]:
    if isinstance(rate, dict) and "tiers" in rate:
        yield f"tiers {rate.get('pay', 'marginal')}, by {rate.get('by', 'amount')}"
        yield from (f"tiers {word}" for word in ("over", "per", "below_zero") if word in rate)
    elif isinstance(rate, dict):
        yield "rate from a table"
    elif rate is not None:
        yield "flat rate"


def rules_of_settlement(plan: Plan) -> Iterator[str]:
    for word, rule in plan.get("settlement", {}).items():
        yield f"settlement {word}"
        yield from (
            f"settlement {word} {part}" for part in ("months", "prorate", "instalments") if part in rule
        )


def rules_of_facts(facts: Facts) -> Iterator[str]:
    amounts = [row["amount"] for row in facts["order_lines"]]
    if any(amount < 0 for amount in amounts):
        yield "facts below 0"
    if any(row["ends_on"] is not None for row in facts["assignments"]):
        yield "somebody leaves or moves"
    if facts["events"]:
        yield "events"
