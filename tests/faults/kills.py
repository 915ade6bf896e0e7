"""Kills of whole process trees at random moments, one after the other, each followed by a look at everything.

    python -m tests.faults.kills 60 SEED [sqlite|postgres] [OPERATION …]

An operation is a chain of steps on a plain ledger. After the kill and what a worker does in the minutes that follow, the
program must hold the ledger as it was after some step, none before the last one that it had acknowledged; and nothing may
be left, hang, or be complained of by the doctor. Moments are drawn evenly over the time that the operation usually takes.
"""

import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults import ledger as books
from tests.faults.database import Databases, databases
from tests.faults.ledger import Ledger
from tests.faults.warm import KILLED, Child, Warm

_LATE: Final = 1.05
"""Moments are drawn up to a little after the usual end: what counts is often the last thing done."""
_WARM_UPS: Final = 2
_ROUND: Final = 40
"""Kills in one data folder before another is begun: folders of any age are met, and none grows for ever."""
_DRILLED: Final = 8
"""Every so many backups that were whole go through a drill too, which takes some seconds."""


@dataclass(frozen=True)
class Attempt:
    """One call of an operation. states: the ledgers after each of its steps, the one before them first."""

    call: str
    arguments: Sequence[object]
    states: Sequence[Ledger]


@dataclass
class Seen:
    """What happened: kills and calls that ended before theirs, by operation; which step they left; what was wrong."""

    kills: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{name}: {count} kills, {self.ended[name]} ended before; "
            + ", ".join(f"{what} {n}" for (other, what), n in sorted(self.steps.items()) if other == name)
            for name, count in sorted(self.kills.items())
        ]
        return "\n".join([*lines, f"{self.kills.total()} kills, {len(self.wrong)} wrong", *self.wrong])


