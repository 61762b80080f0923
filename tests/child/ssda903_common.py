"""A return made up for the tests, in the form of the real one."""

import base64
import csv
import io
import os
from datetime import date
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.pep_module.tools import ssda903

from tests.common import PepCase

# Material that this project did not write; tests over it are skipped where it is absent.
SHARED = Path(os.environ.get("PEP_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
FAKE = SHARED / "ssda903" / "fake"

HEADER = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
EPISODES = (
    *("CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC"),
    *("REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN"),
)
UASC = ("CHILD", "SEX", "DOB", "DUC")

CHILD = {"CHILD": "1001", "SEX": "1", "DOB": "15/06/2012", "ETHNIC": "WBRI", "UPN": "X801200000001", "MOTHER": ""}
EPISODE = {
    "CHILD": "1001",
    "DECOM": "03/05/2024",
    "RNE": "S",
    "LS": "C2",
    "CIN": "N1",
    "PLACE": "U6",
    "PLACE_PROVIDER": "PR1",
    "HOME_POST": "QQ1 1HH",
    "PL_POST": "QQ9 9PP",
    "URN": "SC123456",
}


def to_csv(columns, rows, newline="\r\n", encoding="utf-8"):
    """Rows (dicts) as the bytes of a CSV file; columns that a row does not name are empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def header(*rows, columns=HEADER, **options):
    return to_csv(columns, [{**CHILD, **row} for row in rows or [{}]], **options)


def episodes(*rows, columns=EPISODES, **options):
    return to_csv(columns, [{**EPISODE, **row} for row in rows or [{}]], **options)


def upn(serial):
    """A right UPN."""
    body = f"80120{serial:07d}"
    return ssda903.upn.check_letter(body) + body


def many(number, first=1, dec=""):
    """Header and episodes of this many children, two episodes each, the second open unless there is a ``dec``."""
    children = [{"CHILD": f"M{first + index}", "UPN": upn(first + index)} for index in range(number)]
    rows = []
    for child in children:
        rows.append({"CHILD": child["CHILD"], "DEC": "01/08/2024", "REC": "X1", "REASON_PLACE_CHANGE": "CARPL"})
        rows.append({"CHILD": child["CHILD"], "DECOM": "01/08/2024", "RNE": "P", "PLACE": "U4"})
        if dec:
            rows[-1].update(DEC=dec, REC="E4A")
    return header(*children), episodes(*rows)


@tagged("post_install", "-at_install")
class Ssda903Case(PepCase):
    """Imports as the head of the council does them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.imports = cls.as_user(cls.env["pep.ssda903.import"], "head")

    def upload(self, header_file=None, episodes_file=None, uasc_file=None, **values):
        files = {
            "header_file": header() if header_file is None else header_file,
            "episodes_file": episodes() if episodes_file is None else episodes_file,
            "uasc_file": uasc_file,
        }
        for name, content in files.items():
            values[name] = content is not None and base64.b64encode(content)
            values.setdefault(f"{name}name", content is not None and f"{name}.csv")
        return self.imports.create({"company_id": self.council.id, **values})

    def run_import(self, header_file=None, episodes_file=None, uasc_file=None, **values):
        """Upload, check and import; the import from a cold cache."""
        record = self.upload(header_file, episodes_file, uasc_file, **values)
        record.action_preview()
        self.assertEqual(record.state, "previewed", record.line_ids.mapped("message"))
        record.action_import()
        self.finish(record)
        return record

    def finish(self, record):
        while record.state == "running":
            self.env.flush_all()
            self.env.invalidate_all()
            record.action_import_step()
        self.env.flush_all()
        self.env.invalidate_all()

    def child(self, person="1001"):
        return self.env["pep.child"].search([("company_id", "=", self.council.id), ("la_person_id", "=", person)])

    def episode(self, day=date(2024, 5, 3), person="1001"):
        return self.child(person).care_episode_ids.filtered(lambda episode: episode.date_from == day)

    def found(self, record, code=None):
        """What an import found, as a set of (code, file, row, column)."""
        lines = record.line_ids.filtered(lambda line: code in (None, line.code))
        return {(line.code, line.file, line.row, line.column) for line in lines}

    def counts(self, record):
        """New, changed, unchanged, left alone: of the children, and of the episodes; rows left out."""
        hows = ("new", "changed", "same", "left")
        return (
            tuple(record[f"child_{how}"] for how in hows),
            tuple(record[f"episode_{how}"] for how in hows),
            record.row_skipped,
        )
