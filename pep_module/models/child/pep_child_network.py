from odoo import fields, models


class PepChild(models.Model):
    _inherit = "pep.child"

    network_change_ids = fields.One2many(
        "pep.network.change", "child_id", string="Changes of the network", groups="pep_module.group_pep_support"
    )

    def _schools_left(self, day):
        """The schools that the child was at and is not at on a day; save those that became one where the child is."""
        self.ensure_one()
        enrolments = self.env["pep.enrolment"].search([("child_id", "=", self.id), ("school_id", "!=", False)])
        current = enrolments.filtered(lambda row: row._counts(day)).school_id
        left = enrolments.filtered(lambda row: row.date_from <= day).school_id - current
        became = left._pep_became()
        return left.filtered(lambda school: not became.get(school, current.browse()) & current)

    def _follow_vseo(self):
        result = super()._follow_vseo()
        changes = self.env["pep.network.change"].sudo()  # sudo: who hands a child over has no access to it any more
        changes.search([("child_id", "in", self.ids), ("state", "=", "open")])._renew_tasks()
        return result
