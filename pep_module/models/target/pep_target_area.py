from odoo import fields, models


class PepTargetArea(models.Model):
    """What a target is about. English, maths and science come first among the academic ones."""

    _name = "pep.target.area"
    _description = "Area of a target"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, id"
    _template_fields = ("name", "sequence", "is_academic", "is_priority")

    template_id = fields.Many2one("pep.target.area")
    is_academic = fields.Boolean(string="Academic")
    is_priority = fields.Boolean(string="Priority subject")

    _uniq = models.UniqueIndex("(company_id, template_id) WHERE company_id IS NOT NULL AND template_id IS NOT NULL")
