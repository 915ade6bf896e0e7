"""The API: the rooms' routers under one roof, with one way to refuse and one page that describes it all."""

from importlib import import_module

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Swagger

from dabiao.core.errors import Refused, as_refusal
from dabiao.lake.dictionary import BadDictionary
from dabiao.org.api import READ
from dabiao.rooms import ROOMS
from dabiao.site.parameters import strict

api = NinjaAPI(
    title="Dabiao",
    version="1",
    urls_namespace="api",
    description=(
        "Make a token under “API tokens” and send it as `Authorization: Bearer dbt_…`. It sees and does what its "
        "owner may. Exact numbers are text. Refusals are JSON with `detail` and a status that says why."
    ),
    docs=Swagger(settings={"persistAuthorization": True}),
    docs_decorator=require_safe,
    auth=[READ],
)
api.add_decorator(strict, mode="view")
for room in ROOMS:
    if room.api:
        api.add_router("", import_module(room.api).router)


@api.exception_handler(Refused)
@api.exception_handler(BadDictionary)
def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """A rule's no, with its status."""
    refusal = as_refusal(error) or Refused(str(error))
    return api.create_response(request, {"detail": str(refusal)}, status=refusal.status)
