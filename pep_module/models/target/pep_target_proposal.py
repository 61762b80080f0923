from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..common.pep_audience import AUDIENCE, INSIDE
from ..plan.pep_contribution import LIVE, STAFF
from .pep_target import SMART_PARTS

# Who suggests targets in the browser. Somebody who is several of these to a child does so as the first.
PROPOSERS = [
    ("teacher", "School"),
    ("social_worker", "Social worker"),
    ("carer", "Carer"),
    ("delegate", "School colleague"),
]
STATES = [
    ("open", "Waiting for an answer"),
    ("agreed", "Agreed"),
    ("declined", "Not agreed"),
    ("withdrawn", "Taken back"),
]
# What a suggestion may hold, with the most characters of each.
WORDS = {
    "name": 300,
    "baseline": 300,
    "measure": 300,
    "target_value": 300,
    "realistic": 500,
    "strategies": 4_000,
    "by_whom": 200,
    "agreed_note": 500,
    "wish_name": 200,
    "wish_why": 2_000,
    "wish_provider": 200,
}
NUMBERS = {"wish_quantity": 10_000, "wish_unit_cost": 1_000_000}
KNOWN = {*WORDS, *NUMBERS, "area_id", "by_when", "agreed_with_child"}
OF_A_TARGET = ("area_id", *SMART_PARTS, "agreed_with_child", "agreed_note")
# Beside the quantity, which is 1 if nobody says so.
WISH = ("wish_name", "wish_why", "wish_provider", "wish_unit_cost")
MOST_OPEN = 30  # suggestions that one person has waiting in one PEP


class ProposalRefused(UserError):
    """A suggestion that is not taken as it is. :attr:`problems` says what to put right, by name of the field."""

    def __init__(self, problems):
        super().__init__("\n".join(problems.values()))
        self.problems = problems


