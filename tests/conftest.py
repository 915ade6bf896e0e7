"""Fixtures that every room's tests share."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from django.test import Client
from django.utils import translation
from hypothesis.internal.conjecture import providers
from playwright.sync_api import Browser, Playwright
from pytest_django import Settings
from sortedcontainers import SortedSet

from dabiao.core import action, limited
from dabiao.lake import durable
from tests import company as company_module
from tests.acts import Act, watched
from tests.browser import CHROMIUM, FLAGS
from tests.settings import HOME

REPOSITORY = Path(__file__).resolve().parents[1]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
STRICT = os.environ.get("CI_STRICT") == "1"


# A landing must not hang on luck: under CI_STRICT=1 the same examples are tried every time; elsewhere new ones.
# No deadlines: machines are busy, and no test is timed.
hypothesis.settings.register_profile("strict", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, print_blob=True)
hypothesis.settings.load_profile("strict" if STRICT else "search")
if STRICT:
    # Otherwise constants of whatever modules this process has loaded by then steer the examples: the order of files would.
    providers._get_local_constants = lambda: providers.Constants(  # type: ignore[assignment]
        integers=SortedSet(), floats=SortedSet(), bytes=SortedSet(), strings=SortedSet()
    )


def skip_or_fail(reason: str) -> None:
    """A test that cannot run says why; under CI_STRICT=1 that is a failure."""
    if STRICT:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Path:
    """A data folder of this test's own."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("DABIAO_HOME", str(folder))
    settings.LAKE_FOLDER = folder / "lake"
    settings.METRICS_FOLDER = folder / "metrics"
    return folder


@pytest.fixture(autouse=True)
def _language_of_nobody() -> Iterator[None]:
    """No test reads in the language of the page that the test before it asked for: a request leaves its own active."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def written_through(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a test would have written through to the disk, in order: nobody pulls its plug, and disks are slow."""
    through: list[str] = []
    monkeypatch.setattr(durable, "through", lambda opened, path: through.append(str(path)))
    return through


@pytest.fixture(autouse=True)
def _as_urgent_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gives way once never goes first again: not the process that all other tests run in."""
    monkeypatch.setattr("dabiao.core.priority.os.nice", lambda increment: 0)


@pytest.fixture(autouse=True)
def acts(monkeypatch: pytest.MonkeyPatch) -> list[Act]:
    """Every action that the test carries out: one that changes rows and leaves no audit line, or two, fails it."""
    carried_out: list[Act] = []
    monkeypatch.setattr(action, "carry_out", watched(carried_out))
    return carried_out


@pytest.fixture(autouse=True)
def _files_are_read_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in the test's own process, for a fresh one takes a second to start; `apart` asks for the real thing."""
    if "apart" not in request.fixturenames:
        monkeypatch.setattr(limited, "_apart", True)


@pytest.fixture
def apart() -> None:
    """Files are read in a process apart, as the program does it."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public data beside the repository, or DABIAO_SHARED."""
    folder = Path(os.environ.get("DABIAO_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data").is_dir():
        skip_or_fail(f"{folder}/data is missing: set DABIAO_SHARED to the folder that holds the public data")
    return folder


@pytest.fixture
def on() -> date:
    """Today, in tests: a Monday."""
    return date(2026, 3, 16)


@pytest.fixture
def at() -> datetime:
    """Now, in tests: noon of that Monday in the business time zone."""
    return datetime(2026, 3, 16, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="session", autouse=True)
def _sweep() -> Iterator[None]:
    yield
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture
def company(db: None, at: datetime) -> "company_module.Company":
    """Two regions, three teams, eight people, a user for each and for every role; see tests/company.py."""
    return company_module.build(at)


@pytest.fixture
def as_(client: Client, company: "company_module.Company") -> Callable[[str], Client]:
    """The client, signed in as somebody of the company: `as_("sam").get(…)`."""

    def signed_in(name: str) -> Client:
        client.force_login(company.users[name], backend=BACKEND)
        return client

    return signed_in


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The browser, once for all tests of pages."""
    if not CHROMIUM.exists():
        skip_or_fail(f"{CHROMIUM} is missing: install Chromium, or name it in CHROMIUM")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield browser
    browser.close()
