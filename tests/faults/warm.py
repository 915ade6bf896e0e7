"""A warm process: starting the program takes a second and a half, forking one that has Django in memory nothing.

Soundness: threads do not survive a fork, and Delta's runtime panics in one. So the warm process opens no connection,
imports nothing that starts threads, and checks so before each fork; an allocator's own thread is the exception, because
jemalloc starts it anew in a child (jemalloc, `background_thread.c`). Every child is a session of its own, so that killing
its group kills whatever it has started.
"""

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
KILLED: Final = -9
_BEFORE_THE_FORK: Final = (
    "numpy",
    "typer",
    "rich.progress",
    "cryptography.fernet",
    "ibis",
    "dabiao.site.cli",
)
_AFTER_THE_FORK: Final = ("duckdb", "deltalake", "polars", "pyarrow.parquet")
_MAY_BE_FORKED: Final = {"jemalloc_bg_thd"}
_LONGEST: Final = 180.0


@dataclass(frozen=True)
class Child:
    """A process that carries one thing out. out: what it writes; begun: there once its imports are done."""

    pid: int
    out: Path

    @property
    def begun(self) -> Path:
        return self.out.with_suffix(".begun")

    def said(self) -> str:
        return self.out.read_text(errors="replace") if self.out.exists() else ""

    def is_over(self) -> bool:
        """Ended, though nobody has waited for it yet."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
        return True


class Warm:
    """The warm process of one data folder and database."""

    def __init__(self, home: Path, database: str, work: Path) -> None:
        """work: where its children write."""
        self.home, self._work, self._count = home, work, 0
        self.environment = environment(home, database)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm"],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=work,
        )  # fmt: skip
        self._heard()

    def start(self, call: str, *arguments: object) -> Child:
        """Fork a child that calls a function of `inside`."""
        self._count += 1
        out = self._work / f"{self._count:05}.out"
        pid = self._ask({"call": call, "arguments": arguments, "out": str(out)})
        return Child(pid, out)

    def wait(self, child: Child) -> int:
        """Its exit code; KILLED where it was."""
        return self._ask({"wait": child.pid})

    def done(self, call: str, *arguments: object) -> tuple[int, str]:
        """Carry something out undisturbed: exit code and what was written."""
        child = self.start(call, *arguments)
        until = time.monotonic() + _LONGEST
        while not child.is_over():
            if time.monotonic() > until:
                os.killpg(child.pid, 9)
                self.wait(child)
                raise TimeoutError(f"{call} {arguments} hangs: {child.said()}")
            time.sleep(0.005)
        return self.wait(child), child.said()

    def told(self, call: str, *arguments: object) -> Any:
        """What a function of `inside` returns, as JSON. Raises RuntimeError with what it wrote when it fails."""
        code, said = self.done(call, *arguments)
        if code != 0:
            raise RuntimeError(f"{call} {arguments}: {said}")
        return json.loads(said.splitlines()[-1])

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(20)

    def _ask(self, order: Mapping[str, object]) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order, default=str) + "\n")
        self._process.stdin.flush()
        return int(self._heard())

    def _heard(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the warm process has died")
        return line


def environment(home: Path, database: str) -> dict[str, str]:
    """What a process of this installation is started with."""
    return {
        **os.environ, "DABIAO_HOME": str(home), "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "dabiao.settings",
        "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1",
    }  # fmt: skip


def main() -> None:
    """Fork a child an order until there are no more."""
    import django

    django.setup()
    for name in _BEFORE_THE_FORK:
        import_module(name)
    _compile()
    _answer(0, sys.stdout)
    while line := sys.stdin.readline():
        order = json.loads(line)
        if "wait" in order:
            _pid, status = os.waitpid(order["wait"], 0)
            _answer(os.waitstatus_to_exitcode(status), sys.stdout)
            continue
        _refuse_threads()
        pid = os.fork()
        if pid == 0:
            _be_a_child(order)
        _answer(pid, sys.stdout)


def _compile() -> None:
    """The SQL of all roll-ups, which a worker compiles once in its life, and each command anew."""
    from dabiao.lake import cubes, dictionary

    for cube in cubes.cubes(dictionary.in_force()):
        for touched in (False, True):
            cubes.recipe(cube, touched=touched)


def _refuse_threads() -> None:
    own = str(os.getpid())
    others = [task for task in Path("/proc/self/task").iterdir() if task.name != own]
    names = {(task / "comm").read_text().strip() for task in others}
    if odd := names - _MAY_BE_FORKED:
        raise RuntimeError(f"there are threads ({odd}): forking now would not be sound")


def _answer(number: int, to: IO[str]) -> None:
    print(number, file=to, flush=True)


def _be_a_child(order: Mapping[str, Any]) -> None:
    os.setsid()
    out = os.open(order["out"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for have, number in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(have, number)
    code = 1
    try:
        for name in _AFTER_THE_FORK:
            import_module(name)
        function = getattr(import_module("tests.faults.inside"), order["call"])
        Path(order["out"]).with_suffix(".begun").touch()
        told = function(*order["arguments"])
        if told is not None:
            print(json.dumps(told, default=str))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
