"""Schools, children and people for the tests of the school side, and small files in the shape of the register."""

import csv
import io
import os
from datetime import timedelta
from itertools import count
from pathlib import Path

from odoo import fields
from odoo.tests import TransactionCase, new_test_user

SHARED_GIAS = Path(
    os.environ.get("PEP_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
) / "gias"  # fmt: skip

SCHOOL_ROW = {
    "URN": "190001",
    "LA (code)": "330",
    "LA (name)": "Birmingham",
    "EstablishmentNumber": "2001",
    "EstablishmentName": "Elm Primary School",
    "TypeOfEstablishment (code)": "01",
    "TypeOfEstablishment (name)": "Community school",
    "EstablishmentTypeGroup (code)": "4",
    "EstablishmentTypeGroup (name)": "Local authority maintained schools",
    "EstablishmentStatus (code)": "1",
    "EstablishmentStatus (name)": "Open",
    "OpenDate": "01-09-1990",
    "CloseDate": "",
    "PhaseOfEducation (code)": "2",
    "PhaseOfEducation (name)": "Primary",
    "Street": "Elm Road",
    "Locality": "Harborne",
    "Address3": "",
    "Town": "Birmingham",
    "Postcode": "B17 0AA",
    "TelephoneNum": "01214960000",
    "Trusts (name)": "",
    "SomethingNew": "of a later year",
}


def gias_csv(*rows, drop=(), encoding="utf-8", headings=None):
    """Bytes of a register file: one row for each dict of what differs from :data:`SCHOOL_ROW`."""
    headings = headings or [name for name in SCHOOL_ROW if name not in drop]
    return to_csv(headings, [[{**SCHOOL_ROW, **row}[name] for name in headings] for row in rows], encoding)


def links_csv(*links, encoding="utf-8"):
    """Bytes of a links file from tuples (URN, LinkURN, LinkType, LinkEstablishedDate)."""
    rows = [(urn, other, "A name", kind, day) for urn, other, kind, day in links]
    return to_csv(["URN", "LinkURN", "LinkName", "LinkType", "LinkEstablishedDate"], rows, encoding)


def to_csv(headings, rows, encoding="utf-8"):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


class SchoolCase(TransactionCase):
    """Two councils, a user in each group, and helpers that make schools and children."""

    numbers = count(1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "no_reset_password": True})
        cls.council = cls.env.company
        cls.other_council = cls.env["res.company"].create({"name": "Other council"})
        cls.today = cls.council._pep_today()
        cls.head = cls._user("head", "pep_module.group_pep_head")
        cls.vseo = cls._user("vseo", "pep_module.group_pep_vseo")
        cls.support = cls._user("support", "pep_module.group_pep_support")
        cls.contributor = cls._user("contributor", "pep_module.group_pep_contributor")
        cls.finance = cls._user("finance", "pep_module.group_pep_finance")
        cls.admin = cls._user("pepadmin", "pep_module.group_pep_admin")
        cls.contact_manager = cls._user("contacts", "base.group_user,base.group_partner_manager")
        cls.teacher = cls._user("teacher", "base.group_portal")
        cls.other_teacher = cls._user("teacher2", "base.group_portal")

    @classmethod
    def _user(cls, login, groups):
        return new_test_user(cls.env, login=f"school_{login}", groups=groups, company_id=cls.council.id)

    @classmethod
    def _day(cls, offset):
        return cls.today + timedelta(days=offset)

    @classmethod
    def _school(cls, urn="190001", **values):
        return cls.env["res.partner"].create(
            {
                "name": f"School {urn}",
                "is_company": True,
                "pep_is_school": True,
                "pep_urn": urn,
                "pep_school_status": "open",
                **values,
            }
        )

    @classmethod
    def _child(cls, company=None, **values):
        return cls.env["pep.child"].create(
            {
                "company_id": (company or cls.council).id,
                "la_person_id": f"S{next(cls.numbers)}",
                "first_name": "Robin",
                "last_name": "Example",
                "date_of_birth": "2015-05-05",
                "vseo_id": False,
                **values,
            }
        )

    @classmethod
    def _enrol(cls, child, school, date_from, date_to=False, **values):
        return cls.env["pep.enrolment"].create(
            {"child_id": child.id, "school_id": school.id, "date_from": date_from, "date_to": date_to, **values}
        )

    @classmethod
    def _staff(cls, user, school, date_from, date_to=False, **values):
        return cls.env["pep.school.staff"].create(
            {"user_id": user.id, "school_id": school.id, "date_from": date_from, "date_to": date_to, **values}
        )

    def _queries(self, act):
        """Number of queries of ``act``, from a cold record cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def assertSameQueries(self, prepare, few, many, msg=None):
        """``many`` take as many queries as ``few``: the better of two runs each, since the registry has caches too.

        :param prepare: function of a number, makes what is acted on and returns the function that acts
        """
        self._queries(prepare(few))  # warm
        numbers = [min(self._queries(prepare(number)) for _run in range(2)) for number in (few, many)]
        self.assertEqual(numbers[0], numbers[1], msg)

    def _sees_on(self, user, child, day):
        """Whether the user has access to the child as a teacher at noon of a day; today, now."""
        moment = fields.Datetime.add(child.company_id._pep_midnight_utc(day), hours=12)
        if day == child.company_id._pep_today():
            moment = fields.Datetime.now()
        return bool(
            self.env["pep.access"].search_count(
                [
                    ("user_id", "=", user.id),
                    ("child_id", "=", child.id),
                    ("role", "=", "teacher"),
                    ("valid_from", "<=", moment),
                    ("valid_to", ">", moment),
                ]
            )
        )
