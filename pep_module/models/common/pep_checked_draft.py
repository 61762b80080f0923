from odoo import api, models
from odoo.fields import Command
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
    def _check_readable(self, vals_list, lines=False):
        """Refuse values that point at a record under need to know which the user may not read.

        :param bool lines: look at the lines of a form too; on saving, each line is looked at by itself
        """
        if self.env.su:
            return
        under_rule = self.env.registry["pep.need.to.know"]
        for name in {name for vals in vals_list for name in vals} & self._fields.keys():
            field = self._fields[name]
            if field.type == "many2one" and isinstance(self.env.get(field.comodel_name), under_rule):
                comodel = self.env[field.comodel_name]
                values = [vals[name] for vals in vals_list if vals.get(name)]
                drafts = [value for value in values if isinstance(value, dict)]  # a parent that is being filled in too
                self._check_drafts(field.comodel_name, drafts, lines)
                ids = OrderedSet(value.get("id") if isinstance(value, dict) else value for value in values)
                comodel.browse(filter(None, ids)).check_access("read")
            elif field.type == "many2one":
                drafts = [vals[name] for vals in vals_list if isinstance(vals.get(name), dict)]
                self._check_drafts(field.comodel_name, drafts, lines)
            elif lines and field.type in ("one2many", "many2many"):
                commands = [command for vals in vals_list for command in vals.get(name) or ()]
                filled_in = [
                    command for command in commands if isinstance(command, (list, tuple)) and len(command) == 3
                ]
                drafts = [row for what, _id, row in filled_in if what in (Command.CREATE, Command.UPDATE) and row]
                self._check_drafts(field.comodel_name, drafts, lines)

    @api.model
    def _check_drafts(self, model, drafts, lines):
        """As :meth:`_check_readable`, of records of another model that are being filled in beside this one."""
        if drafts and hasattr(self.env.get(model), "_check_readable"):
            self.env[model]._check_readable(drafts, lines)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        self._check_readable([values], lines=True)
        return values

    def onchange(self, values, field_names, fields_spec):
        self._check_readable([values], lines=True)
        return super().onchange(values, field_names, fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_readable(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_readable([vals])
        return super().write(vals)
