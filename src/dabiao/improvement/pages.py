"""Why a number is off, on a page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core.errors import Malformed, NotFound
from dabiao.improvement.queries import why as whys
from dabiao.improvement.queries.against import CALLED, Against
from dabiao.improvement.queries.explaining import explained
from dabiao.improvement.queries.sides import sides
from dabiao.lake import reading
from dabiao.metrics import labels, query
from dabiao.metrics.frame import Frame, framed
from dabiao.metrics.promised import promised
from dabiao.org.access import UserRequest, page
from dabiao.performance.queries import cockpit, reasons
from dabiao.performance.queries.reasons import Reason
from dabiao.performance.queries.rows import Tile
from dabiao.ui import http
from dabiao.ui.address import read_address


@page()
def why(request: UserRequest, metric: str) -> HttpResponse:
    """Which parts a gap comes from. The page stands at once; `?part=1` is what it fetches: the explanation."""
    wanted = read_address(request, today=http.today())
    frame = framed(reading.current(), wanted, viewer=request.user, language=get_language() or "en")
    if metric not in frame.metrics:
        raise NotFound(_("There is no metric %(key)s.") % {"key": metric})
    sides(frame, frame.metrics[metric])
    tile, asked = _tile(frame, metric), query.listed(request.GET.get("by", ""))
    strange = whys.unfit(frame, metric, asked)
    against, by = _against(request, tile), tuple(name for name in asked if name not in strange)
    words = {
        "tile": tile,
        "frame": frame,
        "against": against,
        "unfit": [labels.column(name) for name in strange],
        "choices": whys.choices(frame, against),
        "stamp": cockpit.stamp(frame),
        "kept": _kept(frame, tile) if against == "target" and not by else None,
        # not asked where the fragment is still kept
        "why": SimpleLazyObject(lambda: whys.why(frame, explained(frame, metric, against, by=by))),
    }
    return render(
        request, "improvement/_why.html" if request.GET.get("part") else "improvement/why.html", words
    )


def _tile(frame: Frame, metric: str) -> Tile:
    promises = promised(frame, [frame.scope], (metric,))
    return cockpit.tile(frame, metric, cockpit.measured(frame, (metric,)), promises)


def _kept(frame: Frame, tile: Tile) -> Reason | None:
    """What a job has found out already: it stands at once, its figures follow."""
    if frame.scope is None:
        return None
    return reasons.known(frame, [(frame.scope, tile.metric, tile.value)]).get((frame.scope, tile.metric))


def _against(request: UserRequest, tile: Tile) -> Against:
    """What the address says; else the target where there is one, since that is what lit the light."""
    text = request.GET.get("against", "") or ("baseline" if tile.target is None else "target")
    for known in CALLED:
        if text == known:
            return known
    raise Malformed(_("Compare with baseline, target, forecast or previous."))
