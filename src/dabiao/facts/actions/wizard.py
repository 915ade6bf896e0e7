"""The steps of the import pages: upload, confirm the mapping, check, load. Each can be left and found again."""

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dabiao.core import config, jobs
from dabiao.core.action import action, tell
from dabiao.core.errors import Malformed, Refused
from dabiao.facts import queries
from dabiao.facts.actions.load import Order, hash_of, imports_folder, new_key
from dabiao.facts.logic.loading import guards
from dabiao.facts.logic.look import Asked, look, question_of, taken_of
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.logic.proposing import Proposal, Question, Taken, There, why_nothing
from dabiao.facts.logic.reading import hostile, unpacking
from dabiao.facts.models import ImportBatch
from dabiao.org import queries as org
from dabiao.org.access import User, require
from dabiao.org.can import Can

_MOST_FILES = 30
CHECK = "dabiao.facts.tasks.check"
LOAD = "dabiao.facts.tasks.load"


class AlreadyLoading(Refused):
    """The import is under way or done."""


class Upload(Protocol):
    """What Django hands over of an uploaded file."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


class Unanswered(Malformed):
    """What is proposed asks something that nobody has answered."""


def begin(
    uploads: Sequence[Upload],
    *,
    mapping: str = "",
    like: str = "",
    system: str = "",
    company: str | None = None,
    by: User,
    at: datetime,
) -> ImportBatch:
    """Keep the uploaded files and find a mapping: a given text, that of import `like`, else a proposal.

    An archive (ZIP) is what lies in it. company: given for a guided start, which leads on to the cockpit: what the unit
    at the top is to be called, where there is none yet.

    Raises Hostile, Unreadable, BadMapping; nothing is kept then.
    """
    require(by, Can.OPERATE)
    if not uploads or len(uploads) > _MOST_FILES:
        raise Malformed(_("Choose between 1 and %(most)s files.") % {"most": _MOST_FILES})
    key = new_key()
    folder = imports_folder() / key / "upload"
    folder.mkdir(parents=True)
    try:
        files = [file for upload in uploads for file in _unpacked(_kept(upload, folder))]
        if len(files) > _MOST_FILES:
            raise Malformed(_("Choose between 1 and %(most)s files.") % {"most": _MOST_FILES})
        if len(files) > 1:  # pages call an import by the last part of its path
            folder = folder.rename(folder.with_name(f"{files[0].stem} +{len(files) - 1}"))
            files = [folder / file.name for file in files]
        asked = what_is_known(system, company=company or "")
        text, report = _mapping_for(files, asked, mapping=mapping, like=like)
        report |= {"guided": True} if company is not None else {}
    except BaseException:
        shutil.rmtree(folder.parent, ignore_errors=True)
        raise
    batch = ImportBatch(
        key=key, by=by, at=at, path=str(files[0] if len(files) == 1 else folder), file_hash=hash_of(folder),
        mapping=text, report=report,
    )  # fmt: skip
    return _enter(batch, [file.name for file in files], by=by, at=at)


@action("facts.import.uploaded")
def _enter(batch: ImportBatch, files: Sequence[str], *, by: User, at: datetime) -> ImportBatch:
    """Its files have been read before: nobody waits for a transaction that reads files."""
    batch.save(force_insert=True)
    tell(batch, {"files": list(files)})
    return batch


def answer(key: str, answers: Mapping[str, str], *, by: User, at: datetime) -> ImportBatch:
    """Propose anew with the answers to what was asked. Raises Malformed for an answer that is none."""
    require(by, Can.OPERATE)
    batch = _open(key)
    place = Path(batch.path)
    files = [place] if place.is_file() else sorted(place.iterdir())
    given = {**batch.report.get("answers", {}), **{name: said for name, said in answers.items() if said}}
    asked = what_is_known(batch.report.get("system", ""), given, company=batch.report.get("company", ""))
    text, report = _proposed(files, asked)
    report |= {"guided": True} if batch.report.get("guided") else {}
    return _take_answers(key, text, report, by=by, at=at)


@action("facts.import.answered")
def _take_answers(key: str, text: str, report: Mapping[str, Any], *, by: User, at: datetime) -> ImportBatch:
    batch = _open(key)
    batch.mapping, batch.report, batch.state = text, dict(report), ImportBatch.State.UPLOADED
    batch.save(update_fields=["mapping", "report", "state"])
    tell(batch, {"answers": report["answers"]})
    return batch


@action("facts.import.mapped")
def confirm_mapping(key: str, text: str, *, own: bool = False, by: User, at: datetime) -> ImportBatch:
    """Keep the mapping and have everything checked by it. own: somebody wrote the text, and answers for all of it.

    Raises BadMapping with every problem, Unanswered while a question is open, or where nothing can be loaded by what is
    proposed, and nobody wrote another mapping.
    """
    require(by, Can.OPERATE)
    batch = _open(key)
    if open_questions(batch):
        if not own or text.strip() == batch.mapping.strip():
            raise Unanswered(_("Answer the questions first: each answer changes a number or a key."))
        batch.report = {**batch.report, "questions": []}
    if text.strip() == batch.mapping.strip() and (reasons := why_nothing(taken(batch))):
        raise Unanswered(reasons)
    read_map(text, file="map.yml")
    job = jobs.enqueue(
        CHECK,
        {"key": key, "language": get_language() or ""},
        key=f"facts.check:{key}:{new_key()}",
        by=by,
        at=at,
        attempts=1,
    )
    batch.mapping, batch.job, batch.state, batch.error = text, job.key, ImportBatch.State.UPLOADED, ""
    batch.save(update_fields=["mapping", "report", "job", "state", "error"])
    tell(batch)
    return batch


@action("facts.import.started")
def start_loading(key: str, *, even_so: Collection[str] = (), by: User, at: datetime) -> ImportBatch:
    """Have a checked import loaded. even_so: codes of what the check has found; raises Stopped for those not said."""
    require(by, Can.OPERATE)
    batch = _open(key)
    said = guards.read_codes(even_so)
    if batch.state == ImportBatch.State.CHECKED:
        guards.demand(guards.stored(batch.report), said)
    arguments = {"key": key, "even_so": sorted(said), "language": get_language() or ""}
    job = jobs.enqueue(LOAD, arguments, key=f"facts.load:{key}:{new_key()}", by=by, at=at)
    batch.job, batch.state, batch.error = job.key, ImportBatch.State.LOADING, ""
    batch.save(update_fields=["job", "state", "error"])
    tell(batch)
    return batch


def discard(key: str, *, by: User, at: datetime) -> None:
    """Forget an import that was never loaded, and its files."""
    _remove(key, by=by, at=at)
    shutil.rmtree(imports_folder() / key, ignore_errors=True)


@action("facts.import.discarded")
def _remove(key: str, *, by: User, at: datetime) -> None:
    """Its files go after it: a file cannot be brought back when a transaction is."""
    require(by, Can.OPERATE)
    batch = _open(key)
    tell(batch)
    batch.delete()


def questions(batch: ImportBatch) -> list[Question]:
    """What the proposal asks, answered or not."""
    return [question_of(told) for told in batch.report.get("questions", [])]


def taken(batch: ImportBatch) -> list[Taken]:
    """What each sheet of an import was taken for; nothing where a mapping was given."""
    return [taken_of(told) for told in batch.report.get("taken", [])]


def open_questions(batch: ImportBatch) -> list[Question]:
    """Those without an answer."""
    return [question for question in questions(batch) if not question.answer]


def order_of(batch: ImportBatch) -> Order:
    """What an uploaded import is to load, and by which mapping."""
    return Order(Path(batch.path), read_map(batch.mapping))


def _open(key: str) -> ImportBatch:
    batch = queries.batch(key)
    if batch.state in {ImportBatch.State.LOADING, ImportBatch.State.DONE, ImportBatch.State.UNDONE}:
        raise AlreadyLoading(
            _("This import is being loaded, or has been; upload the file again for another.")
        )
    return batch


def _kept(upload: Upload, folder: Path) -> Path:
    """Write an upload to disk, no more of it than is allowed; what is inside is looked at apart."""
    largest = int(config.get("DABIAO_UPLOAD_MB")) * 2**20
    file = folder / hostile.safe_name(upload.name or "")
    size = upload.size or 0
    if file.exists():
        raise Malformed(_("Two files are called %(name)s.") % {"name": file.name})
    if size > largest:  # what is beyond was not kept as it came in: `site.incoming`
        raise hostile.Hostile(
            _("%(name)s is larger than %(mb)s MB.") % {"name": file.name, "mb": largest // 2**20}
        )
    with file.open("xb") as out:
        for chunk in upload.chunks():
            out.write(chunk)
    hostile.check(file, largest=largest)
    return file


def _unpacked(file: Path) -> list[Path]:
    """The file itself; of an archive the tables in it, beside it and in its place."""
    if file.suffix.lower() != unpacking.SUFFIX:
        return [file]
    tables = unpacking.unpack(file)
    file.unlink()
    return tables


def _mapping_for(
    files: Sequence[Path], asked: Asked, *, mapping: str, like: str
) -> tuple[str, dict[str, Any]]:
    """The mapping's text, and what the page shows beside it."""
    if mapping:
        read_map(mapping, file="map.yml")
    if not (mapping or like):
        return _proposed(files, asked)
    seen = look(files, asked=None)
    if seen.again:
        return queries.batch(seen.again[0]).mapping, {"again": seen.again[0]}
    return mapping or queries.batch(like).mapping, {"headers": seen.headers}


def what_is_known(system: str, answers: Mapping[str, str] | None = None, *, company: str = "") -> Asked:
    """What a proposal may build on: what files come from, what they come from otherwise, the year, the company, what is sold."""
    year = timezone.localdate().year
    return Asked(
        system,
        There(queries.former(), org.top_unit(), queries.sold_a_month()),
        answers=dict(answers or {}),
        year=year,
        company=company.strip(),
    )


def _proposed(files: Sequence[Path], asked: Asked) -> tuple[str, dict[str, Any]]:
    """A mapping for the files, with what it concludes and asks."""
    seen = look(files, asked=asked)
    if seen.again:
        return queries.batch(seen.again[0]).mapping, {"again": seen.again[0]}
    found = asdict(cast(Proposal, seen.proposal))
    text, concluded = str(found.pop("text")), found.pop("notes")
    return text, {
        **found,
        "concluded": concluded,
        "system": asked.system,
        "company": asked.company,
        "answers": dict(asked.answers or {}),
    }
