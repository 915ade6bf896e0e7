"""What most pages are: a list that can be filtered, ordered, turned and exported; a form that is refused in place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from dabiao.ui import http
from dabiao.ui.form import Form
from dabiao.ui.listing import Listing
from dabiao.ui.table import drawn
from dabiao.ui.view import kept, read_view

ALONE = "X-Listing"
"""The request's header in which the script names the one table it wants, without the page around it."""
Draw = Callable[[Form], tuple[str, Mapping[str, object]]]
"""The page that a form stands on: form → template, context."""


def list_page(
    request: HttpRequest, template: str, listing: Listing | Mapping[str, Listing], *, name: str = "", **context: object
) -> HttpResponseBase:  # fmt: skip
    """A page with a table, in the context as `table`; or with several, under their names there.

    `?export=csv|xlsx` downloads what the filter leaves of it, in the order on the screen, as the file `name` (else the
    table's key; with several tables the key stands before the name).
    """
    if isinstance(listing, Listing):
        tables = {"table": listing}
    else:
        tables = {key: replace(each, named=True) for key, each in listing.items()}
    if "export" in request.GET:
        return exported(request, *tables.values(), name=name)
    alone = next((each for each in tables.values() if each.key == request.headers.get(ALONE)), None)
    response = (
        render(request, "_listing.html", drawn(request, alone))
        if alone
        else render(request, template, {**context, **tables})
    )
    patch_vary_headers(response, [ALONE])
    return response


def exported(request: HttpRequest, *tables: Listing, name: str = "") -> HttpResponseBase:
    """What the filter leaves of the table that the address names, else of the first: full digits, ISO dates.

    The totals are those of all rows, so a filtered export has none. Raises Malformed for another kind of file.
    """
    table = next((each for each in tables if each.key == request.GET.get("table")), tables[0])
    view = read_view(request, table)
    rows = kept(table, view)
    columns = {column.key: column.label for column in table.columns if column.export}
    file = f"{table.key}-{name}" if name and len(tables) > 1 else name or table.key
    all_rows = [*rows, table.totals] if table.totals is not None and not view.words else rows
    return http.download(all_rows, columns, name=file, kind=request.GET["export"])


def form_page(
    request: HttpRequest,
    form: Callable[..., Form],
    act: Callable[[dict[str, Any]], object],
    *,
    then: str | Callable[[Any], str | HttpResponseBase],
    done: str = "",
    draw: Draw | None = None,
    **words: object,
) -> HttpResponseBase:
    """A page with a form: GET draws it, a valid POST does `act(what was typed)` and goes on, a refusal answers 422.

    A refused form is drawn with everything that was typed and the reason beside it; only Forbidden passes, which no
    other words would mend.

    form: the class, or a partial of it with its initial values. then: an address, or what makes one (or the answer
    itself) of what `act` returned. done: what the next page says about it. draw: the page that the form stands on,
    asked for only when it is drawn; else it is a page of its own, with `title` and `back` among the words.
    """
    if request.method != "POST":
        return _drawn(request, form(), draw, words, status=200)
    bound, results = form(request.POST, request.FILES), []
    if not bound.run(lambda: results.append(act(bound.cleaned_data))):
        return _drawn(request, bound, draw, words, status=422)
    answer = then(results[0]) if callable(then) else then
    if not isinstance(answer, str):
        return answer
    if done:
        messages.success(request, done)
    return redirect(answer)


def _drawn(
    request: HttpRequest, form: Form, draw: Draw | None, words: Mapping[str, object], *, status: int
) -> HttpResponseBase:
    template, context = draw(form) if draw else ("form.html", {**words, "form": form})
    return render(request, template, context, status=status)