class PepTargetProposal(models.Model):
    """A target that somebody around the child suggests in the browser, and the money that it would take.

    It is a suggestion until the virtual school agrees: then it becomes a ``pep.target`` of the same PEP, and what was
    wished for a ``pep.funding.request`` asked by who suggested it, so that this person can't approve it. Words and
    figures are those of who made it: nobody else changes them, and nobody by any other way than the methods below.

    Beside who made it, those read it who read the targets of the PEP; one with money in it only those who read what
    money is asked for.
    """

    _name = "pep.target.proposal"
    _description = "Suggested target"
    _inherit = ["pep.audience"]
    _child_parent = "plan_id"
    _order = "plan_id.id, id"

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict", readonly=True)
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="open", index=True)
    is_live = fields.Boolean(string="PEP is being worked on", compute="_compute_audience", store=True)
    # The target
    area_id = fields.Many2one("pep.target.area", required=True, index=True, ondelete="restrict", readonly=True)
    name = fields.Char(string="Target", required=True, readonly=True)
    baseline = fields.Char(string="Where we start", readonly=True)
    measure = fields.Char(string="Measured by", readonly=True)
    target_value = fields.Char(string="Aim", readonly=True)
    realistic = fields.Char(string="Why it is realistic", readonly=True)
    strategies = fields.Text(readonly=True)
    by_whom = fields.Char(string="By whom", readonly=True)
    by_when = fields.Date(string="By when", readonly=True)
    agreed_with_child = fields.Selection(
        lambda self: self.env["pep.target"]._fields["agreed_with_child"].selection,
        string="Does the child agree?",
        readonly=True,
    )
    agreed_note = fields.Char(string="What the child says about it", readonly=True)
    missing = fields.Char(string="Still missing", compute="_compute_missing", help="To be SMART.")
    # The money
    currency_id = fields.Many2one(related="company_id.currency_id")
    wish_name = fields.Char(string="What PP+ would buy", readonly=True)
    wish_why = fields.Text(string="How it helps", readonly=True)
    wish_provider = fields.Char(string="Provider", readonly=True)
    wish_quantity = fields.Float(string="Quantity", readonly=True, default=1.0, aggregator=None)
    wish_unit_cost = fields.Monetary(string="Unit cost", readonly=True, aggregator=None)
    wish_amount = fields.Monetary(string="PP+ wished for", compute="_compute_wish_amount")
    # Who and what became of it
    role = fields.Selection(PROPOSERS, string="Suggested as", required=True, readonly=True)
    proposed_by_id = fields.Many2one(
        "res.users",
        string="Suggested by",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
        groups=INSIDE,
    )
    is_mine = fields.Boolean(string="Suggested by me", compute="_compute_is_mine", search="_search_is_mine")
    proposed_by_name = fields.Char(string="Suggested by then", readonly=True, groups=INSIDE)
    proposed_on = fields.Datetime(string="Suggested on", required=True, readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", ondelete="restrict", readonly=True, groups=INSIDE)
    decided_on = fields.Datetime(string="Decided on", readonly=True)
    declined_reason = fields.Char(string="Why not agreed", readonly=True)
    target_id = fields.Many2one(
        "pep.target", string="Became", index="btree_not_null", ondelete="restrict", readonly=True
    )

    _one_target = models.UniqueIndex("(target_id) WHERE target_id IS NOT NULL", "A target comes from one suggestion.")
    _wish = models.Constraint("CHECK (wish_quantity > 0 AND wish_unit_cost >= 0)", "Give a quantity and a price.")

    # === Computes ===

    @api.depends("role", "wish_name", "plan_id.state")
    def _compute_audience(self):
        """Who made it, and who reads targets, while the PEP is being worked on; with money in it, the school alone."""
        for proposal in self:
            proposal.is_live = proposal.plan_id.state in LIVE
            roles = {proposal.role} & set(AUDIENCE)
            roles |= {"teacher"} if proposal.wish_name else {"teacher", "social_worker", "iro"}
            proposal._set_audience(roles if proposal.is_live else ())

    @api.depends(*SMART_PARTS, "agreed_with_child")
    def _compute_missing(self):
        """What a target lacks to be SMART, in the words of the target itself."""
        for proposal in self:
            lacking = [name for name in (*SMART_PARTS, "agreed_with_child") if not proposal[name]]
            labels = [self._fields[name]._description_string(self.env) for name in lacking]
            proposal.missing = ", ".join(labels) or False

    @api.depends("wish_name", "wish_quantity", "wish_unit_cost")
    def _compute_wish_amount(self):
        for proposal in self:
            amount = proposal.wish_quantity * proposal.wish_unit_cost if proposal.wish_name else 0.0
            proposal.wish_amount = proposal.currency_id.round(amount) if proposal.currency_id else amount

    @api.depends("proposed_by_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for proposal in self:
            proposal.is_mine = proposal.sudo().proposed_by_id == self.env.user  # sudo: whether it is who asks

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: one's own rows, of which the record rule still has its say
        mine = Domain("id", "in", self.sudo()._search([("proposed_by_id", "=", self.env.uid)]))
        return mine if True in value else ~mine

    # === Suggesting ===

    @api.model
    def _role_in(self, plan):
        """As what the user suggests targets in this PEP now; None who may not. Staff of the virtual school set them."""
        roles = self.env["pep.access"]._roles_on(plan.child_id).get(plan.child_id.id, set())
        if roles & STAFF and self.env.user._is_internal():
            return None
        return next((role for role, _label in PROPOSERS if role in roles), None)

    @api.model
    def action_propose(self, plan_id, values):
        """Suggest a target, as whatever the caller is to this child now.

        :param int plan_id: the PEP
        :param dict values: fields of :data:`KNOWN`, as text or as they are; ``area_id`` and ``name`` at least
        :return: id of the suggestion
        :raise AccessError: there is no such PEP for the caller, or the caller suggests nothing there
        :raise UserError: the PEP is not being worked on, or the values do not fit; :class:`ProposalRefused` says which
        """
        plan = self._check_may_propose(plan_id)
        vals = self._read_values(plan, values)
        mine = [("plan_id", "=", plan.id), ("proposed_by_id", "=", self.env.uid), ("state", "=", "open")]
        # the caller's context could set defaults: nothing of it counts but the language
        env = self.env(context={"lang": self.env.lang})
        proposals = self.with_env(env).sudo()  # sudo: checked just now; made by this method alone
        if proposals.search_count(mine, limit=MOST_OPEN) >= MOST_OPEN:
            raise UserError(self.env._("%(number)s suggestions of yours are waiting already.", number=MOST_OPEN))
        role = self._role_in(plan)
        user = self.env.user
        made = proposals.create(
            {
                **vals,
                "plan_id": plan.id,
                "role": role,
                "delegate_id": user.id if role == "delegate" else False,
                "proposed_by_id": user.id,
                "proposed_by_name": user.sudo().name,  # sudo: one's own name
                "proposed_on": fields.Datetime.now(),
            }
        )
        return made.id

    @api.model
    def _check_may_propose(self, plan_id):
        """The PEP, if the user may suggest targets in it now."""
        plans = self.env["pep.plan"]
        readable = isinstance(plan_id, int) and not isinstance(plan_id, bool) and plans.has_access("read")
        plan = plans.search([("id", "=", plan_id)]) if readable else plans
        if not plan or not self._role_in(plan):
            raise AccessError(self.env._("There is no PEP here in which you can suggest a target."))
        if plan.state not in LIVE:
            raise UserError(self.env._("This PEP is not being worked on now."))
        return plan

    def action_change(self, values):
        """Change a suggestion of one's own that nobody has decided on yet.

        :param dict values: as in :meth:`action_propose`; what is not named stays
        """
        self.ensure_one()
        self._check_own()
        vals = self._read_values(self.plan_id, values)
        proposal = self.sudo()  # sudo: checked just now
        proposal.write(vals)

    def action_withdraw(self):
        """Take back suggestions of one's own that nobody has decided on yet."""
        self._check_own()
        self.sudo().write({"state": "withdrawn", "decided_on": fields.Datetime.now()})  # sudo: checked just now

    def _check_own(self):
        """Refuse whoever did not make these, or is not what they were to the child; and what has been decided."""
        self.check_access("read")
        proposals = self.sudo()  # sudo: rows that the user may read, to lock and to ask for their PEP
        proposals.lock_for_update()
        roles = self.env["pep.access"]._roles_on(proposals.child_id)
        for proposal in proposals:
            if not proposal.is_mine or proposal.role not in roles.get(proposal.child_id.id, ()):
                raise AccessError(self.env._("Who made a suggestion changes it or takes it back."))
            proposal._check_open()

    def _check_open(self):
        if self.plan_id.state not in LIVE:
            self.plan_id._refuse_when_frozen()
            raise UserError(self.env._("This PEP is not being worked on now."))
        if self.state != "open":
            raise UserError(
                self.env._(
                    "“%(target)s” is not open any more: %(state)s.", target=self.name, state=self._label("state")
                )
            )

    # === Reading what was typed ===

    def _read_values(self, plan, values):
        """What was sent, as values to write; of an existing suggestion together with what it has.

        :raise ProposalRefused: something does not fit, by name of the field
        """
        if not isinstance(values, dict) or values.keys() - KNOWN:
            raise UserError(self.env._("There is something in this suggestion that is not known here."))
        plan = plan.sudo()  # sudo: a PEP that the user may read; areas and term of its council
        vals, problems = {}, {}
        for name, value in values.items():
            text = "" if value is None or value is False else str(value).replace("\x00", "").strip()
            try:
                vals[name] = self._read_value(plan, name, text)
            except UserError as error:
                problems[name] = str(error)
        problems |= {
            name: problem
            for name, problem in self._lacking({name: vals.get(name, self[name]) for name in KNOWN}, vals).items()
            if name not in problems
        }
        if problems:
            raise ProposalRefused(problems)
        return vals

    def _read_value(self, plan, name, text):
        if name in WORDS:
            if len(text) > WORDS[name]:
                raise UserError(
                    self.env._(
                        "%(field)s: %(number)s characters are more than fit. Use %(most)s at most.",
                        field=self._fields[name]._description_string(self.env),
                        number=f"{len(text):,}",
                        most=f"{WORDS[name]:,}",
                    )
                )
            return text if self._fields[name].type == "text" else " ".join(text.split())
        if name in NUMBERS:
            return self._read_number(name, text)
        return getattr(self, f"_read_{name}")(plan, text)

    def _read_number(self, name, text):
        label = self._fields[name]._description_string(self.env)
        if not text:
            return 1.0 if name == "wish_quantity" else 0.0
        try:
            number = float(text.removeprefix("£").replace(",", ""))
        except ValueError:
            number = float("nan")
        if not 0 <= number <= NUMBERS[name] or name == "wish_quantity" and not number:
            raise UserError(
                self.env._(
                    "%(field)s: write a number, such as 12.50, up to %(most)s.", field=label, most=f"{NUMBERS[name]:,}"
                )
            )
        return number

    def _read_area_id(self, plan, text):
        if not text:
            return False
        areas = self._areas(plan)
        if not text.isdecimal() or int(text) not in areas.ids:
            raise UserError(self.env._("Area: choose one from the list."))
        return int(text)

    @api.model
    def _areas(self, plan):
        """The areas among which to choose."""
        areas = self.env["pep.target.area"].sudo()  # sudo: the council's list, for a login of another council
        return areas.search([("company_id", "=", plan.sudo().company_id.id)])  # sudo: the same

    def _read_by_when(self, plan, text):
        if not text:
            return False
        try:
            day = fields.Date.to_date(text)
        except ValueError:
            day = None
        if not day or day.year > plan.term_id.date_from.year + 5:
            raise UserError(self.env._("By when: write a day like 2026-12-31."))
        if day < plan.term_id.date_from:
            raise UserError(self.env._("By when: that is before this term begins."))
        return day

    def _read_agreed_with_child(self, plan, text):
        if text and text not in dict(self._fields["agreed_with_child"]._description_selection(self.env)):
            raise UserError(self.env._("Does the child agree: choose one from the list."))
        return text or False

    def _lacking(self, whole, vals):
        """What there has to be: an area and a target; of a wish, what and its price."""
        problems = {}
        if not whole["area_id"]:
            problems["area_id"] = self.env._("Area: choose what the target is about.")
        if not whole["name"]:
            problems["name"] = self.env._("Target: say what exactly the child will be able to do.")
        if any(whole[name] for name in WISH) and {*WISH} & vals.keys():
            if not whole["wish_name"]:
                problems["wish_name"] = self.env._("PP+: say what the money would buy, or leave that part empty.")
            if not whole["wish_unit_cost"]:
                problems["wish_unit_cost"] = self.env._("PP+: say what it costs, or leave that part empty.")
        return problems

    def _as_typed(self):
        """The suggestion as the form holds it: text; nothing for a new one."""
        if not self:
            return {}
        self.ensure_one()
        typed = {name: str(self[name] or "") for name in (*WORDS, "by_when", "agreed_with_child")}
        typed["area_id"] = str(self.area_id.id)
        if self.wish_name:
            typed |= {name: f"{self[name]:.2f}".removesuffix(".00") for name in NUMBERS}
        return typed

    # === The virtual school's side ===

    def _check_staff(self):
        """Refuse whoever is not the virtual school's staff for these children; and what has been decided."""
        self.check_access("read")
        roles = self.env["pep.access"]._roles_on(self.child_id)
        for proposal in self:
            if not self.env.user._is_internal() or not roles.get(proposal.child_id.id, set()) & STAFF:
                raise AccessError(self.env._("The virtual school agrees or declines what was suggested."))
        self.sudo().lock_for_update()  # sudo: of two who decide at once, one is told
        for proposal in self:
            proposal._check_open()

    def action_agree(self):
        """Make the suggested targets targets of the PEP, and ask for the money that goes with them."""
        self._check_staff()
        for proposal in self:
            target = self.env["pep.target"].create(proposal._prepare_target())
            if proposal.wish_name:
                env = self.env(context={"lang": self.env.lang})  # nothing else of the caller's counts
                requests = env["pep.funding.request"]
                # sudo: who asks is who suggested it; whoever agrees could ask in their own name alone
                requests.sudo().create(proposal._prepare_request(target))
            proposal._decide("agreed", target_id=target.id)

    def _prepare_target(self):
        self.ensure_one()
        vals = {name: self[name] for name in OF_A_TARGET if name != "area_id"}
        return {**vals, "area_id": self.area_id.id, "plan_id": self.plan_id.id}

    def _prepare_request(self, target):
        self.ensure_one()
        return {
            "target_id": target.id,
            "plan_id": self.plan_id.id,
            "name": self.wish_name,
            "why": self.wish_why,
            "provider": self.wish_provider,
            "quantity": self.wish_quantity,
            "unit_cost": self.wish_unit_cost,
            "asked_by_id": self.proposed_by_id.id,
            "typed_by_id": self.env.uid,
        }

    def action_ask_decline(self):
        """Button: ask why, then decline."""
        self.ensure_one()
        self._check_staff()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Not agreed"),
            "res_model": "pep.target.proposal.decline",
            "view_mode": "form",
            "target": "new",
            "context": {"default_proposal_id": self.id},
        }

    def action_decline(self, reason):
        """Say that these are not agreed, and why: who suggested them will read it."""
        self._check_staff()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: who suggested it will read it."))
        for proposal in self:
            proposal._decide("declined", declined_reason=reason)

    def _decide(self, state, **vals):
        proposal = self.sudo()  # sudo: written by the methods of the model alone
        proposal.write({"state": state, "decided_by_id": self.env.uid, "decided_on": fields.Datetime.now(), **vals})

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Targets are suggested on the page of the PEP."))
        proposals = super().create(vals_list)
        proposals.plan_id._refuse_when_frozen()
        return proposals

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A suggestion stays in the words of who made it."))
        self.plan_id._refuse_when_frozen()
        return super().write(vals)

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"proposed_by_id"}


