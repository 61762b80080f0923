"""Files of attendance for many children at once, and what is wrong with them in words."""

import base64
import binascii
from collections import defaultdict
from datetime import date

from odoo.fields import Domain
from odoo.tools import format_date

from ...tools import attendance
from .pep_evidence import EVERY_SCHOOL


def explain_totals(env, wrong):
    """What ``tools.attendance.wrong_totals`` found, in words."""
    return {
        "negative": env._("A number of sessions can't be less than 0."),
        "sum": env._("Present, authorised and unauthorised absence have to add up to the possible sessions."),
        "days": env._("That is more sessions than the days hold: a day has two."),
        "authorised": env._("C2 and E are part of authorised absence: they can't be more."),
        "present": env._("B and K are part of the sessions present: they can't be more."),
    }[wrong]


def explain(env, error):
    """What is wrong with a pasted register, in words, with line and mark."""
    if error.kind == "number":
        return env._(
            "There are %(marks)s marks, and %(sessions)s sessions from Monday to Friday in this period. Give two marks "
            "for each day, with # for days on which the school was closed.",
            marks=error.value[0],
            sessions=error.value[1],
        )
    if error.row:
        where = env._("Line %(row)s, mark %(column)s:", row=error.row, column=error.column)
        return f"{where} {explain_cell(env, error)}"
    return explain_cell(env, error)


def explain_cell(env, error):
    """What is wrong with a file or a cell of it, in words, without where it is."""
    value = error.value
    if error.kind.startswith("totals_"):
        return explain_totals(env, error.kind.removeprefix("totals_"))
    return {
        "empty": lambda: env._("The file is empty."),
        "too_big": lambda: env._("The file is larger than %(size)s MB.", size=value),
        "not_text": lambda: env._("This is not a CSV file. Save the sheet as “CSV UTF-8” and choose that."),
        "encoding": lambda: env._("The text of the file can't be read. Save it as “CSV UTF-8”."),
        "columns": lambda: env._(
            "The first row has to name the columns: UPN, date, session and code for a register, or UPN, from, to, "
            "possible, present, authorised and unauthorised for totals."
        ),
        "twice": lambda: env._("This column is there twice."),
        "rows": lambda: env._("The file has more than %(number)s rows. Divide it.", number=value),
        "csv": lambda: env._("The row can't be read. A quotation mark may be missing."),
        "missing": lambda: env._("This is empty."),
        "urn": lambda: env._("“%(value)s” is not a URN, which has six digits.", value=value),
        "date": lambda: env._("“%(value)s” is not a date written as 31/08/2026 or 2026-08-31.", value=value),
        "session": lambda: env._("“%(value)s” is not a session: AM or PM.", value=value),
        "unknown": lambda: env._("“%(value)s” is not an attendance code.", value=value),
        "withdrawn": lambda: env._(
            "Code “%(value)s” was withdrawn in August 2024. Ask the school which it is now.", value=value
        ),
        "too_old": lambda: env._("Registers of before 19 August 2024 have other codes. Give the totals instead."),
        "future": lambda: env._("This day has not come yet."),
        "two_marks": lambda: env._("The same session has two different marks; the second is “%(value)s”.", value=value),
        "number": lambda: env._("“%(value)s” is not a number of sessions.", value=value),
        "order": lambda: env._("The last day is before the first."),
        "too_long_period": lambda: env._("This is more than a school year. Give each year by itself."),
        "too_long": lambda: env._("That is too long for a register."),
        "overlap_in_file": lambda: env._("Row %(value)s is about some of the same days already.", value=value),
        "pupil": lambda: env._("There is no child with this UPN for whom you can report."),
        "pupil_twice": lambda: env._("Two children here have this UPN. Put that right first."),
        "school": lambda: env._("There is no school with this URN for which you can report this child."),
        "no_school": lambda: env._(
            "It is not known at which school the child was. Add a column URN, or choose the school."
        ),
        "overlap": lambda: env._(
            "There is attendance from %(value)s at this school already, of other days.", value=value
        ),
    }[error.kind]()


