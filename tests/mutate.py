"""Makes each change of tests/mutations.txt in a copy of the sources and demands that the tests it names fail.

    python -m tests.mutate                       every change
    python -m tests.mutate pace window           those whose names hold one of the words
    python -m tests.mutate --find tests/org pace which tests of a folder catch them: what to write into the list

The working tree is never touched: each worker has a copy of src/ of its own, first on PYTHONPATH.
"""

import argparse
import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

REPOSITORY = Path(__file__).resolve().parents[1]
LIST = REPOSITORY / "tests" / "mutations.txt"
WORKERS = 2
LONGEST = 600
"""Seconds after which a run counts as hanging, not as catching."""
NO_CATCH = ("SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError", "NameError")
"""A test that fails with one of these has noticed a broken entry, not a wrong behaviour."""
PLUGINS = ("pytest_django.plugin", "_hypothesis_pytestplugin")
"""Pytest's plugins that the named tests need: to import all that are installed takes as long as most of the tests."""
ENVIRONMENT = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
CAUGHT, SURVIVES, BROKEN, STALE = "caught", "SURVIVES", "BROKEN", "STALE"


@dataclass(frozen=True)
class Mutation:
    """One small change of one file, and the node ids of the tests that fail on it."""

    name: str
    line: int
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation; `told` names the tests that failed or says what is wrong with the entry."""

    mutation: Mutation
    outcome: str
    told: str
    seconds: float = 0.0


class BadList(ValueError):
    """The list cannot be read; the message says the line."""


def read(text: str) -> list[Mutation]:
    """The entries of a list: blocks between blank lines. Raises BadList."""
    entries, block = [], list[tuple[int, str]]()
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if line.strip():
            block.append((number, line))
        elif block:
            entries.append(_entry(block))
            block = []
    if twice := [name for name, times in Counter(each.name for each in entries).items() if times > 1]:
        raise BadList(f"two entries are called {twice[0]!r}")
    return entries


@dataclass
class _Parts:
    file: str = ""
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


def _entry(block: Sequence[tuple[int, str]]) -> Mutation:
    (first, name), *rest = block
    parts = _Parts()
    for number, line in rest:
        mark, value = line[:2], line[2:]
        if mark == "- ":
            parts.old.append(value)
        elif mark == "+ ":
            parts.new.append(value)
        elif line.startswith("file: "):
            parts.file = line.removeprefix("file: ").strip()
        elif line.startswith("caught by: "):
            parts.tests.append(line.removeprefix("caught by: ").strip())
        else:
            raise BadList(f"line {number}: {line!r} is none of 'file: ', '- ', '+ ', 'caught by: '")
    old, new = "\n".join(parts.old), "\n".join(parts.new)
    if not (parts.file and old and new and old != new):
        raise BadList(f"line {first}: {name!r} needs a file, an old text and another new one")
    return Mutation(name.strip(), first, parts.file, old, new, tuple(parts.tests))


def stale(mutation: Mutation, root: Path = REPOSITORY) -> str:
    """Why the change can't be made any more, or nothing."""
    file = root / mutation.file
    if not file.is_file():
        return f"{mutation.file} is not there"
    times = file.read_text(encoding="utf-8").count(mutation.old)
    return "" if times == 1 else f"{mutation.file} holds the old text {times} times, not once"


def missing_tests(mutation: Mutation) -> list[str]:
    """Node ids of the entry that name no test (the part in brackets is not looked at)."""
    return [node for node in mutation.tests if not _exists(node)]


