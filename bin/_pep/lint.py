"""The linters: ruff, pylint-odoo, OCA's checks of XML and PO files, and checks of our own."""

from __future__ import annotations

import io
import os
import re
import subprocess
import time
import tokenize
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import database, venv
from .base import ADDONS, LOGS, MODULE, ROOT, Failure, say

ADDON = ADDONS / MODULE
POT = ADDON / "i18n" / f"{MODULE}.pot"
# Calls that go round Odoo's access checks or its ORM, and comments that silence a linter.
CALLS = re.compile(r"\.sudo\($|\bcr\.execute\($|\bexecute_query(_dict)?\($|\bSQL\($")
SILENCERS = re.compile(r"#\s*(noqa|pylint:\s*disable)(\s*[:=]\s*[A-Za-z0-9_-]+(\s*,\s*[A-Za-z0-9_-]+)*)?")
# A model may be extended by several rooms, each in its file; the README is the repository's.
PYLINT_DISABLED = "consider-merging-classes-inherited,missing-readme"
OCA_DISABLED = [
    "file-not-used",  # it does not see what Python code reads: see unused()
    "prefer-readme-rst",
    "weblate-component-too-long",
    "xml-field-numeric-without-eval",
    "xml-header-wrong",
    "xml-tag-position",
]


def run(env: dict, template: str | None, fix: bool = False, fix_pot: bool = False) -> bool:
    """Run all linters side by side, show what they object to, and say whether they are content."""
    tools = venv.VENV / "bin"
    pos = sorted(map(str, (ADDON / "i18n").glob("*.po*")))
    commands = {
        "ruff check": [
            tools / "ruff",
            "check",
            "--quiet",
            "--output-format=concise",
            *(["--fix"] if fix else []),
            ROOT,
        ],
        "ruff format": [tools / "ruff", "format", *([] if fix else ["--check", "--output-format=concise"]), ROOT],
        "pylint": [tools / "pylint", f"--rcfile={ROOT / '.pylintrc'}", f"--disable={PYLINT_DISABLED}", ADDON],
        "oca-checks-odoo-module": [tools / "oca-checks-odoo-module", f"-d={','.join(OCA_DISABLED)}", ADDON],
        "oca-checks-po": [tools / "oca-checks-po", *pos] if pos else None,
        "reasons": reasons,
        "unused files": unused,
        "translation template": (lambda: pot(env, template, fix or fix_pot)) if template else None,
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda item: judge(*item), [item for item in commands.items() if item[1]])
        return not [name for name, *rest in results if not show(name, *rest)]


def judge(name: str, check) -> tuple[str, str, float]:
    """What a linter objects to, and how long it took."""
    start = time.monotonic()
    if callable(check):
        try:
            text = check()
        except Failure as failure:
            text = str(failure)
    else:
        # The linters see the addon as files: with Odoo importable, pylint would read all of it.
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        result = subprocess.run(check, cwd=ROOT, env=env, capture_output=True, text=True)
        text = (result.stdout + result.stderr).strip() or f"exit code {result.returncode}"
        text = text if result.returncode else ""
    return name, text, time.monotonic() - start


def show(name: str, text: str, seconds: float) -> bool:
    """Report on a linter; whether it was content."""
    say(f"==> Linter {name} ... {'objects' if text else 'content'} in {seconds:.0f} s")
    if text:
        say("\n".join(f"    {line}" for line in text.splitlines()))
    return not text


def reasons() -> str:
    """Lines that go round something and don't say in a comment why."""
    return "\n".join(
        f"{path.relative_to(ADDONS)}:{line}: {what} without a comment on this line, or above it, that gives the reason"
        for path in sorted(ADDON.rglob("*.py"))
        for line, what in unexplained(path.read_text())
    )


def unexplained(source: str) -> list[tuple[int, str]]:
    """Line number and code of calls and silencers without a reason."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments: dict[int, str] = {}
    code: dict[int, str] = {}
    found = {}
    for token in tokens:
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            comments[line] = token.string
        elif token.type in (tokenize.NAME, tokenize.OP):
            code[line] = code.get(line, "") + " " * (token.type == tokenize.NAME) + token.string
            if call := CALLS.search(code[line].replace(". ", ".")):
                found[line] = call[0].strip(" .(") + "()"
    found |= {line: silencer[0] for line, text in comments.items() if (silencer := SILENCERS.search(text))}

    def reason(line: int) -> str:
        # The line above counts when it is a comment, or opens the call that this line is in.
        before = comments.get(line - 1, "") if code.get(line - 1, "(")[-1] in "([{" else ""
        return SILENCERS.sub("", f"{comments.get(line, '')} {before}")

    return [(line, what) for line, what in sorted(found.items()) if len(re.findall(r"\w{2,}", reason(line))) < 2]


def unused() -> str:
    """Data files that neither the manifest nor any Python code names."""
    named = "\n".join(path.read_text() for path in ADDON.rglob("*.py"))
    files = [path for path in sorted(ADDON.rglob("*")) if path.suffix in (".xml", ".csv")]
    return "\n".join(
        f"{path.relative_to(ADDONS)}: neither the manifest nor Python code names this file"
        for path in files
        if "static" not in path.parts and path.name not in named
    )


def pot(env: dict, template: str, write: bool) -> str:
    """Compare the translation template with what Odoo exports now, or write it."""
    name = f"pep_run_{os.getpid()}_pot"
    fresh = LOGS / f"{name}.pot"
    database.create(env, name, template)
    try:
        database.odoo(env, "i18n", "export", f"--database={name}", f"--output={fresh}", MODULE, log_name=f"{name}.log")
        text = fresh.read_text()
    finally:
        database.drop(env, name)
        for path in (fresh, LOGS / f"{name}.log"):
            path.unlink(missing_ok=True)
    if undated(text) == (undated(POT.read_text()) if POT.exists() else ""):
        return ""
    if write:
        POT.parent.mkdir(exist_ok=True)
        POT.write_text(text)
        return ""
    return f"{Path(MODULE, 'i18n', POT.name)} is not what Odoo exports now: bin/lint --fix-pot writes it"


def undated(text: str) -> str:
    """A PO file without the dates in its header."""
    return re.sub(r'^"(POT-Creation|PO-Revision)-Date:.*\n', "", text, flags=re.MULTILINE)
