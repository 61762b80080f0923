"""What the child's page adds to the part of the PEP that the child answers, to its answers and to the PEP."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.pep_audience import AUDIENCE
from .pep_contribution import OPEN, STAFF


class PepContribution(models.Model):
    _inherit = "pep.contribution"

    voice_session_ids = fields.One2many(
        "pep.voice.session",
        "contribution_id",
        string="Visits to the child's page",
        readonly=True,
        groups="pep_module.group_pep_support",
    )
    participation_id = fields.Many2one(
        "pep.code",
        string="How the child took part",
        domain=[("kind", "=", "participation")],
        ondelete="restrict",
        help="In the words of the national list.",
    )
    participation_note = fields.Char(string="In our own words", help="Where the national list does not say it.")

    @api.constrains("participation_id")
    def _check_participation(self):
        for contribution in self.filtered("participation_id"):
            if contribution.owner_role != "child" or contribution.participation_id.kind != "participation":
                raise UserError(self.env._("How a child took part belongs to the child's own part."))

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() - {"participation_id", "participation_note"}

    def _missing_questions(self):
        """A child may skip any question."""
        missing = super()._missing_questions()
        return missing.browse() if self.owner_role == "child" else missing

    def _snapshot(self, questions, facts):
        """With how the child took part, and who helped, for an issued version."""
        words = filter(None, (self.participation_id.name, self.participation_note))
        helped = filter(None, self.voice_session_ids.mapped("helper_note"))
        return {
            **super()._snapshot(questions, facts),
            "took_part": ". ".join(words) or None,
            "helped": "; ".join(dict.fromkeys(helped)) or None,
        }

    # === Whom the child trusts with it ===

    def _voice_roles(self):
        """The roles of the user on this child now that make somebody a trusted adult."""
        part = self.sudo()  # sudo: whose part it is; the roles asked for are the user's own
        roles = self.env["pep.access"]._roles_on(part.child_id).get(part.child_id.id, set())
        trusted = roles & set(AUDIENCE)
        if self.env.user._is_internal():
            trusted |= roles & STAFF
        if "delegate" in roles and part.delegate_id == self.env.user:
            trusted.add("delegate")
        return trusted

    def _voice_trusts(self):
        """Whether the user may open the child's page for this part: anyone around the child now."""
        self.ensure_one()
        part = self.sudo().exists()  # sudo: an adult who may not read the part itself may still help
        return bool(part) and part.owner_role == "child" and bool(self._voice_roles())

    def _voice_closed(self):
        """Why the child's page can't be opened for this part now, as a sentence; None when it can."""
        self.ensure_one()
        part = self.sudo()  # sudo: how far it is, for who was found to be trusted
        if not part.is_live:
            return self.env._("This PEP is not being worked on now.")
        if part.state == "not_needed":
            return self.env._("This part is not needed this time.")
        if part.state not in OPEN:
            return self.env._("The child's words have been handed in. The virtual school can give them back.")
        return None

    def _check_voice(self):
        if not self._voice_trusts():
            raise AccessError(self.env._("This part is somebody else's."))
        reason = self._voice_closed()
        if reason:
            raise UserError(reason)

    def _voice_offer(self):
        """What an adult is told before the child's page opens. Nothing that the child has said."""
        self.ensure_one()
        part = self.sudo()  # sudo: found to be trusted; an adult who may not read the part itself may still help
        visits = self.env["pep.voice.session"].sudo()  # sudo: how readers are named, nothing of a visit
        audience = {role for question in part._questions() for role in question._audience()}
        company = part.company_id
        return {
            "part_id": part.id,
            "child_name": part.child_id.known_as or part.child_id.first_name or part.child_reference,
            "term": part.term_id.name,
            "closed": self._voice_closed(),
            "begun": part.state in OPEN and part.answered_count > 0,
            "answered": part.answered_count,
            "questions": part.question_count,
            "handed_in_on": part.submitted_on and company._pep_local(part.submitted_on).strftime("%-d %B %Y"),
            "pause": company.pep_voice_pause,
            "readers": visits._readers(audience),
        }

    # === Opening ===

    def _open_voice(self):
        """Open the child's page for this part, with the user beside the child.

        Called by the page that logs the user out in the same breath, and by nothing else.

        :return: what the browser session keeps, see ``pep.voice.session``
        """
        self.ensure_one()
        self._check_voice()
        user = self.env.user
        sessions = self.env["pep.voice.session"].sudo()  # sudo: checked just now; nobody makes a visit by hand
        part = self.sudo()  # sudo: the same
        return sessions._open(part, via="adult", opened_by_id=user.id, opened_by_name=user.name)

    def action_open_voice(self):
        """Button: the page that tells the adult what will happen, and opens the child's page."""
        self.ensure_one()
        self._check_voice()
        return {"type": "ir.actions.act_url", "url": f"/my/pep/voice/{self.id}", "target": "self"}

    def action_make_voice_code(self):
        """Button: make a code with which the young person answers alone, and show it once.

        :raise UserError: the child is younger than the council allows, or the part is closed
        """
        self.ensure_one()
        self._check_staff()
        reason = self.env._("Only the child's own part has a code.") if self.owner_role != "child" else None
        reason = reason or self._voice_closed()
        if reason:
            raise UserError(reason)
        codes = self.env["pep.voice.code"].sudo()  # sudo: checked just now; codes are made by this method alone
        return codes._make(self)

    # === Handing in ===

    def action_hand_in_voice(self):
        """Hand in what the child has said, when the child is done: by the trusted adult or the virtual school."""
        for contribution in self:
            contribution._check_voice()
            part = contribution.sudo()  # sudo: checked just now
            if not part.answer_ids.filtered("is_given"):
                raise UserError(self.env._("The child has not said anything yet."))
            part._hand_in_voice(self.env.user)
            part.voice_session_ids.filtered(lambda visit: not visit.closed_on)._close("ended")

    def _hand_in_voice(self, user, label=None):
        """Hand in without asking who does.

        :param user: the adult; empty for a young person alone
        :param label: who it was, in words
        """
        self.ensure_one()
        self._submit()
        *earlier, latest = self.history
        self.write(
            {
                "submitted_by_id": user.id,
                "history": [*earlier, {**latest, "by": label or user.name}],
            }
        )


