from odoo import api, fields, models


class PepDeadlineRule(models.Model):
    """What a rule says, in words, and its other versions: for the screens."""

    _inherit = "pep.deadline.rule"

    in_words = fields.Char(string="By when", compute="_compute_in_words")
    version_ids = fields.Many2many("pep.deadline.rule", string="Versions", compute="_compute_version_ids")

    @api.depends("trigger", "number", "direction", "unit")
    def _compute_in_words(self):
        events = self._events_in_words()
        for rule in self:
            values = {"event": events.get(rule.trigger) or "", "number": rule.number}
            if not rule.trigger:
                rule.in_words = False
            elif not rule.number:
                rule.in_words = values["event"]
            else:
                rule.in_words = self._length_in_words(rule.unit, rule.direction, values)

    @api.model
    def _events_in_words(self):
        """Trigger -> the day that it stands for, as the end of a sentence."""
        return {
            "into_care": self.env._("the day of coming into care"),
            "setting_change": self.env._("the first day at another school"),
            "care_review": self.env._("the next care review"),
            "face": self.env._("so many whole terms after the last meeting face to face"),
            "window_start": self.env._("the term's first day for meetings"),
            "window_end": self.env._("the term's last day for meetings"),
            "term_end": self.env._("the term's last day"),
            "meeting": self.env._("the PEP meeting"),
            "meeting_held": self.env._("the PEP meeting was held"),
            "issued": self.env._("the PEP is complete"),
        }

    @api.model
    def _length_in_words(self, unit, direction, values):
        sentences = {
            ("calendar", "after"): self.env._("%(number)s days after %(event)s", **values),
            ("working", "after"): self.env._("%(number)s working days after %(event)s", **values),
            ("school", "after"): self.env._("%(number)s school days after %(event)s", **values),
            ("calendar", "before"): self.env._("%(number)s days before %(event)s", **values),
            ("working", "before"): self.env._("%(number)s working days before %(event)s", **values),
            ("school", "before"): self.env._("%(number)s school days before %(event)s", **values),
        }
        return sentences[unit, direction]

    @api.depends("series", "company_id")
    def _compute_version_ids(self):
        versions = self.with_context(active_test=False).search(
            [("series", "in", self.mapped("series")), ("company_id", "in", self.company_id.ids)]
        )
        versions = versions.grouped(lambda rule: (rule.series, rule.company_id))
        for rule in self:
            rule.version_ids = versions.get((rule.series, rule.company_id), self.browse())

    def action_change(self):
        """Button: ask from which day on something else counts."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change from a day on"),
            "res_model": "pep.deadline.rule.version",
            "view_mode": "form",
            "target": "new",
            "context": {"default_rule_id": self.id},
        }
