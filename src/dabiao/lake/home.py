"""Where the lake lies. A function, so that a test can point elsewhere."""

from pathlib import Path

from django.conf import settings


def lake() -> Path:
    """The folder of the Delta tables."""
    return Path(settings.LAKE_FOLDER)


def serving() -> Path:
    """The folder of the serving files."""
    folder = lake().parent / "serving"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
