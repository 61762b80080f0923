from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .pep_access import ROLES

NETWORK_ROLES = [
    ("social_worker", "Social worker"),
    ("carer", "Carer"),
    ("parent", "Parent"),
    ("iro", "Reviewing officer"),
    ("other", "Other"),
]


class PepNetworkMember(models.Model):
    """An adult around a child: who, in which role, from when to when.

    Whoever has a login sees the child while the membership lasts, unless marked *must not have contact*.
    """

    _name = "pep.network.member"
    _description = "Member of a child's network"
    _inherit = ["pep.child.bound"]
    _order = "child_id.id, role, date_from desc, id desc"

    partner_id = fields.Many2one("res.partner", string="Person", required=True, index=True, ondelete="restrict")
    partner_name = fields.Char(string="Name then", readonly=True)
    role = fields.Selection(NETWORK_ROLES, required=True)
    relation = fields.Char(help="In plain words: foster carer, aunt, personal adviser.")
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    date_to = fields.Date(string="Last day")
    must_not_contact = fields.Boolean(
        string="Must not have contact", help="Is never invited, never mailed and sees nothing."
    )
    active = fields.Boolean(default=True, help="Off: entered by mistake.")
    note = fields.Char()

    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "A membership can't end before it begins."
    )
    _uniq = models.UniqueIndex(
        "(child_id, partner_id, role) WHERE date_to IS NULL AND active",
        "This person has this role for the child already.",
    )

    @api.constrains("partner_id")
    def _check_partner(self):
        for member in self:
            if member.partner_id.pep_is_school:
                raise ValidationError(
                    self.env._("A school joins a child through an enrolment, not as a member of the network.")
                )
            if member.partner_id.is_company:
                raise ValidationError(
                    self.env._("A network is made of people. Choose the person, not the organisation.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        partners = self.env["res.partner"].browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        names = {partner.id: partner.name for partner in partners}
        for vals in vals_list:
            vals["partner_name"] = names.get(vals.get("partner_id"), False)
        members = super().create(vals_list)
        members._follow_membership()
        return members

    def write(self, vals):
        partners = self.partner_id
        if vals.get("partner_id"):
            vals = {**vals, "partner_name": self.env["res.partner"].browse(vals["partner_id"]).name}
        result = super().write(vals)
        if {"partner_id", "role", "date_from", "date_to", "must_not_contact", "active"} & vals.keys():
            self._follow_membership(partners)
        return result

    def _follow_membership(self, partners_before=()):
        self.env["pep.access"]._sync(self.child_id)
        confidential = self.filtered(lambda member: member.role in ("carer", "parent", "other")).partner_id
        confidential._pep_make_confidential()

    @api.model
    def _roles_with_access(self):
        return [role for role, _label in NETWORK_ROLES if role in dict(ROLES)]
