"""The chair's view: one screen for the meeting itself, its data in one call and its saves in small ones."""

from calendar import timegm

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date

from ..common.pep_audience import AUDIENCE
from ..plan.pep_contribution import HANDED_IN
from ..plan.pep_plan import CLOSED
from ..plan.pep_question import FACT_READERS

LONGEST = 20_000  # characters; ten printed pages
# What the chair's view saves: by kind of row, its model, and how each field is read. Nothing else can be written by it.
SAVES = {
    "point": ("pep.meeting.point", {"state": "choice", "said": "text"}),
    "person": ("pep.meeting.attendee", {"attended": "tick", "apologies": "tick", "note": "line"}),
    "review": (
        "pep.target.review",
        {"outcome": "choice", "impact": "text", "evidence": "line", "carry_forward": "tick"},
    ),
    "target": ("pep.target", {"agreed_with_child": "choice", "agreed_note": "line"}),
    "note": ("pep.meeting.note", {"text": "text"}),
}
# Kinds that are written by the chair's view alone, for whoever may write the meeting.
OWN_KINDS = ("point", "note")
# An outcome that no meeting decides: a PEP that closed without it did.
NOT_CHOSEN = {"outcome": {"unreviewed"}}
# What has to be asked again after a save, by kind.
FOLLOWS = {
    "person": ("people", "before_end"),
    "review": ("targets", "before_end"),
    "target": ("before_end",),
}
BLOCKS = ("meeting", "people", "points", "reviews", "targets", "actions", "next", "notes", "before_end")


