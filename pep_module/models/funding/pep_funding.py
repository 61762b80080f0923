from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

WORDS_GROUPS = "pep_module.group_pep_support"


class PepFunding(models.Model):
    """The money of one request: how much, of which fund, for which school, and how far it is.

    Finance sees this and the child's reference; what it is for, and why, is in ``pep.funding.request``.
    """

    _name = "pep.funding"
    _description = "Funding"
    _inherit = ["pep.child.bound", "pep.thread"]
    _order = "id desc"
    _check_company_auto = True

    request_id = fields.Many2one(
        "pep.funding.request", required=True, index=True, ondelete="restrict", readonly=True,
    )  # fmt: skip
    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict", readonly=True)
    term_id = fields.Many2one("pep.term", required=True, index=True, ondelete="restrict", readonly=True)
    school_id = fields.Many2one("res.partner", index=True, ondelete="restrict", readonly=True)
    fund_id = fields.Many2one("pep.fund", required=True, index=True, ondelete="restrict", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_asked = fields.Monetary(string="Asked", readonly=True)
    amount_approved = fields.Monetary(string="Approved", readonly=True, tracking=True)
    state = fields.Selection(
        [
            ("asked", "Asked for"),
            ("approved", "Approved"),
            ("declined", "Declined"),
            ("cancelled", "Withdrawn"),
        ],
        required=True,
        default="asked",
        readonly=True,
        index=True,
        tracking=True,
    )
    asked_by_id = fields.Many2one("res.users", string="Asked by", required=True, readonly=True, ondelete="restrict")
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True, ondelete="restrict")
    decided_on = fields.Datetime(string="Decided on", readonly=True)
    decision_note = fields.Char(string="Why", readonly=True)
    # The words of the request, for those who may read it: never finance, whatever else they are
    purpose = fields.Char(string="What for", compute="_compute_words", groups=WORDS_GROUPS)
    why = fields.Text(string="How it helps", compute="_compute_words", groups=WORDS_GROUPS)
    provider = fields.Char(compute="_compute_words", groups=WORDS_GROUPS)
    target_name = fields.Char(string="For the target", compute="_compute_words", groups=WORDS_GROUPS)

    _request_uniq = models.UniqueIndex("(request_id)", "This request has its money already.")
    _approved_within_asked = models.Constraint(
        "CHECK (amount_approved >= 0 AND amount_approved <= amount_asked)",
        "Approve at most what was asked for. For more, ask again.",
    )
    _four_eyes = models.Constraint(
        "CHECK (decided_by_id IS NULL OR state = 'cancelled' OR decided_by_id <> asked_by_id)",
        "Nobody decides on their own request.",
    )

    @api.depends("request_id.name", "request_id.why", "request_id.provider", "request_id.target_id.name")
    @api.depends_context("uid")
    def _compute_words(self):
        readable = self.request_id._filtered_access("read")
        for funding in self:
            request = funding.request_id & readable
            funding.purpose = request.name
            funding.why = request.why
            funding.provider = request.provider
            funding.target_name = request.target_name

    @api.constrains("request_id", "child_id", "plan_id")
    def _check_request(self):
        for funding in self:
            if funding.request_id.plan_id != funding.plan_id or funding.request_id.child_id != funding.child_id:
                raise ValidationError(self.env._("Money and request belong to the same PEP."))

    def action_approve(self):
        """Approve in full. See :meth:`_decide`."""
        for funding in self:
            funding._decide("approved", funding.amount_asked)

    def action_approve_part(self, amount):
        """Approve a part of what was asked for.

        :param float amount: in the council's currency, more than nothing and at most what was asked
        """
        self.ensure_one()
        if amount <= 0:
            raise UserError(self.env._("To approve nothing, decline, and say why."))
        self._decide("approved", amount)

    def action_decline(self, reason=None):
        """Decline, with a reason."""
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is declined: the school will ask."))
        for funding in self:
            funding._decide("declined", 0.0, reason)

    def _decide(self, state, amount, note=None):
        """Four eyes: the head decides, never on a request of their own, and once."""
        self.ensure_one()
        if not self.env.user.has_group("pep_module.group_pep_head"):
            raise AccessError(self.env._("The head of the virtual school decides on funding."))
        self.check_access("write")
        self.lock_for_update()
        if self.state != "asked":
            raise UserError(self.env._("This request has been decided already."))
        if self.asked_by_id == self.env.user:
            raise UserError(self.env._("You asked for this yourself. Somebody else has to decide."))
        self.sudo().write(  # sudo: money is written by these steps alone
            {
                "state": state,
                "amount_approved": amount,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "decision_note": note,
            }
        )

    def _withdraw(self):
        if any(funding.state != "asked" for funding in self):
            raise UserError(self.env._("This request has been decided already."))
        self.sudo().write({"state": "cancelled"})  # sudo: money is written by these steps alone

    def action_open_plan(self):
        return self.plan_id.get_formview_action()

    def write(self, vals):
        if not self.env.su and set(vals) - {"message_follower_ids", "message_ids", "message_main_attachment_id"}:
            raise UserError(self.env._("Money moves by its buttons, not by hand."))
        return super().write(vals)
