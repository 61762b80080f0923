from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# What makes a target SMART, with the words for what is missing.
SMART_PARTS = ("name", "baseline", "measure", "target_value", "realistic", "strategies", "by_whom", "by_when")


class PepTarget(models.Model):
    """A SMART target, agreed in one PEP and reviewed in the next.

    Specific (what), measurable (from which baseline to which value, measured how), achievable and realistic (why),
    timed (by when), with the strategies to get there and who does them. What became of it is a record of the PEP that
    reviews it (``pep.target.review``): nothing of that is written into the PEP that agreed it.
    """

    _name = "pep.target"
    _description = "SMART target"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "plan_id.id, sequence, id"
    _check_company_auto = True

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    plan_state = fields.Selection(related="plan_id.state", string="Stage of the PEP")
    sequence = fields.Integer(default=10)
    area_id = fields.Many2one("pep.target.area", required=True, index=True, ondelete="restrict", check_company=True)
    is_academic = fields.Boolean(
        string="Academic", compute="_compute_is_academic", store=True, precompute=True, help="As its area was then."
    )
    # Specific
    name = fields.Char(string="Target", required=True, help="What exactly the child will be able to do.")
    # Measurable
    baseline = fields.Char(string="Where we start", help="Where the child is now, as a figure or a fact.")
    measure = fields.Char(string="Measured by", help="How anyone can tell: a test, a count, a reading age.")
    target_value = fields.Char(string="Aim", help="The figure or fact that counts as achieved.")
    # Achievable and realistic
    realistic = fields.Char(string="Why it is realistic")
    strategies = fields.Text(help="What will be done to get there.")
    by_whom = fields.Char(string="By whom", help="Who does it: school, carer, child, social worker.")
    # Timed
    by_when = fields.Date(string="By when")
    success_evidence = fields.Char(string="Evidence of success", help="What we will look at in the review.")
    agreed_with_child = fields.Selection(
        [("yes", "Yes"), ("partly", "Partly"), ("no", "No")], string="Does the child agree?"
    )
    agreed_note = fields.Char(string="What the child says about it")
    # What became of it
    review_ids = fields.One2many("pep.target.review", "target_id", string="Reviews", readonly=True)
    continues_id = fields.Many2one("pep.target", readonly=True, index="btree_not_null", ondelete="restrict")
    state = fields.Selection(
        [
            ("open", "Under way"),
            ("achieved", "Achieved"),
            ("partly", "Partly achieved"),
            ("not", "Not achieved"),
            ("stopped", "Stopped"),
            ("withdrawn", "Withdrawn before agreed"),
        ],
        string="Outcome",
        compute="_compute_state",
        store=True,
        precompute=True,
        index=True,
    )
    withdrawn_reason = fields.Char(string="Why withdrawn", readonly=True)
    is_unfinished = fields.Boolean(
        string="Unfinished",
        compute="_compute_state",
        store=True,
        precompute=True,
        help="To be reviewed in the child's next PEP.",
    )
    request_ids = fields.One2many("pep.funding.request", "target_id", string="Funding asked for")
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_asked = fields.Monetary(string="PP+ asked for", compute="_compute_amount_asked")
    missing = fields.Char(string="Still missing", compute="_compute_smart", store=True, precompute=True)
    smart_complete = fields.Boolean(string="SMART", compute="_compute_smart", store=True, precompute=True)

    _unfinished = models.Index("(child_id, plan_id) WHERE is_unfinished IS TRUE")  # as the ORM asks, or it is not used

    @api.depends("area_id.is_academic")
    def _compute_is_academic(self):
        """That of the area. Of a finished PEP it stays, whatever becomes of the area."""
        for target in self:
            frozen = target._origin and target.sudo().plan_id.state in ("complete", "cancelled")  # sudo: seen or not
            target.is_academic = target.is_academic if frozen else target.area_id.is_academic

    @api.depends("review_ids.outcome", "withdrawn_reason")
    def _compute_state(self):
        for target in self:
            reviews = target.review_ids.filtered(lambda review: review.outcome and review.outcome != "unreviewed")
            last = reviews.sorted("id")[-1:]
            target.state = "withdrawn" if target.withdrawn_reason else last.outcome or "open"
            target.is_unfinished = target.state == "open"

    @api.depends("request_ids.amount", "request_ids.state")
    def _compute_amount_asked(self):
        may_read = self.env["pep.funding.request"].has_access("read")
        for target in self:
            requests = target.request_ids if may_read else self.env["pep.funding.request"]
            target.amount_asked = sum(requests.filtered(lambda request: request.state != "cancelled").mapped("amount"))

    @api.depends(*SMART_PARTS, "agreed_with_child")
    def _compute_smart(self):
        labels = {
            name: self._fields[name]._description_string(self.env) for name in (*SMART_PARTS, "agreed_with_child")
        }
        for target in self:
            missing = [labels[name] for name in labels if not target[name] or not str(target[name]).strip()]
            target.missing = ", ".join(missing) or False
            target.smart_complete = not missing

    @api.constrains("by_when", "plan_id")
    def _check_by_when(self):
        for target in self:
            if target.by_when and target.by_when < target.term_id.date_from:
                raise ValidationError(
                    self.env._("“%(target)s” would have to be reached before the term begins.", target=target.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create(vals_list)
        targets.plan_id._refuse_when_frozen()
        return targets

    def write(self, vals):
        if set(vals) - {"state", "is_unfinished", "review_ids"}:
            self.plan_id._refuse_when_frozen()
        return super().write(vals)

    def action_withdraw(self):
        """A suggestion that was not agreed: out of the PEP, kept with the reason."""
        self.check_access("write")
        self.plan_id._refuse_when_frozen()
        if self.filtered("request_ids"):
            raise UserError(self.env._("Cancel the funding asked for this target first."))
        self.write({"withdrawn_reason": self.env._("Not agreed")})

    @api.model
    def _bring_forward(self, plans):
        """Each unfinished target of a child's earlier PEPs gets its review in the new PEP. Idempotent.

        :param plans: the new ``pep.plan`` records
        :return: the reviews made
        """
        plan_of = {plan.child_id.id: plan for plan in plans}
        unfinished = self.sudo().search(  # sudo: opening a PEP brings forward what is there, whoever opens it
            [
                ("child_id", "in", list(plan_of)),
                ("is_unfinished", "=", True),
                ("plan_id.state", "=", "complete"),
                ("plan_id", "not in", plans.ids),
            ]
        )
        reviews = self.env["pep.target.review"].sudo()  # sudo: as above
        pending = set(
            reviews.search([("target_id", "in", unfinished.ids), ("outcome", "=", False)]).mapped("target_id.id")
        )
        return reviews.create(
            [
                {"plan_id": plan_of[target.child_id.id].id, "target_id": target.id}
                for target in unfinished
                if target.id not in pending and target.term_id.date_from < plan_of[target.child_id.id].term_id.date_from
            ]
        )

    def _prepare_continuation(self, plan):
        """Values of the target that goes on in the next PEP: the same aim, a new date to agree."""
        self.ensure_one()
        kept = ("area_id", "name", "baseline", "measure", "target_value", "realistic", "strategies", "by_whom")
        vals = {name: self[name].id if name == "area_id" else self[name] for name in kept}
        return {**vals, "plan_id": plan.id, "continues_id": self.id, "success_evidence": self.success_evidence}

    def _snapshot(self):
        self.ensure_one()
        texts = ("name", "baseline", "measure", "target_value", "realistic", "strategies", "by_whom")
        return {
            **{name: self[name] or None for name in texts},
            "area": self.area_id.name,
            "academic": self.is_academic,
            "by_when": str(self.by_when) if self.by_when else None,
            "success_evidence": self.success_evidence or None,
            "agreed_with_child": self._label("agreed_with_child"),
            "agreed_note": self.agreed_note or None,
            "continues": self.continues_id.term_id.name or None,
            "funding_asked": [request._snapshot() for request in self.request_ids if request.state != "cancelled"],
        }
