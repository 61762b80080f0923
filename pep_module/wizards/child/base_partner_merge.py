from odoo import models
from odoo.exceptions import UserError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Merging contacts re-points and deletes rows by SQL, past every rule of the app: schools are kept out of it."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].sudo().browse(partner_ids).exists()  # sudo: whoever merges, schools stay
        if any(partners.mapped("pep_is_school")):
            raise UserError(
                self.env._(
                    "A school can't be merged with another contact. If a school became another one, use “Academised” "
                    "in the Virtual School app."
                )
            )
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
