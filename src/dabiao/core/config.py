"""Every setting: its name, its default, what it does. One list, shown on a page.

They come from the environment. Language, currency and time zone may be kept with the installation, too, so that pages,
worker and command line agree without it; the environment comes before what is kept.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final


def _(text: str) -> str:
    """Marks a text for the catalogue; the page translates it. (Django's own mark needs the settings made of these.)"""
    return text


@dataclass(frozen=True)
class Setting:
    """One environment variable. `secret` ones are never shown."""

    name: str
    default: str
    note: str
    secret: bool = False

    @property
    def value(self) -> str:
        if self.name in KEPT and self.name not in os.environ:
            return kept().get(self.name, self.default)
        return os.environ.get(self.name, self.default)

    @property
    def is_set(self) -> bool:
        return self.name in os.environ


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DABIAO_HOME", "./data", _("Folder that holds the app database, the lake, serving files and uploads.")
    ),
    Setting(
        "DATABASE_URL",
        "",
        _("postgres://user:password@host:port/name; empty: SQLite in DABIAO_HOME."),
        secret=True,
    ),
    Setting(
        "DABIAO_SECRET_KEY",
        "",
        _("Signs sessions and encrypts connector secrets; empty: a key file in DABIAO_HOME."),
        secret=True,
    ),
    Setting(
        "DABIAO_HOSTS",
        "127.0.0.1,localhost,[::1]",
        _(
            "Host names that the web server answers to, by comma; with the port that browsers use, if unusual."
        ),
    ),
    Setting(
        "DABIAO_PROXY",
        "",
        _("Addresses or networks of the proxies in front, by comma: whose X-Forwarded-For and -Proto count."),
    ),
    Setting(
        "DABIAO_HTTPS",
        "0",
        _("1 when a proxy in front speaks HTTPS: secure cookies; what came to it by HTTP is redirected."),
    ),
    Setting(
        "DABIAO_HSTS",
        "0",
        _("Seconds for which browsers shall insist on HTTPS. 0: they need not, for it can't be taken back."),
    ),
    Setting("DABIAO_DEBUG", "0", _("1 shows tracebacks in the browser. Never in production.")),
    Setting("DABIAO_LANGUAGE", "zh-hans", _("Language before somebody chooses: zh-hans, zh-hant or en.")),
    Setting(
        "DABIAO_TIME_ZONE", "Asia/Shanghai", _("The business time zone in which a moment becomes a day.")
    ),
    Setting("DABIAO_CURRENCY", "CNY", _("Reporting currency into which amounts are converted at loading.")),
    Setting(
        "DABIAO_CALENDAR",
        "CN",
        _("Working-day calendar: a country code, or a company calendar of DABIAO_HOME/calendars."),
    ),
    Setting(
        "DABIAO_FISCAL",
        "calendar",
        _("calendar, fiscal:MM[-DD][:start|end], 445:MM, 454:MM, 544:MM or 13:MM."),
    ),
    Setting("DABIAO_BIND", "127.0.0.1:8000", _("Address that `dabiao serve` listens on.")),
    Setting("DABIAO_PROCESSES", "2", _("Web processes of `dabiao serve`.")),
    Setting("DABIAO_UPLOAD_MB", "200", _("Largest file that may be uploaded.")),
    Setting(
        "DABIAO_IMPORT_DAYS",
        "90",
        _("Days that uploaded files and the rows handed back from an import are kept; 0: for good."),
    ),
    Setting("DABIAO_MEMORY_MB", "1024", _("Memory limit of the query engine in a process.")),
    Setting(
        "DABIAO_THREADS",
        "0",
        _("Threads of the query engine in a process; 0: all cores. `dabiao serve` sets 1."),
    ),
    Setting("DABIAO_LOG", "json", _("json or console.")),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


KEPT: Final = ("DABIAO_LANGUAGE", "DABIAO_CURRENCY", "DABIAO_TIME_ZONE")
"""What `dabiao init` is told and keeps in the data folder."""
KEPT_IN: Final = "settings.json"


