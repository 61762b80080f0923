from odoo import api, fields, models
from odoo.tools import format_date

STAFF = "pep_module.group_pep_support"


class PepPlan(models.Model):
    _inherit = "pep.plan"

    face_overdue = fields.Boolean(related="child_id.face_overdue", string="Face to face overdue", groups=STAFF)
    face_note = fields.Char(
        string="Face to face",
        compute="_compute_face_note",
        groups=STAFF,
        help="When the child is to be met face to face in this term, or is overdue.",
    )

    @api.depends("state", "child_id.face_due_date", "child_id.face_overdue", "child_id.face_planned_on")
    def _compute_face_note(self):
        """Says nothing before the term in which it is due: a note on every card is read on none."""
        rows = self.sudo()  # sudo: days alone; whoever may read this of a PEP may read it of its child
        for plan, row in zip(self, rows, strict=True):
            child = row.child_id
            plan.face_note = False
            ended = plan.state in ("complete", "cancelled")
            if ended or not child.face_due_date:
                continue
            day = format_date(self.env, child.face_due_date, date_format="d MMM")
            if child.face_overdue:
                plan.face_note = self.env._("Face to face was due by %(day)s", day=day)
            elif not row.term_id.date_to or child.face_due_date <= row.term_id.date_to:
                plan.face_note = self.env._("Face to face due by %(day)s", day=day)
            if plan.face_note and child.face_planned_on:
                planned = format_date(self.env, child.face_planned_on, date_format="d MMM")
                plan.face_note = self.env._("%(note)s (planned: %(day)s)", note=plan.face_note, day=planned)

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        children = plans.child_id.sudo()  # sudo: kept by the app; the first PEP of a child starts the count
        children.filtered(lambda child: not child.face_due_date)._sync_face_due()
        return plans

    def _move(self, state, vals=None):
        result = super()._move(state, vals)
        if state == "cancelled":
            self.child_id._sync_face_due()
        return result
