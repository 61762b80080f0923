import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, remove_accents

ALIAS = "pep-meetings"


class ResCompany(models.Model):
    _inherit = "res.company"

    pep_meeting_alias_id = fields.Many2one(
        "mail.alias",
        string="Address of meetings",
        ondelete="restrict",
        copy=False,
        index="btree_not_null",
        help="Invitations come from this address, and answers to them go to it.",
    )

    pep_meeting_alias_name = fields.Char(
        related="pep_meeting_alias_id.alias_name", readonly=False, string="Name of the address of meetings"
    )

    def _pep_load_templates(self):
        result = super()._pep_load_templates()
        self._pep_load_meeting_alias()
        return result

    def _pep_load_meeting_alias(self):
        """Give each of these councils an address for its meetings, if it has none. Idempotent."""
        councils = self.sudo()  # sudo: set-up of a council; addresses are Odoo's
        for council in councils.filtered(lambda council: not council.pep_meeting_alias_id):
            council.pep_meeting_alias_id = council.env["mail.alias"].create(council._prepare_meeting_alias_vals())

    def _prepare_meeting_alias_vals(self):
        self.ensure_one()
        return {
            "alias_name": self._pep_free_alias_name(),
            "alias_model_id": self.env["ir.model"]._get_id("pep.meeting.reply"),
            "alias_domain_id": self.alias_domain_id.id,
            "alias_contact": "everyone",
        }

    def _pep_free_alias_name(self):
        """The first of these that nobody has on the council's mail domain."""
        words = re.sub(r"[^a-z0-9]+", "-", remove_accents(self.name or "").lower()).strip("-")[:40]
        names = [ALIAS, f"{ALIAS}-{words}", f"{ALIAS}-{self.id}"]
        aliases = self.env["mail.alias"].search(
            [("alias_name", "in", names), ("alias_domain_id", "=", self.alias_domain_id.id)]
        )
        taken = set(aliases.mapped("alias_name"))
        return next((name for name in names if name not in taken and not name.endswith("-")), f"{ALIAS}-{self.id}-2")

    def write(self, vals):
        result = super().write(vals)
        if "alias_domain_id" in vals:
            for council in self.sudo():  # sudo: the council's address follows its mail domain
                alias = council.pep_meeting_alias_id
                if alias and alias.alias_domain_id != council.alias_domain_id:
                    alias.alias_domain_id = council.alias_domain_id
        return result

    def _pep_meeting_address(self):
        """Name and address that invitations come from and answers go to.

        The council's own alias where the server has a mail domain; else the council's address, at which no answer
        reaches the app.
        """
        self.ensure_one()
        alias = self.pep_meeting_alias_id
        if alias.alias_name and alias.alias_domain_id:
            return self.name, alias.alias_full_name
        address = email_normalize(self.email_formatted or "") or email_normalize(self._pep_server_email())
        return self.name, address or "nobody@example.invalid"

    @api.constrains("pep_meeting_alias_id")
    def _check_pep_meeting_alias_id(self):
        for council in self:
            alias = council.pep_meeting_alias_id
            if alias and alias.sudo().alias_model_id.model != "pep.meeting.reply":  # sudo: what kind of record it makes
                raise ValidationError(self.env._("Answers to invitations can't be read from this address."))