def kept() -> Mapping[str, str]:
    """What the installation was told when it was made, by name; looked up anew when the file has changed.

    Raises SystemExit for a file that somebody has broken: with other defaults days and amounts would silently mean
    something else.
    """
    file = os.path.join(os.path.expanduser(get("DABIAO_HOME")), KEPT_IN)  # noqa: PTH111, PTH118  # asked for often
    try:
        return _read(file, os.stat(file).st_mtime_ns)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, AttributeError) as error:
        raise SystemExit(
            f"{file} is damaged ({error}). Write it again with `dabiao init --language --currency --timezone` after "
            "deleting it, or restore it from a backup."
        ) from error


@lru_cache(maxsize=4)
def _read(file: str, _changed: int) -> Mapping[str, str]:
    told: Mapping[str, str] = json.loads(Path(file).read_text(encoding="utf-8"))
    return {name: str(value) for name, value in told.items() if name in KEPT}


def keep(told: Mapping[str, str]) -> None:
    """Keep some of `KEPT` beside what is kept already, whole or not at all."""
    file = home() / KEPT_IN
    text = json.dumps({**kept(), **told}, indent=2, sort_keys=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(file)
    _read.cache_clear()


def contradicted() -> Mapping[str, tuple[str, str]]:
    """Name → (what the environment says, what was kept), where the two differ."""
    return {
        name: (os.environ[name], said)
        for name, said in kept().items()
        if name in os.environ and os.environ[name] != said
    }


def get(name: str) -> str:
    """The value in force; KeyError for a name that is not in the list."""
    return BY_NAME[name].value


ALSO_WRITTEN: Mapping[str, str] = {
    "zh": "zh-hans",
    "zh-cn": "zh-hans",
    "zh-tw": "zh-hant",
    "zh-hk": "zh-hant",
}


def language() -> str:
    """The language before somebody chooses one; the program does not start with one that it doesn't speak."""
    found = spoken(get("DABIAO_LANGUAGE"))
    if found is None:
        raise SystemExit(f"DABIAO_LANGUAGE is {get('DABIAO_LANGUAGE')}: write zh-hans, zh-hant or en")
    return found


def spoken(written: str) -> str | None:
    """The language that somebody means by zh_CN or EN; None for one that the program does not speak."""
    bare = written.lower().replace("_", "-")
    found = ALSO_WRITTEN.get(bare, bare)
    return found if found in {"zh-hans", "zh-hant", "en"} else None


def hosts() -> Mapping[str, str]:
    """Host name, as Django's `ALLOWED_HOSTS` has it, → the port that browsers put behind it, mostly none."""
    named = {}
    for written in _by_comma("DABIAO_HOSTS"):
        name, colon, port = written.lower().rpartition(":")
        with_port = bool(colon) and port.isdecimal()
        named[name if with_port else written.lower()] = port if with_port else ""
    return named


def origins(*, https: bool) -> list[str]:
    """What browsers call our addresses in `Origin`, where a proxy may have hidden scheme or port from us."""
    return [
        f"{'https' if https else 'http'}://{'*' if name.startswith('.') else ''}{name}{port and f':{port}'}"
        for name, port in hosts().items()
        if name != "*" and (https or port)
    ]


def proxies() -> tuple[IPv4Network | IPv6Network, ...]:
    """Whose word about clients counts; the program does not start with what is no address."""
    try:
        return tuple(ip_network(written) for written in _by_comma("DABIAO_PROXY"))
    except ValueError as error:
        raise SystemExit(
            f"DABIAO_PROXY: {error}; write addresses or networks: 127.0.0.1,10.0.0.0/8"
        ) from None


def _by_comma(name: str) -> list[str]:
    return [written.strip() for written in get(name).split(",") if written.strip()]


def home() -> Path:
    """The data folder. Read at every call, so that a test or a command can point elsewhere."""
    return Path(get("DABIAO_HOME")).expanduser().resolve()


_made: Final[list[Path]] = []
"""Keys that this process has made."""


def forget_new_key() -> None:
    """Take away a key that this process has made: what it began came to nothing."""
    while _made:
        _made.pop().unlink(missing_ok=True)


def secret_key() -> str:
    """The configured key, else one that is made once and kept readable by its owner alone."""
    if configured := get("DABIAO_SECRET_KEY"):
        return configured
    file = home() / "secret.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(50))
            _made.append(file)
        except FileExistsError:
            pass
    return file.read_text()
