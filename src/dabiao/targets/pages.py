"""Pages of targets: the grid, its saving, the list, import."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core import config, keeping, uploads
from dabiao.core.calendars import fiscal
from dabiao.core.errors import Malformed
from dabiao.core.sentence import say
from dabiao.engine.metric import Metric
from dabiao.engine.promise import WHOLE, Levels, Part
from dabiao.lake import dictionary
from dabiao.metrics import labels, names, splits
from dabiao.org import queries as org
from dabiao.org.access import UserRequest, page
from dabiao.org.can import Can
from dabiao.org.queries import Scope
from dabiao.targets import actions, queries
from dabiao.targets.actions import Slot
from dabiao.targets.logic.rules import typing_rules
from dabiao.targets.models import LEVELS
from dabiao.targets.queries.grid import Grid, GridRequest, export_columns, export_rows, grid
from dabiao.ui import http
from dabiao.ui.address import read_address
from dabiao.ui.importing import import_page, import_workbook
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import list_page

FIRST_METRIC = "sales_amount"
MOST_CELLS = 5000


@page()
def grid_page(request: UserRequest) -> HttpResponseBase:
    """The grid of one metric; `?export=` downloads what it shows."""
    wanted = _asked(request)
    if wanted is None:
        return render(request, "targets/grid.html", {"grid": None})
    stamp = _stamp(request, wanted)
    shown = keeping.once("grid", stamp, lambda: _grid(request, wanted))
    if kind := request.GET.get("export"):
        return http.download(
            export_rows(shown), export_columns(shown), name=f"targets-{wanted.metric}", kind=kind
        )
    return render(request, "targets/grid.html", {"stamp": stamp, **_context(request, shown, stamp)})


@page("POST")
def grid_save(request: UserRequest) -> HttpResponse:
    """Save edited cells, all or none; the answer is the grid anew, or JSON that says what is wrong in which cell."""
    wanted = _asked(request)
    if wanted is None:
        raise Malformed(_("There is nothing to set targets for."))
    values, errors = _cells(request.body, wanted.metric, wanted.part)
    if errors:
        return JsonResponse({"detail": errors[0]["message"], "errors": errors}, status=422)
    actions.set_level(values, wanted.level, by=request.user, at=timezone.now(), on=http.today())
    return render(request, "targets/_grid.html", {"grid": _grid(request, wanted)})


@page()
def targets_list(request: UserRequest) -> HttpResponseBase:
    """Every target that the viewer may see and whose dates touch the period."""
    on = http.today()
    period = read_address(request, today=on).period
    wanted = queries.Filter(since=period.start, until=period.end, metric=request.GET.get("metric", ""))
    table = _listing([queries.as_row(target) for target in queries.listed(request.user, on, wanted)])
    return list_page(request, "targets/list.html", table, period=period)


@page("GET POST", can=Can.SET_TARGETS)
def import_targets(request: UserRequest) -> HttpResponseBase:
    """Upload targets."""
    return import_page(
        request,
        "targets",
        sample=lambda _table: reverse("targets:import-template"),
        title=_("Import targets"),
        sentence=_(
            "A row sets one target; the same row again changes nothing. With one error nothing is changed."
        ),
        back=reverse("targets:grid"),
        back_to=_("Targets"),
    )


@page(can=Can.SET_TARGETS)
def import_template(request: UserRequest) -> HttpResponseBase:
    """An empty workbook with the titles that the import knows."""
    return import_workbook("targets", "targets")


def _asked(request: UserRequest) -> GridRequest | None:
    """What the address asks for; None where the viewer has no scope at all. Raises NotFound, Malformed."""
    on = http.today()
    said = read_address(request, today=on)
    scope = org.home_scope(request.user, on)
    if said.person:
        scope = Scope("person", said.person)
    elif said.scope:
        scope = Scope("unit", said.scope)
    if scope is None:
        return None
    org.check_scope(request.user, scope, on)
    metric = request.GET.get("metric", "") or FIRST_METRIC
    if metric not in dictionary.in_force():
        raise Malformed(
            _("There is no metric %(metric)s%(hint)s.")
            % {"metric": metric, "hint": dictionary.nearest(metric)}
        )
    level = request.GET.get("level", "") or "target"
    if level not in LEVELS:
        raise Malformed(_("%(level)s is not one of base, target, challenge.") % {"level": level})
    return GridRequest(scope, said.period, metric, level, _part(request))


def _part(request: UserRequest) -> Part:
    """What the address narrows the grid to; a dimension without a member is everything still. Raises Malformed."""
    member = request.GET.get("member", "").strip()[:80]
    dimension = _dimension(request)
    return Part(dimension, member) if dimension and member else WHOLE


def _dimension(request: UserRequest) -> str:
    said = request.GET.get("dimension", "").strip()
    return queries.dimension_named(said) if said else ""


def _grid(request: UserRequest, wanted: GridRequest) -> Grid:
    return grid(request.user, wanted, fiscal=fiscal(), on=http.today())


def _stamp(request: UserRequest, wanted: GridRequest) -> str:
    """Changes whenever the grid would: with a target, the organisation, a metric, who looks, the day."""
    viewer, on = request.user, http.today()
    of_viewer = (org.sight(viewer, on).key, viewer.pk, viewer.role, get_language())
    known = (org.tree().stamp, queries.target_version(), dictionary.edition())
    return keeping.stamp(*known, *of_viewer, wanted, on)


def _context(request: UserRequest, shown: Grid, stamp: str) -> dict[str, object]:
    viewer, on, known = request.user, http.today(), dictionary.in_force()
    dimension = _dimension(request)
    parts = keeping.once("parts", stamp, lambda: queries.members_with_targets(viewer, on))
    used = keeping.once("used", stamp, lambda: frozenset(queries.metrics_with_targets()))
    choices = sorted(
        known.values(), key=lambda metric: (metric.key not in used, list(known).index(metric.key))
    )
    return {
        "grid": shown,
        "metric_name": say(shown.metric.label),
        "metrics": [(metric.key, say(metric.label)) for metric in choices],
        "levels": [("base", _("Base")), ("target", _("Target")), ("challenge", _("Challenge"))],
        "dimension": dimension,
        "narrowed": splits.label(dimension) if dimension else "",
        "dimensions": [(n, splits.label(n)) for n in splits.NARROWING if splits.can_split(shown.metric, n)],
        "members": [part.member for part in parts if part.dimension == dimension],
        "rules": typing_rules(most=actions.LARGEST_RATIO if shown.is_ratio else None),
    }


def _cells(
    body: bytes, metric: str, part: Part
) -> tuple[dict[Slot, Decimal | None], list[dict[str, object]]]:
    """Cells of the request by slot, and what cannot be read. Raises Malformed for a body that is no such JSON."""
    values: dict[Slot, Decimal | None] = {}
    errors: list[dict[str, object]] = []
    for cell in _json_cells(body):
        slot = Slot(Scope(cell["kind"], cell["key"]), metric, cell["start"], cell["end"], part)
        text = cell["value"].strip()
        try:
            values[slot] = uploads.amount(text) if text else None
            actions.check(slot, Levels(target=values[slot]))
        except (ValueError, Malformed) as error:
            where = {"kind": slot.scope.kind, "key": slot.scope.key, "start": slot.starts_on.isoformat()}
            errors.append({**where, "end": slot.ends_on.isoformat(), "message": str(error)})
    return values, errors


def _json_cells(body: bytes) -> list[Mapping[str, Any]]:
    try:
        cells = json.loads(body)["cells"]
        if len(cells) > MOST_CELLS:
            raise Malformed(
                _("That is more than %(most)s cells at once; import a file instead.") % {"most": MOST_CELLS}
            )
        return [
            {
                "kind": {"unit": "unit", "person": "person"}[cell["kind"]],
                "key": str(cell["key"]),
                "start": date.fromisoformat(cell["start"]),
                "end": date.fromisoformat(cell["end"]),
                "value": str(cell["value"]),
            }
            for cell in cells
        ]
    except (ValueError, TypeError, KeyError):
        raise Malformed(_("The cells could not be read. Reload the page.")) from None


def _label(known: Mapping[str, Metric], key: str) -> str:
    """What a metric is called; its key where it is not defined any more."""
    return say(known[key].label) if key in known else key


def _listing(rows: list[queries.TargetRow]) -> Listing:
    kinds = {"unit": _("Unit"), "person": _("Person")}
    known = dictionary.in_force()
    members: dict[str, set[str]] = {}
    for row in rows:
        members.setdefault(row.dimension, set()).add(row.member)
    called = {dimension: names.names(dimension, keys) for dimension, keys in members.items() if dimension}
    return Listing(
        key="targets",
        columns=[
            Column("kind", _("Whose")),
            Column("scope", _("Key")),
            Column("name", _("Name")),
            Column("label", _("Metric")),
            Column("metric", _("Metric key"), hidden=True),
            Column("dimension", _("Narrowed by")),
            Column("part", _("Part"), export=False),
            Column("member", _("Narrowed to"), hidden=True),
            Column("starts_on", _("First day"), "day"),
            Column("ends_on", _("Day after the last"), "day"),
            Column("base", _("Base"), "figure"),
            Column("target", _("Target"), "figure"),
            Column("challenge", _("Challenge"), "figure"),
        ],
        rows=[
            {
                **vars(row),
                "kind": kinds[row.scope_kind],
                "label": _label(known, row.metric),
                "dimension": splits.label(row.dimension) if row.dimension else "",
                "part": called[row.dimension].get(row.member) or labels.value(row.member)
                if row.dimension
                else "",
                "unit": known[row.metric].unit if row.metric in known else "",
            }
            for row in rows
        ],
        currency=config.get("DABIAO_CURRENCY"),
        empty=_("No targets in this period yet."),
    )
