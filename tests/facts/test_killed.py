"""Real processes: killed in the middle of an import, and two imports at once. Old state or new, never half."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

MAP = """
schema: dabiao/map/1
system: erp
sources: {orders: "*.csv"}
tables:
  - into: units
    from: orders
    distinct: true
    columns: {unit: region, kind: {constant: region}}
  - into: order_lines
    from: orders
    key: no
    columns: {ordered_on: day, customer: customer, customer_name: customer, amount: amount}
  - into: deliveries
    from: orders
    key: no
    columns: {shipped_on: day, order: no, amount: amount}
"""
SCRIPT = """
import json, os, signal, sys
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from pathlib import Path
from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.models import ImportBatch, Label
from dabiao.lake import reading
from dabiao.lake.models import Lease
from dabiao.org.models import Unit

def load(file, die_at):
    told = []
    def progress(done, total, note):
        told.append(note)
        if note == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
    actions.load(actions.Order(Path(file), read_map(Path(sys.argv[1]).read_text())), by=None, at=timezone.now(), progress=progress)
    return told

def state():
    lake = reading.current()
    def one(query):
        return [str(value) for value in lake.run(query).to_pylist()[0].values()]
    return {
        "orders": one("SELECT count(*), sum(amount), count(DISTINCT key) FROM order_lines"),
        "deliveries": one("SELECT count(*), sum(amount), count(DISTINCT key) FROM deliveries"),
        "labels": Label.objects.count(),
        "units": Unit.objects.count(),
        "published": lake.run("SELECT count(*) AS n FROM units").to_pylist()[0]["n"],
        "loading": ImportBatch.objects.filter(state="loading").count(),
    }

for step in sys.argv[2:]:
    what, _, argument = step.partition(":")
    if what == "migrate":
        call_command("migrate", verbosity=0)
    elif what == "load":
        file, _, die_at = argument.partition("@")
        print(json.dumps(load(file, die_at)), flush=True)
    elif what == "wait":  # until the dead process's lease has run out, without the waiting
        Lease.objects.update(expires_at=timezone.now())
        actions.close_interrupted(at=timezone.now())
    else:
        print(json.dumps(state()), flush=True)
"""


@pytest.fixture
def run(home, folder):
    (folder / "map.yml").write_text(MAP)
    script = folder / "script.py"
    script.write_text(SCRIPT)
    environment = {
        **os.environ, "DABIAO_HOME": str(home), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "dabiao.settings",
        "PYTHONPATH": f"{REPOSITORY / 'src'}", "DABIAO_SECRET_KEY": "x" * 50,
    }  # fmt: skip

    def start(*steps: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(script), str(folder / "map.yml"), *steps]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def finished(process: subprocess.Popen[str]) -> list:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines() if line.startswith(("[", "{"))]


def orders(folder: Path, name: str, numbers: range, amount: int, regions: int = 3) -> Path:
    """A file that brings units too: they and the orders are there together, or not at all."""
    file = folder / name
    rows = "".join(
        f"N{n},2026-0{n % 9 + 1}-0{n % 8 + 1},C{n % 50},{amount},R{n % regions}\n" for n in numbers
    )
    file.write_text("no,day,customer,amount,region\n" + rows)
    return file


def state(orders: int, amount: int, units: int) -> dict[str, object]:
    counted = [str(orders), f"{amount}.0000", str(orders)]
    return {
        "orders": counted, "deliveries": counted, "labels": 50, "units": units, "published": units, "loading": 0,
    }  # fmt: skip


OLD, NEW, TWO = state(1000, 1000, 3), state(1500, 3000, 5), state(1500, 3000, 3)


def test_killed_at_any_step_the_lake_holds_the_old_or_the_new_state(run, folder):
    first, second = (
        orders(folder, "a.csv", range(1000), 1),
        orders(folder, "b.csv", range(1500), 2, regions=5),
    )
    steps = finished(run("migrate", f"load:{first}", "state"))
    assert steps[-1] == OLD
    told = steps[0]
    assert {"write order_lines", "write deliveries", "serving", "snapshot"} <= set(told)

    seen = []
    for step in ("b.csv", "commit deliveries", "write units", "snapshot"):
        killed = run(f"load:{second}@{step}")
        killed.wait(timeout=120)
        assert killed.returncode == -9, step
        seen += finished(run("wait", "state"))
    assert seen == [OLD] * 4

    assert finished(run(f"load:{second}", "state", f"load:{second}", "state"))[1::2] == [NEW, NEW]


def test_killed_after_the_pointer_was_written_the_new_state_is_whole(run, folder):
    first, second = (
        orders(folder, "a.csv", range(1000), 1),
        orders(folder, "b.csv", range(1500), 2, regions=5),
    )
    finished(run("migrate", f"load:{first}"))

    killed = run(f"load:{second}@done")
    killed.wait(timeout=120)

    assert killed.returncode == -9
    assert finished(run("wait", "state")) == [NEW]


def test_two_imports_at_once_lose_and_double_nothing(run, folder):
    one, two = orders(folder, "a.csv", range(1000), 2), orders(folder, "b.csv", range(500, 1500), 2)
    finished(run("migrate"))

    both = [run(f"load:{one}"), run(f"load:{two}")]

    for process in both:
        finished(process)
    assert finished(run("state")) == [TWO]
