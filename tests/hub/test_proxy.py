"""docker/nginx.conf on a real nginx: what it passes on, and what it keeps away from the hub."""

import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import trustme

from tests.servers import nginx, process

pytestmark = pytest.mark.servers


class Web(BaseHTTPRequestHandler):
    """Stands for the hub: answers with what reached it."""

    protocol_version = "HTTP/1.1"
    reached: list[str] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.reached.append(self.path)
        said = json.dumps({"headers": dict(self.headers.items()), "bytes": len(body)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    directory = tmp_path_factory.mktemp("nginx")
    directory.chmod(0o755)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(directory / "tls_certificate")
    certificate.private_key_pem.write_to_path(directory / "tls_key")
    web = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    http, https = process.free_port(), process.free_port()
    path = nginx.configure(directory, web=web.server_port, http=http, https=https)
    running = nginx.start(path, https=https)
    running.http, running.https, running.directory = http, https, directory
    # httpx tells its context that it speaks HTTP/2; a socket of ours does not.
    running.context, running.plain = ssl.create_default_context(), ssl.create_default_context()
    authority.configure_trust(running.context)
    authority.configure_trust(running.plain)
    yield running
    running.stop()
    web.shutdown()


@pytest.fixture
def client(proxy):
    with httpx.Client(base_url=proxy.url, verify=proxy.context, http2=True) as made:
        yield made


def test_what_the_hub_believes_is_said_by_the_proxy_alone(client):
    lies = {
        "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "http", "Forwarded": "for=198.51.100.7",
        "X_Forwarded_For": "198.51.100.7", "Authorization": "Bearer mine",
    }  # fmt: skip
    answer = client.post("/api/v1/notifications", json={}, headers=lies)
    heard = {name.lower(): value for name, value in answer.json()["headers"].items()}
    assert answer.http_version == "HTTP/2"
    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "https"
    assert heard["authorization"] == "Bearer mine"
    assert heard["host"] == "localhost"
    assert not {"forwarded", "x_forwarded_for"} & heard.keys()


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/metrics", "/%6detrics", "/health/../metrics"]
)
def test_what_keeps_the_hub_running_is_nobodys_business(client, path):
    before = len(Web.reached)
    assert client.get(path).status_code == 404
    assert len(Web.reached) == before


def test_plain_http_is_sent_to_tls(proxy):
    answer = httpx.get(f"http://127.0.0.1:{proxy.http}/x?y=1", headers={"Host": "hub.corp.example"})
    assert (answer.status_code, answer.headers["location"]) == (
        308,
        "https://hub.corp.example/x?y=1",
    )


def test_old_tls_is_refused(proxy):
    old = ssl.create_default_context()
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", proxy.https)) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname="localhost")


def test_a_body_of_which_a_byte_comes_now_and_then_never_reaches_the_hub(proxy):
    before = len(Web.reached)
    with (
        socket.create_connection(("127.0.0.1", proxy.https)) as plain,
        proxy.plain.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"
        )
        wire.settimeout(30)  # the limit is two seconds in this test
        said = wire.recv(4096)
    assert said == b"" or b" 408 " in said
    assert len(Web.reached) == before


def test_a_body_beyond_any_limit_is_refused_without_being_read(proxy):
    with (
        socket.create_connection(("127.0.0.1", proxy.https)) as plain,
        proxy.plain.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        wire.settimeout(30)
        assert b" 413 " in wire.recv(4096)


def test_a_batch_of_two_megabytes_is_passed_on_whole(client):
    assert (
        client.post("/api/v1/notifications/batch", content=b"x" * 2_000_000).json()["bytes"]
        == 2_000_000
    )


def test_its_log_has_no_path_and_no_address(proxy, client):
    client.get("/api/v1/me/inbox/0197c0de-0000-7000-8000-000000000000")
    log = (proxy.directory / "nginx.log").read_text()
    assert "0197c0de" not in log
