from odoo import models
from odoo.exceptions import UserError


class PepCouncilFixed(models.AbstractModel):
    """What belongs to a council stays with it.

    Odoo checks a record rule on the row as it *was*: without this, whoever may change a row of the own council could
    hand it to another, or to none, which would make it a template for all.
    """

    _name = "pep.council.fixed"
    _description = "Belongs to one council for good"

    def write(self, vals):
        if "company_id" in vals and any(record.company_id.id != vals["company_id"] for record in self):
            raise UserError(self.env._("This belongs to one council for good. Add a new one in the other council."))
        return super().write(vals)
