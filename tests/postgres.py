"""Run the suite on a PostgreSQL of its own: `python -m tests.postgres [pytest's arguments]`.

A cluster is made in a temporary folder, listens on a socket there and nowhere else, and is gone afterwards.
Without PostgreSQL's binaries this says so and succeeds, unless CI_STRICT=1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Where initdb and pg_ctl are: on the PATH, or where Debian puts them."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def main(arguments: list[str]) -> int:
    with cluster() as url:
        if url is None:
            print("SKIPPED: the suite on PostgreSQL, because initdb was not found (apt install postgresql).")
            return 1 if os.environ.get("CI_STRICT") == "1" else 0
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


@contextmanager
def cluster() -> Iterator[str | None]:
    """The DATABASE_URL of an empty database; None where PostgreSQL is not installed."""
    where = binaries()
    if where is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="dabiao-pg-") as name:
        folder = Path(name)
        user = _owner(folder)
        _run(user, [where / "initdb", "-D", folder / "data", "-U", "dabiao", "--auth=trust", "--no-sync"])
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=60"
        )
        _run(
            user,
            [where / "pg_ctl", "-D", folder / "data", "-w", "-o", options, "-l", folder / "log", "start"],
        )
        try:
            yield f"postgres://dabiao@/postgres?host={folder}"
        finally:
            _run(user, [where / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"])


def _owner(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root; its own user takes the folder then."""
    if os.geteuid() != 0:
        return None
    shutil.chown(folder, "postgres")
    folder.chmod(0o755)
    return "postgres"


def _run(user: str | None, command: list[object]) -> None:
    words = [str(word) for word in command]
    as_user = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] if user else []
    subprocess.run([*as_user, *words], check=True, stdout=subprocess.DEVNULL, cwd="/")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
