from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PepFundingRequest(models.Model):
    """What a PEP asks for a target: what is bought, why, from whom, at what price.

    The words about the child stay here, where finance does not see them; the money is ``pep.funding``, made with it.
    """

    _name = "pep.funding.request"
    _description = "Funding asked for"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "plan_id.id, id"
    _check_company_auto = True

    plan_id = fields.Many2one(
        "pep.plan", string="PEP", required=True, index=True, ondelete="restrict", compute="_compute_plan_id",
        store=True, readonly=False, precompute=True,
    )  # fmt: skip
    target_id = fields.Many2one("pep.target", required=True, index=True, ondelete="restrict")
    target_name = fields.Char(related="target_id.name", string="For the target")
    name = fields.Char(string="What for", required=True, help="What the money buys.")
    why = fields.Text(help="How it helps to reach the target.")
    provider = fields.Char(help="Who delivers it.")
    quantity = fields.Float(default=1.0, help="Hours, sessions, pieces.")
    unit_cost = fields.Monetary(string="Unit cost", required=True)
    amount = fields.Monetary(compute="_compute_amount", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    fund_id = fields.Many2one(
        "pep.fund",
        required=True,
        ondelete="restrict",
        check_company=True,
        compute="_compute_fund_id",
        store=True,
        readonly=False,
        precompute=True,
        help="By the child's phase unless you choose another.",
    )
    asked_by_id = fields.Many2one(
        "res.users", string="Asked by", required=True, readonly=True, default=lambda self: self.env.user,
        ondelete="restrict",
    )  # fmt: skip
    typed_by_id = fields.Many2one(
        "res.users",
        string="Typed by",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Who made it of what was suggested with a target. Who suggested it is who asks.",
    )
    funding_ids = fields.One2many("pep.funding", "request_id", readonly=True)
    state = fields.Selection(related="funding_ids.state")
    amount_approved = fields.Monetary(related="funding_ids.amount_approved")

    _positive = models.Constraint("CHECK (quantity > 0 AND unit_cost >= 0)", "Give a quantity and a price.")

    @api.depends("target_id")
    def _compute_plan_id(self):
        for request in self:
            request.plan_id = request.plan_id or request.target_id.plan_id

    @api.depends("plan_id")
    def _compute_fund_id(self):
        codes = {"early_years": "eypp", "post16": "post16"}
        funds = self.env["pep.fund"].search([("company_id", "in", self.plan_id.company_id.ids)])
        for request in self.filtered(lambda request: not request.fund_id):
            code = codes.get(request.plan_id.variant, "ppp")
            request.fund_id = funds.filtered(
                lambda fund, company=request.plan_id.company_id, code=code: (
                    fund.company_id == company and fund.code == code
                )
            )[:1]

    @api.depends("quantity", "unit_cost", "currency_id")
    def _compute_amount(self):
        for request in self:
            amount = request.quantity * request.unit_cost
            request.amount = request.currency_id.round(amount) if request.currency_id else amount

    @api.constrains("target_id", "plan_id")
    def _check_target(self):
        for request in self:
            if request.target_id.plan_id != request.plan_id:
                raise ValidationError(self.env._("Funding is asked for a target of the same PEP."))

    @api.model_create_multi
    def create(self, vals_list):
        targets = self.env["pep.target"]
        for vals in vals_list:
            if not vals.get("plan_id") and vals.get("target_id"):
                vals["plan_id"] = targets.browse(vals["target_id"]).plan_id.id
            if not self.env.su:
                vals["asked_by_id"] = self.env.uid
                vals.pop("typed_by_id", None)
        requests = super().create(vals_list)
        requests.plan_id._refuse_when_frozen()
        money = self.env["pep.funding"].sudo()  # sudo: the money of a request is made with it, never by hand
        money.create([request._prepare_funding() for request in requests])
        return requests

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | {"asked_by_id", "typed_by_id"}

    def write(self, vals):
        if {"asked_by_id", "typed_by_id"} & vals.keys() and not self.env.su:
            raise UserError(self.env._("Who asked stays as it was: nobody decides on their own request."))
        self.plan_id._refuse_when_frozen()
        asked = {"quantity", "unit_cost", "fund_id", "target_id"} & vals.keys()
        if asked and any(request.state != "asked" for request in self):
            raise UserError(self.env._("This has been decided already. Ask for what is still needed separately."))
        result = super().write(vals)
        if asked:
            for request in self:
                request.funding_ids.sudo().write(  # sudo: as in create
                    {"amount_asked": request.amount, "fund_id": request.fund_id.id}
                )
        return result

    def _prepare_funding(self):
        self.ensure_one()
        return {
            "child_id": self.child_id.id,
            "request_id": self.id,
            "plan_id": self.plan_id.id,
            "term_id": self.plan_id.term_id.id,
            "school_id": self.plan_id.school_id._pep_school_on(self.company_id._pep_today()).id,
            "fund_id": self.fund_id.id,
            "amount_asked": self.amount,
            "asked_by_id": self.asked_by_id.id,
        }

    def action_withdraw(self):
        """The request is taken back before it was decided."""
        self.check_access("write")
        self.funding_ids._withdraw()

    def _snapshot(self):
        self.ensure_one()
        return {
            "what": self.name,
            "why": self.why or None,
            "provider": self.provider or None,
            "quantity": self.quantity,
            "unit_cost": self.unit_cost,
            "amount": self.amount,
            "fund": self.fund_id.name,
        }
