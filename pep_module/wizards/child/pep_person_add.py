from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ...models.child.pep_network_member import NETWORK_ROLES


class PepPersonAdd(models.TransientModel):
    """Add a carer, social worker or relative to a child's network, and to the contacts when not known yet.

    Officers seldom have the right to edit contacts, and a carer's contact is to be confidential from its first moment.
    A person who is known by the e-mail address given is the same person.
    """

    _name = "pep.person.add"
    _inherit = ["pep.checked.draft"]
    _description = "Add a person around a child"

    child_id = fields.Many2one("pep.child", required=True, readonly=True)
    name = fields.Char(required=True)
    email = fields.Char(string="E-mail", help="Where invitations will go. Nobody else around the child sees it.")
    phone = fields.Char()
    role = fields.Selection(NETWORK_ROLES, required=True)
    relation = fields.Char(help="In plain words: foster carer, aunt, personal adviser.")
    date_from = fields.Date(string="From", required=True, default=lambda self: self.env.company._pep_today())
    must_not_contact = fields.Boolean(
        string="Must not have contact", help="Is never invited, never mailed and sees nothing."
    )
    invite = fields.Boolean(string="Invite now", help="Gives the person a login, and sends an invitation.")

    def action_add(self):
        """Button: put the person on the list."""
        self.ensure_one()
        self.child_id.check_access("write")
        if self.invite and self.must_not_contact:
            raise UserError(self.env._("Who must not have contact with the child is never invited."))
        partner = self._find_or_make_partner()
        member = self.env["pep.network.member"].create(
            {
                "child_id": self.child_id.id,
                "partner_id": partner.id,
                "role": self.role,
                "relation": self.relation,
                "date_from": self.date_from,
                "must_not_contact": self.must_not_contact,
            }
        )
        return member.action_invite() if self.invite else {"type": "ir.actions.act_window_close"}

    def _find_or_make_partner(self):
        email = email_normalize(self.email) if self.email else False
        if self.email and not email:
            raise UserError(self.env._("“%(email)s” is not an e-mail address.", email=self.email))
        partners = self.env["res.partner"].sudo()  # sudo: officers need not be allowed to edit contacts
        known = email and partners._pep_find_by_email(email)
        if known:
            return known
        values = {"name": self.name, "email": self.email, "phone": self.phone}
        return partners.create({**values, "pep_confidential": self.role in ("carer", "parent", "other")})
