"""The pytest plugin behind tests/conftest.py: the log gate, the tiers and the databases of the process tier."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path

import pytest
import pytest_odoo

from . import database, harness, log

FORMAT = "%(asctime)s %(process)d %(levelname)s - %(name)s: %(message)s (in %(test)s)"


class LogFile(logging.FileHandler):
    """Odoo's log of this process at WARNING and above, with the test that was running."""

    def __init__(self, path: Path):
        super().__init__(path, delay=True)
        self.setLevel(logging.WARNING)
        self.setFormatter(logging.Formatter(FORMAT))

    def emit(self, record):
        record.test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
        super().emit(record)


def pytest_configure(config):
    """Name the tiers, and let this process write its log."""
    config.addinivalue_line("markers", "process: real Odoo processes on databases of their own (bin/test --process)")
    config.addinivalue_line("markers", "full: full sizes and mutations (bin/test --full)")
    logging.getLogger().addHandler(LogFile(Path(os.environ["PEP_LOGS"]) / f"{os.getpid()}.log"))


@contextlib.contextmanager
def own_filestore(original: str, name: str):
    """Give a worker's database files of its own: two workers that write the same one trip over each other."""
    if original != name:
        database.copy_files(original, name)
    try:
        yield
    finally:
        if original != name:
            shutil.rmtree(database.FILESTORE / name, ignore_errors=True)


pytest_odoo._shared_filestore = own_filestore


def pytest_collection_modifyitems(items):
    """Tests in tests/process and tests/full are of that tier."""
    for item in items:
        for tier in {"process", "full"} & set(item.path.parts):
            item.add_marker(tier)


@pytest.fixture
def scratch():
    """Makes databases for a test (see harness.make), and removes them after it."""
    made = []

    def make(kind: str = "module") -> harness.Database:
        made.append(harness.make(kind))
        return made[-1]

    yield make
    for item in made:
        item.drop()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """Fail the run for unexplained lines in the log, and for the linters that ran before."""
    if hasattr(session.config, "workerinput"):
        return
    if found := log.problems(*sorted(Path(os.environ["PEP_LOGS"]).glob("*.log"))):
        fail(session, "log gate", f"Unexplained lines in Odoo's log:\n{log.report(found)}")
    if os.environ.get("PEP_LINT_FAILED"):
        fail(session, "linters", "The linters object: see above, or run bin/lint.")


def pytest_unconfigure():
    """Be silent from here on: a worker ends by an interrupt, which any code may complain of."""
    logging.disable()


def fail(session, what: str, text: str):
    """Count an error that belongs to no test."""
    report = pytest.TestReport(what, (what, 0, what), {}, "failed", text, "setup")
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        reporter.stats.setdefault("error", []).append(report)
    session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
