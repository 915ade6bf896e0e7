"""`dabiao dev room NAME [CHINESE]`: lay down a new room in a checkout; it has the shape of all others from the start."""

import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from dabiao.core.errors import Malformed
from dabiao.site import room_name

app = typer.Typer(no_args_is_help=True)
UNNAMED: Final = "新房间"
"""What a room is called in Chinese until somebody knows better."""
ROOT: Final = Path(__file__).resolve().parents[3]
_MODULES: Final = ("room", "urls", "pages", "forms", "queries", "actions", "models", "apps")
_BESIDE: Final = "improvement | incentives"
"""Where a new room stands until somebody knows better: the layer of the highest rooms."""


@app.callback()
def dev() -> None:
    """What whoever works on the program itself needs."""


@app.command("room")
def room(
    name: Annotated[str, typer.Argument(help="Its key: lower-case letters.")],
    chinese: Annotated[str, typer.Argument(help="What it is called in Chinese.")] = UNNAMED,
    root: Annotated[Path, typer.Option(help="The checkout.")] = ROOT,
) -> None:
    """A room that shows a list, adds to it and takes back: pages, actions, queries, tests, words, its place."""
    for path in laid(name, chinese, root):
        print(path.relative_to(root))
    print("Next: `python frontend/messages.py`, `make docs lint test`.")


def laid(name: str, chinese: str, root: Path) -> list[Path]:
    """Write the files of a room and enter it in the register and the contracts. Raises Malformed, NameTaken."""
    if not (root / "src/dabiao/rooms.py").is_file():
        raise Malformed(f"{root} is no checkout of this program: name one with --root.")
    room_name.check(name, root)
    if not re.fullmatch(r"[\u4e00-\u9fff]{1,20}", chinese):
        raise Malformed(f"{chinese!r} is no Chinese name: write Chinese characters, like `拜访`.")
    package, tests = root / "src/dabiao" / name, root / "tests" / name
    said = {"room": name, "Title": name.capitalize(), "chinese": chinese}
    texts = {
        package / "__init__.py": "",
        **{package / f"{module}.py": _filled(module, said) for module in _MODULES},
        package / "migrations/__init__.py": "",
        package / "migrations/0001_initial.py": _filled("0001_initial", said),
        package / f"templates/{name}/list.html": _filled("list.html", said),
        package / f"templates/{name}/entry.html": _filled("entry.html", said),
        package / "locale/zh_Hans/LC_MESSAGES/django.po": _filled("django.po", said),
        tests / "__init__.py": "",
        tests / "test_pages.py": _filled("test_pages", said),
        tests / "access.txt": _filled("access", said),
        tests / "posts.py": _filled("posts", said),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [*texts, _entered(name, root), _contracted(name, root)]


def _filled(file: str, said: dict[str, str]) -> str:
    text = (files("dabiao.site") / "skeleton" / f"{file}.txt").read_text(encoding="utf-8")
    return re.sub(
        r"(?:^from dabiao\.[^\n]*\n)+", _sorted, Template(text).substitute(said), flags=re.MULTILINE
    )


def _sorted(imports: re.Match[str]) -> str:
    """Where the room's own modules stand among the imports depends on its name."""
    return "".join(sorted(imports[0].splitlines(keepends=True), key=lambda line: line.split()[1]))


def _entered(name: str, root: Path) -> Path:
    """The register: an import and a place in the tuple."""
    file = root / "src/dabiao/rooms.py"
    lines = file.read_text(encoding="utf-8").splitlines()
    imports = [line for line in lines if line.startswith("from dabiao.")]
    new = f"from dabiao.{name}.room import ROOM as {name.upper()}"
    kept = "\n".join(sorted([*imports, new]))
    text = "\n".join(lines).replace("\n".join(imports), kept)
    file.write_text(re.sub(r"(ROOMS: .* = \(.*)\)", rf"\1, {name.upper()})", text) + "\n", encoding="utf-8")
    return file


def _contracted(name: str, root: Path) -> Path:
    """The contracts: its layer, its inner shape, its models its own."""
    file = root / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace(f'"{_BESIDE}', f'"{name} | {_BESIDE}', 1)
    text = text.replace('containers = ["dabiao.org", ', f'containers = ["dabiao.org", "dabiao.{name}", ', 1)
    protected = (
        f'\n[[tool.importlinter.contracts]]\nname = "Others ask {name} by its queries and actions"\n'
        f'type = "protected"\nprotected_modules = ["dabiao.{name}.models"]\nallowed_importers = ["dabiao.{name}"]\n'
    )
    file.write_text(text.rstrip() + "\n" + protected, encoding="utf-8")
    return file
