"""Databases: templates that are built once, and quick copies of them."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from . import log, postgres, source, venv
from .base import ADDONS, HOME, LOGS, MODULE, REQUIREMENTS, Failure, digest, locked, replace_text, run, step

FILESTORE = postgres.FILES / "filestore"
LAUNCHER = HOME / "lib" / "odoo-bin"
# A script of its own, for Odoo starts it again for its websocket process. A server ends when who started
# it is killed (1 is PR_SET_PDEATHSIG).
LAUNCH = """\
import ctypes
import os
import signal

import odoo.cli

if os.environ.get("PEP_TIED"):
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
odoo.cli.main()
"""
# Parts of the addon that a database does not depend on.
FREE = ("static/src", "static/tests", "static/description", "controllers", "readme", "README.md", "README.rst")
KEPT = 4


@contextlib.contextmanager
def session():
    """Everything that Odoo needs: its code, its packages, a database server. Gives the environment."""
    venv.ensure()
    source.odoo()
    if not (ADDONS / MODULE / "__manifest__.py").exists():
        raise Failure(f"There is no {MODULE} in {ADDONS}.")
    with postgres.server() as env:
        yield env | {"ODOO_RC": str(configuration())}


def configuration() -> Path:
    """The configuration file: where addons and data are. The database server is in PGHOST and its like."""
    folders = [ADDONS] + [folder for folder in [source.odoo() / "addons"] if folder.is_dir()]
    text = "\n".join(
        [
            "[options]",
            f"addons_path = {','.join(map(str, folders))}",
            f"data_dir = {postgres.FILES}",
            f"screenshots = {LOGS / 'screenshots'}",
            "http_interface = 127.0.0.1",
            "",
        ]
    )
    path = HOME / "conf" / f"odoo-{digest(text)}.conf"
    replace_text(path, text)
    replace_text(LAUNCHER, LAUNCH)
    return path


def command(*arguments: str) -> list[str]:
    """Odoo's command line."""
    return [str(venv.PYTHON), str(LAUNCHER), *arguments]


def odoo(env: dict, *arguments: str, log_name: str) -> None:
    """Run Odoo until it stops by itself, and judge its log."""
    run(*command(*arguments), log=log_name, env=env)
    if found := log.problems(LOGS / log_name):
        raise Failure(f"Unexplained lines in Odoo's log ({LOGS / log_name}):\n{log.report(found)}")


def query(env: dict, sql: str, database: str = "postgres") -> list[list[str]]:
    """Rows of a query, as texts."""
    options = ["--no-psqlrc", "--tuples-only", "--no-align", "--field-separator=\t", "--set=ON_ERROR_STOP=1"]
    result = subprocess.run(
        ["psql", *options, f"--dbname={database}", f"--command={sql}"], env=env, capture_output=True, text=True
    )
    if result.returncode:
        raise Failure(f"The database server refuses:\n{result.stderr}{sql}")
    return [line.split("\t") for line in result.stdout.splitlines()]


def exists(env: dict, name: str) -> bool:
    """Whether there is such a database."""
    return bool(query(env, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def create(env: dict, name: str, template: str) -> None:
    """Copy a database with its files."""
    drop(env, name)
    run("createdb", f"--template={template}", name, log="createdb.log", env=env)
    copy_files(template, name)


def copy_files(old: str, new: str) -> None:
    """Give a database the files of another one. They are linked: Odoo writes each once and never changes it."""
    shutil.rmtree(FILESTORE / new, ignore_errors=True)
    if (FILESTORE / old).is_dir():
        shutil.copytree(FILESTORE / old, FILESTORE / new, copy_function=os.link)


def drop(env: dict, name: str) -> None:
    """Remove a database with its files, whoever uses it."""
    run("dropdb", "--if-exists", "--force", name, log="dropdb.log", env=env)
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def comment(env: dict, name: str) -> str:
    """The note that a database bears."""
    (row,) = query(env, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'")
    return row[0]


def set_comment(env: dict, name: str, text: str) -> None:
    """Put a note on a database."""
    query(env, f"COMMENT ON DATABASE \"{name}\" IS '{text}'")


def rename(env: dict, old: str, new: str) -> None:
    """Give a database and its files another name."""
    query(env, f'ALTER DATABASE "{old}" RENAME TO "{new}"')
    if (FILESTORE / old).is_dir():
        shutil.rmtree(FILESTORE / new, ignore_errors=True)
        (FILESTORE / old).rename(FILESTORE / new)


def manifest() -> dict:
    """The addon's manifest."""
    return ast.literal_eval((ADDONS / MODULE / "__manifest__.py").read_text())


def base_key(demo: bool) -> str:
    """What the template without the addon depends on."""
    return digest(source.version(), REQUIREMENTS / "odoo.txt", *sorted(manifest()["depends"]), str(demo))


def module_key(demo: bool) -> str:
    """What the template with the addon depends on."""
    folder = ADDONS / MODULE
    free = [folder / name for name in FREE]
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and not any(path.is_relative_to(skip) for skip in free)
    ]
    return digest(base_key(demo), *(text for path in files for text in (str(path.relative_to(folder)), path)))


def template(env: dict, demo: bool = False, module: bool = True, reuse: bool = False) -> str:
    """The name of a template database, built now unless it is there. Never open a connection to it.

    ``reuse`` takes the one used last, though the addon may have changed.
    """
    if reuse and (names := templates(env, f"{'demo' if demo else 'test'}_template")):
        return names[0]
    base = template(env, demo, module=False) if module else None
    kind = f"{'demo' if demo else 'test'}_{'template' if module else 'base'}"
    name = f"pep_{kind}_{module_key(demo) if module else base_key(demo)}"
    with locked("template databases"):
        if not exists(env, name):
            build(env, name, kind, base)
        set_comment(env, name, f"{time.time():.0f}")
        prune(env)
    return name


def build(env: dict, name: str, kind: str, base: str | None) -> None:
    """Install the addon in a copy of the database with what it depends on, or those in a new one."""
    part = f"{name}_part"
    drop(env, part)
    wanted = [MODULE] if base else manifest()["depends"]
    demo = kind.startswith("demo")
    options = ["--with-demo"] * demo + ["--stop-after-init", "--no-http", f"--database={part}", "--init"]
    if base:
        create(env, part, base)
    note = " with demo data" * demo + ("" if base else " (a minute or two, once)")
    try:
        with step(f"Installing {', '.join(wanted)}{note}"):
            odoo(env, *options, ",".join(wanted), log_name=f"install-{kind}.log")
    except BaseException:
        drop(env, part)
        raise
    rename(env, part, name)


def templates(env: dict, kind: str) -> list[str]:
    """The template databases of a kind, the one used last first."""
    sql = f"""SELECT datname FROM pg_database WHERE datname ~ '^pep_{kind}_[0-9a-f]{{12}}$'
              ORDER BY shobj_description(oid, 'pg_database') DESC NULLS LAST"""
    return [name for (name,) in query(env, sql)]


def prune(env: dict) -> None:
    """Drop all but the templates used last, and what a killed run left."""
    for kind in ("test_base", "test_template", "demo_base", "demo_template"):
        for name in templates(env, kind)[KEPT:]:
            drop(env, name)
    if postgres.OWN:
        for (name,) in query(env, "SELECT datname FROM pg_database WHERE datname ~ '^pep_run_[0-9]+'"):
            if not Path(f"/proc/{re.findall('[0-9]+', name)[0]}").exists():
                drop(env, name)
