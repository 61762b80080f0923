from odoo import api, fields, models
from odoo.exceptions import UserError

# The roles of people outside the council's virtual school, each with a flag on the row that says whether it may read.
AUDIENCE = ("teacher", "social_worker", "carer", "parent", "iro")

# Who wrote a row is for those inside: a parent is not to learn the carer's name from it.
INSIDE = "pep_module.group_pep_contributor"


class PepAudience(models.AbstractModel):
    """A row about a child whose readers differ from row to row.

    The record rule asks three things of one row of ``pep.access`` and this row together: the person's role on *this*
    child, and whether this row is *for* that role. The flags are stored, and mean that the role may read the row now:
    who it is meant for, whether it has been handed in, and whether the PEP is still being worked on are all folded in
    by :meth:`_compute_audience`. So a rule is literal, and nothing is worked out from the user.

    The virtual school's own staff read every row, save one that is kept from them (``hidden_from_id``).
    """

    _name = "pep.audience"
    _description = "Record about one child, for some of those around it"
    _inherit = ["pep.child.bound"]

    create_uid = fields.Many2one("res.users", string="Created by", readonly=True, groups=INSIDE)
    write_uid = fields.Many2one("res.users", string="Last updated by", readonly=True, groups=INSIDE)
    for_teacher = fields.Boolean(string="School reads it", compute="_compute_audience", store=True)
    for_social_worker = fields.Boolean(string="Social worker reads it", compute="_compute_audience", store=True)
    for_carer = fields.Boolean(string="Carer reads it", compute="_compute_audience", store=True)
    for_parent = fields.Boolean(string="Parent reads it", compute="_compute_audience", store=True)
    for_iro = fields.Boolean(string="Reviewing officer reads it", compute="_compute_audience", store=True)
    delegate_id = fields.Many2one(
        "res.users",
        string="Delegated to",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="A colleague at the same school who reads this, and nothing else of the child's PEP.",
    )
    hidden_from_id = fields.Many2one(
        "res.users",
        string="Kept from",
        readonly=True,
        ondelete="restrict",
        help="Who helped the child write this, and was not to read it.",
    )

    def _compute_audience(self):
        """Who may read each row now. Each model says what that depends on.

        Nobody outside the virtual school, unless a model says so.
        """
        for record in self:
            record._set_audience(())

    def _set_audience(self, roles):
        for role in AUDIENCE:
            self[f"for_{role}"] = role in roles

    @api.model
    def _kept_by_app(self):
        """Names of the fields that the methods of the model write, and no call from outside."""
        return {"delegate_id", "hidden_from_id"}

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | self._kept_by_app()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            kept = self._kept_by_app()
            vals_list = [{name: vals[name] for name in vals if name not in kept} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        kept = set() if self.env.su else self._kept_by_app() & vals.keys()
        if kept:
            raise UserError(
                self.env._("%(field)s is set by its button, not by hand.", field=self._fields[min(kept)].string)
            )
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("This can't be copied: it belongs to one PEP of one child."))
        return super().copy(default)
