from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..child.pep_network_member import NETWORK_ROLES
from ..common.pep_audience import INSIDE
from ..plan.pep_plan import CLOSED, SUPPORT
from .pep_meeting import ATTENDEE_ROLES
from .pep_meeting import OPEN as OPEN_MEETING

STATES = [
    ("open", "To do"),
    ("done", "Done"),
    ("not_done", "Not done"),
    ("carried", "Carried on"),
]
GAPS = [
    ("left", "Owner has left: give it to somebody"),
    ("tell", "Doesn't see it here: tell them yourself"),
]
# What was agreed. After the PEP is finished it stays, in every way in.
AGREED = {"name", "due_date", "meeting_id", "agreed_name", "agreed_role"}
# Who does it now, which may pass to somebody else.
OWNER = {"partner_id", "role"}
# Written by the methods of the model alone.
KEPT = {
    "state",
    "done_on",
    "done_by_id",
    "remark",
    "continues_id",
    "owner_name",
    "agreed_name",
    "agreed_role",
    "given_on",
    "given_by_id",
}
# What the chair's view sends of an action.
TYPED = {"name", "partner_id", "role", "due_date"}
MOST_CHARACTERS = 500
FOUR_WEEKS = timedelta(days=28)


class PepAction(models.Model):
    """What somebody was to do by when, agreed for a PEP: at its meeting, at an extra one, or beside them.

    The owner is a person, or a role without one: the child, *the school*. A person reads the own actions, with the
    same role on the child that shows them anything else, and says that one is done or why not; everybody else's are
    for the virtual school's staff, and so is adding and changing.

    What was agreed (what, who, by when) is frozen with the PEP. What becomes of it runs on beside the freeze: it is
    done, or dropped with a reason, or carried on into the child's next PEP, whose chair finds it under *Actions from
    last time*; and it may be given to somebody else, since people leave. ``agreed_name`` and ``agreed_role`` are who it
    was agreed with, ``partner_id`` and ``role`` who does it now.
    """

    _name = "pep.action"
    _description = "Action agreed in a PEP"
    _inherit = ["pep.child.bound"]
    _child_parent = "plan_id"
    _order = "due_date, id"

    create_uid = fields.Many2one("res.users", string="Created by", readonly=True, groups=INSIDE)
    write_uid = fields.Many2one("res.users", string="Last updated by", readonly=True, groups=INSIDE)
    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    meeting_id = fields.Many2one(
        "pep.meeting", string="Agreed at", index="btree_not_null", ondelete="restrict", help="Empty: beside a meeting."
    )
    name = fields.Char(string="What", required=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Who",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: whoever has the role, or the child.",
    )
    owner_name = fields.Char(string="Name then", readonly=True)
    role = fields.Selection(ATTENDEE_ROLES, string="As", required=True, default="other", help="The role at that time.")
    # Not for whoever does it now: a parent who is given what was a carer's would learn who that is.
    agreed_name = fields.Char(string="Agreed with", readonly=True, groups=SUPPORT)
    agreed_role = fields.Selection(ATTENDEE_ROLES, string="Agreed as", readonly=True, groups=SUPPORT)
    given_on = fields.Datetime(string="Passed on", readonly=True)
    given_by_id = fields.Many2one("res.users", string="Passed on by", readonly=True, ondelete="restrict", groups=INSIDE)
    due_date = fields.Date(string="By when", required=True, default=lambda self: self._default_due_date())
    state = fields.Selection(STATES, required=True, readonly=True, default="open")
    done_on = fields.Datetime(string="Said on", readonly=True, help="That it is done, or won't be, or is carried on.")
    done_by_id = fields.Many2one("res.users", string="Said by", readonly=True, ondelete="restrict", groups=INSIDE)
    remark = fields.Char(readonly=True, help="What was said with it; of what was not done, why.")
    continues_id = fields.Many2one(
        "pep.action",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        help="The action of an earlier PEP that this one carries on.",
    )
    # For screens
    owner = fields.Char(compute="_compute_owner")
    owner_gap = fields.Selection(
        GAPS, string="Look after the owner", compute="_compute_owner_gap", search="_search_owner_gap", groups=SUPPORT
    )
    owner_ids = fields.Many2many("res.partner", string="Who is around", compute="_compute_owner_ids", groups=SUPPORT)
    is_late = fields.Boolean(string="Late", compute="_compute_is_late", search="_search_is_late")
    is_mine = fields.Boolean(string="Mine", compute="_compute_is_mine", search="_search_is_mine")
    is_agreed = fields.Boolean(
        string="Can't be changed", compute="_compute_is_agreed", help="What was agreed is finished with the PEP."
    )

    _carried_once = models.UniqueIndex(
        "(continues_id) WHERE continues_id IS NOT NULL", "This action has been carried on already."
    )
    _child_is_no_contact = models.Constraint(
        "CHECK (role <> 'child' OR partner_id IS NULL)", "The child has no contact: leave the person empty."
    )
    _closed_by_somebody = models.Constraint(
        "CHECK (state = 'open' OR done_on IS NOT NULL)", "Say when an action was done."
    )
    # whom the daily mail tells of what
    _due_index = models.Index("(due_date, partner_id) WHERE state = 'open'")

    # === Computes ===

    @api.depends("partner_id", "owner_name", "role")
    def _compute_owner(self):
        labels = dict(self._fields["role"]._description_selection(self.env))
        for action in self:
            action.owner = action.owner_name if action.partner_id else labels.get(action.role)

    @api.depends("state", "partner_id", "role", "child_id")
    def _compute_owner_gap(self):
        """Of what is still to do: whether the owner sees it here. Worked out in one query."""
        gaps = {}
        if self._origin.ids:
            self.env.flush_all()
            query = SQL(  # raw SQL: who sees what now is compared row by row, as in _search_owner_gap
                "SELECT action.id, %s FROM pep_action action WHERE action.id IN %s",
                self._gap("action"),
                tuple(self._origin.ids),
            )
            gaps = dict(self.env.execute_query(query))  # raw SQL: as above
        for action in self:
            action.owner_gap = gaps.get(action._origin.id) or False

    def _search_owner_gap(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()
        words = tuple(word for word in value if word) or (None,)
        no_gap = SQL("OR gap IS NULL") if False in value else SQL()  # raw SQL: words of a condition
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(  # raw SQL: see _gap
                "EXISTS (SELECT FROM (SELECT %s AS gap) found WHERE gap IN %s %s)", self._gap(alias), words, no_gap
            )
        )

    @api.model
    def _gap(self, alias):
        """Why staff have to look after an open action's owner, as an SQL expression; NULL when they need not.

        A live row of ``pep.access`` of the person's login shows the action to them. Without one, somebody who was in
        the child's network or had a login as one of those around it *has left*; others never see it here.
        """
        action = SQL.identifier(alias)
        return SQL(  # raw SQL: an expression for one row; the owner of a row is compared with the access of its child
            """CASE
                WHEN %(action)s.state <> 'open' THEN NULL
                WHEN %(action)s.partner_id IS NULL THEN 'tell'
                WHEN EXISTS (SELECT FROM pep_access access JOIN res_users person ON person.id = access.user_id
                    WHERE access.child_id = %(action)s.child_id AND person.partner_id = %(action)s.partner_id
                        AND person.active AND access.valid_from <= %(now)s AND access.valid_to > %(now)s) THEN NULL
                WHEN EXISTS (SELECT FROM pep_network_member member
                    JOIN res_company council ON council.id = member.company_id
                    WHERE member.child_id = %(action)s.child_id AND member.partner_id = %(action)s.partner_id
                        AND member.active AND member.must_not_contact IS NOT TRUE
                        AND member.date_from <= %(today)s AND (member.date_to IS NULL OR member.date_to >= %(today)s))
                    THEN 'tell'
                WHEN EXISTS (SELECT FROM pep_network_member member WHERE member.child_id = %(action)s.child_id
                        AND member.partner_id = %(action)s.partner_id) THEN 'left'
                WHEN %(action)s.role <> 'other' AND EXISTS (SELECT FROM res_users person
                        WHERE person.partner_id = %(action)s.partner_id) THEN 'left'
                ELSE 'tell' END""",
            action=action,
            now=fields.Datetime.now(),
            # raw SQL: the day on the wall of the council
            today=SQL("(%s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE council.pep_tz)::date", fields.Datetime.now()),
        )

    @api.depends("plan_id")
    def _compute_owner_ids(self):
        owners = self.plan_id._origin._action_owners()
        for action in self:
            around = owners.get(action.plan_id._origin.id, ())
            people = [partner_id for _role, partner_id, _name in around if partner_id]
            action.owner_ids = self.env["res.partner"].browse(people)

    @api.depends("state", "due_date")
    def _compute_is_late(self):
        councils = self.company_id.sudo()  # sudo: the council's clock, for a login of another council
        today = {council.id: council._pep_today() for council in councils}
        for action in self:
            day = today.get(action.company_id.id)
            action.is_late = bool(action.state == "open" and action.due_date and day and action.due_date < day)

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain("state", "=", "open") & Domain.OR(
            Domain("company_id", "=", council.id) & Domain("due_date", "<", council._pep_today())
            for council in self.env["res.company"].sudo().search([])  # sudo: which day it is, in each council
        )
        return late if True in value else ~late

    @api.depends("partner_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for action in self:
            action.is_mine = action._is_own()

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = Domain("partner_id", "=", self.env.user.sudo().partner_id.id)  # sudo: the own contact
        return mine if True in value else ~mine

    @api.depends("plan_id.state", "meeting_id.is_extra", "meeting_id.state")
    def _compute_is_agreed(self):
        """Finished with the PEP, save what is being agreed at an extra meeting after it."""
        for action in self:
            row = action.sudo()  # sudo: frozen for everyone, seen or not
            still_met = row.meeting_id.is_extra and row.meeting_id.state in OPEN_MEETING
            action.is_agreed = row.plan_id.state in CLOSED and not still_met

    def _default_due_date(self):
        plan = self.env["pep.plan"].browse(self.env.context.get("default_plan_id"))
        return plan._action_due_day() if plan else self.env.company._pep_today() + FOUR_WEEKS

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.partner_id:
            roles = {partner_id: role for role, partner_id, _name in self._around() if partner_id}
            self.role = roles.get(self.partner_id._origin.id, self.role if self.role != "child" else "other")

    @api.onchange("plan_id")
    def _onchange_plan_id(self):
        self.child_id = self.plan_id.child_id

    def _around(self):
        plan = self.plan_id._origin
        return plan._action_owners().get(plan.id, []) if plan else []

    # === Constraints ===

    @api.constrains("partner_id")
    def _check_contact_allowed(self):
        """Nobody is asked to do anything who must not have contact with the child."""
        barred = self.env["pep.network.member"]._barred_pairs(self.child_id, self.partner_id)
        for action in self:
            if (action.child_id.id, action.partner_id.id) in barred:
                raise ValidationError(
                    self.env._(
                        "This person must not have contact with %(reference)s.", reference=action.child_reference
                    )
                )

    @api.constrains("partner_id")
    def _check_person(self):
        for action in self:
            if action.partner_id.is_company:
                raise ValidationError(
                    self.env._("People do things. Choose the person, or leave it empty and choose the role.")
                )

    @api.constrains("meeting_id", "plan_id")
    def _check_meeting(self):
        for action in self:
            if action.meeting_id and action.meeting_id.plan_id != action.plan_id:
                raise ValidationError(self.env._("An action is agreed at a meeting of its own PEP."))

    # === CRUD ===

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | KEPT

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{name: vals[name] for name in vals if name not in KEPT} for vals in vals_list]
        partners = self.env["res.partner"].browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        names = {partner.id: partner.name for partner in partners}
        default_role = self.default_get(["role"]).get("role")
        vals_list = [
            {
                **vals,
                "name": self._plain(vals.get("name")),
                "role": vals.get("role") or default_role,
                "owner_name": names.get(vals.get("partner_id"), False),
                "agreed_name": names.get(vals.get("partner_id"), False),
                "agreed_role": vals.get("role") or default_role,
            }
            for vals in vals_list
        ]
        actions = super().create(vals_list)
        actions._refuse_to_add()
        return actions

    @api.model
    def _plain(self, words):
        return " ".join(str(words or "").split()) or False

    def _refuse_to_add(self):
        """To a finished PEP nothing is added but what an extra meeting agrees; to a cancelled one nothing at all."""
        at_extra = self.sudo().filtered("meeting_id.is_extra")  # sudo: refused for everyone, seen or not
        beside = at_extra.filtered(lambda action: not action.meeting_id.is_frozen)
        (self - beside).plan_id._refuse_when_frozen()
        extra = beside.plan_id.sudo()  # sudo: refused for everyone, seen or not
        if any(plan.state == "cancelled" for plan in extra):
            raise UserError(self.env._("This PEP was cancelled: there is nothing to agree any more."))

    def write(self, vals):
        if not self.env.su and KEPT & vals.keys():
            raise UserError(self.env._("Say that an action is done, or why not, by its buttons."))
        if "name" in vals:
            vals = {**vals, "name": self._plain(vals["name"])}
        fixed = (AGREED if self.env.su else AGREED | OWNER) & vals.keys()
        if fixed and any(action.is_agreed and action._differs(fixed, vals) for action in self):
            raise UserError(
                self.env._(
                    "What was agreed stays as it is: this PEP is finished. "
                    "Say what became of the action, or give it to somebody else, by the buttons."
                )
            )
        if "partner_id" in vals:
            vals = {**vals, "owner_name": self.env["res.partner"].browse(vals["partner_id"]).name}
        result = super().write(vals)
        if OWNER & vals.keys():
            self.filtered(lambda action: not action.is_agreed)._agree_owner()
        return result

    def _differs(self, names, vals):
        self.ensure_one()
        row = self.sudo()  # sudo: what is there, whoever writes
        return any(
            row[name] != fields.Date.to_date(vals[name])
            if name == "due_date"
            else (row[name].id if row._fields[name].relational else row[name]) != (vals[name] or False)
            for name in names
        )

    def _agree_owner(self):
        """Keep who it was agreed with, while that can still change."""
        rows = self.sudo()  # sudo: kept by the app, whoever agrees it
        for (name, role), actions in rows.grouped(lambda action: (action.owner_name, action.role)).items():
            actions.write({"agreed_name": name, "agreed_role": role})

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("An action can't be copied. Carry it on into the next PEP instead."))
        return super().copy(default)

    # === What becomes of it ===

    def _is_own(self):
        """Whether the user is who is to do it."""
        self.ensure_one()
        partner = self.sudo().partner_id  # sudo: whose action it is
        return bool(partner) and partner == self.env.user.sudo().partner_id  # sudo: the own contact

    def _check_may_say(self):
        """Refuse whoever is neither the owner, with a role on the child today, nor one of the child's staff."""
        self.check_access("read")
        others = self.filtered(lambda action: not action._is_own())
        if others:
            others.check_access("write")

    def action_done(self, note=None):
        """Say that these are done: the owner, or staff who were told. Said twice it counts once.

        :param str note: a few words with it
        :raise AccessError: neither the owner nor staff of the child
        :raise UserError: it was dropped or carried on
        """
        self._say("done", note)

    def action_not_done(self, reason=None):
        """Say that these will not be done, and why: the owner, or staff.

        :param str reason: in plain words; those who meet next time read it
        """
        self._check_may_say()
        if not self._plain(reason):
            raise UserError(self.env._("Say why it is not done: those who meet next time will read it."))
        self._say("not_done", reason)

    def _say(self, state, words):
        self._check_may_say()
        words = self._plain(words)
        if words and len(words) > MOST_CHARACTERS:
            raise UserError(self.env._("That is too long: at most %(number)s characters.", number=MOST_CHARACTERS))
        rows = self.sudo()  # sudo: checked just now; outsiders write by this method alone
        rows.lock_for_update()
        rows = rows.filtered(lambda action: action.state != state)
        rows._refuse_unless_open()
        rows._close(state, words)

    def _close(self, state, words=False):
        self.write({"state": state, "remark": words, "done_on": fields.Datetime.now(), "done_by_id": self.env.uid})

    def _refuse_unless_open(self):
        for action in self:
            if action.state != "open":
                raise UserError(
                    self.env._(
                        "“%(action)s” is not open any more: %(state)s.",
                        action=action.name,
                        state=action._label("state").lower(),
                    )
                )

    def action_reopen(self):
        """Take back what was said: staff, or the owner who said it. What was carried on stays carried on."""
        self._check_may_say()
        rows = self.sudo()  # sudo: checked here; outsiders write by this method alone
        rows.lock_for_update()
        for action in self.filtered(lambda action: action.state != "open"):
            if action.state == "carried":
                raise UserError(self.env._("This action goes on in the next PEP: say there what becomes of it."))
            if not action._may_reopen():
                raise AccessError(self.env._("The virtual school said what became of this action. Please ask them."))
        rows.filtered(lambda action: action.state != "open").write(
            {"state": "open", "remark": False, "done_on": False, "done_by_id": False}
        )

    def _may_reopen(self):
        """Whether the user may take back what was said: who said it, or staff."""
        self.ensure_one()
        said_by = self.sudo().done_by_id  # sudo: whether it is who asks
        return self.state in ("done", "not_done") and (said_by == self.env.user or self.has_access("write"))

    def action_give(self, partner_id=None, role=None):
        """Give open actions to somebody else, also after the PEP is finished. Who it was agreed with stays on record.

        :param int partner_id: contact of the new owner; False for whoever has the role
        :param str role: one of the roles of a meeting; of somebody around the child it is known
        """
        self.check_access("write")
        rows = self.sudo()  # sudo: checked just now; who does it passes on by this method alone
        rows.lock_for_update()
        rows._refuse_unless_open()
        partner = self.env["res.partner"].browse(partner_id or False).exists()
        if partner:
            partner.check_access("read")
        elif not role:
            raise UserError(self.env._("Choose the person, or a role, who will do it now."))
        for action in self:
            known = {owner: known_role for known_role, owner, _name in action._around() if owner}
            action.sudo().write(  # sudo: checked above
                {
                    "partner_id": partner.id,
                    "role": role or known.get(partner.id, "other"),
                    "given_on": fields.Datetime.now(),
                    "given_by_id": self.env.uid,
                }
            )

    def action_carry(self, due_date=None):
        """Carry open actions on into the child's next PEP, which then lists them as its own.

        Run twice, it makes nothing twice.

        :param due_date: new day for all of them; by default the day that new actions of that PEP get
        :return: the actions of the next PEP
        """
        self.check_access("write")
        rows = self.sudo()  # sudo: checked just now; written by this method alone
        rows.lock_for_update()
        rows = rows.filtered(lambda action: action.state != "carried")
        rows._refuse_unless_open()
        plans = rows._next_plans()
        for action in rows:
            if action.id not in plans:
                raise UserError(
                    self.env._(
                        "There is no later PEP of %(reference)s that is being worked on. "
                        "When its next term has been opened, the action can be carried on there.",
                        reference=action.child_reference,
                    )
                )
        plans_to_write = self.env["pep.plan"].browse({plan.id for plan in plans.values()})
        plans_to_write.check_access("write")
        day = fields.Date.to_date(due_date or None)
        made = rows.create(
            [
                {
                    "plan_id": plans[action.id].id,
                    "name": action.name,
                    "partner_id": action.partner_id.id,
                    "role": action.role,
                    "due_date": day or plans[action.id]._action_due_day(),
                    "continues_id": action.id,
                }
                for action in rows
            ]
        )
        rows._close("carried")
        return made.with_env(self.env)

    def _next_plans(self):
        """The PEP into which each of these can be carried: of a later term than its own, not finished, the latest.

        :return: dict of action id -> ``pep.plan``
        """
        plans = self.env["pep.plan"].search([("child_id", "in", self.child_id.ids), ("state", "not in", CLOSED)])
        plans_of = plans.sorted(lambda plan: plan.term_id.date_from).grouped("child_id")
        found = {}
        for action in self:
            for plan in plans_of.get(action.child_id, ()):
                if plan.term_id.date_from > action.term_id.date_from:
                    found[action.id] = plan
        return found

    # === Buttons ===

    def action_ask_not_done(self):
        return self._ask("not_done", self.env._("Not done"))

    def action_ask_give(self):
        return self._ask("give", self.env._("Give it to somebody else"))

    def action_ask_carry(self):
        return self._ask("carry", self.env._("Carry on in the next PEP"))

    def _ask(self, step, title):
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "pep.action.step",
            "view_mode": "form",
            "target": "new",
            "context": {"default_action_id": self.id, "default_step": step},
        }

    def action_open_plan(self):
        return self.plan_id.get_formview_action()

    # === As data ===

    def _card(self):
        """What the chair's view shows of an action, as plain data. For staff of the child."""
        self.ensure_one()
        return {
            "id": self.id,
            "name": self.name,
            "partner_id": self.partner_id.id or False,
            "role": self.role,
            "role_label": self._label("role"),
            "owner": self.owner,
            "owner_gap": self._label("owner_gap") or False,
            "due_date": fields.Date.to_string(self.due_date),
            "is_late": self.is_late,
            "state": self.state,
            "state_label": self._label("state"),
            "remark": self.remark or "",
            "term": self.term_id.name,
            "meeting_id": self.meeting_id.id or False,
            "continues": bool(self.continues_id),
            "fixed": self.is_agreed,
        }

    def _snapshot(self):
        """What was agreed and what has become of it, for an issued version."""
        self.ensure_one()
        labels = dict(self._fields["agreed_role"]._description_selection(self.env))
        return {
            "what": self.name,
            "owner": self.agreed_role,
            "role": labels.get(self.agreed_role),
            "who": self.agreed_name or None,
            "due": str(self.due_date),
            "set_in": self.term_id.name,
            "state": self._label("state"),
            "remark": self.remark or None,
        }


