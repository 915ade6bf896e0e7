"""Valid requests and calls to every action of facts; see tests/posts.py."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dabiao.facts import actions
from dabiao.facts.logic.mapping import read_map
from dabiao.facts.models import ImportBatch
from tests.posts import Caller, Post

ORDERS = "单号,订单日期,客户名称,业务员,金额\nA1,2026-01-05,甲,P04,15000\n"
CONNECTOR = {"name": "erp", "url": "postgresql+psycopg://u:s3cret@db/x"}


def _upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("orders.csv", ORDERS.encode())


def _begun(caller: Caller) -> ImportBatch:
    return actions.begin([_upload()], system="erp", by=caller.company.otto, at=caller.at)


def _with_mapping(caller: Caller) -> Post:
    batch = _begun(caller)
    return Post({"text": batch.mapping}, arguments={"key": batch.key})


def _with_answers(caller: Caller) -> Post:
    return Post({"answer": "1"}, arguments={"key": _begun(caller).key})


def _begun_only(caller: Caller) -> Post:
    return Post(arguments={"key": _begun(caller).key})


def _begun_by_program(caller: Caller) -> Post:
    return Post(arguments={"key": _begun(caller).key}, json={"even_so": ["again"]})


def _loaded(caller: Caller) -> Post:
    """An import to be taken back. It has changed no row: nobody could take back a version of the lake after each caller."""
    done = {"state": ImportBatch.State.DONE, "at": caller.at, "path": "orders.csv"}
    return Post(arguments={"key": ImportBatch.objects.create(key="loaded", **done).key})


def _activity(caller: Caller) -> Post:
    visit = {"kind": "visit", "customer": "甲公司", "new_customer": "on", "at": "09:30"}
    return Post({"person": caller.person, "day": timezone.localdate().isoformat(), **visit})


def _waiting(caller: Caller) -> Post:
    """An entry of one's own, just made; somebody else's where whoever asks can make none."""
    on = timezone.localdate()
    visit = actions.Activity("visit", datetime(on.year, on.month, on.day, 9))
    key = actions.file_activity(caller.person, visit, by=caller.writer, at=caller.at, on=on)
    return Post({"table": "activities", "key": key})


def _to_be_corrected(caller: Caller) -> Post:
    """The same entry, said anew."""
    said, day = dict(_waiting(caller).form), timezone.localdate().isoformat()
    visit = {"kind": "call", "customer": "甲公司", "new_customer": "on", "at": "09:30", "day": day}
    return Post(visit, arguments=said)


def _corrects_a_figure(caller: Caller) -> None:
    _counts_a_day(caller)
    key = f"P05|{caller.on.isoformat()}|visits"
    actions.correct_figure(key, Decimal(4), by=caller.user, at=caller.at, on=caller.on)


POSTS = {
    "facts:start": lambda _: Post({"upload": [_upload()], "company": "甲公司"}),
    "facts:upload": lambda _: Post({"upload": [_upload()], "system": "erp"}),
    "facts:import-connectors": lambda _: Post(CONNECTOR),
    "facts:import-mapping": _with_mapping,
    "facts:import-load": _begun_only,
    "facts:import-discard": _begun_only,
    "facts:import-undo": _loaded,
    "facts:today": _activity,
    "facts:today-take-back": _waiting,
    "facts:entry": _to_be_corrected,
    "api:upsert": lambda _: Post(json={"rows": [{"key": "1", "ordered_on": "2026-03-01"}]}),
    "api:load_import": _begun_by_program,
    "api:undo_import": _loaded,
    "api:remove": lambda _: Post(json=[{"source": "api", "key": "1"}]),
}


def _takes_a_connector_away(caller: Caller) -> None:
    actions.save_connector(**CONNECTOR, by=caller.user, at=caller.at)
    actions.remove_connector("erp", by=caller.user, at=caller.at)


def _counts_a_day(caller: Caller) -> None:
    figures = {"visits": Decimal(3)}
    actions.file_figures("P05", caller.on, figures, by=caller.user, at=caller.at, on=caller.on)


def _loads_a_file(caller: Caller) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        file.write_text(ORDERS, encoding="utf-8")
        mapping = _begun(caller).mapping
        actions.load(actions.Order(file, read_map(mapping)), by=caller.user, at=caller.at)


def _answers_what_is_asked(caller: Caller) -> None:
    file = SimpleUploadedFile("orders.csv", ORDERS.replace("2026-01-05", "3/4/2026").encode())
    batch = actions.begin([file], system="erp", by=caller.user, at=caller.at)
    actions.answer(batch.key, {"orders.days": "month"}, by=caller.user, at=caller.at)


def _forgets_what_was_never_loaded(caller: Caller) -> None:
    key = _begun(caller).key
    actions.forget_files(at=timezone.now() + timedelta(days=91))
    assert not ImportBatch.objects.filter(key=key).exists()


def _closes_what_was_killed(caller: Caller) -> None:
    ImportBatch.objects.create(key="killed", state=ImportBatch.State.LOADING, at=caller.at, path="a.csv")
    actions.close_interrupted(at=caller.at)


ACTS = {
    "an import whose process died is closed": _closes_what_was_killed,
    "a connector is taken away": _takes_a_connector_away,
    "a day is counted": _counts_a_day,
    "a figure is corrected": _corrects_a_figure,
    "a file is loaded": _loads_a_file,
    "questions about files are answered": _answers_what_is_asked,
    "what was never loaded is forgotten": _forgets_what_was_never_loaded,
}
