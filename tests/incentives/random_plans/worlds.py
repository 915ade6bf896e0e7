"""Several sets of facts that have nobody in common: one run of the engine answers for all of them."""

from typing import Any

from hypothesis import strategies as st

from tests.incentives.oracle import Facts, Plan
from tests.incentives.random_plans.facts import fact_sets
from tests.incentives.random_plans.plans import plans

WORLDS = 8
OWN_NAMES = ["person", "dealer", "territory", "end_customer", "customer", "contract", "key", "reverses"]
OWN_NAMES += ["scope", "manager", "signer", "unit", "parent"]


def apart(facts: Facts, world: int) -> Facts:
    """The same facts in a world of their own: nobody and nothing is met in two."""
    return {
        name: [
            {
                column: f"{value}.{world}" if column in OWN_NAMES and value is not None else value
                for column, value in row.items()
            }
            for row in rows
        ]
        for name, rows in facts.items()
    }


@st.composite
def plans_on_facts(draw: st.DrawFn) -> tuple[Plan, list[Facts]]:
    """A plan with several sets of facts; where it ranks or shares among everybody they are one."""
    plan = draw(plans())
    worlds = [apart(draw(fact_sets(plan)), world) for world in range(WORLDS)]
    for word in ("who", "except"):
        if isinstance(plan.get(word), list):
            plan[word] = [in_world(entry, world) for entry in plan[word] for world in range(WORLDS)]
            plan[word] = [entry for n, entry in enumerate(plan[word]) if entry not in plan[word][:n]]
    for component in plan["components"].values():
        if "unit" in component.get("bonus", {}):
            component["bonus"]["unit"] += ".0"
    return plan, [together(worlds)] if looks_at_everybody(plan) else worlds


def in_world(entry: dict[str, Any], world: int) -> dict[str, Any]:
    """What names a person or a unit, in one of the worlds."""
    return {
        word: f"{value}.{world}" if word in ("person", "unit") else value for word, value in entry.items()
    }


def looks_at_everybody(plan: Plan) -> bool:
    kinds = [component["bonus"]["kind"] for component in plan["components"].values() if "bonus" in component]
    return "contest" in kinds or "pool" in kinds


def together(worlds: list[Facts]) -> Facts:
    """All facts at once; what is the same in all worlds, as days are, stands there once."""
    return {
        name: rows if name == "calendar" else [row for facts in worlds for row in facts[name]]
        for name, rows in worlds[0].items()
    }
