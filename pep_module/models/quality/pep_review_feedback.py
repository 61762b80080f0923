from odoo import api, fields, models
from odoo.exceptions import UserError

from ..plan.pep_plan import CLOSED


class PepReviewFeedback(models.Model):
    """What the virtual school says to the school about a PEP that it judged: one text, and what became of the PEP.

    In a row of its own, so that a rule alone says who reads it: a person who is staff for one child and the teacher of
    another reads the words for the school, and nothing else of that other child's review. Made when a review is done;
    never changed. It is told until the PEP is judged anew or finished: from then on the words stand in the school's
    copy, and the next school of the child reads them there or not at all.
    """

    _name = "pep.review.feedback"
    _description = "Feedback of a quality review, for the school"
    _defaults_do_not_count = True
    _inherit = ["pep.audience"]
    _child_parent = "review_id"
    _order = "told_on desc, id desc"

    review_id = fields.Many2one("pep.review", required=True, index=True, ondelete="restrict", readonly=True)
    plan_id = fields.Many2one(
        "pep.plan", string="PEP", related="review_id.plan_id", store=True, index=True, precompute=True
    )
    term_id = fields.Many2one("pep.term", related="review_id.term_id", store=True, index=True, precompute=True)
    hidden_from_id = fields.Many2one(related="review_id.hidden_from_id", store=True, precompute=True)
    outcome = fields.Selection(lambda self: self.env["pep.review"]._fields["outcome"].selection, readonly=True)
    words = fields.Text(required=True, readonly=True)
    told_on = fields.Datetime(string="Told on", required=True, readonly=True)

    _uniq = models.UniqueIndex("(review_id)", "The school has been told of this review already.")

    @api.depends("review_id.state", "plan_id.state")
    def _compute_audience(self):
        """The school, while the PEP is worked on and until it is judged anew."""
        for feedback in self:
            told = feedback.review_id.state == "done" and feedback.plan_id.state not in CLOSED
            feedback._set_audience({"teacher"} if told else ())

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"outcome", "words", "told_on"}

    @api.model
    def _tell(self, review):
        """Tell the school what was written for it in a quality review that is done; nothing where nothing was."""
        if review.kind == "qa" and review.feedback:
            self.sudo().create(  # sudo: follows from finishing the review; nobody writes it by hand
                {
                    "review_id": review.id,
                    "outcome": review.outcome,
                    "words": review.feedback,
                    "told_on": review.done_on,
                }
            )

    def write(self, vals):
        if vals.keys() & {"words", "outcome", "told_on"}:
            raise UserError(self.env._("What the school was told stays as it was."))
        return super().write(vals)
