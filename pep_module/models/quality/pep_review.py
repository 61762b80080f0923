from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..plan.pep_contribution import HANDED_IN

SUPPORT = "pep_module.group_pep_support"
KINDS = [("qa", "Quality review"), ("moderation", "Moderation")]
STATES = [
    ("open", "Being marked"),
    ("done", "Done"),
    ("set_aside", "Set aside"),
]
OUTCOMES = [
    ("accepted", "Accepted"),
    ("accepted_feedback", "Accepted with feedback"),
    ("returned", "Returned"),
]
ACCEPTED = ("accepted", "accepted_feedback")


class PepReview(models.Model):
    """A PEP judged by a rubric: each area graded with a comment, an overall grade, and what comes of it.

    Made and written by the methods below alone. A quality review is of the PEP as it stands in processing: when the PEP
    goes back or is corrected, its review is set aside and the PEP is judged again. Whoever marks is named; who may
    finish the PEP after them is the council's rule.

    A moderation is a second person's marks of the same PEP. It changes nothing about the PEP, and is finished without
    an outcome. What a moderator is not to see before, is kept from them (``hidden_from_id``).

    All of it is for the virtual school. What is written for the school, ``feedback``, is told in a row of its own when
    the review is done (``pep.review.feedback``). Child, parent and all others are told nothing of it.
    """

    _name = "pep.review"
    _description = "Quality review of a PEP"
    _defaults_do_not_count = True
    _inherit = ["pep.audience"]
    _child_parent = "plan_id"
    _order = "plan_id.id, id desc"

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict", readonly=True)
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    school_id = fields.Many2one(
        "res.partner",
        string="School of the PEP",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        groups=SUPPORT,
        help="That of the PEP when it was judged.",
    )
    kind = fields.Selection(KINDS, required=True, readonly=True, default="qa")
    state = fields.Selection(STATES, required=True, readonly=True, default="open", index=True)
    rubric_id = fields.Many2one(
        "pep.rubric", required=True, readonly=True, index=True, ondelete="restrict", groups=SUPPORT
    )
    version = fields.Integer(
        string="Of version", readonly=True, aggregator=None, groups=SUPPORT, help="The version of the PEP to be issued."
    )
    reviewer_id = fields.Many2one(
        "res.users", string="Marked by", required=True, readonly=True, index=True, ondelete="restrict", groups=SUPPORT
    )
    reviewer_name = fields.Char(string="Marked by (name)", readonly=True, groups=SUPPORT, help="As it was then.")
    begun_on = fields.Datetime(string="Begun on", required=True, readonly=True, groups=SUPPORT)
    done_on = fields.Datetime(string="Done on", readonly=True, groups=SUPPORT)
    line_ids = fields.One2many("pep.review.line", "review_id", string="Areas", readonly=True, groups=SUPPORT)
    # The overall grade
    rule_grade_id = fields.Many2one(
        "pep.rubric.grade", string="By the rule", readonly=True, ondelete="restrict", groups=SUPPORT
    )
    rule_words = fields.Char(string="Which rule", readonly=True, groups=SUPPORT)
    override_grade_id = fields.Many2one(
        "pep.rubric.grade",
        string="Otherwise than the rule",
        readonly=True,
        ondelete="restrict",
        groups=SUPPORT,
        help="The overall grade that the reviewer gives instead, with a reason.",
    )
    override_reason = fields.Char(string="Why otherwise", readonly=True, groups=SUPPORT)
    grade_id = fields.Many2one(
        "pep.rubric.grade", string="Overall", readonly=True, index="btree_not_null", ondelete="restrict", groups=SUPPORT
    )
    colour = fields.Selection(related="grade_id.colour", groups=SUPPORT)
    # What comes of it
    outcome = fields.Selection(OUTCOMES, readonly=True, index=True, groups=SUPPORT)
    feedback = fields.Text(
        string="Feedback for the school",
        readonly=True,
        groups=SUPPORT,
        help="The school is told it when the review is done; nobody else outside is.",
    )
    return_reason = fields.Char(string="Why returned", readonly=True, groups=SUPPORT)
    part_ids = fields.Many2many(
        "pep.contribution",
        "pep_review_part_rel",
        "review_id",
        "contribution_id",
        string="Parts that went back",
        readonly=True,
        groups=SUPPORT,
    )

    _one_open = models.UniqueIndex(
        "(plan_id, kind) WHERE state = 'open'", "This PEP is being reviewed already. Open the review that is there."
    )
    # the accepted review of a PEP is asked for by the board, each list and the gate
    _plan_index = models.Index("(plan_id, kind, state)")

    # === Constraints ===

    @api.constrains("part_ids")
    def _check_parts(self):
        for review in self:
            if review.part_ids.plan_id - review.plan_id:
                raise ValidationError(self.env._("Only parts of this PEP go back."))

    # === Making them ===

    @api.model
    def _begin(self, plan, kind="qa", reviewer=None):
        """Begin a review with a line for each area of the rubric that is in use.

        :param plan: one ``pep.plan``
        :param str kind: ``qa`` or ``moderation``
        :param reviewer: ``res.users``, who marks; the user by default
        :return: the review
        :raise UserError: no rubric is in use
        """
        plan.ensure_one()
        whole = plan.sudo()  # sudo: who may review was asked before; reviews are made by the app alone
        reviewer = reviewer or self.env.user
        rubric = self.env["pep.rubric"]._in_use(plan.company_id)
        reviews = self.sudo()  # sudo: as above
        review = reviews.create(reviews._prepare_review(whole, kind, reviewer, rubric))
        review._add_lines()
        return review.with_env(self.env)

    @api.model
    def _prepare_review(self, plan, kind, reviewer, rubric):
        """Values of a new review of a PEP.

        :param plan: one ``pep.plan``, under sudo
        """
        return {
            "plan_id": plan.id,
            "kind": kind,
            "rubric_id": rubric.id,
            "school_id": plan.school_id.id,
            "version": plan.issue_version + (plan.state != "complete"),
            "reviewer_id": reviewer.id,
            "reviewer_name": reviewer.sudo().name,  # sudo: the name of a colleague
            "begun_on": fields.Datetime.now(),
        }

    def _add_lines(self):
        """A line for each area of the rubric that these reviews go by."""
        self.line_ids.create(
            [
                {"review_id": review.id, "area_id": area.id, "name": area.name, "sequence": area.sequence}
                for review in self
                for area in review.rubric_id.area_ids
            ]
        )

    # === Who may mark ===

    def _closed(self):
        """Why nothing can be marked any more, as a sentence; None while it can."""
        self.ensure_one()
        review = self.sudo()  # sudo: a review that the user may read
        if review.state == "set_aside":
            return self.env._("This review was set aside: the PEP went back or was corrected.")
        if review.state == "done":
            return self.env._("This review is done.")
        if review.kind == "qa" and review.plan_id.state != "processing":
            return self.env._("The PEP is not in processing: it is reviewed when it is.")
        return None

    def _may_mark(self):
        """Whether the user marks this review: whoever it is by, as long as they may review PEPs of this child."""
        self.ensure_one()
        review = self.sudo()  # sudo: a review that the user may read
        return not self._closed() and review.reviewer_id == self.env.user and self._may_review()

    def _may_review(self):
        plan = self.sudo().plan_id.with_env(self.env)  # sudo: which PEP; whether it may be written is asked as the user
        return plan._may_review()

    def _check_may_mark(self):
        """Refuse whoever may not mark this review now, and say why."""
        self.ensure_one()
        self.check_access("read")
        if not self._may_review():
            raise AccessError(self.env._("The VSEO and the head of the virtual school review PEPs."))
        reason = self._closed()
        if reason:
            raise UserError(reason)
        if self.reviewer_id != self.env.user:
            raise UserError(
                self.env._("%(name)s is marking this review. You can take it over.", name=self.reviewer_name)
            )

    def action_take_over(self):
        """Go on with a review that a colleague began: from now on it is by the user."""
        self.ensure_one()
        self.check_access("read")
        if not self._may_review():
            raise AccessError(self.env._("The VSEO and the head of the virtual school review PEPs."))
        reason = self._closed()
        if reason:
            raise UserError(reason)
        if self.kind != "qa":
            raise UserError(self.env._("A moderation is by the person who was asked."))
        self.sudo().write(  # sudo: checked just now
            {"reviewer_id": self.env.uid, "reviewer_name": self.env.user.name}
        )

    # === Finishing ===

    def action_finish(self, outcome=None, parts=None, reason=None):
        """Finish this review: every area is graded or left out.

        :param str outcome: one of :data:`OUTCOMES`; none for a moderation
        :param parts: for a returned PEP, list of dicts with ``id`` of a part and ``reason`` (words of its own, or none)
        :param str reason: why the PEP is returned
        :raise UserError: something is missing; the sentence says what
        """
        self._check_may_mark()
        grade, rule = self._final_grade()
        vals = {
            "state": "done",
            "done_on": fields.Datetime.now(),
            "rule_grade_id": rule.overall_id.id,
            "rule_words": rule.sentence,
            "grade_id": grade.id,
        }
        review = self.sudo()  # sudo: checked just now; reviews are written by these methods alone
        review._keep_hints()
        if self.kind == "qa":
            self._check_outcome(outcome, grade)
            vals["outcome"] = outcome
        elif outcome:
            raise UserError(self.env._("A moderation changes nothing about the PEP: it has no outcome."))
        if self.kind == "qa":
            review._earlier()._set_aside()
        if outcome == "returned":
            back, why = self._parts_to_return(parts), " ".join((reason or "").split())
            if not why:
                raise UserError(self.env._("Say why the PEP is returned: others will read it."))
            review.write({**vals, "return_reason": why, "part_ids": [(6, 0, [part.id for part in back])]})
            self.env["pep.review.feedback"]._tell(review)
            self._return(back, why)
            return
        review.write(vals)
        self.env["pep.review.feedback"]._tell(review)
        if outcome:
            review.plan_id.write({"rubric_id": review.rubric_id.id})

    def _earlier(self):
        """The reviews of the same PEP that are done: they count until the next one is."""
        return self.search(
            [("plan_id", "=", self.plan_id.id), ("kind", "=", "qa"), ("state", "=", "done"), ("id", "!=", self.id)]
        )

    def _final_grade(self):
        """The overall grade and the row of the rule behind it.

        :raise UserError: an area is not graded, a comment or a reason is missing
        """
        lines = self.line_ids
        open_lines = lines.filtered(lambda line: not line.grade_id and not line.left_out)
        if open_lines:
            raise UserError(self.env._("Still to be graded: %(areas)s.", areas=", ".join(open_lines.mapped("name"))))
        silent = lines.filtered(lambda line: line.grade_id.sends_back and not line.comment)
        if silent:
            raise UserError(
                self.env._("Say what is missing, in a comment on: %(areas)s.", areas=", ".join(silent.mapped("name")))
            )
        grade, rule = self._overall()
        if not grade:
            raise UserError(self.env._("Grade at least one area."))
        if self.override_grade_id and self.override_grade_id != grade:
            if not self.override_reason:
                raise UserError(self.env._("Say why the overall grade is another than the rule gives."))
            grade = self.override_grade_id
        return grade, rule

    def _overall(self):
        """The overall grade by the rule as it stands, and the row of the rule; empty while nothing is graded."""
        self.ensure_one()
        grades = [line.grade_id for line in self.line_ids if line.grade_id and not line.left_out]
        missing = bool(self.env["pep.document.type"]._missing_for(self.plan_id).get(self.plan_id.id))
        return self.rubric_id._overall(grades, missing)

    def _check_outcome(self, outcome, grade):
        if outcome not in dict(OUTCOMES):
            raise UserError(self.env._("Say what comes of it: accepted, accepted with feedback, or returned."))
        if outcome in ACCEPTED and grade.sends_back:
            raise UserError(self.env._("A PEP that is %(grade)s goes back. It can't be accepted.", grade=grade.name))
        if outcome == "accepted" and grade.asks_feedback:
            raise UserError(
                self.env._("A PEP that is %(grade)s is accepted with feedback for the school.", grade=grade.name)
            )
        if outcome == "accepted" and self.feedback:
            raise UserError(
                self.env._("You have written feedback for the school: accept with feedback, or take the words out.")
            )
        if outcome == "accepted_feedback" and not self.feedback:
            raise UserError(self.env._("Write the feedback for the school first."))

    def _keep_hints(self):
        """Write down what the data showed when the PEP was judged."""
        hints = self.plan_id._quality_hints()[self.plan_id.id]
        for line in self.line_ids:
            line.hints = hints.get(line.area_id.about) or False

    def _parts_to_return(self, parts):
        """The parts that go back, each with words of its own or none.

        :return: dict of ``pep.contribution`` -> reason or None
        """
        handed_in = self.plan_id.contribution_ids.filtered(lambda part: part.state in HANDED_IN)
        chosen = {}
        for row in parts or ():
            part = handed_in.filtered(lambda part, row=row: part.id == row.get("id"))
            if not part:
                raise UserError(self.env._("Only parts of this PEP that were handed in can go back."))
            chosen[part] = " ".join((row.get("reason") or "").split()) or None
        if handed_in and not chosen:
            raise UserError(self.env._("Choose which parts go back."))
        return chosen

    def _return(self, parts, reason):
        """The parts go back with the reason, and the PEP to gathering."""
        for part, words in parts.items():
            part.with_env(self.env)._take_step("return", words or reason)
        self.plan_id._take_step("return", reason)

    def _set_aside(self):
        """The PEP is no longer what was judged."""
        self.sudo().write({"state": "set_aside"})  # sudo: follows from a step of the PEP

    # === CRUD ===

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {
            name for name, field in self._fields.items() if field.store and not field.compute
        } - {"child_id", "plan_id", *models.MAGIC_COLUMNS}

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"rubric_id"}

    def write(self, vals):
        """What was judged stays; only that it counts no longer, and from whom it is kept, is written later."""
        if vals.keys() - {"state", "hidden_from_id", "child_reference", "company_id", "term_id"} and any(
            review.state != "open" for review in self
        ):
            raise UserError(self.env._("This review is done: it stays as it is."))
        return super().write(vals)

    def _snapshot(self):
        """What an issued version says of the review that accepted it. ``feedback`` is for the school as well."""
        self.ensure_one()
        return {
            "rubric": self.rubric_id.name,
            "rubric_version": self.rubric_id.version,
            "outcome": self._label("outcome"),
            "overall": self.grade_id.name or None,
            "by_rule": self.rule_grade_id.name or None,
            "rule": self.rule_words or None,
            "otherwise": self.override_reason or None,
            "by": self.reviewer_name or None,
            "on": str(self.company_id._pep_local(self.done_on).date()) if self.done_on else None,
            "areas": [line._snapshot() for line in self.line_ids],
        }


