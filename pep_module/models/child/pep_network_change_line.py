from odoo import api, fields, models
from odoo.exceptions import UserError

KINDS = [
    ("school_new", "New school"),
    ("school_left", "School left"),
    ("teacher_left", "Teacher left the school"),
    ("person_new", "New person"),
    ("person_left", "Person left"),
    ("barred", "Must not have contact"),
    ("placement", "New placement"),
]


class PepNetworkChangeLine(models.Model):
    """One thing that changed around a child. Noted once and kept."""

    _name = "pep.network.change.line"
    _description = "What changed around a child"
    _inherit = ["pep.child.bound"]
    _child_parent = "change_id"
    _order = "change_id desc, date, id"
    _allow_sudo_commands = False

    change_id = fields.Many2one("pep.network.change", required=True, index=True, ondelete="restrict", readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    key = fields.Char(required=True, readonly=True, help="Which record, and what of it: noted once for ever.")
    date = fields.Date(string="From", required=True, readonly=True, help="First day on which it is so.")
    role = fields.Selection(
        lambda self: self.env["pep.network.member"]._fields["role"].selection, readonly=True, help="In the network."
    )
    partner_id = fields.Many2one("res.partner", string="Who", readonly=True, index=True, ondelete="restrict")
    partner_name = fields.Char(string="Name then", readonly=True)
    what = fields.Char(string="What changed", compute="_compute_what")

    _uniq = models.UniqueIndex("(child_id, key)", "This was noted already.")

    @api.depends("kind", "role")
    def _compute_what(self):
        for line in self:
            line.what = line._short()

    def _short(self):
        """What changed, in two or three words that name nobody."""
        role = self._label("role")
        if self.kind == "person_new":
            return self.env._("New: %(role)s", role=role)
        if self.kind == "person_left":
            return self.env._("Left: %(role)s", role=role)
        return self._label("kind")

    def write(self, vals):
        if self:
            raise UserError(self.env._("What changed is noted once and kept."))
        return super().write(vals)
