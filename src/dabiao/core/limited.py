"""Strangers' files are read apart: by a fresh process of ours with little memory, little time and no database.

A reader that meets a hostile file may allocate until the machine gives out, run in circles, or abort the process that
it lives in; none of that can be caught from within. So the process that answers people, and the one that works off
jobs, never read such a file themselves: they hand a function's name and its arguments over as JSON, get JSON back, and
whatever becomes of the other process is a sentence about the file. It is started afresh, never forked: Delta's runtime
panics after a fork.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from dabiao.core.damage import Unreadable, told
from dabiao.core.errors import Refused

log = logging.getLogger(__name__)

MEMORY: Final = 2**30
"""Bytes that reading a small file may take: what a web process may have in all."""
SECONDS: Final = 4.5
"""Seconds of the processor that reading a small file may take, one of them for the start; so it is answered in ten."""
_BY_THE_CLOCK: Final = 4
"""A busy machine gives a process a part of its time: nobody's good file is refused for that."""
_GROWTH: Final = 20
"""Bytes in memory per byte of a large workbook: packed cells take about 12, every cell being a text at last."""
_PER_MB: Final = 0.5
"""More seconds for each megabyte, some ten times what a workbook needs."""
_PATIENCE: Final = 10
"""A job may take so many times longer: it may run on a busy machine, and tells how far it is."""
_AT_ONCE: Final = threading.BoundedSemaphore(2)
"""Files read at a time for one process of ours: each may take a whole core."""
_WAIT: Final = 2.0
"""Seconds that one waits for its turn: with the reading they stay below ten."""
_KEPT: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "SYSTEMROOT")
"""Of the environment no more than what starts Python: no database, no key."""
_SINGLE: Final = dict.fromkeys(("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"), "1")
_START: Final = "from dabiao.core import limited; limited.serve()"

_apart = False


class Busy(Refused):
    """Others are having files read."""

    status = 503


@dataclass(frozen=True)
class Limit:
    """memory: bytes that can be written to, which is what costs; address space that is only reserved does not count.
    seconds: of the processor; by the clock some times as many."""

    memory: int = MEMORY
    seconds: float = SECONDS


def for_files(*files: Path) -> Limit:
    """What reading files of this size may take."""
    size = sum(file.stat().st_size for file in files)
    return Limit(MEMORY + _GROWTH * size, SECONDS + _PER_MB * size / 2**20)


def for_job(file: Path) -> Limit:
    """What reading a file may take while nobody waits in front of a page."""
    limit = for_files(file)
    return Limit(limit.memory, limit.seconds * _PATIENCE)


def is_apart() -> bool:
    """Whether this is the process in which files are read."""
    return _apart


def run(function: Callable[..., Any], *, of: str, limit: Limit, **arguments: object) -> Any:  # noqa: ANN401  # JSON
    """What a top-level function of ours returns, called in a process apart; within it, simply called.

    of: what the file is called. arguments and result are JSON. Raises what the function refuses, and Unreadable for a
    process that came to its end before it answered.
    """
    if _apart:
        with told(of):
            return json.loads(json.dumps(function(**arguments)))
    order = {
        "function": f"{function.__module__}:{function.__qualname__}",
        "arguments": arguments,
        "of": of,
        "limit": asdict(limit),
        **_language(),
    }
    with _turn():
        answer = _answered(json.dumps(order).encode(), of, limit)
    if "refused" in answer:
        raise _refusal(answer["refused"])
    return answer["result"]


def serve() -> None:
    """The other end: reads one order from standard input, writes its answer and ends."""
    global _apart  # noqa: PLW0603  # the process is for nothing else
    order = json.load(sys.stdin)
    _bound(Limit(**order["limit"]))
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries print where they like
    _speak(order)
    _apart = True
    answer: dict[str, Any]
    try:
        with told(order["of"]):
            module, _colon, name = order["function"].partition(":")
            if not module.startswith("dabiao."):
                raise ValueError(module)
            answer = {"result": getattr(import_module(module), name)(**order["arguments"])}
            written = json.dumps(answer, ensure_ascii=False)
    except Refused as refusal:
        written = json.dumps(
            {"refused": {"kind": type(refusal).__name__, "status": refusal.status, "says": str(refusal)}}
        )
    out.write(written)
    out.close()
    os._exit(0)  # nothing is left to tidy up, and what libraries do at their end may fail for want of memory


def _answered(order: bytes, of: str, limit: Limit) -> Mapping[str, Any]:
    command = [sys.executable, "-P", "-c", _START]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment()) as process:
        try:
            answer, said = process.communicate(order, timeout=limit.seconds * _BY_THE_CLOCK)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Unreadable(
                _("%(file)s could not be read within %(seconds).0f seconds. Save it as CSV, or split it.")
                % {"file": of, "seconds": limit.seconds * _BY_THE_CLOCK}
            ) from None
        except BaseException:
            process.kill()
            raise
    if said:
        log.debug("reading %s: %s", of, said[-4000:].decode(errors="replace"))
    if process.returncode == 0:
        with suppress(ValueError):
            told_back: Mapping[str, Any] = json.loads(answer)
            return told_back
    raise Unreadable(
        _(
            "%(file)s is damaged or far larger inside than outside: reading it took more memory or time than "
            "a file of its size may. Save it again from the program that made it, or as CSV."
        )
        % {"file": of}
    )


@contextmanager
def _turn() -> Iterator[None]:
    """Waits until few enough files are being read. Raises Busy."""
    if not _AT_ONCE.acquire(timeout=_WAIT):
        raise Busy(_("Other files are being read just now; try again in a minute."))
    try:
        yield
    finally:
        _AT_ONCE.release()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **_SINGLE, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _language() -> dict[str, object]:
    from django.conf import settings
    from django.utils import translation

    return {
        "language": translation.get_language() or settings.LANGUAGE_CODE,
        "languages": [[code, str(name)] for code, name in settings.LANGUAGES],
        "catalogues": [str(folder) for folder in settings.LOCALE_PATHS],
    }


def _speak(order: Mapping[str, Any]) -> None:
    """Django no further than its catalogues: the refusals that come back are in the reader's language."""
    import django
    from django.conf import settings
    from django.utils import translation

    settings.configure(
        LANGUAGE_CODE=order["language"],
        LANGUAGES=[tuple(pair) for pair in order["languages"]],
        LOCALE_PATHS=order["catalogues"],
        LOGGING_CONFIG=None,
        USE_I18N=True,
    )
    django.setup()
    translation.activate(order["language"])


def _bound(limit: Limit) -> None:
    """Holds this process to its limit, or to the narrower one that it was born under."""
    try:
        import resource
    except ImportError:  # Windows: the clock alone bounds it
        return
    for what, most in ((resource.RLIMIT_DATA, limit.memory), (resource.RLIMIT_CPU, int(limit.seconds) + 1)):
        _soft, hard = resource.getrlimit(what)
        held = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (held, held))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(5)


def _refusal(told_back: Mapping[str, Any]) -> Refused:
    """The refusal that was raised over there: its class where this process knows it, else its status."""
    kinds = {kind.__name__: kind for kind in _below(Refused) if kind.__init__ is Refused.__init__}
    kind = kinds.get(told_back["kind"], Refused)
    refusal = kind(told_back["says"])
    refusal.status = told_back["status"]
    return refusal


def _below(kind: type[Refused]) -> Iterator[type[Refused]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _below(each)
