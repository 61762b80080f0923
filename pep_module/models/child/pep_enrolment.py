from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

KINDS = [
    ("main", "On roll: main school"),
    ("subsidiary", "On roll: second school (dual registration)"),
    ("alternative", "Alternative provision"),
    ("not_on_roll", "Not on roll anywhere"),
    ("custody", "In custody"),
    ("hospital", "In hospital education"),
    ("otherwise", "Educated otherwise than at school"),
]
NEEDS_SCHOOL = ("main", "subsidiary", "alternative")


class PepEnrolment(models.Model):
    """Where a child learns, from when to when; also when that is nowhere.

    Enrolments overlap: a dual-registered child has a main and a second school at once. There is one main school on any
    day. The staff of a school see the child from the first to the last day of the enrolment.
    """

    _name = "pep.enrolment"
    _description = "Enrolment"
    _inherit = ["pep.child.bound"]
    _order = "child_id.id, date_from desc, id desc"

    school_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain=[("pep_is_school", "=", True)],
    )
    school_name = fields.Char(string="School's name then", readonly=True)
    kind = fields.Selection(KINDS, required=True, default="main")
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    date_to = fields.Date(string="Last day", help="Empty while the child is enrolled.")
    active = fields.Boolean(default=True, help="Off: entered by mistake.")
    continues_id = fields.Many2one(
        "pep.enrolment",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The school became another one in law (an academy, say). The child did not move.",
    )
    note = fields.Char()

    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "An enrolment can't end before it begins."
    )
    _school_where_needed = models.Constraint(
        "CHECK (school_id IS NOT NULL OR kind NOT IN ('main', 'subsidiary', 'alternative'))",
        "Choose the school, or say that the child is not on roll.",
    )
    _one_open_main = models.UniqueIndex(
        "(child_id) WHERE kind = 'main' AND date_to IS NULL AND active",
        "The child has a main school already. Give the last day there, or make this one a second school.",
    )

    @api.constrains("child_id", "kind", "date_from", "date_to", "active")
    def _check_one_main(self):
        mains = self.filtered(lambda enrolment: enrolment.kind == "main" and enrolment.active)
        others = self.search([("child_id", "in", mains.child_id.ids), ("kind", "=", "main")]).grouped("child_id")
        for enrolment in mains:
            for other in others.get(enrolment.child_id, self.browse()) - enrolment:
                if enrolment.date_from <= (other.date_to or date.max) and other.date_from <= (
                    enrolment.date_to or date.max
                ):
                    raise ValidationError(
                        self.env._(
                            "%(reference)s has a main school on the same days already. Give the last day there first, "
                            "or make this one a second school.",
                            reference=enrolment.child_reference,
                        )
                    )

    @api.model
    def _current_domain(self, day):
        """Enrolments that count on a day."""
        return Domain("date_from", "<=", day) & (Domain("date_to", "=", False) | Domain("date_to", ">=", day))

    @api.model_create_multi
    def create(self, vals_list):
        schools = self.env["res.partner"].browse({vals["school_id"] for vals in vals_list if vals.get("school_id")})
        names = {school.id: school.name for school in schools}
        for vals in vals_list:
            vals["school_name"] = names.get(vals.get("school_id"), False)
        self.flush_model(["date_to", "active", "kind"])  # the last day at a former school goes first: _one_open_main
        enrolments = super().create(vals_list)
        self.env["pep.access"]._sync(enrolments.child_id)
        return enrolments

    def write(self, vals):
        if vals.get("school_id"):
            vals = {**vals, "school_name": self.env["res.partner"].browse(vals["school_id"]).name}
        result = super().write(vals)
        if {"school_id", "kind", "date_from", "date_to", "active"} & vals.keys():
            self.env["pep.access"]._sync(self.child_id)
        return result
