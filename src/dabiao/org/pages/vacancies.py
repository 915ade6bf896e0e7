"""The page of vacant seats: what nobody holds today, and since when."""

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.org import queries
from dabiao.org.access import UserRequest, page
from dabiao.ui import http
from dabiao.ui.listing import Column, Listing
from dabiao.ui.page import list_page


@page()
def vacancies(request: UserRequest) -> HttpResponseBase:
    """Positions of visible units that nobody holds today."""
    table = _listing(queries.vacancies(request.user, http.today()))
    return list_page(request, "org/vacancies.html", table, count=len(table.rows))


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