class PepMeeting(models.Model):
    _inherit = "pep.meeting"

    note_ids = fields.One2many(
        "pep.meeting.note",
        "meeting_id",
        string="Private notes",
        readonly=True,
        groups="pep_module.group_pep_support",
        help="For the virtual school alone; in no copy.",
    )

    # === Opening ===

    def action_chair(self):
        """Button: the chair's view of this meeting."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.client"]._for_xml_id("pep_module.pep_meeting_chair_action")
        return {
            **action,
            "name": self.child_reference,  # the title of the page: the reference alone
            "context": {"active_id": self.id, "active_ids": self.ids, "active_model": self._name},
        }

    def _chair_closed(self):
        """Why nothing can be written in the chair's view any more, as a sentence; None while it can.

        A meeting that was held is written on until its PEP is complete.
        """
        self.ensure_one()
        if self.state == "offering":
            return self.env._("This meeting has no time yet.")
        if self.state == "cancelled":
            return self.env._("This meeting was cancelled.")
        if self.is_frozen:
            return self.env._("The PEP is finished: what was agreed stays as it was.")
        return None

    def _check_chair(self):
        """Refuse whoever may not write this meeting, and everyone when it is over."""
        self.ensure_one()
        self.check_access("write")
        reason = self._chair_closed()
        if reason:
            raise UserError(reason)

    def _chair_take_turn(self):
        """Of two who save at the same moment, let the second begin again and see what the first one wrote."""
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL("UPDATE pep_meeting SET write_date = write_date WHERE id = %s", self.id), log_exceptions=False
        )

    # === Reading ===

    def chair_load(self, blocks=None):
        """What the chair's view shows, read as the user, in a fixed number of queries.

        The number does not grow with the questions, answers, people or targets. The first time, the agenda is made.

        :param blocks: names out of :data:`BLOCKS`, to read those again; default all
        :return: dict of block -> plain data
        :raise AccessError: the meeting is not for the user to read
        """
        self.ensure_one()
        self.check_access("read")
        blocks = [name for name in BLOCKS if blocks is None or name in blocks]
        if "points" in blocks and not self._chair_closed() and self.has_access("write"):
            self._chair_take_turn()
            self._make_agenda()
        return {name: getattr(self, f"_chair_{name}")() for name in blocks}

    def _chair_meeting(self):
        plan, company = self.plan_id, self.company_id
        closed = self._chair_closed()
        return {
            "id": self.id,
            "plan_id": plan.id,
            "reference": self.child_reference,
            "name": self.child_name or False,
            "term": plan.term_id.name,
            "when": self._chair_when(),
            "state": self.state,
            "state_label": self._label("state"),
            "is_extra": self.is_extra,
            "purpose": self.purpose or False,
            "chair": self.chair_id.name or False,
            # moments in seconds since 1970, for the clock
            "start": self.start and self._chair_moment(self.start),
            "stop": self.stop and self._chair_moment(self.stop),
            "now": self._chair_moment(fields.Datetime.now()),
            "today": str(company._pep_today()),
            "may_write": not closed and self.has_access("write"),
            "closed": closed or False,
            "plan_open": plan.state not in CLOSED and self.state != "cancelled",
            "outcomes": self._chair_choices("pep.target.review", "outcome"),
            "agreed": self._chair_choices("pep.target", "agreed_with_child"),
            "roles": self._chair_choices("pep.meeting.attendee", "role"),
        }

    def _chair_moment(self, moment):
        return timegm(moment.timetuple())  # moments are kept in UTC

    def _chair_when(self):
        """Day and time of the meeting in words, as the council's clock has it."""
        if not self.start:
            return self.env._("No time yet")
        start, stop = (self.company_id._pep_local(moment) for moment in (self.start, self.stop))
        return f"{format_date(self.env, start.date(), date_format='EEEE d MMMM y')}, {start:%H:%M} – {stop:%H:%M}"

    def _chair_choices(self, model, name):
        labels = self.env[model]._fields[name]._description_selection(self.env)
        return [[value, label] for value, label in labels if value not in NOT_CHOSEN.get(name, ())]

    def _chair_people(self):
        """Who is here, and who must be: names and roles, and not where anybody sits or lives."""
        people = self.env["pep.meeting.attendee"].search_fetch(
            [("meeting_id", "=", self.id), ("invitation", "!=", "withdrawn")],
            ["role", "partner_name", "needed", "answer", "attended", "apologies", "note", "written", "own_start"],
            order="role, id",
        )
        order = [role for role, _label in people._fields["role"]._description_selection(self.env)]
        return {
            "rows": [
                {
                    "id": person.id,
                    "role": person.role,
                    "who": person._label("role"),
                    "name": person.partner_name or False,
                    "needed": person.needed,
                    "answer": person.answer,
                    "answer_label": person._label("answer"),
                    "attended": person.attended,
                    "apologies": person.apologies,
                    "note": person.note or "",
                    "written": person._label("written") if person.written != "no" else False,
                    "apart": bool(person.own_start) or person.written == "instead",
                    "withheld": person.withhold_people or person.withhold_place or person.withhold_link,
                }
                for person in people.sorted(lambda person: (not person.needed, order.index(person.role), person.id))
            ],
            "gap": self.quorum_gap or False,
        }

    # === The agenda, and what was written beside it ===

    def _chair_points(self):
        """The points of the agenda, and beside each what the contributors wrote.

        Parts and answers are read as the user: what is kept from the user does not come. That there is something kept
        is told of the part as a whole, not of the question.
        """
        points = self.env["pep.meeting.point"].search_fetch(
            [("meeting_id", "=", self.id)], ["question_id", "section_id", "name", "sequence", "state", "said"]
        )
        parts = self._chair_parts(points)
        answers = self.env["pep.answer"].search_fetch(
            [("contribution_id", "in", parts.ids), ("is_given", "=", True)],
            ["contribution_id", "question_id", "is_given", "kept_private", "author_name", "answered_on"],
        )
        answer_of = {(answer.contribution_id, answer.question_id): answer for answer in answers}
        given = answers.grouped("contribution_id")
        kept = {part: part.answered_count - len(given.get(part, ())) for part in parts}
        facts = self._chair_facts(points.question_id, parts)
        parts_of = parts.grouped("section_id")
        several = {section for section, rows in parts_of.items() if len(rows) > 1}
        return [
            {
                **self._chair_point(point),
                "beside": [
                    self._chair_beside(
                        point, part, answer_of.get((part, point.question_id)), kept[part], facts, several
                    )
                    for part in parts_of.get(point.section_id, ())
                ]
                if point.question_id.kind != "prompt"
                else [],
            }
            for point in points
        ]

    def _chair_parts(self, points):
        """The parts of this PEP that the points talk about, those that the user may read."""
        return self.env["pep.contribution"].search_fetch(
            [
                ("plan_id", "=", self.plan_id.id),
                ("section_id", "in", points.section_id.ids),
                ("state", "!=", "not_needed"),
            ],
            ["section_id", "owner_role", "school_name", "state", "submitted_on", "answered_count", "document_id"],
        )

    def _chair_facts(self, questions, parts):
        """Facts of the record that points show: for each school that a part is of.

        :return: dict of (school id, question id) -> text or False
        """
        asked = questions.filtered(lambda question: question.starts == "fact")
        return {
            (school.id, question_id): text
            for school in {part.school_id for part in parts if asked}
            for question_id, text in asked._facts_of(self.plan_id, school).items()
        }

    def _chair_point(self, point):
        question = point.question_id
        return {
            "id": point.id,
            "name": point.name,
            "about": point.section_id.name or False,
            "previous": bool(question) and point.sequence < 1000,
            "help": question.help or False,
            "prompt": question.kind == "prompt",
            "state": point.state,
            "said": point.said or "",
        }

    def _chair_beside(self, point, part, answer, kept, facts, several):
        """What stands beside a point from one contributor's part.

        ``readers`` are the roles that may read it: with others in front of the screen, it waits for a click.
        """
        question = point.question_id
        handed_in = part.state in HANDED_IN
        readers = question._audience() | {part.owner_role} if handed_in else {part.owner_role}
        entry = {
            "part": part.id,
            "who": part._label("owner_role"),
            "school": part.school_name if point.section_id in several else False,
            "handed_in": handed_in,
            "words": False,
            "author": False,
            "on": False,
            "private": False,
            "nothing": False,
        }
        if question.starts == "fact":
            fact = facts.get((part.school_id.id, question.id))
            readers = FACT_READERS.get(question.fact, set(AUDIENCE)) & set(AUDIENCE)
            entry |= {"who": self.env._("From the record"), "handed_in": True, "words": fact or False}
            entry["nothing"] = not fact and self.env._("Not known")
        elif answer:
            readers = set() if answer.kept_private else readers
            entry |= {
                "words": answer.value,
                "private": answer.kept_private,
                "author": answer.author_name or False,
                "on": answer.answered_on and self._chair_day(answer.answered_on),
            }
        elif kept > 0:
            entry["nothing"] = self.env._("Not answered, or kept private")
        elif part.document_id and handed_in:
            entry["nothing"] = self.env._("A document stands for this part: it is in the PEP.")
        else:
            entry["nothing"] = self.env._("Not answered") if handed_in else self.env._("Nothing yet")
        return {**entry, "readers": sorted(readers & set(AUDIENCE))}

    def _chair_day(self, moment):
        return format_date(self.env, self.company_id._pep_local(moment).date(), date_format="d MMM y")

    # === Targets and money ===

    def _chair_reviews(self):
        """The targets of earlier PEPs that this one reviews, with the money that went with them."""
        reviews = self.plan_id.review_ids
        targets = reviews.target_id
        money = self._chair_money(targets)
        rows = []
        for review in reviews:
            target = review.target_id
            rows.append(
                {
                    "id": review.id,
                    "name": target.name,
                    "area": target.area_id.name,
                    "set_in": target.term_id.name,
                    "baseline": target.baseline or False,
                    "aim": target.target_value or False,
                    "by_when": target.by_when and self._chair_date(target.by_when),
                    "by_whom": target.by_whom or False,
                    "outcome": review.outcome or "",
                    "impact": review.impact or "",
                    "evidence": review.evidence or "",
                    "carry_forward": review.carry_forward,
                    "money": money.get(target, []),
                }
            )
        return rows

    def _chair_targets(self):
        targets = self.plan_id.target_ids.filtered(lambda target: target.state != "withdrawn")
        money = self._chair_money(targets)
        return [
            {
                "id": target.id,
                "name": target.name,
                "area": target.area_id.name,
                "academic": target.is_academic,
                "aim": target.target_value or False,
                "baseline": target.baseline or False,
                "by_when": target.by_when and self._chair_date(target.by_when),
                "by_whom": target.by_whom or False,
                "missing": target.missing or False,
                "goes_on": bool(target.continues_id),
                "agreed_with_child": target.agreed_with_child or "",
                "agreed_note": target.agreed_note or "",
                "money": money.get(target, []),
            }
            for target in targets
        ]

    def _chair_money(self, targets):
        """PP+ asked for these targets.

        :return: dict of target -> list of dicts
        """
        requests = self.env["pep.funding.request"].search_fetch(
            [("target_id", "in", targets.ids)], ["target_id", "name", "amount", "provider"], order="id"
        )
        labels = dict(requests._fields["state"]._description_selection(self.env))
        money = {}
        for request in requests:
            if request.state != "cancelled":
                money.setdefault(request.target_id, []).append(
                    {
                        "id": request.id,
                        "name": request.name,
                        "provider": request.provider or False,
                        "amount": format_amount(self.env, request.amount, request.currency_id),
                        "state": labels.get(request.state, False),
                    }
                )
        return money

    def _chair_date(self, day):
        return format_date(self.env, day, date_format="d MMM y")

    # === Actions, the next meeting, private notes, what is missing ===

    def _chair_actions(self):
        return self._action_cards()

    def _chair_next(self):
        plan = self.plan_id
        return {
            "kind": plan.next_meeting_kind or False,
            "date": plan.next_meeting_date and str(plan.next_meeting_date),
            "month": plan.next_meeting_month and str(plan.next_meeting_month),
            "note": plan.next_meeting_note or "",
            "words": plan.next_meeting_text or False,
        }

    def _chair_notes(self):
        """The user's own private note, and those of colleagues to be read."""
        notes = self.env["pep.meeting.note"].search_fetch(
            [("meeting_id", "=", self.id)], ["author_id", "author_name", "text"]
        )
        own = notes.filtered(lambda note: note.author_id == self.env.user)
        return {
            "text": own.text or "",
            "others": [{"by": note.author_name, "text": note.text} for note in notes - own if note.text],
        }

    def _chair_before_end(self):
        """What the PEP still wants before the meeting closes, as sentences. Extra meetings want nothing."""
        plan = self.plan_id
        if self.is_extra or plan.state in CLOSED:
            return []
        missing = dict(plan._missing_for("processing")) | dict(plan._missing_for("complete"))
        for afterwards in ("meeting", "qa"):
            missing.pop(afterwards, None)
        return [sentence[:1].upper() + sentence[1:] for sentence in missing.values()]

    # === Saving ===

    def chair_save(self, changes):
        """Save what was typed or ticked. What somebody else wrote meanwhile is told, never written over.

        :param changes: list of dicts with ``kind`` (one of :data:`SAVES`), ``id``, ``field``, ``was`` (the value that
            the change began from) and ``value``; a private note has no id
        :return: dict with ``results``, one for each change: ``status`` (saved, same, conflict, refused), ``value``,
            for a conflict ``by`` and ``on``, for a refusal ``message``; and ``blocks``: what follows from it
        :raise UserError: the meeting was cancelled or its PEP is finished; nothing is saved
        """
        self._check_chair()
        self._chair_take_turn()
        results = [self._chair_save_one(change) for change in changes]
        saved = {
            change.get("kind") for change, result in zip(changes, results, strict=True) if result["status"] == "saved"
        }
        blocks = [name for name in BLOCKS if any(name in FOLLOWS.get(kind, ()) for kind in saved)]
        return {"results": results, "blocks": self.chair_load(blocks) if blocks else {}}

    def _chair_save_one(self, change):
        record, name, how = self._chair_row(change)
        try:
            value = self._chair_read_value(record, name, how, change.get("value"))
        except UserError as error:
            return {"status": "refused", "message": str(error), "value": self._chair_value(record, name, how)}
        now = self._chair_value(record, name, how)
        if now == value:
            return {"status": "same", "value": now}
        if now != self._chair_plain(change.get("was"), how):
            return {"status": "conflict", "value": now, **self._chair_last_by(record)}
        try:
            with self.env.cr.savepoint():
                self._chair_write(record, change["kind"], {name: value or False})
        except AccessError:
            raise
        except UserError as error:
            return {"status": "refused", "message": str(error), "value": now}
        return {"status": "saved", "value": value}

    def _chair_row(self, change):
        """The row that a change is about: of this meeting or its PEP, and a field that the chair's view saves."""
        kind, name = change.get("kind"), change.get("field")
        if kind not in SAVES or name not in SAVES[kind][1]:
            raise AccessError(self.env._("This can't be saved here."))
        model, names = SAVES[kind]
        if kind == "note":
            record = self.env[model].search([("meeting_id", "=", self.id), ("author_id", "=", self.env.uid)])
            return record, name, names[name]
        parent = ("meeting_id", self) if kind in ("point", "person") else ("plan_id", self.plan_id)
        record = self.env[model].browse(change.get("id")).exists()
        if not record or record[parent[0]] != parent[1]:
            raise AccessError(self.env._("There is nothing like this in this meeting."))
        record.check_access("read")
        return record, name, names[name]

    def _chair_plain(self, value, how):
        """A value as it is compared: nothing is the same as an empty one."""
        return bool(value) if how == "tick" else str(value or "")

    def _chair_value(self, record, name, how):
        return self._chair_plain(record[name], how)

    def _chair_read_value(self, record, name, how, value):
        """A value of the screen as it is stored.

        :raise UserError: it does not fit; the message says why
        """
        if how == "tick":
            return bool(value)
        text = str(value or "").replace("\r\n", "\n").replace("\x00", "")
        if len(text) > LONGEST:
            raise UserError(self.env._("That is too long: at most %(most)s characters.", most=f"{LONGEST:,}"))
        if how == "line":
            return " ".join(text.split())
        if how == "choice":
            allowed = {choice for choice, _label in self._chair_choices(record._name, name)}
            if text not in allowed and (text or record._fields[name].required):
                raise UserError(self.env._("Choose one of the answers in the list."))
        return text if text.strip() else ""

    def _chair_write(self, record, kind, vals):
        if kind in OWN_KINDS:
            record = record.sudo()  # sudo: may write the meeting, checked before; these are saved by this method alone
        if kind == "note" and not record:
            record.create({"meeting_id": self.id, "author_id": self.env.uid, "author_name": self.env.user.name, **vals})
        elif vals.get("attended"):
            record.write({**vals, "apologies": False})
        elif vals.get("apologies"):
            record.write({**vals, "attended": False})
        else:
            record.write(vals)
        record.flush_recordset()

    def _chair_last_by(self, record):
        """Who wrote a row last, and when: for a conflict."""
        zoned = self.company_id._pep_local(record.write_date)
        return {"by": record.write_uid.name or "", "on": f"{zoned:%H:%M}"}

    def chair_add_point(self, name):
        """Put a point of the chair's own on the agenda, behind the others.

        :return: the points, as :meth:`chair_load` has them
        """
        self._check_chair()
        name = " ".join((name or "").split())
        if not name:
            raise UserError(self.env._("What is it about?"))
        if len(name) > 500:
            raise UserError(self.env._("Say it in fewer words; there is room for more below the point."))
        points = self.env["pep.meeting.point"].sudo()  # sudo: may write the meeting, checked just now; made here alone
        points.create({"meeting_id": self.id, "name": name})
        return self.chair_load(["points"])

    def chair_set_next(self, kind, date=None, month=None, note=None):
        """Set the child's next PEP meeting, as :meth:`pep.plan.action_set_next` does.

        :return: the blocks of :meth:`chair_load` that follow from it
        """
        self._check_chair()
        self.plan_id.action_set_next(kind, date, month, note)
        return self.chair_load(["next", "before_end"])

    def _snapshot(self):
        """With what was said to each point. Private notes are in no issued version."""
        return {
            **super()._snapshot(),
            "agenda": [point._snapshot() for point in self.point_ids if point.said],
        }


class PepPlan(models.Model):
    _inherit = "pep.plan"

    def action_chair(self):
        """Button: the chair's view of the meeting that this PEP had or has next."""
        self.ensure_one()
        self.check_access("write")
        if not self.meeting_id:
            raise UserError(self.env._("No meeting is planned yet."))
        return self.meeting_id.action_chair()
