"""What the build brings: every front-end file and translation, none of them committed."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src/dabiao"
BROUGHT = (
    "ui/static/vendor/tabler.css",
    "ui/static/vendor/echarts.js",
    "ui/static/vendor/htmx.js",
    "ui/static/vendor/tabulator.js",
    "ui/static/vendor/icons.json",
    "ui/static/vendor/inter/index.css",
    "ui/static/vendor/noto-sans-sc/index.css",
    "ui/static/vendor/noto-sans-sc/NotoSansSC_400Regular.ttf",
    "core/locale/zh_Hant/characters.json",
    *(
        f"{room}/locale/{made}"
        for room in sorted(file.parents[3].name for file in PACKAGE.glob("*/locale/zh_Hans/LC_MESSAGES/*.po"))
        for made in (
            "zh_Hans/LC_MESSAGES/django.mo",
            "zh_Hant/LC_MESSAGES/django.po",
            "zh_Hant/LC_MESSAGES/django.mo",
        )
    ),
)


@pytest.mark.parametrize("file", BROUGHT)
def test_the_checkout_has(file):
    assert (PACKAGE / file).stat().st_size > 300, "run `python hatch_build.py`"


def test_the_lock_names_no_host_and_every_package_has_a_hash():
    packages = json.loads((ROOT / "frontend/package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}

    assert installed
    assert all(
        package["integrity"].startswith("sha512-") and "resolved" not in package
        for package in installed.values()
    )


def test_nothing_that_is_made_is_committed():
    made = ["src/dabiao/ui/static/vendor", "src/dabiao/*/locale/zh_Hant", "frontend/node_modules"]
    listed = subprocess.run(["git", "ls-files", *made], cwd=ROOT, capture_output=True, text=True, check=False)

    assert listed.stdout == ""


def test_a_second_build_does_nothing():
    stamp = PACKAGE / "ui/static/vendor/.stamp"
    before = stamp.stat().st_mtime_ns
    subprocess.run([sys.executable, "hatch_build.py"], cwd=ROOT, check=True)

    assert stamp.stat().st_mtime_ns == before


def test_styles_and_scripts_ask_no_other_host():
    own = [file for file in (PACKAGE / "ui/static/dabiao").iterdir() if file.suffix in {".css", ".js"}]

    assert own
    assert not [file.name for file in own if "http://" in file.read_text() or "https://" in file.read_text()]


@pytest.mark.slow
def test_a_wheel_holds_everything(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--quiet", "-w", str(tmp_path)]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("dabiao-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {f"dabiao/{file}" for file in BROUGHT} <= names
    assert "dabiao/performance/templates/performance/cockpit.html" in names
    assert not [name for name in names if "node_modules" in name]
