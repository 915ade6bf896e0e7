"""A served instance of its own, each of its processes with a gigabyte, and what can be seen of it from outside."""

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MEMORY = 2**30
ROLES = ("nobody", "rep", "manager", "reader", "operations", "admin")
_SECRET = "a" * 32
_EDGE = "----malformed7d1b"
_APART = b"limited.serve"


@dataclass(frozen=True)
class Answer:
    """body: beginning of the page, as text. seconds: by the clock."""

    status: int
    body: str
    seconds: float
    location: str = ""


@dataclass
class Served:
    """keys: role → its session and its token."""

    port: int
    home: Path
    process: subprocess.Popen[bytes]
    keys: Mapping[str, Mapping[str, str]]
    first: set[int] = field(default_factory=set)

    def post(self, path: str, body: bytes, kind: str, role: str, method: str = "POST") -> Answer:
        """One request; a connection that breaks off is status 0."""
        started = time.monotonic()
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            wire.request(method, path, body, {"Content-Type": kind, **self._signed(path, role)})
            response = wire.getresponse()
            text = response.read(200_000).decode(errors="replace")
            answer = Answer(
                response.status, text, time.monotonic() - started, response.headers.get("Location", "")
            )
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(0, repr(error), time.monotonic() - started)
        finally:
            wire.close()
        return answer

    def get(self, path: str, role: str) -> Answer:
        started = time.monotonic()
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        wire.request("GET", path, headers=self._signed(path, role))
        response = wire.getresponse()
        return Answer(response.status, response.read().decode(errors="replace"), time.monotonic() - started)

    def upload(
        self, path: str, files: Mapping[str, tuple[str, bytes]], more: Mapping[str, str], role: str
    ) -> Answer:
        """A form. files: field → name, content."""
        head = f"--{_EDGE}\r\nContent-Disposition: form-data; name="
        body = b"".join(f'{head}"{key}"\r\n\r\n{value}\r\n'.encode() for key, value in more.items())
        for key, (name, content) in files.items():
            body += f'{head}"{key}"; filename="{name}"\r\n'.encode()
            body += b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
        return self.post(
            path, body + f"--{_EDGE}--\r\n".encode(), f"multipart/form-data; boundary={_EDGE}", role
        )

    def processes(self) -> set[int]:
        """The web processes and the worker; not those in which a file is being read."""
        return {pid for pid in _below(self.process.pid) if not _runs(pid, _APART)}

    def _signed(self, path: str, role: str) -> dict[str, str]:
        mine = self.keys.get(role)
        if path.startswith("/api/"):
            return {"Authorization": f"Bearer {mine['token']}"} if mine else {}
        session = f"; sessionid={mine['session']}" if mine else ""
        return {
            "Cookie": f"csrftoken={_SECRET}{session}",
            "X-CSRFToken": _SECRET,
            "Accept-Language": "zh-hans",
        }


@contextmanager
def served(*, processes: int = 2) -> Iterator[Served]:
    """Data folder, one user of each role, `dabiao serve` with a worker; all of it gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dabiao-faults-") as folder:
        home, port = Path(folder) / "home", free_port()
        environment = {
            **os.environ, "DABIAO_HOME": str(home), "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}",
            "DJANGO_SETTINGS_MODULE": "dabiao.settings", "DABIAO_UPLOAD_MB": "50",
        }  # fmt: skip
        made = subprocess.run(
            [sys.executable, "-m", "tests.faults.people"],
            env=environment,
            check=True,
            capture_output=True,
            cwd=REPOSITORY,
        )
        command = [
            sys.executable,
            "-m",
            "dabiao",
            "serve",
            "--bind",
            f"127.0.0.1:{port}",
            "--processes",
            str(processes),
        ]
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_narrow,  # noqa: PLW1509  # nothing has started a thread yet
            cwd=folder,
        )
        try:
            place = Served(port, home, process, json.loads(made.stdout.splitlines()[-1]))
            wait_until_up(place, processes + 1)
            place.first = place.processes()
            yield place
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            log.close()


def _narrow() -> None:
    """A gigabyte that can be written to (RLIMIT_DATA), inherited by every process below.

    Not of addresses (RLIMIT_AS): DuckDB's and Polars' allocators reserve far more than they ever touch, and would not
    even start; what is reserved costs nothing.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def wait_until_up(place: Served, children: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if place.get("/accounts/login/", "nobody").status == 200 and len(place.processes()) >= children:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise TimeoutError("it does not come up")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _below(parent: int) -> Iterator[int]:
    """Children and theirs, by /proc."""
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            children = [int(pid) for pid in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from _below(child)


def _runs(pid: int, word: bytes) -> bool:
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True  # it is over