class PepPlan(models.Model):
    _inherit = "pep.plan"

    action_ids = fields.One2many("pep.action", "plan_id", string="Actions", groups=SUPPORT)
    earlier_action_ids = fields.Many2many(
        "pep.action", string="Actions from last time", compute="_compute_earlier_action_ids", groups=SUPPORT
    )
    has_earlier_actions = fields.Boolean(compute="_compute_earlier_action_ids", groups=SUPPORT)

    @api.depends("child_id", "term_id")
    def _compute_earlier_action_ids(self):
        earlier = self._origin._earlier_actions()
        for plan in self:
            plan.earlier_action_ids = earlier.get(plan._origin.id, self.env["pep.action"])
            plan.has_earlier_actions = bool(plan.earlier_action_ids)

    def _earlier_actions(self):
        """What a PEP looks back on: the actions of the PEP before it, and older ones that were open when it was made.

        :return: dict of PEP id -> ``pep.action``
        """
        actions = self.env["pep.action"].search([("child_id", "in", self.child_id.ids)])
        plans = self.search_fetch([("child_id", "in", actions.child_id.ids)], ["child_id", "term_id"], order="id")
        begins = {plan.id: plan.term_id.date_from for plan in plans | self}
        actions_of, plans_of = actions.grouped("child_id"), plans.grouped("child_id")
        found = {}
        for plan in self:
            before = [other for other in plans_of.get(plan.child_id, ()) if begins[other.id] < begins[plan.id]]
            last = max(before, key=lambda other: begins[other.id], default=None)
            found[plan.id] = actions_of.get(plan.child_id, actions.browse()).filtered(
                lambda action, plan=plan, last=last: (
                    begins[action.plan_id.id] < begins[plan.id]
                    and (action.plan_id == last or action.state == "open" or action.done_on >= plan.create_date)
                )
            )
        return found

    def _action_due_day(self):
        """By when an action of this PEP is due unless somebody says otherwise: by the end of its term.

        When that has passed, or is nearly there, by the next meeting; else in four weeks.
        """
        self.ensure_one()
        today = self.company_id._pep_today()
        soon = today + timedelta(days=7)
        days = [day for day in (self.term_id.date_to, self.next_meeting_date) if day and day >= soon]
        return days[0] if days else today + FOUR_WEEKS

    def _action_owners(self):
        """Who may be asked to do something in each of these PEPs: who was at its meetings, and who is around today.

        The first is always the child. Nobody who must not have contact. A fixed number of queries.

        :return: dict of PEP id -> list of (role, id of the contact or False, name), each person once
        """
        days = {council: council._pep_today() for council in self.company_id}
        attendees = self.env["pep.meeting.attendee"].search(
            [
                ("plan_id", "in", self.ids),
                ("partner_id", "!=", False),
                ("invitation", "!=", "withdrawn"),
                ("meeting_id.state", "!=", "cancelled"),
            ]
        )
        members = self.env["pep.network.member"].search([("child_id", "in", self.child_id.ids)], order="id")
        barred, network = defaultdict(set), defaultdict(list)
        for member in members:
            day = days.get(member.company_id)
            runs = day and (not member.date_to or member.date_to >= day)
            if member.must_not_contact and runs:
                barred[member.child_id.id].add(member.partner_id)
            elif runs and member.date_from <= day:
                network[member.child_id.id].append((member.role, member.partner_id))
        teachers = self.env["pep.meeting"]._teachers_of(self.child_id, days)
        child = self.env._("The child")
        order = [role for role, _label in (*ATTENDEE_ROLES[:3], *NETWORK_ROLES)]
        found = {}
        for plan in self:
            people = [("vseo", plan.vseo_id.partner_id)] if plan.vseo_id else []
            people += [("teacher", partner) for partner in teachers.get(plan.child_id, ())]
            people += network[plan.child_id.id]
            people += [(row.role, row.partner_id) for row in attendees if row.plan_id == plan]
            once = {}
            for role, partner in people:
                if partner not in barred[plan.child_id.id]:
                    once.setdefault(partner, role)
            rows = sorted(once.items(), key=lambda item: order.index(item[1]))
            found[plan.id] = [
                ("child", False, child),
                # sudo: the names of those around a child whom the user may see
                *((role, partner.id, partner.sudo().name) for partner, role in rows),
            ]
        return found