def _exists(node: str) -> bool:
    path, *names = node.partition("[")[0].split("::")
    file = REPOSITORY / path
    if not names or not file.is_file():
        return False
    body: Sequence[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    for name in names:
        named = [
            each for each in body if isinstance(each, ast.ClassDef | ast.FunctionDef) and each.name == name
        ]
        if not named:
            return False
        body = named[-1].body
    return True


class Tree:
    """A copy of src/ in which changes are made one after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(REPOSITORY / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
        self.env = {**ENVIRONMENT, "PYTHONPATH": str(root / "src")}
        told = "import dabiao; print(dabiao.__file__)"
        where = subprocess.run(
            [sys.executable, "-c", told],
            env=self.env,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        if not Path(where.stdout.strip()).is_relative_to(root):
            raise SystemExit(f"the copy in {root} is not what Python imports: {where.stdout}")

    @contextmanager
    def changed(self, mutation: Mutation) -> Iterator[None]:
        """The tree with the change in it; the bytecode goes too, as a second's clock may not tell it is old."""
        file = self.root / mutation.file
        before = file.read_text(encoding="utf-8")
        self._put(file, before.replace(mutation.old, mutation.new))
        try:
            yield
        finally:
            self._put(file, before)

    def _put(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)

    def run(self, tests: Sequence[str], *options: str) -> tuple[dict[str, str], str]:
        """Node id without its brackets → the first line of its failure; and what is wrong with the run itself."""
        report = self.root / "report.xml"
        report.unlink(missing_ok=True)
        try:
            done = subprocess.run(
                pytest(*tests, "--tb=line", f"--junitxml={report}", *options),
                env=self.env, cwd=REPOSITORY, capture_output=True, text=True, timeout=LONGEST, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {}, f"hangs for more than {LONGEST} s"
        if done.returncode not in {0, 1} or not report.is_file():
            return {}, (done.stdout + done.stderr).strip()[-300:]
        return _failures(report)


def pytest(*arguments: str) -> list[str]:
    """The same examples are tried every time: a mutation must not survive by luck."""
    fixed = ("-q", "-p", "no:cacheprovider", "--hypothesis-profile=strict")
    plugins = (word for name in PLUGINS for word in ("-p", name))
    return [sys.executable, "-m", "pytest", *plugins, *fixed, *arguments]


def _failures(report: Path) -> tuple[dict[str, str], str]:
    failed = dict[str, str]()
    for case in ET.parse(report).iter("testcase"):
        node = f"{case.get('classname')}.{case.get('name', '').partition('[')[0]}"
        for failure in case.findall("failure"):
            failed[node] = (failure.get("message") or "").partition("\n")[0]
        for error in case.findall("error"):
            return failed, f"{node}: {error.get('message')}"
    return failed, ""


def _dotted(node: str) -> str:
    path, *names = node.partition("[")[0].split("::")
    return ".".join([path.removesuffix(".py").replace("/", "."), *names])


def judge(tree: Tree, mutation: Mutation) -> Verdict:
    """Make the change, run its tests, take it back."""
    began = monotonic()
    if why := stale(mutation, tree.root):
        return Verdict(mutation, STALE, why)
    if not mutation.tests:
        return Verdict(mutation, SURVIVES, "names no test")
    with tree.changed(mutation):
        failed, wrong = tree.run(mutation.tests, *(("-x",) if len(mutation.tests) == 1 else ()))
    outcome, told = _outcome(mutation, failed, wrong)
    return Verdict(mutation, outcome, told, monotonic() - began)


def _outcome(mutation: Mutation, failed: dict[str, str], wrong: str) -> tuple[str, str]:
    unfit = [why for why in failed.values() if why.startswith(NO_CATCH)]
    if wrong or unfit:
        return BROKEN, wrong or unfit[0]
    passed = [node for node in mutation.tests if _dotted(node) not in failed]
    if passed:
        return SURVIVES, f"passes: {', '.join(passed)}"
    return CAUGHT, ", ".join(node.partition("::")[2] for node in mutation.tests)


def find(tree: Tree, mutation: Mutation, places: Sequence[str]) -> Verdict:
    """Which tests of some folders or files catch a change, stopping after three."""
    began = monotonic()
    if why := stale(mutation, tree.root):
        return Verdict(mutation, STALE, why)
    with tree.changed(mutation):
        failed, wrong = tree.run(places, "--maxfail=2", "-m", "not slow and not browser and not faults")
    told = wrong or "; ".join(f"{node}: {why[:90]}" for node, why in failed.items())
    return Verdict(mutation, CAUGHT if failed else SURVIVES, told, monotonic() - began)


def everywhere(mutations: Sequence[Mutation], places: Sequence[str]) -> Iterator[Verdict]:
    """Verdicts as they come, from as many trees as there are workers."""
    with (
        tempfile.TemporaryDirectory(prefix="dabiao-mutations-") as folder,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        trees = SimpleQueue[Tree]()
        for n in range(WORKERS):
            trees.put(Tree(Path(folder) / str(n)))

        def one(mutation: Mutation) -> Verdict:
            tree = trees.get()
            try:
                return find(tree, mutation, places) if places else judge(tree, mutation)
            finally:
                trees.put(tree)

        yield from pool.map(one, mutations)


def untouched_passes(mutations: Sequence[Mutation]) -> bool:
    """Whether all the named tests pass on the sources as they stand."""
    tests = sorted({node for mutation in mutations for node in mutation.tests})
    command = pytest(*tests, "-p", "xdist.plugin", "-n", str(WORKERS), "--dist", "loadfile", "--tb=short")
    return subprocess.run(command, cwd=REPOSITORY, env=ENVIRONMENT, check=False).returncode == 0


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__.splitlines()[0])
    asked.add_argument("words", nargs="*", help="only entries whose names hold one of these")
    asked.add_argument(
        "--find", action="append", default=[], metavar="TESTS", help="look here for what catches them"
    )
    asked.add_argument("--list", type=Path, default=LIST, help="another list than tests/mutations.txt")
    options = asked.parse_args()
    known = read(options.list.read_text(encoding="utf-8"))
    wanted = [each for each in known if not options.words or any(word in each.name for word in options.words)]
    if not options.find and not untouched_passes(wanted):
        print("The named tests fail without any change: mend them first.")
        return 1
    verdicts = []
    for verdict in everywhere(wanted, options.find):
        verdicts.append(verdict)
        print(
            f"{verdict.outcome:9} {verdict.seconds:5.1f} s  {verdict.mutation.name}: {verdict.told}",
            flush=True,
        )
    counts = Counter(verdict.outcome for verdict in verdicts)
    print(", ".join(f"{times} {outcome}" for outcome, times in sorted(counts.items())) or "nothing to try")
    return 0 if set(counts) <= {CAUGHT} and verdicts else 1


if __name__ == "__main__":
    sys.exit(main())
