"""Files as they come in: whose are kept, and how much of them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.urls import reverse

from dabiao.core.models import Job
from dabiao.facts.models import ImportBatch

MB = 2**20
ORDERS = "单号,订单日期,金额\nA1,2026-01-05,1\n"


@pytest.fixture
def kept(monkeypatch, settings):
    """Bytes of files that Django was handed to keep."""
    taken = []

    class Watched(TemporaryFileUploadHandler):
        def receive_data_chunk(self, raw_data, start):
            taken.append(len(raw_data))
            return super().receive_data_chunk(raw_data, start)

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryFileUploadHandler", Watched)
    settings.FILE_UPLOAD_HANDLERS = [
        name for name in settings.FILE_UPLOAD_HANDLERS if "MemoryFileUploadHandler" not in name
    ]
    return taken


def sent(browser, page, size=0, **more):
    field = "upload" if page == "facts:upload" else "file"
    content = ORDERS.encode() + b"x" * size
    return browser.post(reverse(page), {field: SimpleUploadedFile("a.csv", content), **more})


@pytest.mark.parametrize(
    ("who", "page"),
    [("rita", "facts:upload"), ("fin", "facts:upload"), ("emma", "org:import"), ("rita", "targets:import")],
)
def test_nothing_is_kept_of_what_somebody_may_not_bring(who, page, as_, kept):
    assert sent(as_(who), page, table="units").status_code == 403
    assert kept == []


def test_nothing_is_kept_of_a_stranger(client, db, kept):
    assert sent(client, "facts:upload").status_code == 302
    assert sent(client, "account_login").status_code == 200
    assert kept == []


def test_what_is_beyond_the_limit_is_dropped_as_it_comes(as_, kept, monkeypatch):
    monkeypatch.setenv("DABIAO_UPLOAD_MB", "1")
    otto = as_("otto")

    for page in ("facts:upload", "org:import"):
        answer = sent(otto, page, size=5 * MB, table="units")
        assert answer.status_code == 422 and "larger than 1 MB" in answer.content.decode()

    assert sum(kept) <= 2 * MB
    assert not ImportBatch.objects.exists() and not Job.objects.exists()


def test_an_ordinary_file_comes_in_whole(as_, kept):
    assert sent(as_("otto"), "facts:upload", system="erp").status_code == 302
    assert sum(kept) == len(ORDERS.encode())
