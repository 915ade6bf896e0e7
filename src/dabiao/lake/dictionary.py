"""The metric dictionary in force: the standard metrics and the company's own files beside them."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from django.conf import settings

from dabiao.engine.metric import Metric
from dabiao.engine.metric_file import MetricErrors, load_files
from dabiao.lake import crediting
from dabiao.lake.tables import TABLES

STANDARD = "standard.yml"


Edition = tuple[Path, tuple[tuple[str, int], ...]]
"""The company's folder of metrics, and its files with the time of their last change."""


def in_force() -> Mapping[str, Metric]:
    """The dictionary of this installation; read again when one of the company's files has changed.

    Raises BadDictionary.
    """
    return of(edition())


def edition() -> Edition:
    """Changes whenever one of the company's files does."""
    own = Path(settings.METRICS_FOLDER)
    return own, tuple((path.name, path.stat().st_mtime_ns) for path in sorted(own.glob("*.yml")))


def nearest(key: str) -> str:
    """A hint for a key that is not known: `; did you mean …?`, or nothing."""
    found = get_close_matches(key, in_force(), n=1)
    return f"; did you mean {found[0]}?" if found else ""


class BadDictionary(ValueError):
    """A file of the company's metrics can't be read; the message names files, entries and mends."""


@lru_cache(maxsize=4)
def of(edition: Edition) -> Mapping[str, Metric]:
    """The dictionary of an edition; the same object as long as no file changes. Raises BadDictionary."""
    try:
        return load_dictionary(edition[0], credits=crediting.RULES)
    except MetricErrors as error:
        raise BadDictionary(str(error)) from error


def load_dictionary(
    own: Path | None = None, *, credits: Collection[str] | None = None
) -> Mapping[str, Metric]:
    """Metric key → metric: the standard ones, then every `*.yml` of the directory `own` in order of name.

    An own entry replaces the standard one of the same name, also where standard ratios use it. Raises
    MetricErrors that lists everything wrong in any of the files, BadDictionary for one that is no text. A missing
    directory holds no files.
    """
    if own is None or not own.is_dir():
        return standard_metrics()
    texts = {f"standard/{STANDARD}": _standard_text()}
    texts |= {path.name: _text(path) for path in sorted(own.glob("*.yml"))}
    return load_files(texts, catalogue=TABLES, credits=credits)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadDictionary(f"{path} is not UTF-8: save it as UTF-8") from error


@cache
def standard_metrics() -> Mapping[str, Metric]:
    """The shipped metrics alone."""
    return load_files({f"standard/{STANDARD}": _standard_text()}, catalogue=TABLES)


def _standard_text() -> str:
    return files("dabiao.lake").joinpath("metrics", STANDARD).read_text(encoding="utf-8")
