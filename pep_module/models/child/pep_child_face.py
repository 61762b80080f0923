from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .pep_child import RESPITE

STAFF = "pep_module.group_pep_support"


class Face(NamedTuple):
    """By when a child's next face-to-face meeting is due, and how that was worked out."""

    due: object  # date
    period: str  # the period whose last day that is, in words
    counted_from: object  # date: of the last such meeting, or on which PEPs began
    counted_period: str
    met: bool  # whether it is counted from a meeting


class PepChild(models.Model):
    """Face to face at least once every so many terms, by the council's setting.

    The day by which the next one is due is kept with the child, and compared with today whenever somebody looks: it
    is searched and sorted in SQL, and nothing has to run for a child to become overdue. Counted are whole periods,
    terms or half-terms: at least one of any so many that follow one another has such a meeting in it.

    Source: docs/decisions/0016.
    """

    _inherit = "pep.child"

    face_due_date = fields.Date(
        string="Face to face due by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=STAFF,
        help="Last day for meetings of the term in which the next face-to-face meeting is due.",
    )
    face_overdue = fields.Boolean(
        string="Face to face overdue", compute="_compute_face", search="_search_face_overdue", groups=STAFF
    )
    face_planned_on = fields.Date(
        string="Face to face planned", compute="_compute_face", groups=STAFF, help="Day of the next such meeting."
    )
    face_due_why = fields.Char(string="How it was worked out", compute="_compute_face_due_why", groups=STAFF)

    # === What is kept ===

    def _sync_face_due(self):
        """Work out for these children by when the next face-to-face meeting is due, and keep it. Idempotent.

        A fixed number of queries for what is read, and one UPDATE for each different day.
        """
        children = self.sudo()  # sudo: kept by the app, whoever caused it
        children = children.with_context(active_test=False, tracking_disable=True)
        faces = children._faces()
        changed = defaultdict(list)
        for child in children:
            face = faces.get(child.id)
            if child.face_due_date != (face.due if face else False):
                changed[face.due if face else False].append(child.id)
        for day, ids in changed.items():
            children.browse(ids).write({"face_due_date": day})

    def _faces(self):
        """By when each of these children is to be met face to face next, by the rule and the records of now.

        Counted from the last termly meeting in person that was held in this period of care; where there is none, from
        the term of the child's first PEP in it, which is the first of the periods. Nothing is due for a child who has
        not come into care or has no PEP yet. Extra meetings do not count: they are about something of their own.

        :return: dict of child id -> :class:`Face`; children of whom nothing is due are missing
        """
        met = dict(
            self.env["pep.meeting"]
            .sudo()  # sudo: on which day, no more
            ._read_group(
                [
                    ("child_id", "in", self.ids),
                    ("state", "=", "held"),
                    ("mode", "in", ("face", "both")),
                    ("is_extra", "=", False),
                ],
                ["child_id"],
                ["date:max"],
            )
        )
        began = dict(
            self.env["pep.plan"]
            .sudo()  # sudo: in which terms, no more
            ._read_group(
                [("child_id", "in", self.ids), ("state", "!=", "cancelled")], ["child_id"], ["term_id:recordset"]
            )
        )
        faces = {}
        for council, children in self.grouped("company_id").items():
            first_days = {}
            for child in children.filtered("date_into_care"):
                last = met.get(child)
                if last and last >= child.date_into_care:
                    first_days[child] = (last, True)
                    continue
                terms = began.get(child, self.env["pep.term"]).filtered(
                    lambda term, child=child: not term.date_to or term.date_to >= child.date_into_care
                )
                if terms:
                    first_days[child] = (max(min(terms.mapped("date_from")), child.date_into_care), False)
            faces.update(self._count_periods(council, first_days))
        return faces

    @api.model
    def _count_periods(self, council, first_days):
        """The last half of :meth:`_faces`: count the council's interval from a day of each child.

        :param dict first_days: child -> (day, whether a meeting was held on it)
        """
        if not first_days:
            return {}
        days = [day for day, _met in first_days.values()]
        interval = council.pep_face_interval
        periods = self.env["pep.term"]._periods(council, council.pep_face_unit, min(days), max(days), interval)
        faces = {}
        for child, (day, met) in first_days.items():
            index = periods.index_of(day)
            due = periods[index + interval - (not met)]
            faces[child.id] = Face(due.until, due.name, day, periods[index].name, met)
        return faces

    # === What is shown ===

    @api.depends("face_due_date")
    def _compute_face(self):
        overdue = self._origin.filtered_domain(Domain("id", "in", self._origin._face_overdue_ids()))
        planned = dict(
            self.env["pep.meeting"]._read_group(
                [
                    ("child_id", "in", self.ids),
                    ("state", "=", "planned"),
                    ("mode", "in", ("face", "both")),
                    ("is_extra", "=", False),
                    ("start", ">=", fields.Datetime.now()),
                ],
                ["child_id"],
                ["date:min"],
            )
        )
        for child in self:
            child.face_overdue = child._origin in overdue
            child.face_planned_on = planned.get(child._origin, False)

    def _face_overdue_ids(self):
        """Ids of those of these children whose face-to-face meeting is overdue."""
        due = self.filtered("face_due_date")
        return due.search(Domain("id", "in", due.ids) & self._face_overdue_domain()).ids if due else []

    @api.model
    def _face_overdue_domain(self):
        """Looked after today, of the age of PEPs, not by short breaks alone, and the day has gone by."""
        councils = self.env["res.company"].sudo()  # sudo: which day it is, in each council
        return Domain.OR(self._face_overdue_in(council, council._pep_today()) for council in councils.search([]))

    @api.model
    def _face_overdue_in(self, council, today):
        respite = [
            ("date_from", "<=", today),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", today),
            ("legal_status_id.code", "in", RESPITE),
        ]
        return (
            self._in_scope_domain(council, today)
            & Domain("face_due_date", "<", today)
            & Domain("care_episode_ids", "not any", respite)
        )

    def _search_face_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._check_field_access(self._fields["face_overdue"], "read")
        overdue = self._face_overdue_domain()
        return overdue if True in value else ~overdue

    @api.depends("face_due_date")
    def _compute_face_due_why(self):
        faces = self._origin.sudo()._faces()  # sudo: dates and terms, of children that the user sees
        for child in self:
            face = faces.get(child._origin.id)
            child.face_due_why = face and child._face_words(face)

    def _face_words(self, face):
        """How the due date was worked out, in a sentence."""
        council = self.company_id
        values = {
            # kept with the clock as well: 9/1 would be two days to two readers
            "day": format_date(self.env, face.counted_from, date_format="d MMM y"),
            "counted": face.counted_period,
            "number": council.pep_face_interval,
            "due": face.period,
        }
        half = council.pep_face_unit == "half_term"
        if face.met and half:
            return self.env._(
                "Last met face to face on %(day)s (%(counted)s). At least once every %(number)s half-terms: "
                "next in %(due)s at the latest.",
                **values,
            )
        if face.met:
            return self.env._(
                "Last met face to face on %(day)s (%(counted)s). At least once every %(number)s terms: "
                "next in %(due)s at the latest.",
                **values,
            )
        if half:
            return self.env._(
                "Not met face to face since PEPs began on %(day)s (%(counted)s). At least once every %(number)s "
                "half-terms, counting that one: in %(due)s at the latest.",
                **values,
            )
        return self.env._(
            "Not met face to face since PEPs began on %(day)s (%(counted)s). At least once every %(number)s terms, "
            "counting that one: in %(due)s at the latest.",
            **values,
        )

    def _face_due_by(self, day):
        """Those of these children who are to be met face to face at a meeting on ``day``: it is the last chance.

        A meeting in a later period would come too late. Also who is overdue already.

        :param date day: the day for which a meeting is planned
        :return: ``pep.child`` recordset, in the same order
        """
        due = self.sudo().filtered("face_due_date")  # sudo: a date, for whoever plans the meeting
        ends = {
            council: self.env["pep.term"]._periods(council, council.pep_face_unit, day, day, 0).of(day).until
            for council in due.company_id
        }
        return self.browse([child.id for child in due if child.face_due_date <= max(ends[child.company_id], day)])

    # === What it follows from ===

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"face_due_date"}

    def write(self, vals):
        result = super().write(vals)
        if "date_into_care" in vals and not self.env.context.get("pep_defer_opening"):
            self._sync_face_due()
        return result
