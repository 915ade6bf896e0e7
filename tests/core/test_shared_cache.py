"""What one process worked out serves the others; a disk that does not play along costs time and nothing else."""

import errno

import pytest

from dabiao.core.shared_cache import SharedCache


@pytest.fixture
def caches(tmp_path):
    """Those of two processes of one instance."""
    tmp_path.chmod(0o700)
    return SharedCache(str(tmp_path), {}), SharedCache(str(tmp_path), {})


def test_one_process_finds_what_the_other_has_kept(caches):
    one, other = caches
    one.set("page", "<p>", 60)
    assert other.get("page") == "<p>"
    assert other.get_or_set("page", lambda: "<p>again", 60) == "<p>"


def test_a_folder_that_others_may_write_to_is_not_read(caches, tmp_path):
    """What lies there is unpickled."""
    one, _other = caches
    one.set("page", "<p>", 60)
    tmp_path.chmod(0o777)

    assert one.get("page") is None and not one.has_key("page")
    one.set("other", "<p>", 60)
    tmp_path.chmod(0o700)
    assert one.get("page") == "<p>" and one.get("other") is None


def test_a_folder_that_is_gone_stays_gone(caches, tmp_path):
    one, _other = caches
    tmp_path.rename(tmp_path.with_name("away"))

    assert one.get_or_set("page", lambda: "<p>", 60) == "<p>"
    assert not tmp_path.exists()


def test_without_room_nothing_is_kept_and_nothing_fails(caches, monkeypatch):
    one, _other = caches

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    one.set("page", "<p>", 60)

    assert one.get("page") is None
    assert one.get_or_set("page", lambda: "<p>", 60) == "<p>"


@pytest.mark.parametrize(
    "kept", [b"", b"no pickle at all", b"\x80\x04N.no zip"], ids=["empty", "text", "half"]
)
def test_a_damaged_file_is_a_page_not_kept(caches, kept, tmp_path):
    one, _other = caches
    one.set("page", "<p>", 60)
    (file,) = tmp_path.glob("*.djcache")
    file.write_bytes(kept)

    assert one.get_or_set("page", lambda: "<p>anew", 60) == "<p>anew"
