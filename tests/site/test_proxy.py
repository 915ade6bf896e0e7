"""Behind a proxy: whose word counts, by Django's client; and all of it through nginx with a certificate of its own."""

import datetime as dt
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import RequestFactory

from dabiao.core import config
from dabiao.site import proxy
from tests.conftest import skip_or_fail

PASSWORD = "correct-horse-9"
A_YEAR = "31536000"


class TestWhoseWordCounts:
    @pytest.fixture(autouse=True)
    def _proxies(self, settings):
        settings.PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))

    @pytest.mark.parametrize(
        ("case", "peer", "hops", "client"),
        [
            ("nobody says anything", "10.0.0.1", "", "10.0.0.1"),
            ("a proxy says who", "10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("what the client wrote before it is not believed", "10.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),
            ("two proxies", "10.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
            ("somebody who is no proxy", "203.0.113.9", "6.6.6.6", "203.0.113.9"),
            ("with a port", "10.0.0.1", "203.0.113.7:51234", "203.0.113.7"),
            ("with brackets and a port", "::1", "[2001:db8::7]:51234", "2001:db8::7"),
            ("with a zone", "::1", "fe80::7%eth0", "fe80::7"),
            ("written as IPv6", "::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("no address", "10.0.0.1", "unknown", "10.0.0.1"),
        ],
    )  # fmt: skip
    def test_for_the_address(self, case, peer, hops, client):
        asked = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=hops)

        proxy.forwarded(lambda request: None)(asked)

        assert str(proxy.read(asked.META["REMOTE_ADDR"])) == client, case

    @pytest.mark.parametrize(
        ("case", "peer", "proto", "secure"),
        [
            ("a proxy says HTTPS", "10.0.0.1", "https", True),
            ("a proxy says HTTP", "10.0.0.1", "http", False),
            ("a proxy says something else", "10.0.0.1", "https,http", False),
            ("somebody who is no proxy says HTTPS", "203.0.113.9", "https", False),
        ],
    )
    def test_for_the_scheme(self, case, peer, proto, secure):
        asked = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO=proto)

        proxy.forwarded(lambda request: None)(asked)

        assert asked.is_secure() is secure, case
        assert [name for name in asked.META if "FORWARDED" in name] == []

    def test_sends_on_once_who_came_to_the_proxy_by_http(self, client, db, settings):
        settings.HTTPS, settings.HOSTS = True, {"testserver": "8443"}
        headers = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_PROTO": "http"}
        answer = client.get("/accounts/login/?next=/org/", **headers)

        assert (answer.status_code, answer["Location"]) == (
            301,
            "https://testserver:8443/accounts/login/?next=/org/",
        )
        assert client.get("/healthz", **headers).status_code == 200

    def test_never_sends_on_who_came_past_it(self, client, db, settings):
        settings.HTTPS = True
        for said in ({}, {"HTTP_X_FORWARDED_PROTO": "https"}, {"HTTP_X_FORWARDED_PROTO": "http"}):
            assert client.get("/accounts/login/", REMOTE_ADDR="203.0.113.9", **said).status_code == 200


class TestSettings:
    @pytest.mark.parametrize(
        ("written", "hosts", "https", "http"),
        [
            ("a.example, B.example:8443", {"a.example": "", "b.example": "8443"},
             ["https://a.example", "https://b.example:8443"], ["http://b.example:8443"]),
            ("[::1],[::2]:8443", {"[::1]": "", "[::2]": "8443"}, ["https://[::1]", "https://[::2]:8443"],
             ["http://[::2]:8443"]),
            (".example.com,*", {".example.com": "", "*": ""}, ["https://*.example.com"], []),
        ],
    )  # fmt: skip
    def test_make_hosts_and_origins_of_one_list(self, monkeypatch, written, hosts, https, http):
        monkeypatch.setenv("DABIAO_HOSTS", written)

        assert config.hosts() == hosts
        assert (config.origins(https=True), config.origins(https=False)) == (https, http)

    def test_name_proxies_by_address_or_network(self, monkeypatch):
        monkeypatch.setenv("DABIAO_PROXY", "127.0.0.1, 10.0.0.0/8")
        assert config.proxies() == (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))

    @pytest.mark.parametrize("written", ["*", "nginx", "10.0.0.1/8"])
    def test_take_nothing_else_for_a_proxy(self, monkeypatch, written):
        monkeypatch.setenv("DABIAO_PROXY", written)
        with pytest.raises(SystemExit, match=r"DABIAO_PROXY: .*write addresses or networks"):
            config.proxies()


