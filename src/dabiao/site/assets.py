"""Scripts, styles and fonts as a server gives them out: named by their content, compressed once, kept a year."""

from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise.storage import CompressedManifestStaticFilesStorage

ASSETS: Final = "DABIAO_ASSETS"
"""Environment variable: the folder in which `collect` has laid them; without one they come from the package."""
_UNASKED: Final = {".ttf", ".json", ".txt", ".stamp"}
"""Suffixes of what no page asks for: fonts of PDF, the icons that are drawn into pages, licences."""


class Assets(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """The names that pages write, and how the folder is made."""

    patterns = (
        ("*.css", (r"""(?P<matched>url\(['"]{0,1}\s*(?P<url>.*?)["']{0,1}\))""",)),
    )  # source maps of others' files are named but not shipped

    @property
    def keep_only_hashed_files(self) -> bool:
        return True


def collect(folder: Path) -> None:
    """Lay every file that a page may ask for into an empty folder, under the name of its content, and compressed.

    Raises whatever the storage meets: a style that names a file which is not there is a fault of the package.
    """
    storage = Assets(location=str(folder), base_url=settings.STATIC_URL)
    found: dict[str, tuple[Any, str]] = {
        path: (source, path)
        for finder in get_finders()
        for path, source in finder.list([])
        if Path(path).suffix not in _UNASKED and not Path(path).name.startswith(".")
    }
    for _name, _hashed, problem in storage.post_process(found):
        if isinstance(problem, Exception):
            raise problem
