from odoo import fields, models


class PepFund(models.Model):
    """A kind of money: PP+, early years, post-16, the council's own. They are never added together."""

    _name = "pep.fund"
    _description = "Fund"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, id"
    _template_fields = ("name", "sequence", "code")

    template_id = fields.Many2one("pep.fund")
    code = fields.Selection(
        [
            ("ppp", "Pupil Premium Plus"),
            ("eypp", "Early years pupil premium"),
            ("post16", "Post-16 Pupil Premium Plus"),
            ("own", "The council's own"),
        ],
        string="Stands for",
        required=True,
    )

    _uniq = models.UniqueIndex("(company_id, template_id) WHERE company_id IS NOT NULL AND template_id IS NOT NULL")
