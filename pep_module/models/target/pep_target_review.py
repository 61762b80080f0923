from odoo import api, fields, models
from odoo.exceptions import UserError

OUTCOMES = [
    ("achieved", "Achieved"),
    ("partly", "Partly achieved"),
    ("not", "Not achieved"),
    ("stopped", "Stopped"),
    ("unreviewed", "Not reviewed: comes again"),
]


class PepTargetReview(models.Model):
    """What became of a target of an earlier PEP. Belongs to the PEP that reviews it."""

    _name = "pep.target.review"
    _description = "Review of a previous target"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "plan_id.id, id"

    plan_id = fields.Many2one(
        "pep.plan", string="Reviewed in", required=True, index=True, ondelete="restrict", readonly=True
    )
    target_id = fields.Many2one("pep.target", required=True, index=True, ondelete="restrict", readonly=True)
    target_name = fields.Char(related="target_id.name", string="What was aimed at")
    area_id = fields.Many2one(related="target_id.area_id")
    set_in_id = fields.Many2one(related="target_id.term_id", string="Set in")
    baseline = fields.Char(related="target_id.baseline")
    aim = fields.Char(related="target_id.target_value")
    outcome = fields.Selection(OUTCOMES)
    impact = fields.Text(help="What difference it made, and what the money did where there was any.")
    evidence = fields.Char(help="What we looked at.")
    carry_forward = fields.Boolean(string="Goes on", help="Goes on as a target of this PEP, with a new date.")
    continued_as_id = fields.Many2one("pep.target", string="Goes on as", readonly=True, ondelete="restrict")

    _uniq = models.UniqueIndex("(plan_id, target_id)", "This target is reviewed in this PEP already.")
    _one_pending = models.UniqueIndex("(target_id) WHERE outcome IS NULL", "This target is waiting for its review.")

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"target_id"}

    @api.model_create_multi
    def create(self, vals_list):
        reviews = super().create(vals_list)
        for review in reviews:
            if review.target_id.child_id != review.child_id or review.target_id.plan_id == review.plan_id:
                raise UserError(self.env._("A PEP reviews the targets of the same child's earlier PEPs."))
        reviews.plan_id._refuse_when_frozen()
        return reviews

    def write(self, vals):
        self.plan_id._refuse_when_frozen()
        result = super().write(vals)
        if "carry_forward" in vals:
            self._carry_forward()
        return result

    def _close_unreviewed(self):
        """The PEP closes without these reviews: the targets stay unfinished and come forward again."""
        pending = self.sudo().filtered(lambda review: not review.outcome)  # sudo: follows from closing the PEP
        pending.write({"outcome": "unreviewed"})

    def _carry_forward(self):
        """Make the target that goes on, once; withdraw it when the box is unticked again."""
        for review in self:
            if review.carry_forward and not review.continued_as_id:
                target = self.env["pep.target"].create(review.target_id._prepare_continuation(review.plan_id))
                review.continued_as_id = target
            elif review.carry_forward and review.continued_as_id.withdrawn_reason:
                review.continued_as_id.withdrawn_reason = False
            elif not review.carry_forward and review.continued_as_id:
                review.continued_as_id.action_withdraw()

    def _snapshot(self):
        self.ensure_one()
        return {
            "target": self.target_id.name,
            "area": self.target_id.area_id.name,
            "set_in": self.target_id.term_id.name,
            "baseline": self.target_id.baseline or None,
            "aim": self.target_id.target_value or None,
            "outcome": self._label("outcome"),
            "impact": self.impact or None,
            "evidence": self.evidence or None,
            "carried_forward": self.carry_forward,
        }
