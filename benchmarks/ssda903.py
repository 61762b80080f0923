"""Importing an SSDA903 return of the size of the public made-up one: 2,675 children, 5,050 episodes."""

import base64
import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path

from odoo import SUPERUSER_ID
from odoo.api import Environment

from .measuring import Line, medians, written_by

CHILDREN, EPISODES = 2675, 5050
ROWS_PER_SECOND = 1500
HEADER = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
EPISODE = (
    ("CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE")
    + ("HOME_POST", "PL_POST", "URN")
)  # fmt: skip


def register(children=CHILDREN, episodes=EPISODES, seed=1, today=None):
    """The two files of a made-up return, as bytes: header and episodes."""
    chance = random.Random(seed)
    today = today or date(2026, 3, 31)
    header, rows = [], []
    number = [1] * children
    for _more in range(episodes - children):
        number[chance.randrange(children)] += 1
    for index in range(children):
        child, born = f"R{index:06}", today - timedelta(days=chance.randint(4 * 365, 17 * 365))
        header.append((child, chance.choice("12"), day(born), chance.choice(("WBRI", "BAFR", "APKN")), "UN1", "", ""))
        begin = born + timedelta(days=chance.randint(30, (today - born).days - 200))
        for position in range(number[index]):
            last = position == number[index] - 1
            end = begin + timedelta(days=chance.randint(5, 20))
            rows.append(
                (child, day(begin), "S" if position == 0 else "P", "C2", "N1", "U4", "PR1")
                + (("", "", "", "", "", "XXXXXXX") if last else (day(end), "X1", "CARPL", "", "", "XXXXXXX"))
            )
            begin = end
    return text(HEADER, header), text(EPISODE, rows)


def day(value):
    return value.strftime("%d/%m/%Y")


def text(names, rows):
    file = io.StringIO()
    csv.writer(file).writerows([names, *rows])
    return file.getvalue().encode()


def lines(bench, repetitions, folder=None):
    """Rows a second of the generated register, and of the real files when they are at hand."""
    sources = {"generated": register()}
    if folder and (Path(folder) / "header.csv").exists():
        sources["public"] = tuple((Path(folder) / name).read_bytes() for name in ("header.csv", "episodes.csv"))
    for name, (header, episodes) in sources.items():
        rows = header.count(b"\n") + episodes.count(b"\n") - 2

        council, record = check(bench, header, episodes)

        def load(env, record=record, council=council):
            importing = env["pep.ssda903.import"].with_context(allowed_company_ids=[council]).browse(record)
            importing.action_import()
            while importing.action_import_step()["state"] == "running":
                pass

        head = bench.authority.heads[0]
        written = written_by(bench, load, head)
        orm, plain = medians(
            lambda load=load, head=head: bench.time(load, head),
            lambda written=written: bench.time(written.write_again),
            repetitions=repetitions,
        )
        yield Line(
            f"SSDA903, {name} return of {rows:,} rows: rows a second",
            1000 * rows / orm,
            ROWS_PER_SECOND,
            unit="",
            at_least=True,
            ms=orm,
            baseline_ms=plain,
            aside={"share_of_execute_values": round(plain / orm, 3), "rows": written.by_table()},
        )


def check(bench, header, episodes):
    """Upload and check the files in a council of its own, and commit that; gives the ids of council and import."""
    with bench.registry.cursor() as cr:
        env = Environment(cr, SUPERUSER_ID, {})
        council = env["res.company"].create({"name": f"Council {env['res.company'].search_count([]) + 1}"})
        head = env["res.users"].browse(bench.authority.heads[0])
        head.write({"company_ids": [(4, council.id)]})
        imports = env["pep.ssda903.import"].with_user(head).with_context(allowed_company_ids=council.ids)
        record = imports.create(
            {
                "company_id": council.id,
                "header_file": base64.b64encode(header),
                "header_filename": "header.csv",
                "episodes_file": base64.b64encode(episodes),
                "episodes_filename": "episodes.csv",
            }
        )
        record.action_preview()
        return council.id, record.id
