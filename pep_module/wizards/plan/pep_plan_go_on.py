from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ...models.plan.pep_gate import GATES


class PepPlanGoOn(models.TransientModel):
    """Something is missing: go on with a listed reason for each, or go back and complete it."""

    _name = "pep.plan.go.on"
    _description = "Go on without"
    _inherit = ["pep.checked.draft"]

    plan_id = fields.Many2one("pep.plan", required=True, readonly=True)
    next_state = fields.Selection(
        [("ready", "Ready"), ("processing", "Processing"), ("complete", "Complete")], required=True, readonly=True
    )
    line_ids = fields.One2many("pep.plan.go.on.line", "wizard_id", string="Missing")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        plan = self.env["pep.plan"].browse(values.get("plan_id"))
        if plan and "line_ids" in fields:
            values["line_ids"] = self.line_ids._commands(plan._missing_for(values.get("next_state")))
        return values

    def action_go_on(self):
        """Record the reasons and take the step."""
        self.ensure_one()
        steps = {"ready": "action_ready", "processing": "action_process", "complete": "action_complete"}
        self.line_ids._record_reasons(self.plan_id)
        getattr(self.plan_id, steps[self.next_state])()
        return {"type": "ir.actions.act_window_close"}


class PepPlanGoOnLine(models.TransientModel):
    _name = "pep.plan.go.on.line"
    _description = "One missing thing"

    wizard_id = fields.Many2one("pep.plan.go.on", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="wizard_id.plan_id.company_id")
    gate = fields.Selection(GATES, string="Missing", required=True)
    message = fields.Char(readonly=True)
    may_use_all = fields.Boolean(compute="_compute_may_use_all", help="The reasons kept for the head as well.")
    reason_id = fields.Many2one(
        "pep.gate.reason",
        domain="[('gate', '=', gate), ('company_id', '=', company_id), ('head_only', 'in', [False, may_use_all])]",
    )
    note = fields.Char()

    def _compute_may_use_all(self):
        self.may_use_all = self.env.user.has_group("pep_module.group_pep_head")

    @api.model
    def _commands(self, missing):
        """One line for each (gate, sentence)."""
        return [
            Command.create({"gate": gate, "message": sentence[:1].upper() + sentence[1:]}) for gate, sentence in missing
        ]

    def _record_reasons(self, plan):
        """The PEP goes past these gates, each with its reason.

        :raise UserError: a reason is missing
        """
        if any(not line.reason_id for line in self):
            raise UserError(self.env._("Choose a reason for each thing that is missing, or go back and complete it."))
        self.env["pep.gate.pass"].create(
            [
                {"plan_id": plan.id, "gate": line.gate, "reason_id": line.reason_id.id, "note": line.note}
                for line in self
            ]
        )
