from collections import defaultdict

from odoo import api, fields, models

from ..plan.pep_plan import CLOSED
from ..plan.pep_term import CLOCKS
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
        if self.env.su:
            return super().create(vals_list)
        by_hand = [bool(vals.get("due_date")) for vals in vals_list]
        plans = super(PepPlan, self.with_context(pep_clocks_later=CLOCKS)).create(vals_list).with_env(self.env)
        dated = plans.browse(plan.id for plan, given in zip(plans, by_hand, strict=True) if given)
        dated._note_by_hand(True)
        self.env["pep.deadline"]._sync(plans=plans)
        return plans

    def write(self, vals):
        by_clocks = self.env.context.get("pep_from_clocks") is CLOCKS
        moved = self.browse()
        if "due_date" in vals and not by_clocks:
            day = fields.Date.to_date(vals["due_date"]) or False
            moved = self.filtered(lambda plan: plan.due_date != day)
        result = super().write(vals)
        moved._note_by_hand(bool(vals.get("due_date")))
        if TRIGGERS & vals.keys() and not by_clocks:
            self.env["pep.deadline"]._sync(plans=self)
        return result

    def _note_by_hand(self, by_hand):
        """Whether somebody has set the day of the meeting themselves, or left it to the clocks again."""
        if self:
            plans = self.sudo().with_context(pep_from_clocks=CLOCKS)  # sudo: kept by the app; who may was asked before
            plans._write_quietly({"due_by_hand": by_hand})

    def action_complete(self):
        """Issuing and its copies come with it: the clocks are brought up to date once, for all of it."""
        result = super(PepPlan, self.with_context(pep_clocks_later=CLOCKS)).action_complete()
        self.env["pep.deadline"]._sync(plans=self)
        return result

    def _follow_clocks(self):
        """Keep with each of these PEPs what its clocks say. Idempotent.

        A fixed number of queries for what is read, and one write for all PEPs with which the same changes.
        """
        plans = self.sudo()  # sudo: kept by the app, whoever caused it
        clocks = self.env["pep.deadline"].sudo()  # sudo: the same
        rows = clocks.search_fetch(
            [("plan_id", "in", plans.ids)],
            ["plan_id", "kind", "state", "due_date", "round", "of_plan"],
            order="round, id",
        ).grouped("plan_id")
        alike = defaultdict(list)
        for plan in plans:
            values = plan._clock_values(rows.get(plan, clocks))
            changed = {name: value for name, value in values.items() if plan[name] != value}
            if changed:
                alike[tuple(changed.items())].append(plan.id)
        plans = plans.with_context(pep_from_clocks=CLOCKS)
        for changed, ids in alike.items():
            plans.browse(ids)._write_quietly(dict(changed))

    def _clock_values(self, rows):
        """What this PEP keeps of its clocks.

        :param rows: all its ``pep.deadline``, the last round last
        """
        last = {row.kind: row for row in rows}
        running = rows.filtered(lambda row: row.state == "open").sorted(lambda row: (row.due_date, row.id))[:1]
        values = {}
        if self.state not in CLOSED:
            due = last.get("ready") if self.kind_id.code == "initial" else last.get("meeting")
            if due and due.state != "stopped" and not self.due_by_hand:
                values["due_date"] = due.due_date
            processing = last.get("processing")
            if processing and processing.state != "stopped":
                values["processing_due"] = processing.due_date
            for kind, name in (("school_part", "school_due"), ("social_work_part", "social_work_due")):
                values[name] = last[kind].due_date if kind in last else False
        if running or self.state in CLOSED:
            next_due, kind = running.due_date, running.kind
        elif self.state == "processing":  # no clock runs for what happened before the council went live
            next_due, kind = values.get("processing_due", self.processing_due), "processing"
        else:
            next_due, kind = values.get("due_date", self.due_date), "meeting"
        return {**values, "next_due": next_due or False, "next_due_kind": (next_due and kind) or False}
