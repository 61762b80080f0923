from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools.misc import format_date

from ...models.plan.pep_plan_next import NEXT_KINDS

MONTHS_AHEAD = 18


class PepPlanNext(models.TransientModel):
    """Asks when the child's next PEP meeting is, before this one closes."""

    _name = "pep.plan.next"
    _description = "When the next meeting is"
    _inherit = ["pep.checked.draft"]

    plan_id = fields.Many2one("pep.plan", required=True, readonly=True)
    kind = fields.Selection(NEXT_KINDS, string="The next meeting is", required=True, default="date")
    date = fields.Date(string="Day")
    month = fields.Selection(lambda self: self._months())
    note = fields.Char(string="In a few words")

    @api.model
    def _months(self):
        """The months from this one on, as ``2027-05`` and in words."""
        first = self.env.company._pep_today().replace(day=1)
        months = [first + relativedelta(months=number) for number in range(MONTHS_AHEAD)]
        return [(str(month)[:7], format_date(self.env, month, date_format="MMMM y")) for month in months]

    @api.model
    def default_get(self, fields):
        """What has been set already, to be looked at and changed."""
        values = super().default_get(fields)
        plan = self.env["pep.plan"].browse(values.get("plan_id"))
        if plan:
            month = plan.next_meeting_month and str(plan.next_meeting_month)[:7]
            known = month in dict(self._months())
            values |= {
                "kind": plan.next_meeting_kind or "date",
                "date": plan.next_meeting_date,
                "month": month if known else False,
                "note": plan.next_meeting_note,
            }
        return values

    def action_confirm(self):
        self.ensure_one()
        month = date.fromisoformat(f"{self.month}-01") if self.month else None
        self.plan_id.action_set_next(self.kind, self.date, month, self.note)
        return {"type": "ir.actions.act_window_close"}
