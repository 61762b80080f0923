from collections import defaultdict
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools import attendance

STAFF = "pep_module.group_pep_support"
WATCH_DAYS = 90
RECEPTION = 0


class PepChild(models.Model):
    _inherit = "pep.child"

    attendance_ids = fields.One2many("pep.attendance", "child_id")
    attainment_ids = fields.One2many("pep.attainment", "child_id")
    suspension_ids = fields.One2many("pep.suspension", "child_id", string="Suspensions")
    sdq_ids = fields.One2many("pep.sdq", "child_id", string="SDQ")
    evidence_chart = fields.Json(compute="_compute_evidence_chart", exportable=False)
    on_watch_list = fields.Boolean(compute="_compute_watch", search="_search_on_watch_list", groups=STAFF)
    watch_reasons = fields.Text(
        string="Why", compute="_compute_watch", groups=STAFF, help="What to look at before the next PEP."
    )

    # === History ===

    @api.depends("attendance_ids", "attainment_ids")
    def _compute_evidence_chart(self):
        charts = self._origin._evidence_charts()
        for child in self:
            child.evidence_chart = charts.get(child._origin.id, False)

    def _evidence_charts(self, until=None):
        """What the chart of attendance and attainment shows, for each child; as far as the user may read it.

        :param date until: what is later is left out
        :return: dict of child id -> plain data, see static/src/evidence; children without any are missing
        """
        records = self.env["pep.attendance"]
        terms = records._by_term(self, until) if records.has_access("read") else {}
        history = self.env["pep.attainment"]._history(self, until) if records.has_access("read") else {}
        charts = {}
        for child in self:
            council = child.company_id.sudo()  # sudo: its lines are no secret
            chart = {
                "line": council.pep_attendance_expected,
                "attendance": [
                    {
                        "term": term.name,
                        "percentage": round(total.percentage, 1),
                        "possible": total.counts["possible"],
                        "missed": total.counts["possible"] - total.counts["present"],
                        "below": council._pep_attendance_band(total.counts["present"], total.counts["possible"])
                        not in ("good", "near"),
                        "note": records._notable_words(total.counts),
                        "flags": sorted(total.flags),
                    }
                    for term, total in terms.get(child.id, ())
                ],
                **child._attainment_table(history.get(child.id, ())),
            }
            if chart["attendance"] or chart["subjects"]:
                charts[child.id] = chart
        return charts

    def _attainment_table(self, records):
        """Teacher assessments as a table: a column for each of the last six points in time, a row for each subject."""
        assessments = [record for record in records if record.measure == "teacher" and record.level]
        days = sorted({record.date for record in assessments})[-6:]
        cells = defaultdict(dict)
        for record in assessments:
            cells[record._subject_label()][record.date] = {
                "level": record.level,
                "words": record._label("level"),
                "progress": record.progress or "",
            }
        return {
            "days": [format_date(self.env, day, date_format="MMM y") for day in days],
            "subjects": [
                {"name": name, "cells": [by_day.get(day, False) for day in days]}
                for name, by_day in sorted(cells.items())
                if any(day in by_day for day in days)
            ],
        }

    # === Watch list ===

    @api.depends_context("uid")
    def _compute_watch(self):
        reasons = self._origin._watch_reasons()
        for child in self:
            words = reasons.get(child._origin.id)
            child.on_watch_list = bool(words)
            child.watch_reasons = "\n".join(words) if words else False

    def _search_on_watch_list(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._check_field_access(self._fields["on_watch_list"], "read")
        watched = Domain("id", "in", list(self.search(self._watched_domain())._watch_reasons()))
        return watched if True in value else ~watched

    @api.model
    def _watched_domain(self):
        """Children that the watch list looks at: looked after today, of the age of PEPs, in the councils chosen."""
        return Domain.OR(self._in_scope_domain(council, council._pep_today()) for council in self.env.companies)

    def _watch_reasons(self):
        """Why to look at each of these children before the next PEP, in words.

        A suspension that runs today or an exclusion after which there is no other school; no school or other provision
        for the days of the council's setting; absence at the council's line, or a part-time timetable (C2), in the last
        :data:`WATCH_DAYS` days. The number of queries does not depend on the number of children.

        :return: dict of child id -> list of texts; children with nothing are missing
        """
        children = self.search(Domain("id", "in", self.ids) & self._watched_domain())
        reasons = defaultdict(list)
        enrolments = self.env["pep.enrolment"].search([("child_id", "in", children.ids)]).grouped("child_id")
        for council, members in children.grouped("company_id").items():
            today = council._pep_today()
            members._watch_suspensions(today, enrolments, reasons)
            members._watch_schools(today, enrolments, reasons)
            members._watch_attendance(today, reasons)
        return dict(reasons)

    def _watch_suspensions(self, today, enrolments, reasons):
        running = self.env["pep.suspension"].search(
            [
                ("child_id", "in", self.ids),
                ("state", "=", "stands"),
                ("date_from", "<=", today),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", today),
            ]
        )
        for record in running:
            held = enrolments.get(record.child_id, ())
            if any(each.kind != "not_on_roll" and record.date_from < each.date_from <= today for each in held):
                continue  # somewhere else since
            day = format_date(self.env, record.date_to or record.date_from)
            if record.kind == "suspension":
                reasons[record.child_id.id].append(self.env._("Suspended until %(day)s", day=day))
            else:
                since = format_date(self.env, record.date_from)
                reasons[record.child_id.id].append(self.env._("Permanently excluded since %(day)s", day=since))

    def _watch_schools(self, today, enrolments, reasons):
        for child in self:
            held = [
                each for each in enrolments.get(child, ()) if each.kind != "not_on_roll" and each.date_from <= today
            ]
            last = max((each.date_to or date.max for each in held), default=child.date_into_care)
            days = (today - last).days
            if days >= child.company_id.pep_watch_no_school_days and child._year_group_on(today) >= RECEPTION:
                day = format_date(self.env, last)
                text = self.env._("No school since %(day)s (%(days)s days)", day=day, days=days)
                reasons[child.id].append(text)

    def _watch_attendance(self, today, reasons):
        since = today - timedelta(days=WATCH_DAYS)
        for child_id, total in self.env["pep.attendance"]._summary(self, since, today).items():
            possible, present = total.counts["possible"], total.counts["present"]
            if attendance.misses(present, possible, self.company_id.pep_watch_absence):
                reasons[child_id].append(
                    self.env._(
                        "Missed %(missed)s of %(possible)s sessions in three months: attendance %(percentage)s %%",
                        missed=possible - present,
                        possible=possible,
                        percentage=round(total.percentage, 1),
                    )
                )
            if total.counts["c2_sessions"]:
                number = total.counts["c2_sessions"]
                reasons[child_id].append(self.env._("Part-time timetable (C2): %(number)s sessions", number=number))
