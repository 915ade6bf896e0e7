"""What the contracts of imports cannot see: folders that are no packages, and modules fetched by their names."""

import ast
import tomllib
from pathlib import Path

import pytest

from dabiao.rooms import ROOMS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "dabiao"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
DYNAMIC = {"__import__", "import_module", "import_string", "exec", "eval"}
FETCHERS = ("importlib", "pkgutil", "runpy", "django.utils.module_loading")
HARMLESS = ("importlib.resources", "importlib.metadata")
"""Of those they give files and versions, no modules."""
REGISTERS = ("core", "site")
"""They fetch what the register of rooms and the queue of jobs name."""


def bare(source: Path) -> list[str]:
    """Folders with Python somewhere in them that are no packages: import-linter passes over them and all below."""
    folders = {
        folder
        for file in source.rglob("*.py")
        for folder in file.relative_to(source).parents
        if folder != Path()
    }
    return sorted(str(folder) for folder in folders if not (source / folder / "__init__.py").is_file())


def fetching(source: str) -> list[int]:
    """Lines that fetch a module by its name, or import what does, whatever they call it."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if _fetches(node)})


def _fetches(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        # `import importlib.resources` brings all of importlib along
        return any(_below(alias.name, FETCHERS) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        paths = [f"{node.module}.{alias.name}" for alias in node.names]
        return any(
            (_below(path, FETCHERS) and not _below(path, HARMLESS)) or path.rpartition(".")[2] in DYNAMIC
            for path in paths
        )
    if isinstance(node, ast.Attribute):
        return node.attr in DYNAMIC
    return isinstance(node, ast.Name) and node.id in DYNAMIC


def _below(path: str, modules: tuple[str, ...]) -> bool:
    return any(f"{path}.".startswith(f"{module}.") for module in modules)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["room/__init__.py", "room/models.py"], []),
        (["room/models.py"], ["room"]),
        (["room/__init__.py", "room/logic/rules.py"], ["room/logic"]),
        (["room/logic/__init__.py"], ["room"]),
        (["room/__init__.py", "room/templates/page.html"], []),
    ],
)
def test_a_folder_that_is_no_package_is_noticed(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert bare(tmp_path) == expected


def test_every_folder_of_python_is_a_package():
    assert bare(SOURCE) == []


def test_every_room_has_an_exhaustive_contract_of_its_inside():
    inside = {name for each in CONTRACTS if each.get("exhaustive") for name in each["containers"]}

    assert [room.key for room in ROOMS if f"dabiao.{room.key}" not in inside] == []


@pytest.mark.parametrize(
    "source",
    [
        "import importlib",
        "import importlib as ordinary",
        "import importlib.resources",
        "from importlib import import_module as load",
        "from importlib.util import find_spec",
        "from importlib import util",
        "from django.utils.module_loading import import_string as get",
        "from django.utils import module_loading",
        "import django.utils.module_loading as loading",
        "from dabiao.core.jobs import import_string as get",
        "jobs.import_string('dabiao.org.models.User')",
        "__import__('dabiao.org.models')",
        "builtins.__import__('dabiao.org.models')",
        "import pkgutil",
        "from runpy import run_module",
        "exec('import dabiao.org.models')",
    ],
)
def test_whatever_fetches_a_module_by_its_name_is_noticed(source):
    assert fetching(source) == [1]


@pytest.mark.parametrize(
    "source", ["from importlib.resources import files", "from importlib import metadata", "import importlibx"]
)
def test_what_gives_files_and_versions_is_not_meant(source):
    assert fetching(source) == []


def test_nothing_outside_the_registers_fetches_a_module_by_its_name():
    files = [file for file in SOURCE.rglob("*.py") if file.relative_to(SOURCE).parts[0] not in REGISTERS]
    lines = {str(file.relative_to(SOURCE)): fetching(file.read_text("utf-8")) for file in files}

    assert len(files) > 200
    assert {file: each for file, each in lines.items() if each} == {}
