"""The end of a child's PEPs: the child leaves care, reaches the age at which they end, or has short breaks only."""

import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools import academic_year
from ..child.pep_child import RESPITE
from ..plan.pep_plan import CLOSED
from .pep_plan_clocks import CLOCKS

_logger = logging.getLogger(__name__)

STAFF = "pep_module.group_pep_support"
RULES = [
    ("finish", "It is left to be finished"),
    ("close", "It is cancelled with a note"),
]
WHYS = [
    ("out_of_care", "Left care"),
    ("age", "Reached the age at which PEPs end"),
    ("respite", "Short breaks only"),
]
# The meeting of a PEP that is further than that has been held: what was agreed at it is written up, whatever the rule.
BEFORE_THE_MEETING = ("not_started", "gathering", "ready")
CHUNK = 500


class ResCompany(models.Model):
    _inherit = "res.company"

    pep_end_rule = fields.Selection(
        RULES,
        string="The open PEP of a child who leaves care",
        required=True,
        default="finish",
        help="Also of one who reaches the age at which PEPs end, or is looked after for short breaks only. "
        "A PEP whose meeting has been held is always finished.",
    )
    pep_end_note = fields.Char(
        string="Last note on it",
        default="The child is not looked after any more.",
        help="Stands with the reason on a PEP that is cancelled because of it.",
    )

    def write(self, vals):
        """Another age at which PEPs end is another end for some children: looked at in the background, in chunks."""
        moved = "pep_age_to" in vals and any(company.pep_age_to != vals["pep_age_to"] for company in self)
        result = super().write(vals)
        if moved:
            self.env.ref("pep_module.ir_cron_child_end").sudo()._trigger()  # sudo: whoever may change the setting
        return result

    def _pep_end_rules(self):
        """The rule of each of these councils: dict of council -> (rule, note)."""
        return {company: (company.pep_end_rule, (company.pep_end_note or "").strip()) for company in self}


