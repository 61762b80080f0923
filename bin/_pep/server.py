"""A running Odoo server, and a mailbox for what it sends."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from . import database
from .base import HOME, Failure, stop

MAILS = HOME / "mail"


def free_port(wanted: int = 0) -> int:
    """A port that nobody listens on: the wanted one, or any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        return probe.getsockname()[1]


class Server:
    """An Odoo server on a database, as a process group of its own."""

    def __init__(self, env: dict, name: str, log: Path, *arguments: str, port: int = 0):
        self.port = free_port(port)
        self.url = f"http://localhost:{self.port}"
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        # Odoo's websocket process needs a port as well when there are workers.
        ports = [f"--http-port={self.port}", f"--gevent-port={free_port()}"]
        command = database.command(f"--database={name}", f"--db-filter=^{name}$", *ports, *arguments)
        with log.open("w") as file:
            self.process = subprocess.Popen(
                command,
                env=env | {"PEP_TIED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def wait(self, timeout: float = 180) -> Server:
        """Wait until the server answers."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/web/health", timeout=30):
                return self
            time.sleep(0.2)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        raise Failure(f"The server does not answer. The end of its log ({self.log}):\n{tail}")

    def kill(self) -> None:
        """End it without warning, like a power cut."""
        stop(self.process, gently=False)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        stop(self.process)

    def login(self, login: str, password: str) -> Client:
        """A session of this user; a Failure when the server refuses the password."""
        return Client(self.url, login, password)

    def __enter__(self):
        try:
            return self.wait()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()


class Client:
    """A user's session over JSON-RPC, as the web client uses it."""

    def __init__(self, url: str, login: str, password: str):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        (name,) = self.rpc("/web/database/list", {})
        self.uid = self.rpc("/web/session/authenticate", {"db": name, "login": login, "password": password})["uid"]

    def rpc(self, path: str, params: dict):
        """The result of a JSON-RPC request; a Failure with the server's words when that is an error."""
        data = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with self.opener.open(request, timeout=300) as response:
            answer = json.load(response)
        if error := answer.get("error"):
            raise Failure(f"{error['data']['name']}: {error['data']['message']}")
        return answer["result"]

    def call(self, model: str, method: str, *args, **kwargs):
        """Call a method of a model."""
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self.rpc(f"/web/dataset/call_kw/{model}/{method}", params)

    def get(self, path: str) -> tuple[int, str]:
        """The status and the text of a page."""
        try:
            with self.opener.open(self.url + path, timeout=300) as response:
                return response.status, response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")


class Mailbox(socketserver.ThreadingTCPServer):
    """Takes every mail by SMTP and keeps it in a file: nothing leaves the machine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path = MAILS):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(("127.0.0.1", 0), MailHandler)

    @property
    def arguments(self) -> list[str]:
        """What makes Odoo use it."""
        return ["--smtp=localhost", f"--smtp-port={self.server_address[1]}"]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class MailHandler(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to be content."""

    def handle(self):
        self.answer("220 localhost")
        while command := self.rfile.readline().split(maxsplit=1):
            verb = command[0].upper()
            if verb == b"QUIT":
                return self.answer("221 Bye")
            if verb == b"DATA":
                self.answer("354 Go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                path = self.server.folder / f"{time.time_ns()}.eml"
                path.write_bytes(b"".join(line.removeprefix(b".") for line in lines))
            self.answer("250 OK")
        return None

    def answer(self, line: str):
        """Send a line."""
        self.wfile.write(f"{line}\r\n".encode())
