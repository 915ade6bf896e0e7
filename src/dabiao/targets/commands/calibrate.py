"""`dabiao targets calibrate`: what can be asked for, from a case file or from the facts."""

import json
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from django.utils.translation import gettext as _

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.heads import CODES, word
from dabiao.core.output import Format, plain, show
from dabiao.core.sentence import say
from dabiao.core.text_file import text_of
from dabiao.engine.calibration.calibrate import Calibration, Case, NothingKnown
from dabiao.engine.calibration.calibrate import calibrate as calibrated
from dabiao.engine.calibration.case_file import BadCase, read_case
from dabiao.engine.number import rounded
from dabiao.engine.period import BadPeriod
from dabiao.targets.logic.cascade.history import metric_of
from dabiao.targets.queries.calibration import Happened, case_from_facts, happened

PROBABILITIES = (Decimal("0.8"), Decimal("0.5"), Decimal("0.2"))
ASSUMPTION = ("key", "name", "value", "low", "high", "historical", "change", "source", "as_of")


def calibrate(
    case_file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A case in YAML.")
    ] = None,
    metric: Annotated[
        str, typer.Option(help="Instead of a file: calibrate this metric from its facts …")
    ] = "",
    period: Annotated[str, typer.Option(help="… for this period.")] = "",
    years: Annotated[int, typer.Option(help="Earlier years that are looked at.")] = 3,
    target: Annotated[list[str], typer.Option(help="An amount whose probability is asked.")] = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Of the simulation; the same seed gives the same answer.")] = 1,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Market, capacity and resources: what is expected, its range, what binds, and what then happened."""
    case, after = _from_file(case_file) if case_file else _from_facts(metric, period, years)
    try:
        calibration = calibrated(case, seed=seed)
    except NothingKnown as error:
        raise Malformed(say(error.said)) from None
    told = _told(case, calibration, target, after) | {"seed": seed}
    if form is Format.JSON:
        typer.echo(json.dumps(told, ensure_ascii=False, default=plain))
    else:
        _print(told, form)


def _from_file(file: Path) -> tuple[Case, Happened | None]:
    try:
        return read_case(text_of(file), fiscal(), file.name), None
    except BadCase as error:
        raise Malformed("\n".join(say(problem.said) for problem in error.problems)) from None


def _from_facts(metric: str, label: str, years: int) -> tuple[Case, Happened | None]:
    if not metric or not label:
        raise Malformed(_("Give a case file, or --metric and --period."))
    measured = metric_of(metric)
    try:
        window = fiscal().parse(label)
    except BadPeriod as error:
        raise Malformed(say(error.said)) from None
    return case_from_facts(measured, window, fiscal(), years), happened(measured, window)


def _told(
    case: Case, calibration: Calibration, targets: list[str], after: Happened | None
) -> dict[str, object]:
    """Everything a calibration says, as plain data."""
    return {
        "period": case.period.label,
        "expected": calibration.expected,
        "binding": calibration.binding,
        "unknown": list(calibration.unknown),
        "sides": [{**asdict(side), "amount": plain(side.amount)} for side in calibration.sides],
        "reached_with": {
            str(share): plain(calibration.at_probability(float(share))) for share in PROBABILITIES
        },
        "targets": [
            {"amount": text, "probability": calibration.probability(_decimal(text))} for text in targets
        ],
        "assumptions": [
            {name: plain(getattr(assumption, name)) for name in ASSUMPTION}
            for assumption in case.assumptions()
        ],
        "happened": None if after is None else _compared(calibration, after),
    }


def _compared(calibration: Calibration, after: Happened) -> dict[str, object]:
    """What was expected of the days that have facts, and what happened in them."""
    expected = rounded(calibration.expected * after.share_of_period, 2)
    return {
        "until": plain(after.until),
        "expected": plain(expected),
        "actual": plain(after.amount),
        "off_by": plain(rounded((after.amount - expected) / expected, 4)) if expected else None,
    }


def _print(told: dict[str, object], form: Format) -> None:
    rows = [{"what": name, "value": told[name]} for name in ("period", "expected", "binding")]
    unknown = [str(each) for each in _list(told["unknown"])]
    if form is Format.TABLE:
        unknown = [str(word("constraint", each)) for each in unknown]
    rows += [{"what": "not known", "value": ", ".join(unknown) or "-"}]
    show(rows, ("what", "value"), form, codes={"value": CODES["constraint"]})
    show(_list(told["sides"]), ("constraint", "amount", "binds"), form)
    reached = told["reached_with"]
    if isinstance(reached, dict):
        show(
            [{"probability": share, "amount": amount} for share, amount in reached.items()],
            ("probability", "amount"),
            form,
        )
    if told["targets"]:
        show(_list(told["targets"]), ("amount", "probability"), form)
    show(_list(told["assumptions"]), ASSUMPTION, form)
    if isinstance(told["happened"], dict):
        heads = {"expected": CODES["what"]["expected"]}
        show([told["happened"]], ("until", "expected", "actual", "off_by"), form, heads=heads)


def _list(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Malformed(_("%(text)s is not a number.") % {"text": text}) from None
