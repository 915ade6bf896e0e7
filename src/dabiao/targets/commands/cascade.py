"""`dabiao targets cascade|edit|show`: hand down, change one amount, look."""

import json
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated

import typer
from django.utils import timezone
from django.utils.translation import gettext as _

from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.output import Format, plain, show
from dabiao.core.sentence import say
from dabiao.engine.allocation.cascade import Cascade
from dabiao.engine.allocation.entry import NoBase, TargetEntry, amount_of
from dabiao.engine.allocation.people import Ramp
from dabiao.engine.period import BadPeriod, Period
from dabiao.org.queries import tree
from dabiao.targets.actions import cascade as saving
from dabiao.targets.actions.put_in_force import put_in_force
from dabiao.targets.logic.cascade import options, saved
from dabiao.targets.logic.cascade.cells import cells, held
from dabiao.targets.logic.cascade.history import brought, metric_of
from dabiao.targets.logic.cascade.request import CascadeRequest, Prepared, digits_of, prepare

CELL = ("scope", "product", "period", "value", "leaf")
LEDGER = ("scope", "kind", "product", "period", "value")

Texts = Annotated[list[str], typer.Option()]


def cascade(  # noqa: PLR0913, PLR0917 - one parameter an option
    metric: Annotated[str, typer.Option(help="What is handed down.")],
    period: Annotated[str, typer.Option(help="Of which period: 2027, 2027-Q1.")],
    amount: Annotated[str, typer.Option(help="The whole amount.")] = "",
    growth: Annotated[str, typer.Option(help="Instead: growth on the year before, 0.12 for 12 %.")] = "",
    over: Annotated[
        str, typer.Option(help="org, half, quarter, month, week, day, product, in the order promised.")
    ] = "org,month",
    method: Annotated[
        str, typer.Option(help="even, history, seasonality, working-days, or several: history:60,even:40.")
    ] = "even",
    scope: Annotated[str, typer.Option(help="The unit at the top; default: the company.")] = "",
    to: Annotated[str, typer.Option(help="The last level: person or unit.")] = "person",
    reserve: Annotated[list[str], typer.Option(help="Kept back: 0.1, or UNIT=0.15.")] = [],  # noqa: B006
    over_assign: Annotated[list[str], typer.Option(help="Handed down over and above: UNIT=0.1.")] = [],  # noqa: B006
    lock: Annotated[list[str], typer.Option(help="WHO[:PERIOD[:PRODUCT]]=AMOUNT.")] = [],  # noqa: B006
    minimum: Annotated[list[str], typer.Option("--min", help="The same, at least.")] = [],  # noqa: B006
    maximum: Annotated[list[str], typer.Option("--max", help="The same, at most.")] = [],  # noqa: B006
    ramp: Annotated[str, typer.Option(help="What a joiner brings month by month: 0.25,0.5,0.75.")] = "",
    protect: Annotated[str, typer.Option(help="The most that is expected on probation: 0.5.")] = "1",
    plan: Annotated[str, typer.Option(help="Name to keep it under; default: METRIC-PERIOD.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")] = "",
    in_force: Annotated[bool, typer.Option(help="Make the amounts the targets in force.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only show; keep nothing.")] = False,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Hand an amount down so that every sum holds, and say who holds what was not handed down."""
    window = _period(period)
    kept = options.shares(reserve, scope or _top(), 1) | options.shares(over_assign, scope or _top(), -1)
    asked = CascadeRequest(
        metric,
        window,
        _amount(metric, window, scope, (amount, growth)),
        tuple(part.strip() for part in over.split(",")),
        options.methods(method),
        scope,
        to == "person",
        kept,
        ramp=Ramp(
            tuple(Fraction(_decimal(step)) for step in ramp.split(",") if step), Fraction(_decimal(protect))
        ),
    )
    ready = prepare(asked, fiscal())
    limits = [
        *options.limits(ready, lock, "lock"),
        *options.limits(ready, minimum, "low"),
        *options.limits(ready, maximum, "high"),
    ]
    ready = replace(ready, order=replace(ready.order, limits=tuple(limits)))
    handed = saving.solve(ready)
    if not dry_run:
        now = timezone.now()
        version = saving.keep(
            ready, handed, plan=plan or f"{metric}-{period}", by=None, at=now, reason=reason
        )
        if in_force:
            put_in_force(ready, handed, by=None, at=now, on=timezone.localdate())
        typer.echo(_("Kept as %(version)s.") % {"version": version}, err=True)
    _print(ready, handed, form)


def edit(
    plan: Annotated[str, typer.Argument(help="Name of the cascade.")],
    where: Annotated[str, typer.Argument(help="WHO[:PERIOD[:PRODUCT]].")],
    amount: Annotated[str, typer.Argument(help="What it is to be; it is locked.")],
    held_by: Annotated[
        str, typer.Option(help="The unit above that makes room; default: the next one up.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; kept with the version.")] = "",
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Set one amount of a kept cascade; prints what moved."""
    ready = saved.opened(saved.version_of(plan)).prepared
    place = options.place(ready, where)
    holder = options.scope_key(ready, held_by) if held_by else None
    moved = saving.edit(
        plan, place, _decimal(amount), held_by=holder, by=None, at=timezone.now(), reason=reason
    )
    rows = [asdict(move) for move in saving.moves(ready, moved)]
    show(rows, ("scope", "product", "period", "before", "after"), form)


def show_(
    plan: Annotated[str, typer.Argument(help="Name of the cascade.")],
    known_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As known at the end of this day; default: now."),
    ] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """The amounts and the ledger of a kept cascade."""
    moment = (
        None if known_on is None else timezone.make_aware(known_on.replace(hour=23, minute=59, second=59))
    )
    opened = saved.opened(saved.version_of(plan, known_at=moment))
    _print(opened.prepared, saved.block(opened, 0), form)


def _print(ready: Prepared, handed: Cascade, form: Format) -> None:
    amounts = [asdict(cell) for cell in cells(ready, handed)]
    ledger = [asdict(line) for line in held(ready, handed)]
    if form is Format.JSON:
        told = {"cells": [_plain(row) for row in amounts], "ledger": [_plain(row) for row in ledger]}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    show(amounts, CELL, form)
    if ledger and form is Format.TABLE:
        show(ledger, LEDGER, form)


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {name: plain(value) for name, value in row.items()}


def _period(label: str) -> Period:
    try:
        return fiscal().parse(label)
    except BadPeriod as error:
        raise Malformed(say(error.said)) from None


def _amount(metric: str, window: Period, scope: str, given: tuple[str, str]) -> Decimal:
    """The amount as given, or what the scope's units brought the year before, grown."""
    amount, growth = given
    if bool(amount) == bool(growth):
        raise Malformed(_("Give either --amount or --growth."))
    if amount:
        return _decimal(amount)
    measured = metric_of(metric)
    before = brought(measured, "unit", fiscal().year_before(window))
    under = {node.key for node in tree().subtree(scope)} if scope else before.keys()
    parts = [value for unit, value in before.items() if unit in under]
    base = sum(parts, Decimal(0)) if parts else None
    try:
        return amount_of(TargetEntry("growth", _decimal(growth)), base, digits_of(measured))
    except NoBase as error:
        raise Malformed(say(error.said)) from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise Malformed(_("%(text)s is not a number.") % {"text": text}) from None


def _top() -> str:
    """The unit at the top, where there is one."""
    roots = tree().roots()
    return roots[0].key if len(roots) == 1 else ""
