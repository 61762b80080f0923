"""Where things are, how progress is shown and how a command is run."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = "pep_module"
# Everything that the tooling makes lies in one git-ignored folder.
HOME = Path(os.environ.get("PEP_HOME") or ROOT / ".odoo").resolve()
# The folder that holds pep_module, and may hold other addons.
ADDONS = Path(os.environ.get("PEP_ADDONS") or ROOT).resolve()
REQUIREMENTS = ROOT / "bin" / "requirements"
LOGS = HOME / "log"


class Failure(Exception):
    """Something went wrong that the user can do something about; the text says what."""


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str):
    """Show that something is going on, with the time it has taken."""
    start = time.monotonic()
    done = threading.Event()
    live = sys.stderr.isatty()

    def tick():
        while not done.wait(1):
            sys.stderr.write(f"\r==> {text} ... {time.monotonic() - start:.0f} s")
            sys.stderr.flush()

    thread = threading.Thread(target=tick, daemon=True)
    if live:
        sys.stderr.write(f"==> {text} ...")
        sys.stderr.flush()
        thread.start()
    else:
        say(f"==> {text} ...")
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        done.set()
        if live:
            thread.join()
        say(f"{chr(13) if live else ''}==> {text} ... {outcome} in {time.monotonic() - start:.0f} s")


def run(*command, log: str, hint: str = "", **options) -> None:
    """Run a command with its output in a file; when it fails, show the end of that and the hint."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / log
    with path.open("w") as file:
        try:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options).returncode
        except FileNotFoundError as error:
            code, _ = 127, file.write(str(error))
    if code:
        lines = [line for line in path.read_text(errors="replace").splitlines() if " INFO " not in line]
        tail = "".join(f"    {line}\n" for line in lines[-15:])
        raise Failure(f"This command failed ({code}): {shlex.join(map(str, command))}\n{tail}All of it: {path}\n{hint}")


def output(*command, **options) -> str:
    """What a command prints, or an empty text when it fails or is not there."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, **options
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def digest(*parts: Path | str) -> str:
    """A short hash of texts, files and folders (names and contents)."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(part.encode())
            continue
        files = sorted(part.rglob("*")) if part.is_dir() else [part]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"\0{file.relative_to(part.parent)}\0".encode())
                total.update(file.read_bytes())
    return total.hexdigest()[:12]


@contextlib.contextmanager
def locked(name: str):
    """Let one process at a time do this."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{name.replace(chr(32), chr(45))}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"    (waiting for another process that works on the {name})")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def replace(path: Path, make) -> None:
    """Fill a new folder beside ``path`` with ``make(folder)``, then put it in the place of ``path``."""
    part = path.with_name(f"{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    make(part)
    shutil.rmtree(path, ignore_errors=True)
    part.rename(path)


def replace_text(path: Path, text: str) -> None:
    """Write a file in one go, unless it holds this already."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(text)
        part.replace(path)


def stop(process: subprocess.Popen, patience: float = 15, gently: bool = True) -> None:
    """End a process that leads a group, and then the rest of that group."""
    if gently and process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main(function) -> None:
    """Run a command's function: print a failure without traceback, and end well on Ctrl-C or a kill."""

    def interrupt(*_):
        raise KeyboardInterrupt

    # Whoever runs the database server must be able to read what is installed here.
    os.umask(0o022)
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        sys.exit(function(sys.argv[1:]))
    except Failure as failure:
        say(f"\n{failure}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(130)
