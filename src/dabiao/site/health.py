"""Two addresses for whoever watches the server: is the process there, and can it do its work."""

from collections.abc import Callable, Mapping

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dabiao.lake import reading
from dabiao.site import warming
from dabiao.site.waiting import waiting


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, migrations, lake and warm-up, each "ok" or what is wrong in a word; 503 unless all are."""
    told = {name: _told(check) for name, check in CHECKS.items()}
    ready = all(said == "ok" for said in told.values())
    return JsonResponse({"status": "ok" if ready else "not ready", **told}, status=200 if ready else 503)


@require_safe
def worker(request: HttpRequest) -> JsonResponse:
    """Whether the work that waits is done; 503 where no worker lives or one hangs. The pages can be asked all the same."""
    at = timezone.now()
    now = waiting(at)
    wrong = bool(now.trouble(at))
    since = now.since.isoformat() if now.since else None
    told = {"status": "not ready" if wrong else "ok", "workers": now.workers, "waiting_since": since}
    return JsonResponse(told, status=503 if wrong else 200)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    return "pending" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"


def _lake() -> str:
    reading.current().run("SELECT 1 AS one")
    return "ok"


def _told(check: Callable[[], str]) -> str:
    """The kind of error only: the address is open to everybody."""
    try:
        return check()
    except Exception as error:
        return type(error).__name__


def _warm_up() -> str:
    return "running" if warming.runs() else "ok"


CHECKS: Mapping[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "lake": _lake,
    "warm-up": _warm_up,
}
