from odoo import api, fields, models
from odoo.exceptions import UserError

# What the next version may say differently. What the rule is about, and what ends its clock, stay the rule.
CHANGES = ("number", "direction", "unit", "remind_days", "owner_days", "head_days", "wording")


class PepDeadlineRuleVersion(models.TransientModel):
    """Asks from which day on a rule says something else, and what. Events before that day stay judged as they were."""

    _name = "pep.deadline.rule.version"
    _description = "Change of a deadline's rule from a day on"

    rule_id = fields.Many2one("pep.deadline.rule", required=True, readonly=True)
    before = fields.Char(related="rule_id.in_words", string="Until then")
    is_running = fields.Boolean(compute="_compute_is_running", help="The rule counts days, or only names one.")
    valid_from = fields.Date(string="For events from", required=True)
    # the rule's own name for it; pylint-odoo takes it for an attribute of old views
    number = fields.Integer(string="Number of days")
    direction = fields.Selection(
        lambda self: self.env["pep.deadline.rule"]._fields["direction"].selection, required=True
    )
    unit = fields.Selection(
        lambda self: self.env["pep.deadline.rule"]._fields["unit"].selection, string="Counted in", required=True
    )
    remind_days = fields.Integer(string="Remind before (days)")
    owner_days = fields.Integer(string="Tell the VSEO after (days)")
    head_days = fields.Integer(string="Tell the head after (days)")
    wording = fields.Text(string="Where it comes from")
    after = fields.Char(string="From then on", compute="_compute_after")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        rule = self.env["pep.deadline.rule"].browse(values.get("rule_id"))
        if rule:
            values.update({name: rule[name] for name in CHANGES if name in fields})
            if "valid_from" in fields:
                values["valid_from"] = rule.company_id._pep_today()
        return values

    @api.depends("rule_id")
    def _compute_is_running(self):
        for wizard in self:
            wizard.is_running = wizard.rule_id.trigger != "face"

    @api.depends("rule_id", "number", "direction", "unit")
    def _compute_after(self):
        rules = self.env["pep.deadline.rule"]
        for wizard in self:
            draft = rules.new(
                {
                    "trigger": wizard.rule_id.trigger,
                    "number": wizard.number,
                    "direction": wizard.direction,
                    "unit": wizard.unit,
                }
            )
            wizard.after = draft.in_words

    def action_confirm(self):
        """Button: make the next version.

        :raise UserError: nothing is different
        """
        self.ensure_one()
        changes = {name: self[name] for name in CHANGES if self[name] != self.rule_id[name]}
        if not changes:
            raise UserError(self.env._("Nothing is different: say what changes from that day on."))
        self.rule_id._new_version(self.valid_from, **changes)
        return {"type": "ir.actions.act_window_close"}
