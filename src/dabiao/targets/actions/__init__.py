"""Writes of targets: set, clear, many at once. Each is one transaction with one audit line."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from django.db.models import F, Q
from django.utils.translation import gettext as _

from dabiao.core.action import action, tell
from dabiao.core.errors import Forbidden, Malformed, NotFound
from dabiao.core.sentence import say
from dabiao.engine import number
from dabiao.engine.metric import Metric
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.lake import dictionary
from dabiao.metrics import splits
from dabiao.org import queries as org
from dabiao.org.access import User
from dabiao.org.queries import Scope
from dabiao.targets import queries
from dabiao.targets.models import LEVELS, Target, TargetVersion

K = TypeVar("K")
LARGEST_RATIO: Final = Decimal(10)
"""A ratio above 1,000 % is a percentage without its sign."""
MOST_TOLD: Final = 50
"""Changes told one by one in an audit line; of more, the number."""


@dataclass(frozen=True)
class Slot:
    """Where a target stands: whose, of which metric (and which part of it), from when to when."""

    scope: Scope
    metric: str
    starts_on: date
    ends_on: date
    part: Part = WHOLE

    def __str__(self) -> str:
        narrowed = "" if self.part == WHOLE else f" {self.part.dimension}={self.part.member}"
        return f"{self.scope.key} {self.metric} {self.starts_on}..{self.ends_on}{narrowed}"


@dataclass(frozen=True)
class Done:
    """What a write did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    cleared: int = 0


class MayNotSet(Forbidden):
    """The target is not this person's to set. Scopes that do not exist are refused alike."""


def set_target(slot: Slot, levels: Levels, *, by: User | None, at: datetime, on: date) -> Done:
    """Set the three levels of one target; all None clears it. `on` is the day of the setter's sight."""
    return set_targets({slot: levels}, by=by, at=at, on=on)


@action("targets.set")
def set_targets(targets: Mapping[Slot, Levels], *, by: User | None, at: datetime, on: date) -> Done:
    """Set many; those whose levels are all None are cleared. All or nothing.

    Raises MayNotSet, NotFound (no such unit or person), Malformed (metric, dates, a ratio above 1,000 %).
    """
    return _set(targets, by=by, at=at, on=on)


@action("targets.set")
def set_level(
    values: Mapping[Slot, Decimal | None], level: str, *, by: User | None, at: datetime, on: date
) -> Done:
    """Set one level (base, target or challenge) of many targets and leave the other two as they are."""
    if level not in LEVELS:
        raise Malformed(_("%(level)s is not one of base, target, challenge.") % {"level": level})
    _refuse_strangers({slot.scope for slot in values}, by, on)  # before anything tells which of them exist
    stored = _known(values, _holders({slot.scope for slot in values}))
    targets = {}
    for slot, value in values.items():
        row = stored.get(slot)
        before = Levels(row.base, row.target, row.challenge) if row else Levels()
        targets[slot] = replace(before, **{level: value})
    return _set(targets, by=by, at=at, on=on)


def _set(targets: Mapping[Slot, Levels], *, by: User | None, at: datetime, on: date) -> Done:
    for slot, levels in targets.items():
        check(slot, levels)
    _refuse_strangers({slot.scope for slot in targets}, by, on)
    holders = _holders({slot.scope for slot in targets})
    known = _known(targets, holders)
    told: dict[str, dict[str, str | None]] = {}
    new, changed, cleared = [], [], []
    for slot, levels in targets.items():
        row, values = known.get(slot), {name: getattr(levels, name) for name in LEVELS}
        empty = all(value is None for value in values.values())
        if row is None:
            if not empty:
                new.append(_row(slot, holders[slot.scope], values, by, at))
                told[str(slot)] = _shown(values)
        elif empty:
            cleared.append(row.pk)
            told[str(slot)] = _shown(values)
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.changed_by, row.changed_at = by, at
            changed.append(row)
            told[str(slot)] = _shown(values)
    if told:
        Target.objects.bulk_create(new, batch_size=500)
        Target.objects.bulk_update(changed, [*LEVELS, "changed_by", "changed_at"], batch_size=500)
        for part in _batches(cleared):
            Target.objects.filter(pk__in=part).delete()
        _count(told)
    done = len(new) + len(changed) + len(cleared)
    return Done(len(new), len(changed), len(targets) - done, len(cleared))


def clear_target(slot: Slot, *, by: User | None, at: datetime, on: date) -> Done:
    """Take a target away."""
    return set_target(slot, Levels(), by=by, at=at, on=on)


