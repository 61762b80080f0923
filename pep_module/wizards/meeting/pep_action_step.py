from odoo import api, fields, models


class PepActionStep(models.TransientModel):
    """Asks what an action needs to be told: why it is not done, who does it now, or by when it is carried on."""

    _name = "pep.action.step"
    _description = "What becomes of an action"
    _inherit = ["pep.checked.draft"]

    action_id = fields.Many2one("pep.action", required=True, readonly=True)
    name = fields.Char(related="action_id.name", string="What was agreed")
    step = fields.Selection(
        [("not_done", "Not done"), ("give", "Give to somebody else"), ("carry", "Carry on")],
        required=True,
        readonly=True,
    )
    reason = fields.Char(string="Why")
    owner_ids = fields.Many2many(related="action_id.owner_ids")
    partner_id = fields.Many2one("res.partner", string="Who does it now")
    role = fields.Selection(lambda self: self.env["pep.action"]._fields["role"].selection, string="As")
    due_date = fields.Date(string="By when")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        action = self.env["pep.action"].browse(values.get("action_id"))
        if action and values.get("step") == "carry" and "due_date" in fields:
            plan = action._next_plans().get(action.id)
            values["due_date"] = plan and plan._action_due_day()
        return values

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.partner_id:
            roles = {partner_id: role for role, partner_id, _name in self.action_id._around() if partner_id}
            self.role = roles.get(self.partner_id.id, self.role or "other")

    def action_confirm(self):
        self.ensure_one()
        action = self.action_id
        if self.step == "give":
            action.action_give(self.partner_id.id, self.role)
        elif self.step == "carry":
            action.action_carry(self.due_date)
        else:
            action.action_not_done(self.reason)
        return {"type": "ir.actions.act_window_close"}
