from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .pep_access import ROLES
from .res_partner_login import LOGIN_STATES

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
    login_state = fields.Selection(
        LOGIN_STATES, string="Login", compute="_compute_login", groups="pep_module.group_pep_support"
    )
    login_date = fields.Datetime(
        string="Signed in or invited", compute="_compute_login", groups="pep_module.group_pep_support"
    )

    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "A membership can't end before it begins."
    )
    _uniq = models.UniqueIndex(
        "(child_id, partner_id, role) WHERE date_to IS NULL AND active",
        "This person has this role for the child already.",
    )

    def _compute_login(self):
        states = self.partner_id._pep_login_states()
        for member in self:
            member.login_state, member.login_date = states.get(member.partner_id.id, ("none", False))

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
            partner = self.env["res.partner"].sudo()  # sudo: a login of another council is out of sight, its name kept
            vals = {**vals, "partner_name": partner.browse(vals["partner_id"]).name}
        result = super().write(vals)
        if {"partner_id", "role", "date_from", "date_to", "must_not_contact", "active"} & vals.keys():
            self._follow_membership(partners)
        return result

    @api.model
    def _barred_pairs(self, children, partners):
        """Who must not have contact with whom today, whether or not the user sees that. One query.

        :return: set of (child id, contact id)
        """
        members = self.sudo().search(  # sudo: a bar on contact counts whether or not it is seen
            [
                ("child_id", "in", children.ids),
                ("partner_id", "in", partners.ids),
                ("must_not_contact", "=", True),
            ]
        )
        today = {company: company._pep_today() for company in members.company_id}
        return {
            (member.child_id.id, member.partner_id.id)
            for member in members
            if not member.date_to or member.date_to >= today[member.company_id]
        }

    def _follow_membership(self, partners_before=()):
        self.env["pep.access"]._sync(self.child_id)
        confidential = self.filtered(lambda member: member.role in ("carer", "parent", "other")).partner_id
        confidential._pep_make_confidential()

    def action_invite(self):
        """Button: give these people a login, or tell those who have one.

        A person whom another record has a login for is linked to that one: nobody gets two.

        :raise UserError: must not have contact, is around the child no more, sees nothing anyway, or has no address
        """
        self.check_access("write")
        self._check_may_invite()
        for member in self:
            partner = member.partner_id._pep_invite(member.company_id)
            if partner.id != member.partner_id.id:
                member.write({"partner_id": partner.id})
        self._check_may_invite()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The invitation is on its way."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_may_invite(self):
        """Refuse to invite whoever would see nothing, above all who must not have contact with the child."""
        barred = self.search(
            [
                ("child_id", "in", self.child_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("must_not_contact", "=", True),
            ]
        )
        for member in self:
            today = member.company_id._pep_today()
            same = barred.filtered(
                lambda row, member=member: row.child_id == member.child_id and row.partner_id == member.partner_id
            )
            if any(not row.date_to or row.date_to >= today for row in same):
                raise UserError(self.env._("Who must not have contact with the child is never invited."))
            if not member.active or (member.date_to and member.date_to < today):
                raise UserError(self.env._("%(name)s is around this child no more.", name=member.partner_name))
            if member.role not in self._roles_with_access():
                raise UserError(
                    self.env._("%(name)s has no part in the PEP: a login would show nothing.", name=member.partner_name)
                )

    @api.model
    def _roles_with_access(self):
        return [role for role, _label in NETWORK_ROLES if role in dict(ROLES)]
