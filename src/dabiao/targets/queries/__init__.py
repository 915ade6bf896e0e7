"""Reads of targets: those in force, those of a list, and what was promised to a scope for a period."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from dabiao.core.calendars import working_days
from dabiao.core.errors import Malformed
from dabiao.engine.metric import grows
from dabiao.engine.promise import PRODUCT_LINE, WHOLE, Levels, Part, Promise, Row
from dabiao.lake import dictionary
from dabiao.lake.tables import TABLES
from dabiao.metrics import splits
from dabiao.org import queries as org
from dabiao.org.access import User, may
from dabiao.org.can import Can
from dabiao.org.queries import Scope, Sight
from dabiao.targets.models import Target, TargetVersion

__all__ = ["Levels", "Promise", "Row"]


@dataclass(frozen=True)
class TargetRow:
    """A stored target as pages, API and exports show it. `ends_on` is the first day after."""

    id: int
    scope_kind: str
    scope: str
    name: str
    metric: str
    dimension: str
    member: str
    starts_on: date
    ends_on: date
    base: Decimal | None
    target: Decimal | None
    challenge: Decimal | None


@dataclass(frozen=True)
class Filter:
    """Which targets are asked for; None or empty means any. `since` and `until` are a half-open window."""

    on: date | None = None
    since: date | None = None
    until: date | None = None
    scope: Scope | None = None
    metric: str = ""
    dimension: str | None = None
    member: str | None = None


def targets_visible(viewer: User, on: date) -> QuerySet[Target]:
    """Targets that a viewer may see: of visible units, of oneself, and of people for the time of a visible seat."""
    return _visible(org.sight(viewer, on))


def targets_in_force(viewer: User, on: date, *, wanted: Filter | None = None) -> list[TargetRow]:
    """Visible targets whose dates hold the day `on`, by scope, metric, part, start."""
    return [as_row(target) for target in listed(viewer, on, wanted or Filter(on=on))]


def listed(viewer: User, on: date, wanted: Filter) -> QuerySet[Target]:
    """Visible targets that meet a filter, in a fixed order. `on` is the day of the viewer's sight."""
    return _filtered(targets_visible(viewer, on), wanted)


def stored(wanted: Filter) -> list[TargetRow]:
    """All targets that meet a filter, for the operator at the console, who sees everything."""
    return [as_row(target) for target in _filtered(Target.objects.all(), wanted)]


def _filtered(found: QuerySet[Target], wanted: Filter) -> QuerySet[Target]:
    if wanted.on:
        found = found.filter(starts_on__lte=wanted.on, ends_on__gt=wanted.on)
    if wanted.since:
        found = found.filter(ends_on__gt=wanted.since)
    if wanted.until:
        found = found.filter(starts_on__lt=wanted.until)
    if wanted.scope:
        found = found.filter(**{f"{wanted.scope.kind}__key": wanted.scope.key})
    if wanted.metric:
        found = found.filter(metric=wanted.metric)
    if wanted.dimension is not None:
        found = found.filter(dimension=wanted.dimension)
    if wanted.member is not None:
        found = found.filter(member=wanted.member)
    ordered = found.select_related("unit", "person")
    part = ("metric", "dimension", "member")
    return ordered.order_by("-scope_kind", "unit__key", "person__key", *part, "starts_on", "-ends_on", "pk")


def of_scopes(scopes: Sequence[Scope], metric: str, part: Part, start: date, end: date) -> list[TargetRow]:
    """Targets of scopes (already checked) for a metric, or a part of it, that lie inside [start, end)."""
    units = [scope.key for scope in scopes if scope.kind == "unit"]
    people = [scope.key for scope in scopes if scope.kind == "person"]
    found = Target.objects.select_related("unit", "person").filter(
        Q(unit__key__in=units) | Q(person__key__in=people),
        metric=metric, dimension=part.dimension, member=part.member, starts_on__gte=start, ends_on__lte=end,
    )  # fmt: skip
    return [as_row(target) for target in found.order_by("pk")]


def as_row(target: Target) -> TargetRow:
    """The row behind a model; unit and person are loaded."""
    holder = target.unit or target.person
    return TargetRow(
        id=target.pk,
        scope_kind=target.scope_kind,
        scope=target.scope_key,
        name=str(holder),
        metric=target.metric,
        dimension=target.dimension,
        member=target.member,
        starts_on=target.starts_on,
        ends_on=target.ends_on,
        base=target.base,
        target=target.target,
        challenge=target.challenge,
    )


def targets_for(
    scopes: Iterable[Scope], metrics: Iterable[str], start: date, end: date, *, part: Part = WHOLE
) -> Mapping[tuple[Scope, str], Promise]:
    """(scope, metric) → what was promised for [start, end); scopes without a promise are left out.

    A scope's own targets that tile the window, else the part of them that falls into it by working days, else
    (of everything) the sum over product lines or another dimension, else, of a unit, the sum of its children: units
    below it, and the people in it for the time of their seat there. Ratios and averages are never summed: they are
    inherited from above. The caller has checked that the viewer may see the scopes.
    """
    found = _held(scopes, metrics, start, end, part.dimension)
    return {(scope, key): promise for (scope, key, one), promise in found.items() if one == part}


