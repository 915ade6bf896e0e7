"""The small tables that plans read beside the lake's own: relationships, managers, shares, scores, events."""

from collections.abc import Mapping
from typing import Final

from dabiao.engine.number import MONEY, RATE

INPUTS: Final[Mapping[str, Mapping[str, str]]] = {
    "relations": {
        "relation": "string",
        "key": "string",
        "person": "string",
        "share": RATE,
        "starts_on": "date",
        "ends_on": "date",
    },
    "managers": {"person": "string", "manager": "string", "starts_on": "date", "ends_on": "date"},
    "shares": {
        "table": "string",
        "source": "string",
        "key": "string",
        "person": "string",
        "share": RATE,
        "known_on": "date",
    },
    "scores": {
        "person": "string",
        "score": "string",
        "starts_on": "date",
        "ends_on": "date",
        "value": RATE,
    },
    "events": {
        "table": "string",
        "source": "string",
        "key": "string",
        "event": "string",
        "on": "date",
        "portion": RATE,
    },
    "posted": {"person": "string", "period": "date", "component": "string", "amount": MONEY},
}
"""table → column → Ibis type. What each means stands in `docs/incentives.md`."""
