from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import OrderedSet

# Who may ever read a child's name: the app's own staff and the portal. Which child is for the record rule to say.
NAME_GROUPS = "pep_module.group_pep_contributor,base.group_portal"


class PepChildBound(models.AbstractModel):
    """Everything that says something about one child.

    The record rule of each such model matches ``child_id`` against ``pep.access``; Odoo checks a rule on the row as it
    *was*, so what the rule stands on may never change. ``child_id`` is therefore set once, from the parent record where
    there is one (``_child_parent``), and every later attempt to point it elsewhere is refused, also under sudo.
    """

    _name = "pep.child.bound"
    _description = "Record about one child"
    _inherit = ["pep.need.to.know", "pep.checked.draft"]
    _rec_name = "child_reference"
    _child_parent = None
    # Rows that the app makes on behalf of a person, who could name defaults in the context of a call.
    _defaults_do_not_count = False

    child_id = fields.Many2one("pep.child", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(
        "res.company", string="Council", related="child_id.company_id", store=True, index=True, precompute=True
    )
    child_reference = fields.Char(
        string="Reference", related="child_id.reference", store=True, precompute=True, help="Stands for the child."
    )
    child_name = fields.Char(
        string="Name",
        compute="_compute_child_name",
        search="_search_child_name",
        groups=NAME_GROUPS,
        help="The child's name, for those who may see this child. Never stored here.",
    )

    @api.depends("child_reference", "child_id.full_name")
    @api.depends_context("uid", "pep_show_name")
    def _compute_display_name(self):
        """The reference; in our own pickers, for those who may see the child, with the name before it."""
        named = self.env["pep.child"]._may_show_names()
        for record in self:
            record.display_name = record.child_reference
            if named and record.child_name:
                record.display_name = f"{record.child_name} ({record.child_reference})"

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if self.env["pep.child"]._may_show_names() and isinstance(value, str):
            domain |= self._search_child_name(operator, value)
        return domain

    def get_formview_action(self, access_uid=None):
        """From a picker that shows names a record still opens under its reference: the title of a page is no secret."""
        records = self.with_context(pep_show_name=False)
        return super(PepChildBound, records).get_formview_action(access_uid=access_uid)

    @api.depends("child_id.full_name")
    @api.depends_context("uid")
    def _compute_child_name(self):
        children = self.env["pep.child"].with_context(active_test=False)
        readable = children.search_fetch([("id", "in", self.child_id.ids)], ["full_name"], order="id")
        names = {child.id: child.full_name for child in readable}
        for record in self:
            record.child_name = names.get(record.child_id._origin.id, False)

    def _search_child_name(self, operator, value):
        return Domain("child_id.full_name", operator, value)

    @api.model
    def default_get(self, fields):
        """A record that hangs on another is about the same child: say so before it is saved, for the pickers' sake."""
        values = super().default_get(fields)
        parent = self._child_parent and self.env.context.get(f"default_{self._child_parent}")
        if parent and "child_id" in fields:
            values["child_id"] = self.env[self._fields[self._child_parent].comodel_name].browse(parent).child_id.id
        return values

    @api.constrains(lambda self: self._child_links())
    def _check_one_child(self):
        """What hangs together is about one child: a record never points at one of another child's."""
        links = self._child_links()
        for record in self.sudo():  # sudo: whose record it is, seen or not
            for name in links:
                if record[name] and record[name].child_id != record.child_id:
                    raise ValidationError(self.env._("This record belongs to another child than the one it hangs on."))

    @api.model
    def _child_links(self):
        """Names of the stored fields that point at another record about the child."""
        bound = self.env.registry["pep.child.bound"]
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2one" and field.store and isinstance(self.env.get(field.comodel_name), bound)
        ]

    @api.model_create_multi
    def create(self, vals_list):
        if self._child_parent:
            self._fill_child_from_parent(vals_list)
        if self.env.su and self._defaults_do_not_count:
            vals_list = [{**self._own_defaults(vals), **vals} for vals in vals_list]
        if self.env.su:
            return super().create(vals_list)
        made_by_app = self._made_by_app()
        vals_list = [{name: vals[name] for name in vals if name not in made_by_app} for vals in vals_list]
        defaults = {f"default_{name}" for name in made_by_app | self._set_by_app()}
        context = {key: value for key, value in self.env.context.items() if key not in defaults}
        maker = self.with_env(self.env(context=context))
        return super(PepChildBound, maker).create(vals_list).with_env(self.env)

    @api.model
    def _own_defaults(self, vals):
        """What a new row holds besides ``vals``: what the fields say, whatever a call or a user has for defaults."""
        return {
            name: field.default(self) if field.default else False
            for name, field in self._fields.items()
            if field.store and not field.compute and name not in vals and name not in models.MAGIC_COLUMNS
        }

    @api.model
    def _made_by_app(self):
        """Names of the fields that follow from others. Screens keep them read-only, but a call can name any field."""
        return {name for name, field in self._fields.items() if field.store and field.compute and field.readonly}

    @api.model
    def _set_by_app(self):
        """Names of further fields that a person sets by steps and buttons alone, so no default of a call counts."""
        return set()

    def _add_precomputed_values(self, vals_list):
        """Odoo's hook before the INSERT. What every record takes from its child is read for all rows at once.

        Left to Odoo it is computed on a draft record for each row, which takes half the time of opening a term.
        """
        children = self.env["pep.child"].sudo()  # sudo: council and reference are no secret of the child
        children = children.browse(OrderedSet(vals["child_id"] for vals in vals_list if vals.get("child_id")))
        known = {child.id: (child.company_id.id, child.reference) for child in children}
        for vals in vals_list:
            if vals.get("child_id"):
                vals["company_id"], vals["child_reference"] = known[vals["child_id"]]
        return super()._add_precomputed_values(vals_list)

    @api.model
    def _fill_child_from_parent(self, vals_list):
        """Set ``child_id`` of new rows from their parent; refuse rows that name another child."""
        parent_field = self._child_parent
        default_parent = self.default_get([parent_field]).get(parent_field)
        parents = self.env[self._fields[parent_field].comodel_name].browse(
            {vals.get(parent_field) or default_parent for vals in vals_list} - {False, None}
        )
        child_of = {parent.id: parent.child_id.id for parent in parents}
        for vals in vals_list:
            parent_id = vals.get(parent_field) or default_parent
            if not parent_id:
                continue
            child_id = child_of[parent_id]
            if (vals.get("child_id") or child_id) != child_id:
                raise ValidationError(self.env._("This record belongs to another child than the one it hangs on."))
            vals[parent_field] = parent_id
            vals["child_id"] = child_id

    def write(self, vals):
        self._refuse_repointing(vals)
        return super().write(vals)

    def _check_company(self, fnames=None):
        """Odoo looks at each record: of a batch, look at one for each combination of council and links."""
        names = [field.name for field in self._fields.values() if field.relational and field.check_company]
        records = self.sudo()  # sudo: as Odoo does in the same place
        distinct = {(record.company_id, *(record[name] for name in names)): record.id for record in records}
        return super(PepChildBound, self.browse(distinct.values()))._check_company(fnames)

    def _refuse_repointing(self, vals):
        follows = self._made_by_app() - self._immutable_fields()
        if not self.env.su and follows & vals.keys():
            name = min(follows & vals.keys())
            raise UserError(
                self.env._("%(field)s follows from other fields and can't be set.", field=self._fields[name].string)
            )
        for name in self._immutable_fields() & vals.keys():
            if any(record[name].id != vals[name] for record in self):
                raise UserError(
                    self.env._("%(field)s can't be changed once the record exists.", field=self._fields[name].string)
                )

    @api.model
    def _immutable_fields(self):
        return {"child_id", "company_id", self._child_parent} - {None}

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("Records about a child are never deleted. Archive or cancel it instead, and say why.")
        )

    def _label(self, name):
        """The words of a selection field's value, or None."""
        self.ensure_one()
        return dict(self._fields[name]._description_selection(self.env)).get(self[name])
