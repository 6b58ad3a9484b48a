"""https: the certificate is checked, and the deadline holds inside TLS as well."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console_api.conftest import answer, full, read_request
from reconciler.ports import ApiError, Fate

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that only who is told of it trusts, and its key."""
    directory = tmp_path_factory.mktemp("tls")
    paths = directory / "certificate.pem", directory / "key.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*request, *names, "-out", str(paths[0]), "-keyout", str(paths[1])], check=True, capture_output=True)
    return paths


@pytest.fixture
def tls_url(certificate: tuple[Path, Path]) -> Iterator[Callable[[list[bytes], threading.Event], str]]:
    """Serve one connection: its request is answered piece by piece, with a breath between the pieces."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    running: list[tuple[socket.socket, threading.Thread]] = []

    def serve(listener: socket.socket, pieces: list[bytes], enough: threading.Event) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as peer:
                    read_request(peer)
                    for piece in pieces:
                        peer.sendall(piece)
                        enough.wait(0.02)
            except OSError:
                continue

    def start(pieces: list[bytes], enough: threading.Event) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=serve, args=(listener, pieces, enough))
        thread.start()
        running.append((listener, thread))
        return f"https://localhost:{listener.getsockname()[1]}"

    yield start
    for listener, thread in running:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


OK = answer(b'{"data":{"id":"checkout"}}')


def test_an_unknown_certificate_is_refused_before_anything_is_sent(tls_url: Any, to: Any) -> None:
    with pytest.raises(ApiError, match="certificate verify failed") as caught:
        to(tls_url([OK], threading.Event())).writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate) == ("connection-failed", Fate.NOT_SENT)


def test_a_known_certificate_is_taken(
    tls_url: Any, to: Any, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    body = full(description="x" * 200_000)
    assert to(tls_url([OK], threading.Event())).writer.update("checkout", body) == {"id": "checkout"}


def test_a_trickle_inside_tls_does_not_outlast_the_deadline(
    tls_url: Any, to: Any, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    enough = threading.Event()
    url = tls_url([bytes([byte]) for byte in OK] + [b" "] * 20, enough)
    with pytest.raises(ApiError) as caught:
        to(url, request_seconds=0.4).writer.update("checkout", full())
    enough.set()
    assert (caught.value.code, caught.value.fate) == ("timed-out", Fate.UNKNOWN)
