from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..child.pep_child import KEY_STAGES, SEN_PROVISION, YEAR_GROUPS
from ..child.pep_enrolment import KINDS, NEEDS_SCHOOL
from .pep_contribution import HANDED_IN, OPEN
from .pep_term import QUIET

STATES = [
    ("not_started", "Not started"),
    ("gathering", "Gathering"),
    ("ready", "Ready"),
    ("processing", "Processing"),
    ("complete", "Complete"),
    ("cancelled", "Cancelled"),
]
CLOSED = ("complete", "cancelled")
VARIANTS = [
    ("early_years", "Early years"),
    ("statutory", "Statutory school age"),
    ("post16", "Post-16"),
    ("not_on_roll", "Not on roll"),
]
SUPPORT = "pep_module.group_pep_support"
# Whoever has a portal login reads of a PEP that is being worked on what frames it: term, stage, school, dates. What was
# discussed they read in the issued copy of their role; how far others are is the council's to know.
COUNCIL = "pep_module.group_pep_contributor"
# What may still be written on a finished PEP: who answers for the child, and what the app itself keeps beside it.
BESIDE_THE_FREEZE = {"message_main_attachment_id", "activity_ids", "message_ids", "message_follower_ids"}


class PepPlan(models.Model):
    """The Personal Education Plan of one child for one term.

    Who may what: officers, their support and the head work on it (``pep.access``); school, social worker, carer and
    reviewing officer read it. The stage moves by the actions below alone, each with its gates. Completing it issues a
    version (``pep.plan.issue``) and freezes what was agreed; :meth:`action_correct` opens it again, with a reason.

    The facts about the child are those of the day the PEP was opened: they never change with the child's record.
    """

    _name = "pep.plan"
    _description = "Personal Education Plan"
    _inherit = ["pep.child.bound", "pep.thread", "mail.activity.mixin"]
    _order = "next_due, id"
    _check_company_auto = True

    term_id = fields.Many2one(
        "pep.term",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env["pep.term"]._term_on(self.env.company, self.env.company._pep_today()),
    )
    kind_id = fields.Many2one("pep.kind", required=True, ondelete="restrict", check_company=True)
    variant = fields.Selection(VARIANTS, string="Form", required=True, default="statutory")
    state = fields.Selection(
        STATES,
        string="Stage",
        required=True,
        default="not_started",
        readonly=True,
        tracking=True,
        group_expand="_group_expand_state",
        copy=False,
    )
    vseo_id = fields.Many2one(
        "res.users", string="VSEO", index=True, ondelete="restrict", check_company=True, tracking=True
    )
    # The facts as they were
    school_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        domain=[("pep_is_school", "=", True)],
    )
    school_name = fields.Char(string="School's name then", readonly=True)
    setting_kind = fields.Selection(KINDS, string="Enrolment")
    year_group = fields.Selection(YEAR_GROUPS, string="Year group")
    key_stage = fields.Selection(KEY_STAGES, string="Key stage")
    sen_provision = fields.Selection(SEN_PROVISION, string="SEN provision")
    date_into_care = fields.Date(string="Into care", readonly=True)
    legal_status = fields.Char(string="Legal status", readonly=True, groups=COUNCIL)
    rules = fields.Json(readonly=True, groups=COUNCIL, help="The council's thresholds when the PEP was opened.")
    # Clocks
    due_date = fields.Date(string="Meeting due by", help="The PEP meeting is held by this day.")
    processing_due = fields.Date(string="To be finished by", readonly=True, help="The finished PEP is out by this day.")
    next_due = fields.Date(string="Next due", readonly=True, copy=False, aggregator=None)
    is_late = fields.Boolean(string="Late", compute="_compute_is_late", search="_search_is_late")
    late_reason = fields.Char(string="Why late", compute="_compute_is_late")
    completed_on = fields.Datetime(string="Complete since", readonly=True, copy=False)
    # What hangs on it
    contribution_ids = fields.One2many("pep.contribution", "plan_id", string="Parts")
    target_ids = fields.One2many("pep.target", "plan_id", string="Targets")
    review_ids = fields.One2many("pep.target.review", "plan_id", string="Previous targets")
    meeting_ids = fields.One2many("pep.meeting", "plan_id", string="Meetings")
    request_ids = fields.One2many("pep.funding.request", "plan_id", string="Funding asked for")
    pass_ids = fields.One2many("pep.gate.pass", "plan_id", string="Went on without", readonly=True)
    issue_ids = fields.One2many("pep.plan.issue", "plan_id", string="Issued versions", readonly=True)
    issue_version = fields.Integer(string="Version", readonly=True, copy=False, aggregator=None)
    next_meeting_date = fields.Date(string="Next PEP meeting", help="Set before this meeting closes.")
    next_meeting_note = fields.Char(
        string="Next meeting in words",
        groups=COUNCIL,
        help="In plain words, when there is no date yet: early in May, or why none.",
    )
    summary = fields.Text(
        string="What was discussed",
        groups=COUNCIL,
        help="What is going well, what could be better, what was agreed.",
    )
    stage_reason = fields.Char(
        string="Why returned, corrected or cancelled", readonly=True, copy=False, tracking=True, groups=COUNCIL
    )
    # For lists and the board
    meeting_date = fields.Datetime(string="Meeting", compute="_compute_meeting")
    meeting_id = fields.Many2one("pep.meeting", compute="_compute_meeting", string="Meeting held or next")
    meeting_state = fields.Selection(
        lambda self: self.env["pep.meeting"]._fields["state"].selection,
        string="State of the meeting",
        compute="_compute_meeting",
    )
    meeting_required = fields.Boolean(related="kind_id.meeting_required", string="Needs a meeting")
    school_progress = fields.Integer(
        string="School's part (%)",
        compute="_compute_contributions",
        groups=COUNCIL,
        help="How much of the school's part is answered.",
    )
    school_part = fields.Char(string="School's part", compute="_compute_contributions", groups=COUNCIL)
    voice_state = fields.Char(string="Child's voice", compute="_compute_contributions", groups=COUNCIL)
    waiting_for = fields.Char(
        string="Waiting for", compute="_compute_contributions", groups=COUNCIL, help="Whose parts are not in yet."
    )
    target_count = fields.Integer(string="Number of targets", compute="_compute_counts", groups=COUNCIL)
    review_open_count = fields.Integer(string="Targets still to review", compute="_compute_counts", groups=COUNCIL)
    amount_asked = fields.Monetary(compute="_compute_amounts", string="PP+ asked for", groups=SUPPORT)
    amount_approved = fields.Monetary(compute="_compute_amounts", string="PP+ approved", groups=SUPPORT)
    currency_id = fields.Many2one(related="company_id.currency_id")
    missing = fields.Char(string="Still missing", compute="_compute_missing", groups=SUPPORT)
    # For the gates
    parts_gap = fields.Char(compute="_compute_parts_gap", groups=SUPPORT)
    documents_gap = fields.Char(compute="_compute_documents_gap", groups=SUPPORT)
    academic_target_gap = fields.Char(compute="_compute_academic_target_gap", groups=COUNCIL)
    passed_gates = fields.Json(compute="_compute_passed_gates", groups=SUPPORT)

    _child_term_uniq = models.UniqueIndex(
        "(child_id, term_id)", "This child has a PEP in this term already. Each child has one a term."
    )
    # the default order, whole: most PEPs are finished and share an empty date, which alone leaves them to be sorted
    _due_index = models.Index("(next_due, id)")
    _board_index = models.Index("(term_id, state, next_due)")
    _counting_index = models.Index("(company_id, child_id)")

    def init(self):
        """Tell PostgreSQL that the open stages all lie in one term.

        Taken for independent they seem so few rows that it looks up the access of each instead of the few children that
        the user sees: the board of a caseload took three times as long.
        """
        self.env.cr.execute(  # raw SQL: the ORM knows no extended statistics; filled by the next ANALYZE (autovacuum)
            "CREATE STATISTICS IF NOT EXISTS pep_plan_term_state (mcv) ON term_id, state FROM pep_plan"
        )

    # === Computes ===

    @api.depends("term_id")
    def _compute_display_name(self):
        """In pickers, which of the child's PEPs. Everywhere else the reference alone."""
        result = super()._compute_display_name()
        if self.env["pep.child"]._may_show_names():
            for plan in self:
                plan.display_name = f"{plan.display_name}, {plan.term_id.name}"
        return result

    @api.model
    def _group_expand_state(self, states, domain):
        """The board shows the stages of the way even when empty; cancelled ones only when there are any."""
        return [state for state, _label in STATES if state != "cancelled" or state in states]

    @api.depends("next_due", "next_due_kind", "state")
    def _compute_is_late(self):
        """Whether the clock that is due first has run out, and which one that is."""
        today = {company: company._pep_today() for company in self.company_id}
        kinds = dict(self._fields["next_due_kind"]._description_selection(self.env))
        for plan in self:
            plan.is_late = bool(plan.next_due and plan.next_due < today[plan.company_id])
            plan.late_reason = False
            if plan.is_late:
                plan.late_reason = self.env._(
                    "%(what)s: was due by %(day)s",
                    what=kinds.get(plan.next_due_kind) or self.env._("PEP meeting held"),
                    day=plan.next_due.strftime("%-d %b"),
                )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain.OR(
            Domain("company_id", "=", company.id) & Domain("next_due", "<", company._pep_today())
            for company in self.env["res.company"].sudo().search([])  # sudo: which day it is, in each council
        )
        return late if True in value else ~late

    @api.depends("meeting_ids.state", "meeting_ids.start", "meeting_ids.is_extra")
    @api.depends_context("uid")
    def _compute_meeting(self):
        """The termly meeting that was held, else the next one planned.

        The virtual school's staff find the meeting itself. Anybody else is told when it is: their own slot, if they
        were asked; school, social worker and reviewing officer also if they were not.
        """
        staff = self.env.su or self.env.user.has_group(SUPPORT)
        every = self.env["pep.meeting"] if staff else self.env["pep.meeting"].sudo()  # sudo: told below who may know
        meetings = every.search_fetch(
            [("plan_id", "in", self.ids), ("state", "in", ("planned", "held")), ("is_extra", "=", False)],
            ["plan_id", "state", "start"],
            order="start, id",
        )
        chosen = {}
        for meeting in meetings:
            known = chosen.get(meeting.plan_id.id)
            if known is None or known.state != "held" or meeting.state == "held":
                chosen[meeting.plan_id.id] = meeting
        told = {} if staff else self._meeting_told(chosen)
        for plan in self:
            meeting = chosen.get(plan._origin.id, meetings.browse())
            plan.meeting_id = meeting if staff else meeting.browse()
            plan.meeting_date = meeting.start if staff else told.get(plan._origin.id, False)
            plan.meeting_state = meeting.state if staff or plan.meeting_date else False

    def _meeting_told(self, chosen):
        """When the meetings of these PEPs are, as far as the user may know.

        :param chosen: dict of PEP id -> ``pep.meeting``
        :return: dict of PEP id -> datetime
        """
        own = self.env["pep.meeting.attendee"].search(
            [("meeting_id", "in", [meeting.id for meeting in chosen.values()]), ("invitation", "=", "invited")]
        )
        asked = {invitation.meeting_id.id: invitation.told_start for invitation in own if invitation._is_own()}
        roles_on = self.env["pep.access"]._roles_on(self.child_id)
        told = {}
        for plan in self:
            meeting = chosen.get(plan._origin.id)
            if meeting and meeting.id in asked:
                told[plan._origin.id] = asked[meeting.id]
            elif meeting and {"teacher", "social_worker", "iro"} & roles_on.get(plan.child_id.id, set()):
                told[plan._origin.id] = meeting.start
        return told

    @api.depends("contribution_ids.state", "contribution_ids.answered_count", "contribution_ids.document_id")
    def _compute_contributions(self):
        """How far the parts of each PEP are, at a glance."""
        parts = self.env["pep.contribution"].sudo()  # sudo: as in _compute_counts; how far, not what is said
        groups = parts._read_group(
            [("plan_id", "in", self.ids), ("state", "not in", ("not_needed", "earlier"))],
            ["plan_id", "owner_role", "state", "required"],
            ["__count", "answered_count:sum", "question_count:sum"],
        )
        labels = dict(parts._fields["owner_role"]._description_selection(self.env))
        states = dict(parts._fields["state"]._description_selection(self.env))
        rows = defaultdict(list)
        for plan, *row in groups:
            rows[plan.id].append(row)
        for plan in self:
            done, number, answered, asked = 0, 0, 0, 0
            waiting, voice = [], []
            for role, state, required, count, answered_count, question_count in rows.get(plan._origin.id, ()):
                handed_in = state in HANDED_IN
                if role == "teacher":
                    done, number = done + count * handed_in, number + count
                    asked += question_count
                    answered += question_count if handed_in else answered_count
                elif role == "child":
                    voice.append(states[state])
                if required and not handed_in:
                    waiting.append(role)
            open_stage = plan.state not in CLOSED and plan.state != "not_started"
            plan.school_progress = 100 * answered // asked if asked else 0
            plan.school_part = self.env._("%(done)s of %(all)s", done=done, all=number) if number else False
            plan.voice_state = ", ".join(dict.fromkeys(voice)) or False
            names = [label for role, label in labels.items() if role in waiting]
            plan.waiting_for = ", ".join(names) if names and open_stage else False

    @api.depends("target_ids.state", "review_ids.outcome")
    def _compute_counts(self):
        targets = self.env["pep.target"].sudo()  # sudo: whoever may read a PEP may read its targets and reviews
        reviews = self.env["pep.target.review"].sudo()  # sudo: the same; asking the rule again is half the work
        number = self._count_by_plan(targets, [("state", "!=", "withdrawn")])
        open_number = self._count_by_plan(reviews, [("outcome", "=", False)])
        for plan in self:
            plan.target_count = number.get(plan._origin.id, 0)
            plan.review_open_count = open_number.get(plan._origin.id, 0)

    def _count_by_plan(self, records, domain):
        groups = records._read_group(Domain("plan_id", "in", self.ids) & Domain(domain), ["plan_id"], ["__count"])
        return {plan.id: number for plan, number in groups}

    @api.depends("request_ids.funding_ids.state", "request_ids.funding_ids.amount_approved")
    def _compute_amounts(self):
        money = {
            plan: (asked, approved)
            for plan, asked, approved in self.env["pep.funding"]._read_group(
                [("plan_id", "in", self.ids), ("state", "!=", "cancelled")],
                ["plan_id"],
                ["amount_asked:sum", "amount_approved:sum"],
            )
        }
        for plan in self:
            plan.amount_asked, plan.amount_approved = money.get(plan._origin, (0.0, 0.0))

    @api.depends("target_ids.is_academic", "target_ids.state", "target_ids.smart_complete", "target_ids.missing")
    def _compute_academic_target_gap(self):
        """What keeps a PEP from having one complete academic target; empty when it has one."""
        targets = self.env["pep.target"].sudo()  # sudo: as in _compute_counts
        targets = targets.search_fetch(
            [("plan_id", "in", self.ids), ("is_academic", "=", True), ("state", "!=", "withdrawn")],
            ["plan_id", "smart_complete", "missing"],
            order="sequence, id",
        )
        targets_of = targets.grouped(lambda target: target.plan_id.id)
        for plan in self:
            academic = targets_of.get(plan._origin.id)
            if not academic:
                plan.academic_target_gap = self.env._("there is no academic target")
            elif not any(target.smart_complete for target in academic):
                plan.academic_target_gap = self.env._(
                    "no academic target is complete (%(what)s)", what=academic[0].missing
                )
            else:
                plan.academic_target_gap = False

    @api.depends("state", "contribution_ids.state", "contribution_ids.required")
    def _compute_parts_gap(self):
        """Which required parts are not handed in: the first few by name, the others by number."""
        parts = self.env[
            "pep.contribution"
        ].sudo()  # sudo: as in _compute_counts; that a part is missing, not what it says
        waiting = parts.search_fetch(
            [("plan_id", "in", self._gathering().ids), ("required", "=", True), ("state", "in", OPEN)],
            ["plan_id", "section_id", "owner_role"],
            order="sequence, id",
        ).grouped(lambda part: part.plan_id.id)
        for plan in self:
            names = list(dict.fromkeys(part.section_name for part in waiting.get(plan._origin.id, ())))
            more = self.env._(" and %(number)s more", number=len(names) - 3) if len(names) > 3 else ""
            plan.parts_gap = (
                self.env._("not handed in: %(names)s%(more)s", names=", ".join(names[:3]), more=more)
                if names
                else False
            )

    @api.depends("state", "document_ids.state", "document_ids.type_id", "variant")
    def _compute_documents_gap(self):
        missing = self.env["pep.document.type"]._missing_for(self._gathering())
        for plan in self:
            types = missing.get(plan._origin.id)
            plan.documents_gap = (
                self.env._("missing documents: %(names)s", names=", ".join(types.mapped("name"))) if types else False
            )

    def _gathering(self):
        """Those of these PEPs of which is asked what is missing before they are ready."""
        return self._origin.filtered(lambda plan: plan.state == "gathering")

    @api.depends("pass_ids.gate")
    def _compute_passed_gates(self):
        passes = self.env["pep.gate.pass"].sudo()  # sudo: of a gate that was passed shows only that nothing is missing
        groups = passes._read_group([("plan_id", "in", self.ids)], ["plan_id"], ["gate:array_agg"])
        passed = {plan.id: gates for plan, gates in groups}
        for plan in self:
            plan.passed_gates = passed.get(plan._origin.id)

    @api.depends(
        "state",
        "kind_id",
        "school_id",
        "setting_kind",
        "parts_gap",
        "documents_gap",
        "next_meeting_date",
        "next_meeting_month",
        "next_meeting_note",
        "meeting_state",
        "review_open_count",
        "academic_target_gap",
        "passed_gates",
    )
    def _compute_missing(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        steps = {"gathering": "ready", "ready": "processing", "processing": "complete"}
        for plan in self:
            step = steps.get(plan.state)
            missing = plan._missing_for(step) if step else []
            plan.missing = (
                self.env._(
                    "Before %(stage)s: %(what)s",
                    stage=labels[step].lower(),
                    what="; ".join(message for _gate, message in missing),
                )
                if missing
                else False
            )

    # === Gates ===

    def _missing_for(self, state):
        """What the kind of this PEP asks for before ``state`` and is not there, nor passed with a reason.

        :return: list of (gate, sentence)
        """
        self.ensure_one()
        gates = {
            "ready": ("setting", "contributions", "documents"),
            "processing": ("meeting", "review", "academic_target"),
            "complete": ("next_date",),
        }
        required = {
            "setting": self.kind_id.setting_required,
            "contributions": self.kind_id.contributions_required,
            "documents": self.kind_id.documents_required,
            "meeting": self.kind_id.meeting_required,
            "review": self.kind_id.review_required,
            "academic_target": self.kind_id.academic_target_required,
            "next_date": self.kind_id.next_date_required,
        }
        missing = []
        for gate in gates.get(state, ()):
            if required[gate] and gate not in (self.passed_gates or ()):
                sentence = getattr(self, f"_gate_{gate}")()
                if sentence:
                    missing.append((gate, sentence))
        return missing

    def _gate_setting(self):
        without_school = self.setting_kind and self.setting_kind not in NEEDS_SCHOOL
        if not self.school_id and not without_school:
            return self.env._("the school is not known")

    def _gate_contributions(self):
        return self.parts_gap

    def _gate_documents(self):
        return self.documents_gap

    def _gate_meeting(self):
        if self.meeting_state != "held":
            return self.env._("no meeting has been held")

    def _gate_review(self):
        if self.review_open_count:
            return (
                self.env._("%(number)s previous targets are not reviewed", number=self.review_open_count)
                if self.review_open_count > 1
                else self.env._("a previous target is not reviewed")
            )

    def _gate_academic_target(self):
        return self.academic_target_gap

    def _gate_next_date(self):
        if not self.next_meeting_date and not self.next_meeting_month and not self.next_meeting_note:
            return self.env._("the next meeting is not set")

    # === The way of a PEP ===

    def _refuse_unless(self, *states):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for plan in self:
            if plan.state not in states:
                raise UserError(
                    self.env._(
                        "%(reference)s is at the stage “%(stage)s”: this step starts from “%(from)s”.",
                        reference=plan.child_reference,
                        stage=labels[plan.state],
                        **{"from": "”, “".join(labels[state] for state in states)},
                    )
                )

    def _refuse_when_frozen(self):
        """What was agreed is read-only once the PEP is complete or cancelled, in every way in."""
        frozen = self.sudo().filtered(lambda plan: plan.state in CLOSED)  # sudo: frozen for everyone, seen or not
        if frozen:
            raise UserError(
                self.env._(
                    "The PEP of %(reference)s is finished and can't be changed. To put something right, use “Correct”.",
                    reference=frozen[0].child_reference,
                )
            )

    def _go_through_gates(self, state):
        """The wizard that asks for reasons, when one PEP lacks something; an error for several; None to go on."""
        lacking = [(plan, missing) for plan in self if (missing := plan._missing_for(state))]
        if not lacking:
            return None
        if len(self) == 1:
            return self._ask_for_reasons(state)
        raise UserError(
            "\n".join(
                f"{plan.child_reference}: {'; '.join(sentence for _gate, sentence in missing)}"
                for plan, missing in lacking
            )
        )

    def _ask_for_reasons(self, state):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Something is missing"),
            "res_model": "pep.plan.go.on",
            "view_mode": "form",
            "target": "new",
            "context": {"default_plan_id": self.id, "default_next_state": state},
        }

    def _ask_for_reason(self, step, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "pep.plan.reason",
            "view_mode": "form",
            "target": "new",
            "context": {"default_plan_id": self.id, "default_step": step},
        }

    def action_start(self):
        """Not started → gathering: contributors are asked for their part."""
        self.check_access("write")
        self._refuse_unless("not_started")
        self.env["pep.contribution"]._sync_for(self)
        for company, plans in self.grouped("company_id").items():
            plans._move("gathering", {"started_on": company._pep_today()})

    def action_update_parts(self):
        """Bring the parts up to date with the question bank and the child's schools. What was begun stays."""
        self.check_access("write")
        self._refuse_when_frozen()
        made = self.env["pep.contribution"]._sync_for(self)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(number)s parts added.", number=len(made))
                if made
                else self.env._("Every part is there already."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _contributions_due(self, role=None):
        """Day by which the parts of this PEP are to be in: some days before the meeting, or before it is due.

        School and social worker have clocks of their own; the others have the council's setting. Source: councils word
        it from three school weeks to three days.

        :param str role: who answers the part
        """
        self.ensure_one()
        own = {"teacher": self.school_due, "social_worker": self.social_work_due}.get(role)
        if own:
            return own
        company = self.company_id
        planned = self.meeting_ids.filtered(lambda meeting: meeting.state == "planned" and not meeting.is_extra)
        planned = planned.sorted("start")[:1]
        day = company._pep_local(planned.start).date() if planned.start else self.due_date
        return day and fields.Date.subtract(day, days=company.pep_contribution_days)

    def action_ready(self):
        """Gathering → ready, when the required parts are there or the VSEO says why it goes ahead without."""
        self.check_access("write")
        self._refuse_unless("gathering")
        question = self._go_through_gates("ready")
        if question:
            return question
        for company, plans in self.grouped("company_id").items():
            plans._move("ready", {"ready_on": company._pep_today()})
        return None

    def action_process(self):
        """Ready → processing, after the meeting; the days to process it begin."""
        self.check_access("write")
        self._refuse_unless("ready")
        question = self._go_through_gates("processing")
        if question:
            return question
        for company, plans in self.grouped("company_id").items():
            plans._move("processing", {"processing_on": company._pep_today()})
        return None

    def action_complete(self):
        """Processing → complete: issue a version and freeze what was agreed."""
        self.check_access("write")
        self._refuse_unless("processing")
        question = self._go_through_gates("complete")
        if question:
            return question
        for plan in self:
            version = plan.issue_version + 1
            plan.review_ids._close_unreviewed()
            plan._move("complete", {"completed_on": fields.Datetime.now(), "issue_version": version})
            self.env["pep.plan.issue"]._issue(plan)
            plan._hand_on_targets()
        return None

    def _hand_on_targets(self):
        """Targets of a PEP finished late come forward into the child's next PEP, when that is open already."""
        plans = self.sudo()  # sudo: follows from completing or cancelling, whoever sees the next PEP
        for plan in plans:
            later = plans.search([("child_id", "=", plan.child_id.id), ("state", "not in", CLOSED)]).filtered(
                lambda other, plan=plan: other.term_id.date_from > plan.term_id.date_from
            )
            self.env["pep.target"]._bring_forward(later.sorted(lambda other: other.term_id.date_from)[:1])

    def action_return(self):
        """Ask why, then back to gathering."""
        self._refuse_unless("ready", "processing")
        return self._ask_for_reason("return", self.env._("Return to gathering"))

    def action_correct(self):
        """Ask why, then open a finished PEP again; the next completion issues the next version."""
        self._refuse_unless("complete")
        return self._ask_for_reason("correct", self.env._("Correct a finished PEP"))

    def action_cancel(self):
        """Ask why, then cancel."""
        self._refuse_unless("not_started", "gathering", "ready", "processing")
        return self._ask_for_reason("cancel", self.env._("Cancel this PEP"))

    def _take_step(self, step, reason):
        """Return, correct or cancel, with a reason. Called by the wizard that asked for it."""
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: others will read it."))
        self.check_access("write")
        steps = {
            "return": (("ready", "processing"), "gathering", {"processing_on": False}),
            "correct": (("complete",), "processing", {"corrected_on": self[:1].company_id._pep_today()}),
            "cancel": (("not_started", "gathering", "ready", "processing"), "cancelled", {}),
        }
        states, state, vals = steps[step]
        self._refuse_unless(*states)
        if step == "cancel":
            self.review_ids._close_unreviewed()
        self._move(state, {**vals, "stage_reason": reason})
        if step == "cancel":
            self._hand_on_targets()

    def _move(self, state, vals=None):
        """Set the stage. The one place that does; :meth:`write` refuses it to everyone else."""
        self.sudo().write({"state": state, **(vals or {})})  # sudo: the stage is written by these steps alone
        if state in CLOSED:
            self.env["pep.delegation"]._end_sections_of(self)

    # === CRUD ===

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [self._complete_by_hand(vals) for vals in vals_list]
        plans = super().create(vals_list)
        if not self.env.su:
            self.env["pep.contribution"]._sync_for(plans)
            self.env["pep.target"]._bring_forward(plans)
        return plans

    def _add_precomputed_values(self, vals_list):
        """Odoo's hook before the INSERT: the meeting is due next, until the clocks are there and say more."""
        for vals in vals_list:
            if vals.get("state") == "not_started":
                vals.setdefault("next_due", vals.get("due_date"))
        return super()._add_precomputed_values(vals_list)

    @api.model
    def _complete_by_hand(self, vals):
        """A PEP made by hand gets the facts of the child as the app fills them in; the stage is the first."""
        defaults = self.default_get(["child_id", "term_id"])
        child = self.env["pep.child"].browse(vals.get("child_id") or defaults.get("child_id")).exists()
        term = self.env["pep.term"].browse(vals.get("term_id") or defaults.get("term_id"))
        if not child:
            raise ValidationError(self.env._("Choose the child whose PEP this is."))
        if not child.date_into_care:
            raise ValidationError(
                self.env._("%(reference)s has no date of coming into care.", reference=child.reference)
            )
        facts = term._prepare_plans(child.sudo())[0]  # sudo: the facts of a child that the rule on create asks about
        given = {name: value for name, value in vals.items() if name in ("kind_id", "variant", "due_date", "summary")}
        rest = {name: value for name, value in vals.items() if name not in facts and name not in self._stage_fields()}
        return {**facts, **rest, **{name: value for name, value in given.items() if value}}

    def _check_kind(self, kind):
        """Which kind of PEP a term has, a VSEO says while it is gathered; later it would only save the quality review.

        :param kind: the ``pep.kind`` that is chosen
        """
        late = self.filtered(lambda plan: plan.state in ("ready", "processing") and plan.kind_id.qa_required)
        if late and not kind.qa_required and not self.env.user.has_group("pep_module.group_pep_head"):
            raise UserError(self.env._("Only the head makes this a PEP that needs no quality review."))

    @api.model
    def _stage_fields(self):
        """Written by the steps of the PEP's way alone."""
        return {"state", "stage_reason", "completed_on", "issue_version", "processing_due", "next_due"}

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | self._stage_fields()

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"term_id"}

    def write(self, vals):
        if vals.get("kind_id") and not self.env.su:
            self._check_kind(self.env["pep.kind"].browse(vals["kind_id"]))
        if not self.env.su and self._stage_fields() & vals.keys():
            raise UserError(self.env._("The stage of a PEP moves by its buttons, not by hand."))
        stored = vals.keys() - BESIDE_THE_FREEZE
        if stored and not (self.env.su and stored <= self._stage_fields()):
            self._refuse_when_frozen()
        if vals.get("school_id"):
            vals = {**vals, "school_name": self.env["res.partner"].browse(vals["school_id"]).name}
        return super().write(vals)

    def _write_quietly(self, vals):
        return self.with_context(**QUIET).write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("A PEP can't be copied: the next term makes the next one."))
        return super().copy(default)

    # === Actions ===

    @api.model
    def get_empty_list_help(self, help_message):
        """An empty board says what to do next: open the term, for those who may; ask for it, for the others."""
        term = self.env["pep.term"]._term_on(self.env.company, self.env.company._pep_today())
        if term.opened_on:
            return help_message
        help_message = Markup(help_message or "")
        if not term.with_env(self.env(su=False))._may_open():  # Odoo reads actions as superuser
            return help_message + Markup("<p>%s</p>") % self.env._(
                "%(term)s has not been opened yet. The head of the virtual school opens it.", term=term.name
            )
        return help_message + Markup(
            '<p>%s</p><p><a type="action" class="btn btn-primary" data-model="pep.term" '
            'data-method="action_open_current">%s</a></p>'
        ) % (
            self.env._(
                "Opening a term makes one PEP for every child who needs one, and brings unfinished targets forward."
            ),
            self.env._("Open %(term)s", term=term.name),
        )

    def action_open_child(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pep.child",
            "view_mode": "form",
            "res_id": self.child_id.id,
        }
