from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

GATES = [
    ("setting", "School not known"),
    ("contributions", "Parts not handed in"),
    ("documents", "Documents missing"),
    ("meeting", "No meeting held"),
    ("review", "Previous targets not reviewed"),
    ("academic_target", "No academic target"),
    ("next_date", "Next date not set"),
    ("qa", "No quality review"),
]


class PepGateReason(models.Model):
    """A listed reason for going on without something. Chosen, counted and shown, so that nobody types dummy data."""

    _name = "pep.gate.reason"
    _description = "Reason to go on without"
    _inherit = ["pep.template.mixin"]
    _order = "gate, sequence, id"
    _template_fields = ("name", "sequence", "gate", "head_only")

    template_id = fields.Many2one("pep.gate.reason")
    gate = fields.Selection(GATES, string="Goes on without", required=True)
    head_only = fields.Boolean(string="Head only", help="Only the head of the virtual school may use this reason.")


class PepGatePass(models.Model):
    """One PEP went past one gate with a listed reason: who, when and why. Never changed, never deleted."""

    _name = "pep.gate.pass"
    _description = "PEP went on without"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "plan_id.id, id"

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    gate = fields.Selection(GATES, string="Without", required=True)
    reason_id = fields.Many2one("pep.gate.reason", required=True, index=True, ondelete="restrict")
    note = fields.Char()
    user_id = fields.Many2one(
        "res.users", string="By", required=True, readonly=True, ondelete="restrict", default=lambda self: self.env.user
    )

    _uniq = models.UniqueIndex("(plan_id, gate)", "This PEP has gone on without that already.")

    @api.constrains("gate", "reason_id", "company_id")
    def _check_reason(self):
        for passed in self:
            if passed.reason_id.gate != passed.gate or passed.reason_id.company_id != passed.company_id:
                raise ValidationError(self.env._("Choose a reason that belongs to what is missing."))

    @api.model_create_multi
    def create(self, vals_list):
        passes = super().create([{**vals, "user_id": self.env.uid} for vals in vals_list])
        if any(passed.reason_id.head_only for passed in passes) and not (
            self.env.su or self.env.user.has_group("pep_module.group_pep_head")
        ):
            raise AccessError(self.env._("Only the head of the virtual school may use this reason."))
        for passed in passes:
            passed.plan_id._refuse_when_frozen()
        return passes

    def write(self, vals):
        if set(vals) - {"child_reference", "company_id", "term_id"}:
            raise UserError(self.env._("What was passed stays as it was recorded."))
        return super().write(vals)