class PepTarget(models.Model):
    _inherit = "pep.target"

    proposal_ids = fields.One2many(
        "pep.target.proposal", "target_id", string="Suggestion", readonly=True, groups="pep_module.group_pep_support"
    )
    suggested_by = fields.Char(
        string="Suggested by",
        compute="_compute_suggested_by",
        groups="pep_module.group_pep_support",
        help="Who suggested it before it was agreed.",
    )

    @api.depends("proposal_ids.proposed_by_name")
    def _compute_suggested_by(self):
        for target in self:
            proposal = target.proposal_ids[:1]
            target.suggested_by = f"{proposal.proposed_by_name} ({proposal._label('role')})" if proposal else False


class PepPlan(models.Model):
    _inherit = "pep.plan"

    proposal_ids = fields.One2many("pep.target.proposal", "plan_id", string="Suggested targets", readonly=True)
    proposal_count = fields.Integer(
        string="Suggested targets to decide on",
        compute="_compute_proposal_count",
        groups="pep_module.group_pep_support",
    )

    @api.depends("proposal_ids.state")
    def _compute_proposal_count(self):
        proposals = self.env["pep.target.proposal"].sudo()  # sudo: how many, of a PEP that the user may read
        number = self._count_by_plan(proposals, [("state", "=", "open")])
        for plan in self:
            plan.proposal_count = number.get(plan._origin.id, 0)
