"""For tests of the process tier: databases of their own and real Odoo processes.

A test takes the fixture ``scratch`` and asks it for databases::

    def test_update(scratch):
        db = scratch()                            # a copy of the template with the addon
        db.update("pep_module")                   # odoo -u; fails on an unexplained line in the log
        assert db.sql("SELECT count(*) FROM pep_child") == [(0,)]
        assert db.shell("print(env['pep.child'].search_count([]))") == "0"
        with db.serve("--workers=2") as server:   # an HTTP server on a free port
            client = server.login("admin", "admin")
            client.call("pep.child", "search_count", [])
            server.kill()                         # like a power cut
"""

from __future__ import annotations

import itertools
import os
import subprocess
from contextlib import closing
from pathlib import Path

from . import database, log
from .base import LOGS, MODULE, stop
from .server import Server

NUMBERS = itertools.count()


class Database:
    """A database of a test, with the Odoo processes that were started on it."""

    def __init__(self, template: str | None = None):
        self.env = dict(os.environ)
        # bin/test removes the databases of dead processes: the name bears the number of this one.
        self.name = f"pep_run_{os.getpid()}_{next(NUMBERS)}"
        self.folder = Path(os.environ.get("PEP_LOGS", LOGS)) / "processes"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes: list[subprocess.Popen] = []
        self.runs = itertools.count()
        if template:
            database.create(self.env, self.name, template)

    def popen(self, *arguments: str, **options) -> tuple[subprocess.Popen, Path]:
        """Start ``odoo ARGUMENTS -d DATABASE``; gives the process, a group of its own, and its log."""
        path = self.folder / f"{self.name}-{next(self.runs)}.log"
        with path.open("w") as file:
            process = subprocess.Popen(
                database.command(*arguments, f"--database={self.name}"),
                env=self.env,
                stderr=file,
                start_new_session=True,
                **{"stdin": subprocess.DEVNULL, "stdout": file, **options},
            )
        self.processes.append(process)
        return process, path

    def odoo(self, *arguments: str, expected: tuple[str, ...] = (), timeout: float = 600, check: bool = True) -> str:
        """Run ``odoo ARGUMENTS -d DATABASE`` to its end and give its log.

        Fails for an exit code other than 0, and for lines in the log at WARNING or above that match neither
        one of the ``expected`` patterns nor bin/log-allow.txt; ``check=False`` leaves both to the test.
        """
        process, path = self.popen(*arguments)
        process.wait(timeout)
        self.judge(process, path, expected, check)
        return path.read_text()

    def judge(self, process: subprocess.Popen, path: Path, expected: tuple[str, ...], check: bool) -> None:
        """Fail for what a process that has ended did wrong."""
        if check:
            found = log.report(log.problems(path, expected=expected))
            assert not found, f"Unexplained lines in Odoo's log:\n{found}"
            assert not process.returncode, f"Odoo ended with {process.returncode}:\n{path.read_text()[-3000:]}"

    def install(self, *modules: str, demo: bool = False, **options) -> str:
        """Install modules, into a new database if there is none yet."""
        arguments = ["--with-demo"] * demo + [
            "--stop-after-init",
            "--no-http",
            f"--init={','.join(modules or [MODULE])}",
        ]
        return self.odoo(*arguments, **options)

    def update(self, *modules: str, **options) -> str:
        """Update modules."""
        return self.odoo("--stop-after-init", "--no-http", f"--update={','.join(modules or [MODULE])}", **options)

    def uninstall(self, *modules: str, **options) -> str:
        """Uninstall modules."""
        return self.odoo("module", "uninstall", *(modules or [MODULE]), **options)

    def shell(self, code: str, expected: tuple[str, ...] = (), timeout: float = 600, check: bool = True) -> str:
        """Run code in Odoo's shell, where ``env`` is the superuser's, and give what it prints.

        The transaction is rolled back at the end: commit with ``env.cr.commit()``.
        """
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process, path = self.popen("shell", "--no-http", **pipes)
        printed, _ = process.communicate(code, timeout)
        self.judge(process, path, expected, check)
        return printed.strip()

    def sql(self, query: str, *parameters) -> list[tuple]:
        """The rows of a query, which is committed."""
        import psycopg2

        with closing(psycopg2.connect(dbname=self.name)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def serve(self, *arguments: str) -> Server:
        """Start a server on a free port; as a context manager it waits until the server answers."""
        server = Server(self.env, self.name, self.folder / f"{self.name}-{next(self.runs)}.log", *arguments)
        self.processes.append(server.process)
        return server

    def copy(self) -> Database:
        """Another database like this one. Nothing may be connected to this one."""
        return Database(self.name)

    def drop(self) -> None:
        """End every process that was started, and remove the database."""
        for process in self.processes:
            stop(process, gently=False)
        database.drop(self.env, self.name)


def make(kind: str = "module") -> Database:
    """A new database: ``module`` with the addon, ``demo`` with its demo data too, ``base`` and ``demo-base``
    with what the addon depends on only, ``empty`` for none yet (install makes it)."""
    env = dict(os.environ)
    match kind:
        case "module":
            return Database(env["PEP_TEMPLATE"])
        case "demo" | "base" | "demo-base":
            return Database(database.template(env, demo=kind.startswith("demo"), module=kind == "demo"))
        case "empty":
            return Database()
    raise ValueError(kind)