class PepChild(models.Model):
    """The end of a child's PEPs, worked out from the dates and carried out once.

    ``ended_on`` says that it has been carried out: it is set in the transaction that does so, and taken out again by
    the one that takes it back, when the date turns out wrong or the child comes back. An end that is moved to another
    day in the past stays the same end. Clocks follow by themselves, see :mod:`.pep_deadline_sync`.

    Source: statutory guidance gives no rule for a PEP that is open on the day; a council chooses.
    """

    _inherit = "pep.child"

    ended_on = fields.Date(
        string="PEPs ended on",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="The day on which the child left care, reached the age at which PEPs end, or had short breaks only.",
    )
    ended_why = fields.Selection(WHYS, string="Why PEPs ended", readonly=True, copy=False, groups=STAFF)
    ended_text = fields.Char(string="End of PEPs", compute="_compute_ended_text", groups=STAFF)

    @api.depends("ended_on", "ended_why", "company_id.pep_age_to")
    def _compute_ended_text(self):
        for child in self:
            child.ended_text = child._end_words(child.ended_on, child.ended_why) if child.ended_on else False

    def _end_words(self, day, why):
        """A sentence, without the child's name: Left care on 24 November 2026."""
        day = self.env["pep.plan.issue"]._day_in_words(day)
        if why == "age":
            return self.env._("Reached %(age)s on %(day)s.", age=self.company_id.pep_age_to, day=day)
        if why == "respite":
            return self.env._("Looked after for short breaks only since %(day)s.", day=day)
        return self.env._("Left care on %(day)s.", day=day)

    # === Has it come? ===

    def _ends(self, with_status=False):
        """The end of these children's PEPs, where it has come by today.

        Leaving care and the age follow from dates on the child. Short breaks take a query: asked of the children with
        whom that was the reason so far, and of everyone on request.

        :param bool with_status: ask for the legal status of everyone
        :return: dict of child id -> (day, why), the earliest end first come by; children who go on are missing
        """
        ends = {}
        for company, children in self.grouped("company_id").items():
            today = company._pep_today()
            to_ask = self.browse()
            for child in children:
                days = []
                if child.date_out_of_care and child.date_out_of_care <= today:
                    days.append((child.date_out_of_care, "out_of_care"))
                if child.date_of_birth:
                    birthday = academic_year.birthday_in(
                        child.date_of_birth, child.date_of_birth.year + company.pep_age_to
                    )
                    if birthday <= today:
                        days.append((birthday, "age"))
                if days:
                    ends[child.id] = min(days)
                elif with_status or child.ended_why == "respite":
                    to_ask += child
            ends |= to_ask._short_breaks_since(today)
        return ends

    def _short_breaks_since(self, day):
        """Those of these children who on a day are looked after for short breaks (V3, V4): id -> (since when, why)."""
        if not self:
            return {}
        episodes = self.env["pep.care.episode"].search(
            [
                ("child_id", "in", self.ids),
                ("date_from", "<=", day),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", day),
            ],
            order="date_from, id",
        )
        current = {episode.child_id.id: episode for episode in episodes}
        return {
            child_id: (episode.date_from, "respite")
            for child_id, episode in current.items()
            if episode.legal_status_id.code in RESPITE
        }

    # === Carrying it out ===

    def _sync_end(self, with_status=False):
        """Carry out the end of these children's PEPs where it has come, and take back one that has not. Idempotent.

        Nothing is asked of the database for children with whom nothing changes.
        """
        children = self.sudo()  # sudo: follows from the child's dates, whoever sets them
        children = children.with_context(active_test=False)
        ends = children._ends(with_status)
        goes_on = children.filtered(lambda child: child.ended_on and child.id not in ends)
        other_day = children.filtered(
            lambda child: child.id in ends and child.ended_on and (child.ended_on, child.ended_why) != ends[child.id]
        )
        # left, came back and left again, all told at once: that is another end
        again = other_day.filtered(
            lambda child: child.date_into_care and child.ended_on < child.date_into_care <= ends[child.id][0]
        )
        new = children.filtered(lambda child: child.id in ends and not child.ended_on)
        changed = goes_on | other_day | new
        if not changed:
            return
        self.env["pep.access"].sudo()._take_turn(changed)  # sudo: as above; two who see the same end carry it out once
        (new | other_day)._note_end(ends)
        goes_on._note_end({})
        plans = goes_on._go_on() | (new | again)._close_plans()
        self.env["pep.deadline"]._sync(plans=plans, children=changed)

    def _note_end(self, ends):
        groups = self.grouped(lambda child: ends.get(child.id, (False, False)))
        for (day, why), children in groups.items():
            children.write({"ended_on": day, "ended_why": why})

    def _close_plans(self):
        """The open PEPs of these children, whose end has come: left to be finished or cancelled, by the rule.

        :return: these PEPs
        """
        plans = self.env["pep.plan"].search([("child_id", "in", self.ids), ("state", "not in", CLOSED)])
        rules = self.company_id._pep_end_rules()
        to_cancel = plans.filtered(lambda plan: plan._ends_with_child(rules[plan.company_id][0]))
        to_finish = plans - to_cancel
        reasons = {plan: (plan.child_id.ended_text, rules[plan.company_id][1]) for plan in to_cancel}
        for words, same in to_cancel.grouped(reasons.get).items():  # one for all who left on the same day
            same._cancel_with_child(" ".join(filter(None, words)))
        to_finish._make_end_tasks()
        self._note_in_chatter(to_cancel, self.env._("Cancelled by the council's rule: %(plans)s"))
        self._note_in_chatter(to_finish, self.env._("To be finished: %(plans)s"))
        return plans

    def _go_on(self):
        """The end of these children's PEPs is taken back: so is what was done because of it, as far as that can be.

        :return: the PEPs that it had touched
        """
        plans = self.env["pep.plan"].search(
            [("child_id", "in", self.ids), "|", ("ended_from", "!=", False), ("state", "not in", CLOSED)]
        )
        plans._close_end_tasks(self.env._("The child goes on being looked after"))
        to_open = plans.filtered(lambda plan: plan._may_go_on())
        to_open._go_on_with_child()
        plans.filtered("ended_from").write({"ended_from": False})
        self._note_in_chatter(to_open, self.env._("Looked after again. Goes on: %(plans)s"))
        return plans

    def _note_in_chatter(self, plans, text):
        """A note on each child about these PEPs, in one go. Terms are named, never the child."""
        by_child = plans.grouped("child_id")
        bodies = {
            child.id: " ".join(
                filter(None, (child.ended_text, text % {"plans": ", ".join(same.mapped("term_id.name"))}))
            )
            for child, same in by_child.items()
        }
        if bodies:
            self.browse(bodies)._message_log_batch({key: Markup("<p>%s</p>") % body for key, body in bodies.items()})

    # === When ===

    @api.model
    def _kept_by_app(self):
        return super()._kept_by_app() | {"ended_on", "ended_why"}

    def write(self, vals):
        result = super().write(vals)
        if "date_of_birth" in vals and not self.env.context.get("pep_defer_opening"):
            self._sync_end()
        return result

    def _open_plans_mid_term(self):
        """Called when a child's dates of care are known or change: what they end comes first."""
        if not self.env.context.get("pep_defer_opening"):
            self._sync_end()
        return super()._open_plans_mid_term()

    def _follow_vseo(self):
        result = super()._follow_vseo()
        plans = self.env["pep.plan"].sudo()  # sudo: who hands a child over has no access to it any more
        plans.search([("child_id", "in", self.ids), ("end_activity_id", "!=", False)])._renew_end_tasks()
        return result

    @api.model
    def _cron_end(self):
        """Nightly: the ends that come by their date, however long ago. Idempotent; commits after each chunk.

        A council that fails is logged and passed over.
        """
        children = self.sudo()  # sudo: scheduled action, no user
        [(companies,)] = children._read_group([], [], ["company_id:recordset"])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            try:
                waiting = children.with_context(active_test=False).search(self._end_domain(company), order="id")
                for start in range(0, len(waiting), CHUNK):
                    cron._pep_step(waiting[start : start + CHUNK]._sync_end, True)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The ends of PEPs of council %s could not be carried out", company.id)
            if not cron._commit_progress(1):
                break

    @api.model
    def _end_domain(self, company):
        """Children of a council whose end has come, or has not, otherwise than it was noted."""
        today = company._pep_today()
        latest = academic_year.latest_birth(company.pep_age_to, today)
        over = Domain("date_out_of_care", "<=", today) | Domain("date_of_birth", "<=", latest)
        in_care = Domain("date_out_of_care", "=", False) | Domain("date_out_of_care", ">", today)
        goes_on = in_care & Domain("date_of_birth", ">", latest)
        short_breaks = Domain(
            "care_episode_ids",
            "any",
            [
                ("date_from", "<=", today),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", today),
                ("legal_status_id.code", "in", RESPITE),
            ],
        )
        open_end = Domain("ended_on", "=", False)
        return Domain("company_id", "=", company.id) & (
            (over & open_end)
            | (goes_on & Domain("ended_why", "in", ("out_of_care", "age")))
            | (goes_on & open_end & short_breaks)
            | (goes_on & Domain("ended_why", "=", "respite") & ~short_breaks)
        )


