from odoo import api, models
from odoo.tools import OrderedSet


class PepCheckedDraft(models.AbstractModel):
    """A draft is made of nothing that the person may not read.

    For a form that is being filled in Odoo works out related fields past the rules, and shows them to whoever may add
    such a record at all: naming the id of another child's target would show that target. So what a form, a default or a
    new record points at is checked before anything is worked out from it.
    """

    _name = "pep.checked.draft"
    _description = "Points at readable records only"

    @api.model
    def _check_readable(self, vals_list):
        """Refuse values that point at a record under need to know which the user may not read."""
        if self.env.su:
            return
        under_rule = self.env.registry["pep.need.to.know"]
        for name in {name for vals in vals_list for name in vals} & self._fields.keys():
            field = self._fields[name]
            if field.type == "many2one" and isinstance(self.env.get(field.comodel_name), under_rule):
                comodel = self.env[field.comodel_name]
                values = [vals[name] for vals in vals_list if vals.get(name)]
                drafts = [value for value in values if isinstance(value, dict)]  # a parent that is being filled in too
                if drafts and hasattr(comodel, "_check_readable"):
                    comodel._check_readable(drafts)
                ids = OrderedSet(value.get("id") if isinstance(value, dict) else value for value in values)
                comodel.browse(filter(None, ids)).check_access("read")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        self._check_readable([values])
        return values

    def onchange(self, values, field_names, fields_spec):
        self._check_readable([values])
        return super().onchange(values, field_names, fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_readable(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_readable([vals])
        return super().write(vals)
