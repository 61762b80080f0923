"""The log gate: no line of Odoo's log at WARNING or above without an explanation."""

from __future__ import annotations

import re
from pathlib import Path

ALLOW = Path(__file__).resolve().parents[1] / "log-allow.txt"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>[A-Z]+) (?P<database>\S+) (?P<entry>.*)")
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def allowed() -> list[re.Pattern]:
    """What may stand in the log: one pattern a line, after its reason in a comment above it."""
    lines = ALLOW.read_text().splitlines() if ALLOW.exists() else []
    return [re.compile(line) for line in lines if line.strip() and not line.startswith("#")]


def problems(*paths: Path, expected: tuple[str, ...] = ()) -> list[str]:
    """The unexplained entries (``logger: message`` and what follows) of these log files."""
    entries: list[list[str]] = []
    patterns = [*allowed(), *map(re.compile, expected)]
    for path in paths:
        keep = False
        for line in path.read_text(errors="replace").splitlines():
            line = COLOUR.sub("", line)
            if found := LINE.match(line):
                if keep := found["level"] in ("WARNING", "ERROR", "CRITICAL"):
                    entries.append([f"{found['level']} {found['entry']}"])
            elif keep:
                entries[-1].append(line)
    texts = ("\n".join(entry) for entry in entries)
    return [text for text in texts if not any(pattern.search(text) for pattern in patterns)]


def report(found: list[str], lines: int = 30) -> str:
    """The problems as text for a person, each cut to its end when it is long, repeated ones once."""
    parts = []
    for text in dict.fromkeys(found):
        rows = text.splitlines()
        if len(rows) > lines:
            rows = [rows[0], "    [...]", *rows[2 - lines :]]
        parts.append("\n".join(rows) + (f"    ({found.count(text)} times)" if found.count(text) > 1 else ""))
    return "\n".join(parts)