def check(slot: Slot, levels: Levels) -> None:
    """Raises Malformed for what can be no target, with how to mend it."""
    metric = dictionary.in_force().get(slot.metric)
    if metric is None:
        raise Malformed(
            _("There is no metric %(metric)s%(hint)s.")
            % {"metric": slot.metric, "hint": dictionary.nearest(slot.metric)}
        )
    if slot.starts_on >= slot.ends_on:
        raise Malformed(
            _("A target ends after it begins; this one runs from %(start)s to %(end)s.")
            % {"start": slot.starts_on, "end": slot.ends_on}
        )
    _check_part(metric, slot.part)
    if metric.unit == "ratio":
        for name in LEVELS:
            value = getattr(levels, name)
            if value is not None and abs(value) > LARGEST_RATIO:
                raise Malformed(
                    _("%(value)s is too large for a ratio. Write 90%% or 0.9.")
                    % {"value": number.text(value)}
                )


def _check_part(metric: Metric, part: Part) -> None:
    if part == WHOLE:
        return
    if part.dimension not in splits.NARROWING:
        raise Malformed(splits.unknown(part.dimension))
    if not part.member:
        raise Malformed(
            _("Say which %(dimension)s the target is for.") % {"dimension": splits.label(part.dimension)}
        )
    if not splits.can_split(metric, part.dimension):
        raise Malformed(
            _("%(metric)s cannot be split by %(dimension)s, so no target of it can be reached.")
            % {"metric": say(metric.label), "dimension": splits.label(part.dimension)}
        )


def _refuse_strangers(scopes: Collection[Scope], by: User | None, on: date) -> None:
    refused = [scope.key for scope, may in queries.may_set(by, scopes, on).items() if not may]
    if refused:
        raise MayNotSet(_("The targets of %(key)s are not yours to set.") % {"key": min(refused)})


def _holders(scopes: Iterable[Scope]) -> dict[Scope, int]:
    wanted = list(scopes)
    holders = org.holder_ids(wanted)
    missing = sorted(scope.key for scope in wanted if scope not in holders)
    if missing:
        raise NotFound(_("There is no %(key)s.") % {"key": missing[0]})
    return holders


def stored(slots: Iterable[Slot]) -> dict[Slot, Levels]:
    """What is set at present, of those slots where something is. Raises NotFound for no such unit or person."""
    wanted = list(slots)
    known = _known(wanted, _holders({slot.scope for slot in wanted}))
    return {slot: Levels(row.base, row.target, row.challenge) for slot, row in known.items()}


def seen(slots: Collection[Slot], viewer: User, on: date) -> set[Slot]:
    """Of slots in which something is set, those whose targets the viewer may see."""
    known = _known(slots, _holders({slot.scope for slot in slots}))
    rows = [row.pk for row in known.values()]
    visible = {
        pk
        for part in _batches(rows)
        for pk in queries.targets_visible(viewer, on).filter(pk__in=part).values_list("pk", flat=True)
    }
    return {slot for slot, row in known.items() if row.pk in visible}


def _known(targets: Iterable[Slot], holders: Mapping[Scope, int]) -> dict[Slot, Target]:
    wanted = set(targets)
    if not wanted:
        return {}
    rows = Target.objects.select_related("unit", "person").filter(
        metric__in={slot.metric for slot in wanted},
        starts_on__gte=min(slot.starts_on for slot in wanted),
        ends_on__lte=max(slot.ends_on for slot in wanted),
    )
    units = {holder for scope, holder in holders.items() if scope.kind == "unit"}
    people = {holder for scope, holder in holders.items() if scope.kind == "person"}
    if len(units) + len(people) <= 500:
        rows = rows.filter(Q(unit__in=units) | Q(person__in=people))
    found = {}
    for row in rows:
        scope = Scope("unit", row.scope_key) if row.unit_id else Scope("person", row.scope_key)
        slot = Slot(scope, row.metric, row.starts_on, row.ends_on, row.part)
        if slot in wanted:
            found[slot] = row
    return found


def _row(
    slot: Slot, holder: int, values: Mapping[str, Decimal | None], by: User | None, at: datetime
) -> Target:
    return Target(
        scope_kind=slot.scope.kind,
        unit_id=holder if slot.scope.kind == "unit" else None,
        person_id=holder if slot.scope.kind == "person" else None,
        metric=slot.metric,
        dimension=slot.part.dimension,
        member=slot.part.member,
        starts_on=slot.starts_on,
        ends_on=slot.ends_on,
        changed_by=by,
        changed_at=at,
        **values,
    )


def _count(told: Mapping[str, Mapping[str, str | None]]) -> None:
    version, _created = TargetVersion.objects.get_or_create(pk=1)
    TargetVersion.objects.filter(pk=1).update(number=F("number") + 1)
    version.refresh_from_db()
    shown = dict(list(told.items())[:MOST_TOLD])
    tell(version, {"targets": len(told), **shown})


def _shown(values: Mapping[str, Decimal | None]) -> dict[str, str | None]:
    return {name: number.text(value) for name, value in values.items()}


def _batches(keys: Sequence[K], size: int = 500) -> Iterable[Sequence[K]]:
    return (keys[at : at + size] for at in range(0, len(keys), size))