START = f"""
import os, sys, django
from django.utils import timezone
django.setup()
from dabiao.site import commands
from dabiao.org import actions
from dabiao.org.access import User
commands.init(password="{PASSWORD}")
admin = User.objects.get()
_token, secret = actions.create_token(name="t", scope="read", days=1, by=admin, at=timezone.now())
print(secret, flush=True)
commands.serve(bind=sys.argv[1], processes=1, with_worker=False)
"""
NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_pass http://127.0.0.1:{app};
    }}
  }}
}}
"""


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    text: str

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Served:
    """Dabiao behind nginx: its ports, a token, the certificate; `ask` is a visitor without any leniency."""

    app: int
    plain: int
    tls: int
    token: str
    trust: ssl.SSLContext
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path, form=None, *, port=None, **headers):
        port = port or self.tls
        secure = port == self.tls
        connection = (
            HTTPSConnection("127.0.0.1", port, context=self.trust) if secure else HTTPConnection("127.0.0.1", port)
        )  # fmt: skip
        with closing(connection):
            sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if secure else {}
            if form is not None:
                sent |= {
                    "Origin": f"https://127.0.0.1:{self.tls}",
                    "Referer": f"https://127.0.0.1:{self.tls}/",
                    "Content-Type": "application/x-www-form-urlencoded",
                }
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            body = None if form is None else "&".join(f"{k}={v}" for k, v in form.items())
            connection.request("GET" if form is None else "POST", path, body, sent)
            got = connection.getresponse()
            answer = Answer(got.status, got.getheaders(), got.read().decode())
        for cookie in answer.all("Set-Cookie"):
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def sign_in(self, password=PASSWORD, **headers):
        page = self.ask("/accounts/login/").text
        mark = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page).group(1)
        said = {"csrfmiddlewaretoken": mark, "login": "admin", "password": password}
        return self.ask("/accounts/login/", said, **headers)


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory):
    """Starts both once; without nginx it says so."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        skip_or_fail("nginx was not found (apt install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    app, plain, tls = _free_ports(3)
    _certificate(folder)
    (folder / "conf").write_text(NGINX.format(folder=folder, plain=plain, tls=tls, app=app))
    environment = {
        **os.environ,
        "DABIAO_HOME": str(folder / "home"),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "dabiao.settings",
        "DABIAO_HTTPS": "1",
        "DABIAO_HSTS": A_YEAR,
        "DABIAO_PROXY": "127.0.0.1",
        "DABIAO_HOSTS": f"127.0.0.1:{tls}",
    }
    with ExitStack() as stack:
        command = [sys.executable, "-c", textwrap.dedent(START), f"127.0.0.1:{app}"]
        served = stack.enter_context(_running(command, env=environment, stdout=subprocess.PIPE, text=True))
        stack.enter_context(_running([nginx, "-p", str(folder), "-c", str(folder / "conf")]))
        token = next(line.strip() for line in served.stdout if line.startswith("dbt_"))
        _wait_for(app, plain, tls)
        yield Served(app, plain, tls, token, ssl.create_default_context(cafile=folder / "cert.pem"))


@pytest.fixture
def visitor(behind_nginx):
    """Without cookies of the test before."""
    behind_nginx.cookies.clear()
    return behind_nginx


class TestBehindNginx:
    def test_one_signs_in_and_stays_so(self, visitor):
        answer = visitor.sign_in()

        assert (answer.status, answer.all("Location")) == (302, ["/"])
        assert visitor.ask("/org/people/").status == 200
        assert visitor.ask("/org/people/", port=visitor.app).status == 302

    def test_cookies_travel_by_https_only(self, visitor):
        cookies = [*visitor.ask("/accounts/login/").all("Set-Cookie"), *visitor.sign_in().all("Set-Cookie")]

        assert {cookie.split("=")[0] for cookie in cookies} >= {"csrftoken", "sessionid"}
        assert [cookie for cookie in cookies if "; Secure" not in cookie] == []

    def test_http_is_sent_to_https_once(self, visitor):
        answer = visitor.ask("/accounts/login/?next=/org/", port=visitor.plain)

        assert answer.status == 301
        assert answer.all("Location") == [f"https://127.0.0.1:{visitor.tls}/accounts/login/?next=/org/"]
        assert visitor.ask("/accounts/login/?next=/org/").status == 200

    def test_browsers_are_told_how_long_to_insist_on_https(self, visitor):
        assert visitor.ask("/accounts/login/").all("Strict-Transport-Security") == [f"max-age={A_YEAR}"]

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://127.0.0.1:{plain}", "https://127.0.0.1:1"]
    )
    def test_another_origin_is_refused(self, visitor, origin):
        assert visitor.sign_in(Origin=origin.format(plain=visitor.plain)).status == 403

    def test_scripts_and_styles_come(self, visitor):
        page = visitor.ask("/accounts/login/").text
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

        assert files
        assert [file for file in files if visitor.ask(file).status != 200] == []

    def test_a_token_opens_the_api(self, visitor):
        answer = visitor.ask("/api/v1/me", Authorization=f"Bearer {visitor.token}")

        assert (answer.status, json.loads(answer.text)["username"]) == (200, "admin")

    def test_a_word_past_the_proxy_or_before_it_counts_for_nothing(self, visitor):
        """The application takes 127.0.0.1 for its proxy, but nginx says what it has seen itself."""
        forged = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "6.6.6.6"}

        assert visitor.ask("/accounts/login/", port=visitor.plain, **forged).status == 301


def _free_ports(count):
    with ExitStack() as stack:
        taken = [stack.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in range(count)]
        return [each.getsockname()[1] for each in taken]


@contextmanager
def _running(command, **options):
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(*ports):
    until = time.monotonic() + 60
    while ports and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", ports[0])).close()
            ports = ports[1:]
        except ConnectionRefusedError:
            time.sleep(0.05)
    assert not ports, f"nobody listens on {ports}"


def _certificate(folder: Path) -> None:
    """For 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
