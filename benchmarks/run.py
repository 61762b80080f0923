"""Measure the lines of the benchmark on databases that bin/bench has made, show them as a table and store them."""

import argparse
import json
import platform
import time
from pathlib import Path

from odoo import SUPERUSER_ID, release
from odoo.api import Environment
from odoo.modules.registry import Registry

from . import caseload, gathering, meetings, opening, reading, ssda903, watching
from .authority import Authority
from .make import PARAMETER
from .measuring import Bench

RESULTS = Path(__file__).parent / "results"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", required=True, help="database with the PEPs of all terms")
    parser.add_argument("--small", required=True, help="one with a tenth of that")
    parser.add_argument("--opening", required=True, help="one like the large, in which the term of today is not open")
    parser.add_argument(
        "--only",
        choices=("opening", "reading", "gathering", "caseload", "ssda903", "watching", "meetings"),
        action="append",
    )
    parser.add_argument("--repetitions", type=int, default=11)
    parser.add_argument("--returns", help="folder with header.csv and episodes.csv of an SSDA903 return")
    parser.add_argument("--save", metavar="NAME", help="store the figures as results/NAME.json and .md")
    options = parser.parse_args()
    large, small, before = (bench(name) for name in (options.large, options.small, options.opening))
    few = max(options.repetitions // 2, 3)
    parts = {
        "opening": lambda: opening.lines(before, few),
        "reading": lambda: reading.lines(large, small, options.repetitions),
        "gathering": lambda: gathering.lines(large, small, options.repetitions),
        "caseload": lambda: caseload.lines(large, options.repetitions),
        "ssda903": lambda: ssda903.lines(before, 3, options.returns),
        "watching": lambda: watching.lines(large, small, options.repetitions),
        "meetings": lambda: meetings.lines(large, options.repetitions),  # last: it adds to the database
    }
    lines = []
    for name, part in parts.items():
        if not options.only or name in options.only:
            for line in part():
                lines.append(line)
                print(row(line), flush=True)
    failed = [line for line in lines if not line.passed]
    print(f"\n{len(lines)} lines, {len(failed)} past their bound.")
    if options.save:
        store(options.save, lines, large)
    return 1 if failed else 0


def bench(name):
    registry = Registry(name)
    with registry.cursor() as cr:
        parameter = Environment(cr, SUPERUSER_ID, {})["ir.config_parameter"].get_param(PARAMETER)
    return Bench(registry, Authority(**json.loads(parameter)))


def row(line):
    """A line for the terminal: what passed or not, figure and bound; milliseconds only as an aside."""
    aside = f"{line.ms:8.1f} / {line.baseline_ms:.1f} ms" if line.ms is not None else ""
    return f"{'ok  ' if line.passed else 'PAST'} {figure(line):>8} {line.bound_text:<18} {line.name}  {aside}"


def figure(line):
    return f"{line.figure:,.0f}" if line.figure >= 100 else f"{line.figure:.2f}"


def store(name, lines, large):
    """Write the figures as JSON and as a table; nothing in them names the machine."""
    with large.env() as env:
        env.cr.execute("SHOW server_version")
        postgres = env.cr.fetchone()[0]
        plans = env["pep.plan"].search_count([])
    facts = {
        "day": time.strftime("%Y-%m-%d"),
        "odoo": release.version,
        "postgresql": postgres,
        "python": platform.python_version(),
        "children": len(large.authority.children),
        "plans": plans,
    }
    data = [
        {
            "name": line.name,
            "figure": round(line.figure, 3),
            "unit": line.unit,
            "bound": line.bound_text,
            "passed": line.passed,
            "ms": line.ms and round(line.ms, 2),
            "baseline_ms": line.baseline_ms and round(line.baseline_ms, 2),
            **line.aside,
        }
        for line in lines
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({**facts, "lines": data}, indent=2) + "\n")
    table = [
        f"{facts['children']:,} children, {plans:,} PEPs; Odoo {facts['odoo']}, PostgreSQL {postgres}; {facts['day']}",
        "",
        "| | figure | bound | |",
        "|---|---:|---|---|",
        *(
            f"| {line.name} | {figure(line)} | {line.bound_text} | {'ok' if line.passed else '**past**'} |"
            for line in lines
        ),
    ]
    (RESULTS / f"{name}.md").write_text("\n".join(table) + "\n")
