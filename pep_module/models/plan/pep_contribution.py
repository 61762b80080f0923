from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..child.pep_access import ROLES
from ..common.pep_audience import AUDIENCE, INSIDE

STATES = [
    ("not_started", "Not started"),
    ("in_progress", "In progress"),
    ("submitted", "Handed in"),
    ("returned", "Returned"),
    ("accepted", "Accepted"),
    ("not_needed", "Not needed"),
    ("earlier", "Earlier part"),
]
OPEN = ("not_started", "in_progress", "returned")
HANDED_IN = ("submitted", "accepted")
LIVE = ("gathering", "ready", "processing")
STAFF = {"vseo", "support", "head"}
# Roles that not every child has somebody for: what such a person may leave out is asked only where there is one.
NOT_EVERYBODY = ("parent", "carer", "iro")
# The columns that hold the value of an answer.
COLUMNS = ("value_text", "value_number", "value_date", "value_choice")
BEHALF_HOW = [
    ("phone", "By phone"),
    ("in_person", "In person"),
    ("paper", "On paper"),
    ("email", "By e-mail"),
    ("other", "Otherwise"),
]


class PepContribution(models.Model):
    """One contributor's part of one PEP: a section, with who answers it, how far it is and who handed it in.

    Made with the PEP, from the question bank: one for each section that the PEP's form and kind ask for, and one for
    each school where the section says so. Its questions are those that the bank had at that moment (``opened_on``): a
    question retired later stays in this form, a new one comes with the next PEP.

    Outsiders read it by the record rule (:class:`pep.audience`) and change it by the methods below alone. Each of them
    looks at the role that the caller has on *this* child now. A part can be handed in as long as the PEP is being
    worked on, also late; once it is handed in it is closed until it is returned.

    Who answers may change while it is open: another school, another carer. What was begun then stays as an *earlier
    part*, under its author, and can't be changed; whoever came instead has an open part (:meth:`_pass_on`).
    """

    _name = "pep.contribution"
    _description = "Part of a PEP"
    _inherit = ["pep.audience"]
    _child_parent = "plan_id"
    _order = "plan_id.id, sequence, id"

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    section_id = fields.Many2one("pep.section", required=True, index=True, ondelete="restrict", readonly=True)
    section_name = fields.Char(string="Part", related="section_id.name")
    sequence = fields.Integer(readonly=True)
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    owner_role = fields.Selection(
        lambda self: self.env["pep.section"]._fields["owner_role"].selection,
        string="Who answers",
        required=True,
        readonly=True,
        index=True,
    )
    school_id = fields.Many2one(
        "res.partner", index="btree_not_null", ondelete="restrict", readonly=True, help="Whose staff answers it."
    )
    school_name = fields.Char(string="School's name then", readonly=True)
    opened_on = fields.Datetime(string="Made on", required=True, readonly=True, help="Which questions it has.")
    required = fields.Boolean(help="The PEP is not ready without it.")
    due_date = fields.Date(
        string="Due by", compute="_compute_due_date", store=True, help="Some days before the meeting."
    )
    is_live = fields.Boolean(string="Being worked on", compute="_compute_audience", store=True)
    is_late = fields.Boolean(string="Late", compute="_compute_is_late")
    # How far
    state = fields.Selection(STATES, required=True, readonly=True, default="not_started", index=True)
    answer_ids = fields.One2many("pep.answer", "contribution_id", string="Answers", readonly=True)
    question_count = fields.Integer(string="Questions", readonly=True, aggregator=None)
    required_count = fields.Integer(string="Questions that must be answered", readonly=True, aggregator=None)
    answered_count = fields.Integer(string="Answered", readonly=True, aggregator=None)
    required_answered = fields.Integer(string="Of those answered", readonly=True, aggregator=None)
    progress = fields.Integer(string="Complete (%)", compute="_compute_progress", aggregator=None)
    document_id = fields.Many2one(
        "pep.document",
        string="Document that stands for it",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    # Who and when
    submitted_on = fields.Datetime(string="Handed in on", readonly=True)
    submitted_by_id = fields.Many2one(
        "res.users", string="Handed in by", readonly=True, ondelete="restrict", groups=INSIDE
    )
    accepted_on = fields.Datetime(string="Accepted on", readonly=True)
    accepted_by_id = fields.Many2one(
        "res.users", string="Accepted by", readonly=True, ondelete="restrict", groups=INSIDE
    )
    returned_on = fields.Datetime(string="Returned on", readonly=True)
    returned_by_id = fields.Many2one(
        "res.users", string="Returned by", readonly=True, ondelete="restrict", groups=INSIDE
    )
    returned_reason = fields.Char(string="Why returned", readonly=True)
    not_needed_reason = fields.Char(string="Why not needed", readonly=True)
    behalf_name = fields.Char(
        string="Whose words", readonly=True, groups=INSIDE, help="Who said it, when staff of the council typed it."
    )
    behalf_how = fields.Selection(BEHALF_HOW, string="How it came", readonly=True)
    behalf_date = fields.Date(string="When it was said", readonly=True)
    entered_by_id = fields.Many2one("res.users", string="Typed by", readonly=True, ondelete="restrict", groups=INSIDE)
    earlier_on = fields.Datetime(string="Closed on", readonly=True, help="When somebody else took over.")
    earlier_name = fields.Char(
        string="Whose earlier words", readonly=True, groups=INSIDE, help="Who had begun it, as their names were then."
    )
    history = fields.Json(readonly=True, help="What was handed in, each time.", groups="pep_module.group_pep_support")

    _uniq = models.UniqueIndex(
        "(plan_id, section_id, COALESCE(school_id, 0)) WHERE state <> 'earlier'", "This PEP has this part already."
    )
    # IS TRUE, as the ORM asks: PostgreSQL does not take one for the other
    _open_index = models.Index("(child_id, owner_role, due_date) WHERE is_live IS TRUE")

    # === Computes ===

    @api.depends(
        "plan_id.state",
        "owner_role",
        "section_id.for_teacher",
        "section_id.for_social_worker",
        "section_id.for_carer",
        "section_id.for_parent",
        "section_id.for_iro",
    )
    def _compute_audience(self):
        """Whose part it is and who will read it, while the PEP is being worked on.

        Afterwards people outside the virtual school read the issued copy.
        """
        for contribution in self:
            contribution.is_live = contribution.plan_id.state in LIVE
            roles = contribution.section_id._audience() | {contribution.owner_role}
            contribution._set_audience(roles if contribution.is_live else ())

    @api.depends(
        "owner_role",
        "plan_id.due_date",
        "plan_id.school_due",
        "plan_id.social_work_due",
        "plan_id.meeting_ids.state",
        "plan_id.meeting_ids.start",
    )
    def _compute_due_date(self):
        for (plan, role), contributions in self.grouped(lambda part: (part.plan_id, part.owner_role)).items():
            contributions.due_date = plan._contributions_due(role)

    def _compute_is_late(self):
        today = {company: company._pep_today() for company in self.company_id}
        for contribution in self:
            due = contribution.state in OPEN and contribution.is_live and contribution.due_date
            contribution.is_late = bool(due and due < today[contribution.company_id])

    @api.depends("state", "answered_count", "question_count", "document_id")
    def _compute_progress(self):
        for contribution in self:
            if contribution.document_id or contribution.state in (*HANDED_IN, "not_needed"):
                contribution.progress = 100
            elif contribution.question_count:
                contribution.progress = 100 * contribution.answered_count // contribution.question_count
            else:
                contribution.progress = 0

    # === Making them ===

    @api.model
    def _sync_for(self, plans):
        """Make the parts that these PEPs ask for and do not have. Run any number of times: the same rows.

        A part that nobody has begun follows the child to another school; what was begun stays with who began it.

        :param plans: ``pep.plan`` records; finished ones are passed over
        :return: the parts made
        """
        plans = plans.sudo().filtered(  # sudo: the app's own act, whoever opened or started the PEP
            lambda plan: plan.state not in ("complete", "cancelled")
        )
        if not plans:
            return self.browse()
        forms = self._forms_of(plans)
        schools, around = self._schools_of(plans), self._roles_around(plans)
        mine = self.sudo().search([("plan_id", "in", plans.ids), ("state", "!=", "earlier")])  # sudo: as above
        became = mine.school_id._pep_became()
        existing = mine.grouped(lambda part: (part.plan_id, part.section_id))
        now = fields.Datetime.now()
        counts = self.env["pep.section"].union(*forms.values())._question_counts(now)
        vals_list = []
        for plan in plans:
            common = {
                "child_id": plan.child_id.id,
                "plan_id": plan.id,
                "term_id": plan.term_id.id,
                "opened_on": now,
            }
            due = {role: plan._contributions_due(role) for role in ("teacher", "social_worker", None)}
            for section in forms[plan]:
                if section._waits_for_nobody(around[plan.child_id.id]) or any(
                    (plan, old) in existing for old in section._with_predecessors()[1:]
                ):
                    continue  # nobody there to answer it, or the PEP has an earlier version of the section
                have = existing.get((plan, section), mine.browse())
                for school_id, school_name, role in have._missing_places(section, schools[plan.id], became):
                    vals_list.append(
                        {
                            **common,
                            **self._audience_vals(section, role, plan.state in LIVE),
                            "section_id": section.id,
                            "sequence": section.sequence,
                            "owner_role": role,
                            "due_date": due.get(role, due[None]),
                            "school_id": school_id,
                            "school_name": school_name,
                            "required": section.required,
                            "question_count": counts[section.id][0],
                            "required_count": counts[section.id][1],
                        }
                    )
        return self.sudo().create(vals_list)  # sudo: as above

    @api.model
    def _forms_of(self, plans):
        """The sections that each of these PEPs asks for.

        :return: dict of plan -> ``pep.section`` records
        """
        sections = self.env["pep.section"].sudo()  # sudo: the form of each council
        sections = sections.search([("company_id", "in", plans.company_id.ids)])
        forms = {}
        for plan in plans:
            key = (plan.company_id, plan.variant, plan.kind_id)
            if key not in forms:
                forms[key] = sections.filtered(lambda section, plan=plan: section._applies_to(plan))
        return {plan: forms[plan.company_id, plan.variant, plan.kind_id] for plan in plans}

    def _missing_places(self, section, schools, became):
        """Where a PEP lacks its part of a section; a part that nobody has begun goes over there.

        :param self: the PEP's parts of this section
        :param schools: list of (school id, name) of the child, the main one first
        :param became: dict of school -> the academy that it has become, whose staff go on with its part
        :return: list of (school id, name, role that answers) of the parts to be made
        """
        if section.owner_role != "teacher":
            places = [(False, False)]
        else:
            places = (schools if section.per_setting else schools[:1]) or [(False, False)]
        wanted = {school_id for school_id, _name in places}
        have = {part.school_id.id for part in self} | {
            became[part.school_id].id for part in self if part.school_id in became
        }
        spare = self.filtered(lambda part: part.state == "not_started" and part.school_id.id not in wanted)
        missing = []
        for school_id, name in places:
            if school_id in have:
                continue
            role = section._owner_for(bool(school_id) or section.owner_role != "teacher")
            if spare:
                spare[0].write({"school_id": school_id, "school_name": name, "owner_role": role})
                spare = spare[1:]
            elif school_id or not self:
                missing.append((school_id, name, role))
        return missing

    @api.model
    def _audience_vals(self, section, owner_role, live):
        roles = section._audience() | {owner_role} if live else ()
        return {"is_live": live, **{f"for_{role}": role in roles for role in AUDIENCE}}

    @api.model
    def _roles_around(self, plans):
        """The roles that somebody has in each child's network today, whoever must not have contact left out.

        :return: dict of child id -> set of roles
        """
        members = self.env["pep.network.member"].sudo()  # sudo: as in _sync_for
        rows = members.search_fetch(
            [("child_id", "in", plans.child_id.ids), ("must_not_contact", "=", False)],
            ["child_id", "role", "date_from", "date_to"],
        )
        today = {company: company._pep_today() for company in plans.company_id}
        around = {child_id: set() for child_id in plans.child_id.ids}
        for row in rows:
            if not row.date_to or row.date_to >= today[row.company_id]:
                around[row.child_id.id].add(row.role)
        return around

    @api.model
    def _schools_of(self, plans):
        """The settings that each PEP's child has today, or on the first day of its term: the main school first.

        :return: dict of plan id -> list of (school id, its name)
        """
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: as in _sync_for
        enrolments = enrolments.search(
            [("child_id", "in", plans.child_id.ids), ("school_id", "!=", False)], order="child_id, id"
        ).grouped("child_id")
        schools = {}
        for plan in plans:
            day = plan._day_of_places()
            current = enrolments.get(plan.child_id, self.env["pep.enrolment"]).filtered(
                lambda row, day=day: row.date_from <= day and (not row.date_to or row.date_to >= day)
            )
            order = current.sorted(lambda row: (row.kind != "main", row.id))
            places = {plan.school_id.id: plan.school_name} if plan.school_id else {}
            places |= {row.school_id.id: row.school_name for row in order}
            schools[plan.id] = list(places.items())
        return schools

    # === Who may fill it in ===

    def _may_fill(self):
        """Whether the user answers this part now: the role on this child, at this school, of a PEP in the making.

        The virtual school's staff answer their own parts, and those of others on their behalf.

        :return: None when the user may; else a sentence that says why not
        :raise AccessError: the user may not even see it, or it is somebody else's
        """
        self.ensure_one()
        self.check_access("read")
        part = self.sudo()  # sudo: a part that the user may read; what the answer hangs on may be out of their sight
        roles_on = self.env["pep.access"]._roles_on(part.child_id)
        staff = bool(roles_on.get(part.child_id.id, set()) & STAFF) and self.env.user._is_internal()
        owner = bool(part._owned_by(self.env.user, roles_on))
        if not staff and not owner:
            raise AccessError(self.env._("This part is somebody else's."))
        if not part.is_live:
            return self.env._("This PEP is not being worked on now.")
        if part.state == "not_needed":
            return self.env._("This part is not needed this time.")
        if part.state == "earlier":
            return self.env._("Somebody else has taken over from here. What was begun stays as it was.")
        if part.state not in OPEN:
            return self.env._("This part has been handed in. It can be changed when it is returned.")
        if staff and part.owner_role != "vseo" and not part.behalf_name and not owner:
            return self.env._("Say first on whose behalf you enter it.")
        return None

    def _owned_by(self, user, roles_on):
        """Those of these parts that somebody with these roles answers. A child does so in its own page.

        :param roles_on: dict of child id -> set of roles that the user has on the child
        :return: the parts, in a fixed number of queries
        """
        schools = self.filtered(lambda part: part.owner_role == "teacher").school_id
        became = schools._pep_became() if schools else {}
        staff = self.env["pep.school.staff"]
        works_at = staff._works_at(user, schools.union(*became.values())).school_id if schools else schools
        works_at |= schools.filtered(lambda school: became.get(school, schools.browse()) & works_at)
        elsewhere = schools - works_at
        held = self.env["pep.delegation"]._held_by(user, self.child_id, elsewhere) if elsewhere else set()

        def owned(part):
            roles = roles_on.get(part.child_id.id, ())
            if part.delegate_id == user and "delegate" in roles:
                return True
            if part.owner_role not in roles or part.owner_role not in dict(ROLES):
                return False
            at_school = part.owner_role == "teacher" and part.school_id
            return not at_school or at_school in works_at or (part.child_id, at_school) in held

        return self.filtered(owned)

    def _check_may_fill(self):
        """Refuse whoever may not answer this part now, and say why."""
        reason = self._may_fill()
        if reason:
            raise UserError(reason)

    def _check_staff(self):
        """Refuse whoever is not the virtual school's staff for this child."""
        self.check_access("write")
        for contribution in self.sudo():  # sudo: the stage of the PEP, which is no secret to who may write
            if contribution.plan_id.state in ("complete", "cancelled"):
                contribution.plan_id._refuse_when_frozen()

    # === Answering ===

    def _questions(self):
        """The questions of this part, as the bank had them when it was made."""
        self.ensure_one()
        return self.section_id.sudo()._questions_at(self.opened_on)  # sudo: the form of a part that the user may read

    def action_save_answers(self, answers):
        """Save what was typed. A conflict is told, never written over.

        :param answers: list of dicts with ``question`` (id), ``value`` and ``version`` (that the typing began from; 0
            for none)
        :return: dict of question id -> dict with ``status`` (``saved``, ``same``, ``conflict``, ``refused``),
            ``version``, ``value``, and for a conflict ``by`` and ``on``, for a refusal ``message``
        :raise UserError: the part is closed; nothing is saved
        """
        self.ensure_one()
        self._check_may_fill()
        self._go_on_in_person()
        return self.sudo()._save_answers(  # sudo: checked just now; outsiders change answers by this method alone
            answers, author=self.env.user, reader=self.env.user
        )

    def _save_answers(self, answers, author, reader=None, **extra):
        """Save without asking who does.

        :param reader: who is told of a conflict; an answer that is kept from them can't be changed by them either
        """
        self._take_turn()
        questions = {question.id: question for question in self._questions()}
        current = {answer.question_id.id: answer for answer in self._answers()}
        results, new = {}, {}
        for item in answers:
            question = questions.get(item.get("question"))
            if not question or not question._takes_answer():
                raise AccessError(self.env._("There is no such question in this part."))
            answer = current.get(question.id, self.env["pep.answer"])
            if reader and answer.hidden_from_id == reader:
                raise AccessError(self.env._("There is no such question in this part."))
            try:
                vals = question._read_value(item.get("value"))
            except UserError as error:
                results[question.id] = {"status": "refused", "message": str(error), "version": answer.version}
                continue
            if answer and not extra and answer._same(vals):
                results[question.id] = {"status": "same", "version": answer.version}
            elif answer and answer.version != item.get("version"):
                results[question.id] = answer._conflict()
            else:
                vals |= self._author_vals(author) | extra
                if answer:
                    answer.write({**vals, "version": answer.version + 1})
                else:
                    new[question.id] = {**vals, "contribution_id": self.id, "question_id": question.id}
                results[question.id] = {"status": "saved", "version": answer.version or 1}
        for answer in self.env["pep.answer"].create(list(new.values())):
            current[answer.question_id.id] = answer
        if any(result["status"] == "saved" for result in results.values()):
            self._note_progress(current.values(), questions.values())
        return results

    def _answers(self):
        """The answers of these parts, in one query."""
        names = ["contribution_id", "question_id", "is_given", "version", "hidden_from_id", *COLUMNS]
        return self.env["pep.answer"].search_fetch([("contribution_id", "in", self.ids)], names)

    def _author_vals(self, author):
        return {
            "author_id": author.id,
            "author_name": self.behalf_name or author.name,
            "answered_on": fields.Datetime.now(),
        }

    def _take_turn(self):
        """Of two who save at the same moment, let the second begin again and see what the first one wrote."""
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL("UPDATE pep_contribution SET write_date = write_date WHERE id = %s", self.id), log_exceptions=False
        )

    def _note_progress(self, answers, questions):
        given = {answer.question_id for answer in answers if answer.is_given}
        takes = [question for question in questions if question._takes_answer()]
        self.write(
            {
                "answered_count": len(given),
                "required_answered": sum(1 for question in takes if question.required and question in given),
                "state": "in_progress" if self.state == "not_started" else self.state,
            }
        )

    def action_enter_on_behalf(self, name, how, date):
        """Staff of the council enter what somebody else said or sent: who, how and when.

        :param name: whose words they are
        :param how: one of :data:`BEHALF_HOW`
        :param date: the day on which it was said, ISO or a date; not in the future
        """
        self.ensure_one()
        self._check_staff()
        try:
            day = fields.Date.to_date(date)
        except ValueError:
            day = None
        if not (name or "").strip() or how not in dict(BEHALF_HOW) or not day:
            raise UserError(self.env._("Say whose words they are, how they reached you and when."))
        if day > self.company_id._pep_today():
            raise UserError(self.env._("It can't have been said in the future."))
        if self.state not in OPEN:
            raise UserError(self.env._("This part has been handed in. It can be changed when it is returned."))
        part = self.sudo()  # sudo: written by this method alone
        part.write({"behalf_name": name.strip(), "behalf_how": how, "behalf_date": day, "entered_by_id": self.env.uid})

    def _go_on_in_person(self):
        """What follows is said by who answers this part, and no longer entered by staff on their behalf."""
        part = self.sudo()  # sudo: a part that the user was found to answer
        if part.behalf_name and not self._staff_here():
            part.write({"behalf_name": False, "behalf_how": False, "behalf_date": False, "entered_by_id": False})

    def action_submit(self):
        """Hand this part in: complete, or with the document that stands for it. It is closed from then on.

        :raise UserError: what must be answered is not; the message names the questions
        """
        for contribution in self:
            contribution._check_may_fill()
            contribution._go_on_in_person()
            contribution.sudo()._submit()  # sudo: checked just now; outsiders hand in by this method alone

    def _submit(self):
        """Hand in without asking who does."""
        self.ensure_one()
        if not self.document_id:
            missing = self._missing_questions()
            if missing:
                raise UserError(
                    self.env._("Still to be answered: %(questions)s", questions="; ".join(missing.mapped("name")))
                )
        now = fields.Datetime.now()
        self.write(
            {
                "state": "submitted",
                "submitted_on": now,
                "submitted_by_id": self.env.uid,
                "history": [*(self.history or []), self._handed_in(now)],
            }
        )

    def _missing_questions(self):
        answered = self._answers().filtered("is_given").question_id
        return self._questions().filtered(
            lambda question: question.required and question._takes_answer() and question not in answered
        )

    def _handed_in(self, moment):
        """What is handed in, as plain data that no later change touches."""
        return {
            "on": fields.Datetime.to_string(moment),
            "by": self.env.user.name,
            "answers": {
                # what a child kept from its helper stays in the one row that is kept from that person
                str(answer.question_id.id): None if answer.kept_private else answer.value
                for answer in self.answer_ids
                if answer.is_given
            },
        }

    # === The virtual school's side ===

    def action_accept(self):
        """Staff: this part is fine."""
        self._check_staff()
        for contribution in self:
            if contribution.state != "submitted":
                raise UserError(self.env._("Only a part that has been handed in can be accepted."))
        part = self.sudo()  # sudo: written by the methods of the model alone
        part.write({"state": "accepted", "accepted_on": fields.Datetime.now(), "accepted_by_id": self.env.uid})

    def action_return(self):
        """Staff: ask why, then give this part back to who answers it."""
        return self._ask_for_reason("return", self.env._("Return this part"))

    def action_not_needed(self):
        """Staff: ask why, then leave this part out of this PEP."""
        return self._ask_for_reason("not_needed", self.env._("Not needed this time"))

    def action_needed(self):
        """Staff: this part is wanted after all."""
        self._check_staff()
        for contribution in self.sudo():  # sudo: as above
            if contribution.state != "not_needed":
                raise UserError(self.env._("This part is wanted already."))
            contribution.write({"state": "in_progress" if contribution.answer_ids else "not_started"})

    def _ask_for_reason(self, step, name):
        self.ensure_one()
        self._check_staff()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "pep.contribution.reason",
            "view_mode": "form",
            "target": "new",
            "context": {"default_contribution_id": self.id, "default_step": step},
        }

    def _take_step(self, step, reason):
        """Return or leave out, with a reason. Called by the wizard that asked for it."""
        self.ensure_one()
        self._check_staff()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: who answers this part will read it."))
        part = self.sudo()  # sudo: as above
        if step == "return":
            if part.state not in HANDED_IN:
                raise UserError(self.env._("Only a part that has been handed in can be returned."))
            part.write(
                {
                    "state": "returned",
                    "returned_on": fields.Datetime.now(),
                    "returned_by_id": self.env.uid,
                    "returned_reason": reason,
                }
            )
        else:
            if part.state not in OPEN:
                raise UserError(self.env._("This part has been handed in."))
            part.write({"state": "not_needed", "not_needed_reason": reason})

    def action_fill(self):
        """Open the page on which this part is answered."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": f"/my/pep/section/{self.id}", "target": "self"}

    # === What a page needs ===

    def _previous(self):
        """The same part of the child's last PEP that has it, at the same school."""
        self.ensure_one()
        parts = self.sudo()  # sudo: what the same contributor's part said last time; shown to who answers it now
        earlier = parts.search(
            [
                ("child_id", "=", self.child_id.id),
                ("section_id", "in", self.section_id.sudo()._with_predecessors().ids),  # sudo: the form's own history
                ("school_id", "=", self.school_id.id),
                ("id", "!=", self.id),
                ("state", "in", HANDED_IN),
                ("term_id.date_from", "<", self.term_id.sudo().date_from),  # sudo: terms are no secret
            ]
        )
        return earlier.sorted(lambda part: (part.term_id.date_from, part.id))[-1:]

    def _form(self):
        """What the page of this part shows, in a fixed number of queries however many questions and past PEPs.

        :return: list of dicts, one a question: ``question``, ``answer`` (record or empty), ``last`` (record or empty:
            what was said last time, where the question begins from that, or by who had this part before; nothing of it
            is confirmed yet), ``fact`` (text or False)
        """
        self.ensure_one()
        self.check_access("read")
        part = self.sudo()  # sudo: readable, and so is what its form consists of; answers are asked for below
        questions = part._questions()
        answers = self.env["pep.answer"].search([("contribution_id", "=", self.id)])
        answer_of = {answer.question_id.id: answer for answer in answers.sudo()}  # sudo: found by the rule just now
        last_of = {}
        if any(question.starts == "carry" for question in questions):
            for answer in part._previous().answer_ids:
                if answer.is_given and not answer.kept_private:
                    last_of[answer.question_id.id] = answer
        before_of = part._words_before()
        facts = questions._facts_of(part.plan_id, part.school_id)
        lines = []
        for question in questions:
            answer = answer_of.get(question.id, self.env["pep.answer"].sudo())  # sudo: empty
            last = self.env["pep.answer"].sudo()  # sudo: empty
            if not answer and question.id in before_of:
                last = before_of[question.id]
            elif question.starts == "carry" and not answer:
                last = next((last_of[q.id] for q in question._with_predecessors() if q.id in last_of), last)
            lines.append({"question": question, "answer": answer, "last": last, "fact": facts.get(question.id)})
        return lines

    # === CRUD ===

    @api.model
    def _kept_by_app(self):
        written_by_hand = {"required", "plan_id", "child_id"}
        return super()._kept_by_app() | {
            name
            for name, field in self._fields.items()
            if field.store and field.type != "one2many" and not field.compute and name not in written_by_hand
        } - set(models.MAGIC_COLUMNS)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("The parts of a PEP are made with it, from the question bank."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self.plan_id._refuse_when_frozen()
        return super().write(vals)

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"section_id"}

    def _snapshots(self):
        """These parts as plain data, for an issued version: names, labels and words, no ids.

        The number of queries does not grow with the parts, nor with their questions.
        """
        every = self.section_id.question_ids.browse()
        every = every.with_context(active_test=False).search([("section_id", "in", self.section_id.ids)])
        questions_of = every.grouped("section_id")
        facts = {
            (plan, school): every._facts_of(plan, school)
            for plan, school in {(part.plan_id, part.school_id) for part in self}
        }
        return [
            part._snapshot(
                questions_of.get(part.section_id, every.browse()).filtered(
                    lambda question, moment=part.opened_on: (
                        question.used_from <= moment and not (question.retired_on and question.retired_on <= moment)
                    )
                ),
                facts[part.plan_id, part.school_id],
            )
            for part in self
        ]

    def _snapshot(self, questions, facts):
        self.ensure_one()
        answers = {answer.question_id.id: answer for answer in self.answer_ids if answer.is_given}
        day = self.behalf_date or (self.submitted_on and self.company_id._pep_local(self.submitted_on).date())
        return {
            "name": self.section_name,
            "owner": self.owner_role,
            "who": self._label("owner_role"),
            "school": self.school_name or None,
            "state": self._label("state"),
            "handed_in": self.state in HANDED_IN,
            "not_needed": self.not_needed_reason if self.state == "not_needed" else None,
            "earlier": self.state == "earlier",
            "by": self.earlier_name or self.behalf_name or self.submitted_by_id.name or None,
            "typed_by": self.entered_by_id.name if self.behalf_name else None,
            "how": self._label("behalf_how"),
            "on": str(day) if day else None,
            "document": self.document_id.type_id.name if self.document_id else None,
            "audience": sorted(self.section_id._audience() | {self.owner_role}),
            "answers": [
                self._snapshot_of_answer(question, answers.get(question.id, self.env["pep.answer"]), facts)
                for question in questions
                if question.kind != "prompt"
            ],
        }

    def _snapshot_of_answer(self, question, answer, facts):
        """One question and what was said to it.

        What a child kept from one of the virtual school's own staff who helped is not in an issued version, which that
        person reads: it stays where it is, for the others.
        """
        hidden = answer.kept_private and answer.hidden_from_id and not answer.hidden_from_id.share
        said = answer.value if answer else facts.get(question.id)
        return {
            "question": question.name,
            "answer": None if hidden else said or None,
            "fact": question.fact or None,
            "required": question.required and question._takes_answer(),
            "private": answer.kept_private,
            "left_out": bool(hidden),
            "audience": sorted(question._audience() | {self.owner_role}),
        }


class PepSection(models.Model):
    _inherit = "pep.section"

    def _waits_for_nobody(self, roles):
        """Whether this may be left out, and nobody with these roles in the child's network is there to answer it."""
        return self.owner_role in NOT_EVERYBODY and not self.required and self.owner_role not in roles

    def _with_predecessors(self):
        """This section, and those that it replaced, the latest first."""
        chain = self
        while chain[-1].replaces_id and chain[-1].replaces_id not in chain:
            chain |= chain[-1].replaces_id
        return chain
