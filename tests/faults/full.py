"""A disk that is full, or may not be written to, at every step of every operation.

    python -m tests.faults.full SEED [sqlite|postgres] [OPERATION …]

Data folders lie on file systems of their own (tmpfs, 64 MB; mounting needs root). An operation is tried with no room at all,
then with ever more, until it goes through: each room ends at another step. Every try that fails ends with one sentence and
exit code 1, leaves the old state whole and nothing half done, and succeeds once there is room.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.faults.database import databases
from tests.faults.kills import OPERATIONS, Attempt, Company, Seen, accepted
from tests.faults.warm import Warm

_ROOMS: Final = (0, 4, 16, 48, 96, 160, 256, 400, 640, 1_000, 1_600, 2_500, 4_000, 8_000, 16_000)
"""In kB. A publication of a small company takes about three thousand."""
_SAID_BY_THE_SYSTEM: Final = ("No space left on device", "Read-only file system")
"""What commands about a file that the user has named say of it, with its name."""


class CannotMount(Exception):
    """Not here, or not as this user."""


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """A small file system in that folder. Raises CannotMount."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode != 0:
        raise CannotMount(done.stderr.decode())
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def room(folder: Path, kilobytes: int) -> Iterator[None]:
    """No more than so much of it."""
    ballast = folder / "ballast"
    there = os.statvfs(folder)
    try:
        with ballast.open("wb") as out:
            os.posix_fallocate(out.fileno(), 0, max(4096, there.f_bavail * there.f_frsize - kilobytes * 1024))
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write there."""
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)


class Cramped(Company):
    """A company whose data folders lie on small disks; archives lie in the first one."""

    @property
    def archive(self) -> Path:
        return self.home / "backup.tar.gz"

    def try_all(self, name: str) -> None:
        """Ever more room, until it goes through; then without the right to write."""
        self.number += 1
        self.measure(name)
        for kilobytes in _ROOMS:
            attempt, warm = self._next(name)
            with room(warm.home, kilobytes):
                code, said = warm.done(attempt.call, *attempt.arguments)
            here = f"{self.tag}, {name} with {kilobytes} kB of room"
            self.seen.kills[name] += code != 0
            self._judge(name, attempt, here, code, said)
            if code == 0:
                break
        else:
            self.tell(f"{self.tag}, {name}", f"{_ROOMS[-1]} kB are not enough: {said[-1500:]}")
        attempt, warm = self._next(name)
        with read_only(warm.home):
            code, said = warm.done(attempt.call, *attempt.arguments)
        here = f"{self.tag}, {name} read-only"
        if code == 0:
            self.tell(here, "it went through")
        self.seen.kills[name] += 1
        self._judge(name, attempt, here, code, said)
        self.number += 1
        self.measure(name)

    def _next(self, name: str) -> tuple[Attempt, Warm]:
        self.number += 1
        if name == "backup":
            self.archive.unlink(missing_ok=True)
        return OPERATIONS[name](self), self.other if name == "restore" else self.warm

    def _judge(self, name: str, attempt: Attempt, here: str, code: int, said: str) -> None:
        sentences = (*self.warm.told("disk_sentences"), *_SAID_BY_THE_SYSTEM)
        if code not in {0, 1} or "Traceback" in said or (code == 1 and not any(s in said for s in sentences)):
            self.tell(here, f"it ended with {code}: {said[-1500:]}")
        if code == 1 and name == "restore" and (left := sorted(path.name for path in self.second.iterdir())):
            self.tell(here, f"{left} were left")
        elif code == 1 and name != "restore" and (lefts := self.warm.told("leftovers")):
            self.tell(here, f"{lefts}")
        if code == 1 and name == "backup" and self.archive.exists():
            self.tell(here, "there is an archive")
        self.look(name, attempt, here, accepted(attempt, said) if code else len(attempt.states) - 1)


def try_everything(seed: int, vendor: str, operations: Sequence[str] = tuple(OPERATIONS)) -> Seen:
    """Every operation on a disk of every size. Raises CannotMount."""
    seen = Seen()
    tag = f"python -m tests.faults.full {seed} {vendor}"
    with (
        databases(vendor) as place,
        tempfile.TemporaryDirectory(prefix="dabiao-full-") as name,
        ExitStack() as disks,
    ):
        for each in ("home", "second"):
            (Path(name) / each).mkdir()
            disks.enter_context(disk(Path(name) / each))
        company = Cramped(Path(name), place, random.Random(seed), seen, tag)
        try:
            for _ in range(2):
                company.number += 1
                company.measure("import")
            for operation in operations:
                company.try_all(operation)
        finally:
            company.close()
    return seen


def main(arguments: Sequence[str]) -> int:
    seed, vendor, *names = arguments
    seen = try_everything(int(seed), vendor, names or tuple(OPERATIONS))
    print(seen)
    return int(bool(seen.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
