from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .pep_review import ACCEPTED

SUPPORT = "pep_module.group_pep_support"
REVIEWERS = "pep_module.group_pep_vseo"
QA_STATES = [
    ("to_do", "To be reviewed"),
    ("begun", "Being reviewed"),
    ("returned", "Returned"),
    ("accepted", "Accepted"),
    ("accepted_feedback", "Accepted with feedback"),
]


class PepPlan(models.Model):
    """A PEP is judged by the council's rubric before it is finished, where its kind asks for that."""

    _inherit = "pep.plan"

    quality_ids = fields.One2many("pep.review", "plan_id", string="Quality reviews", readonly=True, groups=SUPPORT)
    rubric_id = fields.Many2one(
        "pep.rubric",
        string="Judged by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups=SUPPORT,
        help="The version of the rubric by which this PEP was accepted last.",
    )
    qa_required = fields.Boolean(related="kind_id.qa_required", string="Needs a quality review")
    qa_state = fields.Selection(QA_STATES, string="Quality review", compute="_compute_qa", groups=SUPPORT)
    qa_grade = fields.Char(string="Quality", compute="_compute_qa", groups=SUPPORT)
    qa_colour = fields.Char(string="Colour of the grade", compute="_compute_qa", groups=SUPPORT)
    qa_gap = fields.Char(compute="_compute_qa_gap", groups=SUPPORT)

    # === Computes ===

    @api.depends("state", "kind_id", "quality_ids.state", "quality_ids.outcome", "quality_ids.grade_id")
    @api.depends_context("uid")
    def _compute_qa(self):
        """How far the quality review is, and the grade, as far as the user may know it."""
        reviews = self.env["pep.review"].search_fetch(
            [("plan_id", "in", self.ids), ("kind", "=", "qa"), ("state", "!=", "set_aside")],
            ["plan_id", "state", "outcome", "grade_id"],
            order="id",
        )
        last = {review.plan_id.id: review for review in reviews}
        for plan in self:
            review = last.get(plan._origin.id, reviews.browse())
            plan.qa_grade = review.grade_id.name
            plan.qa_colour = review.grade_id.colour
            if review.state == "done":
                again = review.outcome == "returned" and plan.state == "processing"
                plan.qa_state = "to_do" if again else review.outcome
            elif review:
                plan.qa_state = "begun"
            else:
                plan.qa_state = "to_do" if plan.state == "processing" and plan.kind_id.qa_required else False

    @api.depends("state", "quality_ids.state", "quality_ids.outcome")
    def _compute_qa_gap(self):
        waiting = self._origin.filtered(lambda plan: plan.state == "processing")
        accepted = waiting._accepted_review().plan_id
        begun = self.env["pep.review"].sudo()  # sudo: that a review is under way, whoever it is kept from
        begun = begun.search([("plan_id", "in", waiting.ids), ("kind", "=", "qa"), ("state", "=", "open")]).plan_id
        for plan in self:
            if plan._origin not in waiting or plan._origin in accepted:
                plan.qa_gap = False
            elif plan._origin in begun:
                plan.qa_gap = self.env._("the quality review is not finished")
            else:
                plan.qa_gap = self.env._("no quality review has accepted it")

    def _accepted_review(self):
        """The quality review that accepted each of these PEPs as it stands, for those that have one.

        A PEP that went back or is being corrected has none until it is accepted again.

        :return: ``pep.review`` records, past the rules: what the app decides by, not what the user may read
        """
        reviews = self.env["pep.review"].sudo()  # sudo: whether it was accepted, by whom; see above
        return reviews.search(
            [
                ("plan_id", "in", self.ids),
                ("kind", "=", "qa"),
                ("state", "=", "done"),
                ("outcome", "in", ACCEPTED),
            ],
            order="id",
        )

    # === The gate ===

    @api.depends("qa_gap")
    def _compute_missing(self):
        return super()._compute_missing()

    def _missing_for(self, state):
        missing = super()._missing_for(state)
        if state == "complete" and self.kind_id.qa_required and not self._passed_review() and self.qa_gap:
            missing.append(("qa", self.qa_gap))
        return missing

    def _passed_review(self):
        """Whether it was decided that this version is finished without a review. A correction is judged again."""
        passes = self.sudo().pass_ids  # sudo: whether there is one, whoever asks
        return any(
            row.gate == "qa" and (not self.completed_on or row.create_date > self.completed_on) for row in passes
        )

    def _gate_qa(self):
        return self.qa_gap

    # === Steps ===

    def _take_step(self, step, reason):
        """A PEP that goes back, is corrected or cancelled is no longer what was judged."""
        result = super()._take_step(step, reason)
        reviews = self.env["pep.review"].sudo()  # sudo: follows from the step, whoever takes it
        reviews.search(
            [
                ("plan_id", "in", self.ids),
                ("kind", "=", "qa"),
                "|",
                ("state", "=", "open"),
                "&",
                ("state", "=", "done"),
                ("outcome", "in", ACCEPTED),
            ]
        )._set_aside()
        return result

    @api.model
    def _stage_fields(self):
        return super()._stage_fields() | {"rubric_id"}

    # === Reviewing ===

    def _may_review(self):
        """Whether the user may judge the quality of this PEP: staff of the virtual school who decide, on this child."""
        roles = self.env["pep.access"]._roles_on(self.child_id).get(self.child_id.id, set())
        deciding = self.env.su or roles & {"vseo", "head"}
        return bool(deciding) and self.env.user.has_group(REVIEWERS) and self.has_access("write")

    def action_review(self):
        """Button: judge this PEP, or go on with the review that was begun."""
        self.ensure_one()
        self.check_access("write")
        if not self._may_review():
            raise AccessError(self.env._("The VSEO and the head of the virtual school review PEPs."))
        reviews = self.env["pep.review"].search([("plan_id", "=", self.id), ("kind", "=", "qa")])
        begun = reviews.filtered(lambda review: review.state == "open")
        if not begun and self.state == "processing" and not self._accepted_review():
            begun = self.env["pep.review"]._begin(self)
        review = begun or reviews.filtered(lambda review: review.state == "done")[:1]
        if not review:
            raise UserError(self.env._("A PEP is reviewed while it is in processing."))
        return review.action_open()

    def _snapshot(self):
        """With how it was judged, for the virtual school, and what the school is told of that."""
        data = super()._snapshot()
        review = self._accepted_review()[-1:]
        return {
            **data,
            "quality": review._snapshot() if review else None,
            "school_feedback": review.feedback or None if review else None,
        }