class Company:
    """A data folder with its database, the ledger of what must be in it, and operations to kill."""

    def __init__(self, folder: Path, place: Databases, chance: random.Random, seen: Seen, tag: str) -> None:
        """tag: how to have the same again."""
        self.folder, self.chance, self.seen, self.tag = folder, chance, seen, tag
        self.place, self.number, self.ledger = place, 0, Ledger(kinds={"Office": "k0"})
        self.usual: dict[str, list[float]] = {}
        self.home, self.second = self._made("home"), self._made("second")
        self.map = folder / "map.yml"
        self.map.write_text(books.MAP)
        work = self._made("work")
        self.warm = Warm(self.home, place.empty("first", self.home), work)
        self._other: Warm | None = None
        self._demand("prepare")

    @property
    def other(self) -> Warm:
        """The warm process of the data folder that backups are restored into."""
        if self._other is None:
            self._other = Warm(self.second, self.place.empty("second", self.second), self._made("work2"))
        return self._other

    def close(self) -> None:
        self.warm.close()
        if self._other is not None:
            self._other.close()

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def _demand(self, call: str, *arguments: object) -> str:
        code, said = self.warm.done(call, *arguments)
        if code != 0:
            raise RuntimeError(f"{self.tag}: {call} {arguments} ended with {code}:\n{said}")
        return said

    # Operations. Each says what it will do to the ledger.

    def import_(self) -> Attempt:
        file = self.folder / f"{self.number}.csv"
        rows = books.file_rows(self.ledger, self.chance, self.number)
        books.write(rows, file)
        meant = "moved,shrinks,again"  # its rows are drawn by lot
        words = ("import", str(file), "--map", str(self.map), "--even-so", meant, "--format", "json")
        return Attempt("command", words, [self.ledger, self.ledger.imported(rows)])

    def drain(self) -> Attempt:
        batches = list(books.batches(self.ledger, self.chance, self.number, 2))
        states = [self.ledger]
        for batch in batches:
            states.append(states[-1].entered(batch))
        return Attempt("enter", [batches], states)

    def publish(self) -> Attempt:
        kinds = [f"k{self.number}-{n}" for n in range(2)]
        states = [self.ledger, *(self.ledger.renamed("Office", kind) for kind in kinds)]
        return Attempt("change_kinds", [kinds], states)

    def cascade(self) -> Attempt:
        amount, plan = str(self.chance.randrange(1_000, 999_999)), self.chance.choice(["p", "q"])
        words = (
            "targets", "cascade", "--metric", "sales_amount", "--period", "2027", "--amount", amount,
            "--scope", "All", "--over", "org,month", "--plan", plan, "--in-force", "--format", "json",
        )  # fmt: skip
        kept = self.ledger.planned(plan, amount)
        return Attempt("command", words, [self.ledger, kept, kept.put_in_force(amount)])

    def backup(self) -> Attempt:
        return Attempt("command", ("backup", str(self.archive)), [self.ledger])

    def upgrade(self) -> Attempt:
        self._demand("grow_old", self.number)
        return Attempt("command", ("upgrade",), [self.ledger])

    @property
    def archive(self) -> Path:
        return self.folder / "backup.tar.gz"

    def restore(self) -> Attempt:
        self._demand("command", "backup", str(self.archive))
        self.place.empty("second", self.second)
        return Attempt("command", ("restore", str(self.archive)), [self.ledger])

    # What is done with them.

    def suffer(self, name: str) -> None:
        """One kill, what comes after it, and the look."""
        self.number += 1
        here = f"{self.tag}, {name} as number {self.number}"
        while len(self.usual.setdefault(name, [])) < _WARM_UPS:
            self.measure(name)
            self.number += 1
        attempt = OPERATIONS[name](self)
        warm = self.other if name == "restore" else self.warm
        moment = self.chance.uniform(0, statistics.median(self.usual[name]) * _LATE)
        child = warm.start(attempt.call, *attempt.arguments)
        code = _killed(warm, child, moment)
        here += f", killed after {moment:.3f} s of {statistics.median(self.usual[name]):.3f}"
        (self.seen.kills if code == KILLED else self.seen.ended)[name] += 1
        if code not in {0, KILLED}:
            self.tell(here, f"it ended with {code}: {child.said()[-2000:]}")
        try:
            self.look(
                name,
                attempt,
                here,
                accepted(attempt, child.said()) if code == KILLED else len(attempt.states) - 1,
            )
        except (RuntimeError, TimeoutError) as error:
            self.tell(here, str(error)[-3000:])
            raise Spoilt from error

    def measure(self, name: str) -> None:
        """How long it takes when nobody kills it."""
        attempt = OPERATIONS[name](self)
        warm = self.other if name == "restore" else self.warm
        child = warm.start(attempt.call, *attempt.arguments)
        _wait_for(child)
        began = time.monotonic()
        while not child.is_over():
            time.sleep(0.002)
        self.usual.setdefault(name, []).append(time.monotonic() - began)
        if (code := warm.wait(child)) != 0:
            raise RuntimeError(f"{self.tag}: {name} ended with {code} undisturbed:\n{child.said()}")
        self.look(name, attempt, f"{self.tag}, {name} undisturbed", len(attempt.states) - 1)

    def look(self, name: str, attempt: Attempt, here: str, least: int) -> None:
        """Let it recover, and compare with the ledger after each step, from `least` on."""
        after = {"backup": self._after_backup, "restore": self._after_restore, "upgrade": self._after_upgrade}
        if name in after:
            after[name](here)
        told = (self.other if name == "restore" else self.warm).told("recovered")
        for wrong in told.pop("wrong"):
            self.tell(here, wrong)
        if told.pop("doubled"):
            self.tell(here, "rows are there twice")
        for step in range(len(attempt.states) - 1, least - 1, -1):
            if not books.difference(told, attempt.states[step].plain()):
                self.ledger = attempt.states[step]
                print(f"{here}: step {step} of {len(attempt.states) - 1}", flush=True)
                self.seen.steps[name, f"{step} of {len(attempt.states) - 1}"] += 1
                return
        unlike = (
            books.difference(told, attempt.states[-1].plain()),
            books.difference(told, attempt.states[least].plain()),
        )
        self.tell(here, "neither old: {1}\nnor new: {0}".format(*unlike))
        raise Spoilt

    def _after_backup(self, here: str) -> None:
        """No archive, or a whole one; and no part of one once the next is made."""
        if self.archive.exists():
            code, said = self.warm.done("verify", str(self.archive))
            if code != 0:
                self.tell(here, f"the archive is not whole: {said[-1000:]}")
            if self.number % _DRILLED == 0:
                code, said = self.warm.done("command", "drill", str(self.archive), "--format", "json")
                if code != 0:
                    self.tell(here, f"the drill ended with {code}: {said[-2000:]}")
        self.warm.done("expire")
        if self.chance.random() < 0.3:
            self.archive.unlink(missing_ok=True)
        self._demand("command", "backup", str(self.archive))
        if odd := [path.name for path in self.folder.glob("backup*") if path != self.archive]:
            self.tell(here, f"{odd} lie beside the archive")

    def _after_restore(self, here: str) -> None:
        """Empty, or whole: the next restore brings all, or says that all is there."""
        self.other.done("expire")
        code, said = self.other.done("command", "restore", str(self.archive))
        if code not in {0, 1} or "Traceback" in said:
            self.tell(here, f"the next restore ended with {code}: {said[-2000:]}")

    def _after_upgrade(self, here: str) -> None:
        self.warm.done("expire")
        code, said = self.warm.done("command", "upgrade")
        if code != 0:
            self.tell(here, f"the next upgrade ended with {code}: {said[-2000:]}")

    def tell(self, here: str, what: str) -> None:
        self.seen.wrong.append(f"{here}\n    {what}")
        print(self.seen.wrong[-1], flush=True)