class PepCareEpisode(models.Model):
    """Another legal status may end a child's PEPs, or take the end back."""

    _inherit = "pep.care.episode"

    @api.model_create_multi
    def create(self, vals_list):
        episodes = super().create(vals_list)
        episodes._follow_end()
        return episodes

    def write(self, vals):
        result = super().write(vals)
        if {"legal_status_id", "date_from", "date_to"} & vals.keys():
            self._follow_end()
        return result

    def _follow_end(self):
        """An import tells when all its episodes are there, and the nightly job looks at everyone."""
        if not self.env.context.get("pep_defer_opening"):
            self.child_id._sync_end(with_status=True)


class PepDeadline(models.Model):
    """The clocks of a PEP that is finished after the end have stopped for good; its copies still go out."""

    _inherit = "pep.deadline"

    @api.model
    def _stop_of_plan(self, facts, rule, plan, met_on):
        out, _since = facts.out.get(plan.child_id.id, (None, None))
        if out and plan.state == "complete" and rule.trigger != "issued":
            return out
        return super()._stop_of_plan(facts, rule, plan, met_on)


class PepPlan(models.Model):
    """A PEP whose child's PEPs have ended: finished all the same, or cancelled and, if need be, opened again."""

    _inherit = "pep.plan"

    ended_from = fields.Char(
        string="Stage when cancelled by the rule",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="Empty for a PEP that was cancelled by hand.",
    )
    end_activity_id = fields.Many2one(
        "mail.activity",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=fields.NO_ACCESS,
    )
    end_text = fields.Char(
        string="End of PEPs", compute="_compute_end_text", groups=STAFF, help="Why this is the child's last PEP."
    )

    @api.depends("state", "child_id.ended_on", "child_id.ended_why")
    def _compute_end_text(self):
        for plan in self:
            child = plan.child_id.sudo()  # sudo: why PEPs ended, for whoever of the staff reads the PEP
            plan.end_text = child.ended_text if plan.state not in CLOSED else False

    def _ends_with_child(self, rule):
        """Whether this open PEP is cancelled now that the child's PEPs have ended.

        Never one that has been issued and is being corrected, nor one whose meeting has been held. One of a term that
        begins only afterwards always: there will be no meeting to hold.
        """
        self.ensure_one()
        if self.issue_version or self.state not in BEFORE_THE_MEETING or self.meeting_state == "held":
            return False
        return rule == "close" or self.term_id.date_from > self.child_id.ended_on

    def _cancel_with_child(self, reason):
        """Cancel these PEPs, and remember from which stage. Their clocks are seen to when all of them are."""
        self.review_ids._close_unreviewed()
        for state, plans in self.grouped("state").items():
            plans.write({"ended_from": state})
        self.with_context(pep_clocks_later=CLOCKS)._move("cancelled", {"stage_reason": reason})

    def _may_go_on(self):
        """Whether a PEP that was cancelled by the rule is opened again: its term is not over."""
        self.ensure_one()
        today = self.company_id._pep_today()
        over = self.term_id.date_to and self.term_id.date_to < today
        return bool(self.ended_from) and self.state == "cancelled" and not over

    def _go_on_with_child(self):
        """Open these PEPs again at the stage at which they were cancelled, with the targets that they review.

        Meetings stay cancelled, and delegations ended: those concerned have been told. The VSEO is asked to plan anew.
        """
        for state, plans in self.grouped("ended_from").items():
            plans.with_context(pep_clocks_later=CLOCKS)._move(state, {"stage_reason": False})
        reviews = self.review_ids.filtered(lambda review: review.outcome == "unreviewed")
        pending = reviews.search([("target_id", "in", reviews.target_id.ids), ("outcome", "=", False)]).target_id
        reviews.filtered(lambda review: review.target_id not in pending).write({"outcome": False})
        self.env["pep.contribution"]._sync_for(self)
        self._make_end_tasks(goes_on=True)

    # === The to-do ===

    def _make_end_tasks(self, goes_on=False):
        """One task for the VSEO on each of these PEPs, for whoever may read it. Words that tell nobody else anything.

        :param bool goes_on: to take the PEP up again; else to finish it
        """
        plans = self.filtered(lambda plan: plan.vseo_id.active and not plan.end_activity_id)
        readable = self.browse()
        for user, same in plans.grouped("vseo_id").items():
            readable |= same._pep_readable_by(user)
        if not readable:
            return
        plans = plans & readable
        kind = self.env.ref("mail.mail_activity_data_todo")
        tasks = (
            self.env["mail.activity"]
            .sudo()  # sudo: given to the VSEO by the app, whoever told of the end
            .with_context(mail_activity_quick_update=True)
            .create([{**plan._prepare_end_task(goes_on), "activity_type_id": kind.id} for plan in plans])
        )
        for plan, task in zip(plans, tasks, strict=True):
            plan.end_activity_id = task

    def _prepare_end_task(self, goes_on):
        self.ensure_one()
        company = self.company_id
        today = company._pep_today()
        if goes_on:
            summary = self.env._("This PEP goes on: look at its meeting and parts")
            note = self.env._("It had been cancelled with the end of care, which was taken back. Its meeting was too.")
            due = today
        else:
            summary = self.env._("Finish this PEP: it is the last one")
            note = self.child_id.ended_text or ""
            due = self.env["pep.deadline"]._processing_due(company, today)
        return {
            "summary": summary,
            "note": Markup("<p>%s</p>") % note,
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "user_id": self.vseo_id.id,
            "date_deadline": due,
            "automated": True,
        }

    def _close_end_tasks(self, feedback):
        plans = self.sudo().filtered("end_activity_id")  # sudo: done with what it asked for, whoever it was given to
        tasks = plans.end_activity_id
        if tasks:
            plans.write({"end_activity_id": False})
            tasks.action_feedback(feedback=feedback)

    def _renew_end_tasks(self):
        """Another VSEO: the task goes along."""
        goes_on = self.filtered(lambda plan: not plan.child_id.ended_on)
        self.end_activity_id.unlink()
        goes_on._make_end_tasks(goes_on=True)
        (self - goes_on)._make_end_tasks()

    def _move(self, state, vals=None):
        result = super()._move(state, vals)
        if state in CLOSED:
            self._close_end_tasks(dict(self._fields["state"]._description_selection(self.env))[state])
        return result

    @api.model
    def _stage_fields(self):
        return super()._stage_fields() | {"ended_from", "end_activity_id"}