class PepAnswer(models.Model):
    _inherit = "pep.answer"

    own_words = fields.Text(
        string="In the child's own words", readonly=True, help="What a child said beside a face, a number or a choice."
    )

    @api.depends("own_words")
    @api.depends_context("lang")
    def _compute_value(self):
        return super()._compute_value()

    def _in_words(self):
        if not self.own_words:
            return super()._in_words()
        chosen = super()._in_words() if self._raw() else ""
        return f"{chosen}: “{self.own_words}”" if chosen else self.own_words


class PepPlan(models.Model):
    _inherit = "pep.plan"

    voice_part_ids = fields.One2many(
        "pep.contribution", "plan_id", string="The child's part", domain=[("owner_role", "=", "child")]
    )
    voice_session_ids = fields.One2many(
        "pep.voice.session",
        "plan_id",
        string="Visits to the child's page",
        readonly=True,
        groups="pep_module.group_pep_support",
    )
    voice_code_ids = fields.One2many(
        "pep.voice.code",
        "plan_id",
        string="Codes for the child's page",
        readonly=True,
        groups="pep_module.group_pep_support",
    )
    concern_ids = fields.One2many("pep.concern", "plan_id", readonly=True, groups="pep_module.group_pep_vseo")
    concern_count = fields.Integer(
        string="Wants to tell someone",
        compute="_compute_concern_count",
        groups="pep_module.group_pep_vseo",
        help="How often the child said so and nobody has said yet that they have seen it.",
    )

    @api.depends("concern_ids.state")
    def _compute_concern_count(self):
        groups = self.env["pep.concern"]._read_group(
            [("plan_id", "in", self.ids), ("state", "=", "new")], ["plan_id"], ["__count"]
        )
        counts = {plan.id: number for plan, number in groups}
        for plan in self:
            plan.concern_count = counts.get(plan._origin.id, 0)

    def action_open_concerns(self):
        """Open what the child of this PEP wanted to tell someone."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("pep_module.pep_concern_action")
        return {**action, "domain": [("plan_id", "in", self.ids)], "context": {}}
