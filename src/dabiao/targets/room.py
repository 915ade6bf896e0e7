"""What targets bring to the house: what was promised, to whom, for when."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from dabiao.core.importable import Importable
from dabiao.core.room import Command, Entry, LakeSource, Periodic, Promises, Room

if TYPE_CHECKING:
    import pyarrow as pa

_TIDY_EVERY: Final = 600.0


def _version() -> int:
    from dabiao.targets.queries import target_version

    return target_version()


def _tables() -> "Mapping[str, pa.Table]":
    from dabiao.targets.queries import lake_table

    return {"targets": lake_table()}


def _promised(
    scopes: Sequence[Any], metrics: Sequence[str], start: date, end: date, dimension: str
) -> Mapping[tuple[Any, str, str], Any]:
    from dabiao.targets.queries import targets_along

    return targets_along(scopes, metrics, start, end, dimension)


def _imports() -> Mapping[str, Importable]:
    from dabiao.targets.imports import TARGETS

    return {TARGETS.key: TARGETS}


def _forget(at: datetime) -> None:
    from dabiao.targets.actions.clean import forget_cells

    forget_cells(at=at)


ROOM = Room(
    key="targets",
    label=_("Targets"),
    urls="dabiao.targets.urls",
    at="targets/",
    api="dabiao.targets.api",
    rail=(Entry("targets:grid", _("Targets"), "target-arrow", "plan", under=("targets:",)),),
    period=("targets:grid", "targets:list"),
    scope=("targets:grid",),
    audit={
        "targets.cascade.edited": _("Cascade edited"),
        "targets.cascade.kept": _("Cascade kept"),
        "targets.set": _("Targets set"),
    },
    publishes=(LakeSource("targets", _version, _tables),),
    promises=Promises(_version, _promised),
    imports=_imports,
    commands={
        "targets": Command("dabiao.targets.commands:app", "Import, show, hand down and calibrate targets."),
    },
    periodics=(Periodic("cells of old cascades", _TIDY_EVERY, _forget),),
)
