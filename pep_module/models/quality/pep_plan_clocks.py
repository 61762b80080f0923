from odoo import api, fields, models

from ..plan.pep_plan import CLOSED
from .pep_deadline_rule import KINDS

# Set by the clocks and the steps of the PEP alone.
KEPT = {
    "started_on",
    "ready_on",
    "processing_on",
    "corrected_on",
    "school_due",
    "social_work_due",
    "next_due_kind",
    "due_by_hand",
    "interim_on",
    "copies_sent_on",
}
# What clocks follow from.
TRIGGERS = {
    "state",
    "kind_id",
    "vseo_id",
    "school_id",
    "due_date",
    "started_on",
    "ready_on",
    "processing_on",
    "corrected_on",
    "completed_on",
    "issue_version",
    "interim_on",
    "copies_sent_on",
}
CLOCKS = object()  # what no context of a request can hold


class PepPlan(models.Model):
    """What a PEP keeps of its clocks, so that boards and lists need not look at them."""

    _inherit = "pep.plan"

    started_on = fields.Date(string="Started on", readonly=True, copy=False)
    ready_on = fields.Date(string="Ready on", readonly=True, copy=False)
    processing_on = fields.Date(string="In processing since", readonly=True, copy=False)
    corrected_on = fields.Date(string="Opened again on", readonly=True, copy=False)
    interim_on = fields.Date(string="Interim PEP on", readonly=True, copy=False)
    copies_sent_on = fields.Datetime(string="Copies sent on", readonly=True, copy=False)
    due_by_hand = fields.Boolean(string="Due date set by hand", readonly=True, copy=False)
    school_due = fields.Date(string="School's part due", readonly=True, copy=False)
    social_work_due = fields.Date(string="Social worker's part due", readonly=True, copy=False)
    next_due_kind = fields.Selection(KINDS, string="What is due next", readonly=True, copy=False)

    @api.model
    def _stage_fields(self):
        return super()._stage_fields() | KEPT

    @api.model_create_multi
    def create(self, vals_list):
        """A PEP made by a person begins its clocks at once; of those that the app makes, the app sees to it itself."""
        plans = super().create(vals_list)
        if not self.env.su:
            self.env["pep.deadline"]._sync(plans=plans)
        return plans

    def write(self, vals):
        by_clocks = self.env.context.get("pep_from_clocks") is CLOCKS
        by_hand = "due_date" in vals and not by_clocks
        result = super().write(vals)
        if by_hand:
            changed = self.sudo().with_context(pep_from_clocks=CLOCKS)  # sudo: kept by the app; super() has asked who may
            changed._write_quietly({"due_by_hand": bool(vals["due_date"])})
        if TRIGGERS & vals.keys() and not by_clocks and not self.env.context.get("pep_clocks_later") is CLOCKS:
            self.env["pep.deadline"]._sync(plans=self)
        return result

    def _follow_clocks(self):
        """Keep with each of these PEPs what its clocks say. A fixed number of queries for what is read. Idempotent."""
        plans = self.sudo()  # sudo: kept by the app, whoever caused it
        clocks = self.env["pep.deadline"].sudo()  # sudo: the same
        rows = clocks.search_fetch(
            [("plan_id", "in", plans.ids)],
            ["plan_id", "kind", "state", "due_date", "round", "of_plan"],
            order="round, id",
        ).grouped("plan_id")
        for plan in plans:
            values = plan._clock_values(rows.get(plan, clocks))
            changed = {
                name: value
                for name, value in values.items()
                if (plan[name] or False) != (value or False)
            }
            if changed:
                plan.with_context(pep_from_clocks=CLOCKS)._write_quietly(changed)

    def _clock_values(self, rows):
        """What this PEP keeps of its clocks.

        :param rows: all its ``pep.deadline``
        """
        last = {row.kind: row for row in rows}
        running = rows.filtered(lambda row: row.state == "open").sorted(lambda row: (row.due_date, row.id))[:1]
        values = {"next_due": running.due_date, "next_due_kind": running.kind}
        if not running and self.state not in CLOSED:
            values["next_due"] = self.processing_due if self.state == "processing" else self.due_date
        if not self.due_by_hand:
            due = last.get("ready") if self.kind_id.code == "initial" else last.get("meeting")
            if due and due.state != "stopped":
                values["due_date"] = due.due_date
                if not running and self.state not in (*CLOSED, "processing"):
                    values["next_due"] = due.due_date
        if "processing" in last and last["processing"].state != "stopped":
            values["processing_due"] = last["processing"].due_date
        for kind, name in (("school_part", "school_due"), ("social_work_part", "social_work_due")):
            values[name] = last[kind].due_date if kind in last else False
        if self.state in CLOSED:
            values.pop("due_date", None)
            values.pop("processing_due", None)
            values.pop("school_due"), values.pop("social_work_due")
        return values