class PepReviewLine(models.Model):
    """An area of a review: its grade, a comment, and what the data showed."""

    _name = "pep.review.line"
    _description = "Area of a quality review"
    _defaults_do_not_count = True
    _inherit = ["pep.audience"]
    _child_parent = "review_id"
    _order = "review_id.id, sequence, id"

    review_id = fields.Many2one("pep.review", required=True, index=True, ondelete="restrict", readonly=True)
    term_id = fields.Many2one("pep.term", related="review_id.term_id", store=True, index=True, precompute=True)
    kind = fields.Selection(related="review_id.kind", store=True, precompute=True)
    state = fields.Selection(related="review_id.state", store=True, precompute=True)
    hidden_from_id = fields.Many2one(related="review_id.hidden_from_id", store=True, precompute=True)
    area_id = fields.Many2one(
        "pep.rubric.area", required=True, index=True, ondelete="restrict", readonly=True, groups=SUPPORT
    )
    name = fields.Char(string="Area's name", readonly=True, groups=SUPPORT)
    sequence = fields.Integer(readonly=True)
    grade_id = fields.Many2one(
        "pep.rubric.grade", readonly=True, index="btree_not_null", ondelete="restrict", groups=SUPPORT
    )
    colour = fields.Selection(related="grade_id.colour", groups=SUPPORT)
    left_out = fields.Boolean(readonly=True, groups=SUPPORT, help="Does not concern this PEP, and does not count.")
    comment = fields.Text(readonly=True, groups=SUPPORT)
    hints = fields.Json(string="What the data showed", readonly=True, groups=SUPPORT)
    hints_text = fields.Text(string="What the data showed then", compute="_compute_hints_text", groups=SUPPORT)

    _uniq = models.UniqueIndex("(review_id, area_id)", "This area is in the review already.")

    @api.depends("hints")
    def _compute_hints_text(self):
        for line in self:
            line.hints_text = "\n".join(line.hints or ()) or False

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"area_id", "name", "sequence", "grade_id", "left_out", "comment", "hints"}

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"area_id"}

    def write(self, vals):
        if {"grade_id", "left_out", "comment", "hints"} & vals.keys() and any(
            line.review_id.state != "open"
            for line in self.sudo()  # sudo: whether the review is done, seen or not
        ):
            raise UserError(self.env._("This review is done: it stays as it is."))
        return super().write(vals)

    def _snapshot(self):
        self.ensure_one()
        return {
            "area": self.name,
            "grade": None if self.left_out else self.grade_id.name or None,
            "left_out": self.left_out,
            "comment": self.comment or None,
        }