class PepMeeting(models.Model):
    _inherit = "pep.meeting"

    action_ids = fields.One2many("pep.action", "meeting_id", string="Actions agreed")

    def chair_add_action(self, vals):
        """Add an action from the chair's view.

        :param dict vals: ``name``, and optionally ``partner_id``, ``role``, ``due_date``
        :return: dict, what the view shows of it
        """
        self.ensure_one()
        self.check_access("write")
        if not isinstance(vals, dict) or vals.keys() - TYPED:
            raise UserError(self.env._("There is something in this action that is not known here."))
        plan = self.plan_id
        roles = {partner_id: role for role, partner_id, _name in plan._action_owners()[plan.id] if partner_id}
        partner_id = vals.get("partner_id") or False
        action = self.env["pep.action"].create(
            {
                "plan_id": plan.id,
                "meeting_id": self.id,
                "name": vals.get("name"),
                "partner_id": partner_id,
                "role": vals.get("role") or roles.get(partner_id, "other"),
                "due_date": vals.get("due_date") or plan._action_due_day(),
            }
        )
        return action._card()

    def _action_cards(self):
        """What the chair's view shows of actions: those of this PEP, those from last time, and who may be asked.

        :return: dict with ``actions`` and ``earlier`` (lists of :meth:`pep.action._card`), ``owners`` (list of dicts
            with ``role``, ``partner_id`` and ``name``; the first is the child) and ``due_date`` of a new one
        """
        self.ensure_one()
        plan = self.plan_id
        return {
            "actions": [action._card() for action in plan.action_ids],
            "earlier": [action._card() for action in plan._earlier_actions()[plan.id]],
            "owners": [
                {"role": role, "partner_id": partner_id, "name": name}
                for role, partner_id, name in plan._action_owners()[plan.id]
            ],
            "due_date": fields.Date.to_string(plan._action_due_day()),
        }