class AttendanceImport:
    """One file, for the children for whom a user may report.

    Children are looked up as the user, so a UPN of a child out of sight is like one that nobody has. What is written is
    written past the access list, for the children and schools that ``_schools_to_report_for`` allowed. The number of
    queries does not depend on the number of rows.

    :param records: ``pep.attendance`` as the user has it
    :param school: the school of rows that name none; empty: each child's own
    """

    def __init__(self, records, school):
        self.records, self.school, self.env = records, school, records.env
        self.errors, self.error_count = [], 0

    def run(self, content_base64, write=False):
        """Check a file, and with ``write`` take it in if nothing is wrong: ``pep.attendance.action_import_file``."""
        counts = {"new": 0, "changed": 0, "same": 0}
        file = self._read(content_base64)
        if file:
            self.headings = file.headings
            new, changed, counts["same"] = self._compare(self._resolve(file.periods))
            counts |= {"new": len(new), "changed": len(changed)}
            if write and not self.error_count:
                self._write(new, changed)
        self.errors.sort(key=lambda error: error["row"] or 0)
        return {
            "kind": file.kind if file else False,
            "rows": file.row_count if file else 0,
            **counts,
            "errors": self.errors,
            "error_count": self.error_count,
        }

    def _read(self, content_base64):
        try:
            data = base64.b64decode(content_base64 or b"", validate=True)
        except (binascii.Error, TypeError, ValueError):
            data = b"\0"
        try:
            file = attendance.read_file(data, self.env.company.sudo()._pep_today())  # sudo: the clock
        except attendance.AttendanceError as error:
            self._note(error)
            return None
        for error in file.errors:
            self._note(error)
        self.error_count = file.error_count
        return file

    def _note(self, error):
        self.error_count += 1
        if len(self.errors) < attendance.MAX_ERRORS:
            message = explain_cell(self.env, error)
            self.errors.append({"row": error.row or False, "column": error.column or False, "message": message})

    def _refuse(self, kind, period, column, value=""):
        self._note(attendance.AttendanceError(kind, period.row, self.headings.get(column, column), value))

    # === Whose, and where ===

    def _resolve(self, periods):
        """The child and the school of each period: list of (period, child, school id), without those that are wrong."""
        by_upn = self._children_by_upn({period.upn for period in periods})
        children = self.env["pep.child"].union(*(found for found in by_upn.values() if len(found) == 1))
        allowed = self.records._schools_to_report_for(children)
        by_urn = self._schools_by_urn({period.urn for period in periods if period.urn})
        enrolments = self._enrolments(children)
        resolved = []
        for period in periods:
            child = by_upn.get(period.upn, self.env["pep.child"])
            if len(child) > 1:
                self._refuse("pupil_twice", period, "upn")
            elif not allowed.get(child.id):
                self._refuse("pupil", period, "upn")
            else:
                school_id = self._school_of(period, allowed[child.id], by_urn, enrolments[child.id])
                if school_id:
                    resolved.append((period, child, school_id))
        return resolved

    def _children_by_upn(self, upns):
        """The readable children with each UPN. A former UPN counts where nobody has it now."""
        children = self.env["pep.child"]
        domain = Domain("upn", "in", list(upns)) | Domain("former_upn", "in", list(upns))
        by_upn, by_former = defaultdict(children.browse), defaultdict(children.browse)
        for child in children.search_fetch(domain, ["upn", "former_upn", "company_id"], order="id"):
            by_upn[child.upn] |= child
            by_former[child.former_upn] |= child
        return {upn: by_upn.get(upn) or by_former[upn] for upn in upns}

    def _schools_by_urn(self, urns):
        schools = self.env["res.partner"].sudo()  # sudo: the public register; whether it counts is checked by child
        return {school.pep_urn: school.id for school in schools.search([("pep_urn", "in", list(urns))])} if urns else {}

    def _enrolments(self, children):
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: of children for whom the user reports
        domain = [("child_id", "in", children.ids), ("school_id", "!=", False)]
        held = defaultdict(list)
        for enrolment in enrolments.search_fetch(domain, ["child_id", "school_id", "kind", "date_from", "date_to"]):
            held[enrolment.child_id.id].append(enrolment)
        return held

    def _school_of(self, period, allowed, by_urn, enrolments):
        """Id of the school that a period is about; None with the error noted."""
        if period.urn:
            school_id = by_urn.get(period.urn)
        elif self.school:
            school_id = self.school.id
        elif allowed is EVERY_SCHOOL:
            then = [
                enrolment
                for enrolment in enrolments
                if enrolment.date_from <= period.date_to and period.date_from <= (enrolment.date_to or date.max)
            ]
            then.sort(key=lambda enrolment: (enrolment.kind != "main", -enrolment.date_from.toordinal()))
            if not then:
                self._refuse("no_school", period, "upn")
                return None
            school_id = then[0].school_id.id
        else:
            school_id = allowed[0].id
        if not school_id or (allowed is not EVERY_SCHOOL and school_id not in allowed.ids):
            self._refuse("school", period, "urn" if period.urn else "upn")
            return None
        return school_id

    # === What is there already ===

    def _compare(self, resolved):
        """Values of new periods, changes of those that are there, and the number of those that stay as they are."""
        held = self._held(resolved)
        new, changed, same = [], [], 0
        taken = defaultdict(list)
        for period, child, school_id in sorted(resolved, key=lambda each: each[0].row):
            there = held[child.id, school_id]
            twin = next((record for record in there if self._brings_up_to_date(period, record)), None)
            others = [record for record in there if record != twin]
            clash = next((record for record in others if self._overlaps(period, record)), None)
            double = next((other for other in taken[child.id, school_id] if self._overlaps(period, other)), None)
            taken[child.id, school_id].append(period)
            if double:
                self._refuse("overlap_in_file", period, self._day_column, double.row)
            elif clash:
                self._refuse("overlap", period, self._day_column, self._days(clash))
            elif not twin:
                new.append({"child_id": child.id, "school_id": school_id, **self._values(period)})
            elif changes := self._changes(twin, period):
                changed.append((twin, changes))
            else:
                same += 1
        return new, changed, same

    def _held(self, resolved):
        records = self.records.sudo().browse()  # sudo: of children for whom the user reports
        held = defaultdict(list)
        if resolved:
            domain = Domain("child_id", "in", list({child.id for _period, child, _school in resolved}))
            domain &= Domain("date_to", ">=", min(period.date_from for period, _child, _school in resolved))
            domain &= Domain("date_from", "<=", max(period.date_to for period, _child, _school in resolved))
            for record in records.search(domain):
                held[record.child_id.id, record.school_id.id].append(record)
        return held

    @property
    def _day_column(self):
        return "date" if "date" in self.headings else "date_from"

    @staticmethod
    def _overlaps(period, other):
        return period.date_from <= other.date_to and other.date_from <= period.date_to

    @staticmethod
    def _brings_up_to_date(period, record):
        """The same first day, and as far or further: what a collector sends week after week."""
        return period.date_from == record.date_from and period.date_to >= record.date_to

    @staticmethod
    def _changes(record, period):
        values = {"date_to": period.date_to, **period.counts}
        if period.marks:
            values["marks"] = period.marks
        changes = {name: value for name, value in values.items() if (record[name] or "") != (value or "")}
        if changes and not period.marks:
            changes["marks"] = False
        return {**changes, "source": "file"} if changes else {}

    def _values(self, period):
        values = {"date_from": period.date_from, "date_to": period.date_to, **period.counts}
        return {**values, "marks": period.marks or False, "source": "file"}

    def _days(self, record):
        return f"{format_date(self.env, record.date_from)} – {format_date(self.env, record.date_to)}"

    def _write(self, new, changed):
        # sudo: a teacher has no right to write; each child and school was checked above
        records = self.records.sudo().with_context(pep_attendance_checked=True)
        records.create(new)
        for record, changes in changed:
            record.with_context(pep_attendance_checked=True).write(changes)
