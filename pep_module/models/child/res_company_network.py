from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pep_network_seen = fields.Date(
        string="Changes of networks noted up to",
        copy=False,
        help="Day up to which what begins or ends by its date has been noted. Kept by the nightly job.",
    )
