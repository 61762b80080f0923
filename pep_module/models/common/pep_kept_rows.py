from odoo import api, models


class PepKeptRows(models.AbstractModel):
    """Rows about a child that the app alone makes and changes, whatever rights somebody has."""

    _name = "pep.kept.rows"
    _description = "Rows that the app keeps"
    _inherit = ["pep.child.bound"]

    @api.model
    def _refusal(self):
        """The exception for whoever tries: it says what the rows follow from. Each model has its own."""
        raise NotImplementedError

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and vals_list:
            self.check_access("create")
            raise self._refusal()
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise self._refusal()
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise self._refusal()
        return super().copy(default)
