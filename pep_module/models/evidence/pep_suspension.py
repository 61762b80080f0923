from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import academic_year

KINDS = [("suspension", "Suspension"), ("permanent", "Permanent exclusion")]
STATES = [("stands", "Stands"), ("withdrawn", "Withdrawn")]
# Source: statutory guidance on suspension and permanent exclusion, at most 45 school days in a school year.
MAX_SESSIONS = 90


class PepSuspension(models.Model):
    """That a school suspended a child for some days, or excluded them for good; and whether that was taken back.

    One that was withdrawn, cancelled by the head teacher or overturned by governors or a panel stays here and no longer
    counts.
    """

    _name = "pep.suspension"
    _description = "Suspension or exclusion"
    _inherit = ["pep.evidence.of.school"]
    _key_names = ("child_id", "school_id", "kind", "date_from")
    _order = "child_id.id, date_from desc, id desc"

    school_id = fields.Many2one(required=True, index=True)
    kind = fields.Selection(KINDS, required=True, default="suspension")
    state = fields.Selection(STATES, required=True, default="stands", help="Withdrawn: cancelled, or not upheld.")
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    date_to = fields.Date(string="Last day", help="Of an exclusion: empty until the child is at another school.")
    sessions = fields.Integer(aggregator="sum", help="Half days that the child missed by it.")
    reason_id = fields.Many2one(
        "pep.code",
        string="Main reason",
        domain=[("kind", "=", "suspension_reason")],
        ondelete="restrict",
        help="As the school gives it in the school census.",
    )
    note = fields.Text(help="What happened, and what the school does about it. The school and the carer read this too.")

    _dates = models.Constraint("CHECK (date_to IS NULL OR date_to >= date_from)", "It can't end before it begins.")
    _sessions_bound = models.Constraint(
        "CHECK (sessions >= 0 AND sessions <= 90)", "From 0 to 90 sessions: 45 school days."
    )
    _one_a_day = models.UniqueIndex(
        "(child_id, school_id, kind, date_from) WHERE active", "This is here already, from the same day."
    )
    _by_day = models.Index("(date_from, child_id) WHERE active IS TRUE")  # as the ORM asks

    # === Constraints ===

    @api.constrains("kind", "date_from", "date_to", "sessions", "reason_id", "child_id")
    def _check_suspension(self):
        for record in self:
            if record.date_from > record.company_id.sudo()._pep_today():  # sudo: the council's clock
                raise ValidationError(self.env._("A suspension that has not begun is not recorded yet."))
            if record.kind == "suspension" and not record.date_to:
                raise ValidationError(self.env._("A suspension has a last day. One without end is an exclusion."))
            if record.kind == "suspension" and not record.sessions:
                raise ValidationError(self.env._("Say for how many sessions (half days) the child is suspended."))
            if record.date_to and record.sessions > 2 * ((record.date_to - record.date_from).days + 1):
                raise ValidationError(self.env._("That is more sessions than the days hold: a day has two."))
            if record.reason_id and record.reason_id.kind != "suspension_reason":
                raise ValidationError(self.env._("Choose the reason from the list of reasons to suspend."))

    # === CRUD ===

    @api.model
    def _complete(self, vals_list):
        vals_list = super()._complete(vals_list)
        for vals in vals_list:
            self._refuse_wrong(vals)
        return vals_list

    def write(self, vals):
        self.check_access("write")
        for record in self if {"date_from", "date_to", "sessions"} & vals.keys() else ():
            record._refuse_wrong(vals)
        return super().write(vals)

    def _refuse_wrong(self, vals):
        """Refuse what the database would refuse in its own words."""
        first, last = (self._to_date(vals.get(name, self[name])) for name in ("date_from", "date_to"))
        if last and first and last < first:
            raise UserError(self.env._("It can't end before it begins."))
        try:
            sessions = int(vals.get("sessions", self.sessions) or 0)
        except ValueError as error:
            raise UserError(self.env._("Sessions are whole numbers.")) from error
        if not 0 <= sessions <= MAX_SESSIONS:
            raise UserError(
                self.env._("From 0 to 90 sessions: a child is suspended for 45 school days a year at most.")
            )

    # === Reporting ===

    @api.model
    def action_report(self, child_id, values):
        """Report a suspension or exclusion: a teacher of the child's school, or the virtual school's staff.

        The same kind from the same day on reported again brings it up to date.

        :param int child_id: whose
        :param dict values: ``kind``, ``date_from``, ``date_to``, ``sessions``, ``reason_id``, ``note``, ``state``
        :return: id of the record
        """
        return self._report(child_id, values).id

    @api.model
    def _reportable(self):
        return super()._reportable() | {"kind", "state", "date_from", "date_to", "sessions", "reason_id", "note"}

    @api.model
    def _prepare_report(self, values):
        return {**self.default_get(["kind", "date_from"]), **values}

    # === Figures ===

    @api.model
    def _number_this_year(self, children, day=None):
        """How often each child was suspended or excluded in the school year of a day; what was withdrawn left out.

        :param date day: default today in the child's council
        :return: dict of child id -> number, 0 included
        """
        numbers = dict.fromkeys(children.ids, 0)
        for company, members in children.grouped("company_id").items():
            until = day or company.sudo()._pep_today()  # sudo: the council's clock
            rows = self._read_group(
                [
                    ("child_id", "in", members.ids),
                    ("state", "=", "stands"),
                    ("date_from", ">=", academic_year.first_day(academic_year.academic_year(until))),
                    ("date_from", "<=", until),
                ],
                ["child_id"],
                ["__count"],
            )
            numbers |= {child.id: number for child, number in rows}
        return numbers
