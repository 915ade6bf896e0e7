"""The page of vacant seats: what nobody holds today, and since when."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.org import queries
from dabiao.org.access import UserRequest, page
from dabiao.ui import http
from dabiao.ui.listing import Column, Listing


@page()
def vacancies(request: UserRequest) -> HttpResponseBase:
    """Positions of visible units that nobody holds today; `?export=` downloads what the filter leaves."""
    table = _listing(queries.vacancies(request.user, http.today()))
    if kind := request.GET.get("export"):
        return table.download(kind, name="vacancies", only=request.GET.get("filter", ""))
    return render(request, "org/vacancies.html", {"table": table, "count": len(table.rows)})


def _listing(rows: list[queries.Vacancy]) -> Listing:
    names = {node.key: node.label(get_language() or "") for node in queries.tree().nodes}
    return Listing(
        key="vacancies",
        columns=[
            Column("position", _("Position"), link="href"),
            Column("key", _("Key"), "code"),
            Column("unit", _("Unit")),
            Column("since", _("Vacant since"), "day", note=_("Empty where nobody has ever held it")),
            Column("last", _("Last held by")),
        ],
        rows=[
            {
                "position": row.title,
                "key": row.key,
                "unit": names[row.unit],
                "since": row.since,
                "last": row.last,
                "href": reverse("org:unit", args=[row.unit]),
            }
            for row in rows
        ],
        empty=_("No seat that you may see is vacant today."),
    )