def targets_along(
    scopes: Iterable[Scope], metrics: Iterable[str], start: date, end: date, dimension: str
) -> Mapping[tuple[Scope, str, str], Promise]:
    """(scope, metric, member) → what was promised of each member of a dimension, each as `targets_for` says; of the
    dimension "" what was promised of everything, whose member is ""."""
    found = _held(scopes, metrics, start, end, dimension)
    return {(scope, key, part.member): promise for (scope, key, part), promise in found.items()}


def _held(
    scopes: Iterable[Scope], metrics: Iterable[str], start: date, end: date, dimension: str
) -> Mapping[tuple[Scope, str, Part], Promise]:
    from dabiao.targets.queries.promises import Book

    known = dictionary.in_force()
    wanted = [key for key in dict.fromkeys(metrics) if key in known]
    holders = list(dict.fromkeys(scopes))
    book = Book((start, end), holders, wanted, dimension=dimension, working_days=working_days)
    return {
        (scope, key, part): promise
        for key in wanted
        for part in book.parts(key)
        for scope, promise in book.promises(key, part, sums=grows(known[key])).items()
    }


def seen_in(viewer: User, scopes: Iterable[Scope], start: date, end: date, on: date) -> frozenset[Scope]:
    """Of scopes that the viewer may open those whose promises for [start, end) are theirs to see: of people who moved,
    those of windows in which no main seat is hidden. A sum over a longer one would tell what was promised after."""
    asked, seen = list(scopes), org.sight(viewer, on)
    if seen.everything:
        return frozenset(asked)
    days = org.days_in(seen.units, {each.key for each in asked if each.kind == "person"}, start, end)
    people = {key for key, spans in days.items() if spans == [(start, end)]} | {seen.person}
    return frozenset(each for each in asked if each.kind == "unit" or each.key in people)


def metrics_with_targets() -> list[str]:
    """Metric keys that any target names."""
    return sorted(Target.objects.values_list("metric", flat=True).distinct())


def members_with_targets(viewer: User, on: date) -> list[Part]:
    """Parts that any visible target is narrowed to."""
    narrowed = targets_visible(viewer, on).exclude(dimension="").order_by("dimension", "member")
    return [Part(*pair) for pair in narrowed.values_list("dimension", "member").distinct()]


def dimension_named(said: str) -> str:
    """The dimension that targets are narrowed by under this name. Raises Malformed."""
    if said in {node.kind for node in org.tree().nodes}:
        text = _("%(said)s is a kind of unit: set the targets of these units themselves.")
        raise Malformed(text % {"said": said})
    name = splits.named(said)
    if name is None:
        raise Malformed(splits.unknown(said))
    return name


def may_set(by: User | None, scopes: Collection[Scope], on: date) -> Mapping[Scope, bool]:
    """Whether somebody may set the targets of scopes: sales operations all of them, a manager those below.

    Nobody sets their own: a manager sets neither the units they stand at the top of nor themselves. Below are people
    with a seat there today or later, not those who have moved away.
    """
    if may(by, Can.OPERATE):
        return dict.fromkeys(scopes, True)
    if by is None or not may(by, Can.SET_TARGETS):
        return dict.fromkeys(scopes, False)
    seen = org.sight(by, on)
    below = seen.units - {node.key for node in org.tops_visible(by, on)}
    asked = [scope.key for scope in scopes if scope.kind == "person"]
    people = org.seen_between(by, asked, on, org.FOREVER, on) - {seen.person}
    return {scope: scope.key in (below if scope.kind == "unit" else people) for scope in scopes}


def target_version() -> int:
    """How often targets have been changed. Publishing compares it with what it has published."""
    return TargetVersion.objects.filter(pk=1).values_list("number", flat=True).first() or 0


def lake_table() -> pa.Table:
    """All targets as the lake's table `targets`."""
    rows = Target.objects.select_related("unit", "person").order_by("pk")
    same = ("metric", "dimension", "member", "starts_on", "ends_on", "base", "target", "challenge")
    told = [
        {
            "scope_kind": row.scope_kind,
            "scope": row.scope_key,
            "product": row.member if row.dimension == PRODUCT_LINE else "",
            **{name: getattr(row, name) for name in same},
        }
        for row in rows.iterator(chunk_size=2000)
    ]
    return pa.Table.from_pylist(told, schema=TABLES["targets"].schema)


def _visible(seen: Sight) -> QuerySet[Target]:
    if seen.everything:
        return Target.objects.all()
    seated = org.seats_during(OuterRef("person"), seen.units, OuterRef("starts_on"), OuterRef("ends_on"))
    return Target.objects.filter(
        Q(unit__key__in=seen.units)
        | Q(person__key=seen.person or "")
        | Q(Exists(seated), scope_kind="person")
    )