class Spoilt(Exception):
    """What the company holds is no longer known: another one is begun."""


OPERATIONS: Final[dict[str, Callable[[Company], Attempt]]] = {
    "import": Company.import_,
    "drain": Company.drain,
    "publish": Company.publish,
    "cascade": Company.cascade,
    "backup": Company.backup,
    "restore": Company.restore,
    "upgrade": Company.upgrade,
}


def accepted(attempt: Attempt, said: str) -> int:
    """How many steps it has acknowledged."""
    return said.count("done\n") if attempt.call in {"enter", "change_kinds"} else 0


def _killed(warm: Warm, child: Child, moment: float) -> int:
    """Kill it and whatever it has started, that long after it began; its exit code."""
    _wait_for(child)
    until = time.monotonic() + moment
    while time.monotonic() < until and not child.is_over():
        time.sleep(min(0.002, max(0.0, until - time.monotonic())))
    os.killpg(child.pid, signal.SIGKILL)
    return warm.wait(child)


def _wait_for(child: Child) -> None:
    """Until its imports are done."""
    while not child.begun.exists() and not child.is_over():
        time.sleep(0.002)


@contextmanager
def company(place: Databases, chance: random.Random, seen: Seen, tag: str) -> Iterator[Company]:
    """A company of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dabiao-kills-") as name:
        made = Company(Path(name), place, chance, seen, tag)
        try:
            for _ in range(2):
                made.number += 1
                made.measure("import")
            yield made
        finally:
            made.close()


def kills(count: int, seed: int, vendor: str, operations: Sequence[str] = tuple(OPERATIONS)) -> Seen:
    """At least `count` kills, all operations in turn; the same for the same seed, as far as machines are."""
    seen, begun = Seen(), 0
    with databases(vendor) as place:
        while seen.kills.total() < count and begun < count:
            begun += 1
            tag = f"python -m tests.faults.kills {count} {seed} {vendor}, company {begun}"
            chance = random.Random(f"{seed}-{vendor}-{begun}")
            try:
                with company(place, chance, seen, tag) as there:
                    _round(there, min(_ROUND, count - seen.kills.total()), operations)
            except Spoilt:
                continue
    return seen


def _round(there: Company, count: int, operations: Sequence[str]) -> None:
    until = there.seen.kills.total() + count
    while there.seen.kills.total() < until:
        there.suffer(there.chance.choice(operations))


def main(arguments: Sequence[str]) -> int:
    count, seed, vendor, *names = arguments
    started = time.monotonic()
    seen = kills(int(count), int(seed), vendor, names or tuple(OPERATIONS))
    print(seen)
    print(f"{time.monotonic() - started:.0f} s")
    return int(bool(seen.wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
