"""One record of each model about a child, and values that would change it or make another."""

import base64
from datetime import date, datetime, timedelta

from odoo import fields

from tests.common import PepCase


class RecordCase(PepCase):
    """What :class:`AccessCase` puts beside every child, with words in it that no one else may read."""

    offered = datetime(2031, 1, 6, 10)  # a time that is offered for a meeting

    @classmethod
    def _make_form(cls):
        """Parts and questions of each council, beside those that its PEPs ask for."""
        cls.sections = {
            council: cls.env["pep.section"].create(
                [
                    {"name": f"Part {number}", "company_id": council.id, "owner_role": "teacher", "active": False}
                    for number in range(3)
                ]
            )
            for council in (cls.council, cls.council2)
        }
        cls.questions = {
            council: cls.env["pep.question"].create(
                [{"name": f"How is it {number}?", "section_id": sections[0].id} for number in range(2)]
            )
            for council, sections in cls.sections.items()
        }

    @classmethod
    def _records_of(cls, case, child):
        env, term = cls.env, cls.terms[case]
        plan = cls.make_plan(child, term)
        plan.action_start()  # what is refused below is not refused because nobody works on the PEP
        following = cls.make_plan(child, cls.next_term(term))
        target = cls.smart_target(plan, name=f"Secret aim of {case}", baseline=f"Secret start of {case}")
        meeting = env["pep.meeting"].create(
            {
                "plan_id": plan.id,
                "start": fields.Datetime.now(),
                "place": f"Secret place of {case}",
                "notes": f"Secret words of {case}",
                "attendee_ids": [(0, 0, {"role": "other", "partner_id": cls.nobody.id})],
            }
        )
        request = env["pep.funding.request"].create(
            {
                "target_id": target.id,
                "name": f"Secret need of {case}",
                "unit_cost": 40,
                "quantity": 10,
                "fund_id": cls._of_council("pep.fund", child.company_id).id,
                "asked_by_id": cls.users["other_vseo"].id,
            }
        )
        issue = env["pep.plan.issue"].create(cls._issue_values(plan))
        return {
            "pep.child": child,
            "pep.care.episode": env["pep.care.episode"].create({"child_id": child.id, "date_from": cls.last_year}),
            "pep.enrolment": child.enrolment_ids[:1],
            "pep.network.member": child.network_ids[:1],
            "pep.access": child.access_ids[:1],
            "pep.plan": plan,
            "pep.plan.issue": issue,
            "pep.gate.pass": env["pep.gate.pass"].create(cls._pass_values(plan, "meeting")),
            "pep.target": target,
            "pep.target.review": env["pep.target.review"].create({"plan_id": following.id, "target_id": target.id}),
            "pep.meeting": meeting,
            "pep.meeting.attendee": meeting.attendee_ids[:1],
            "pep.funding.request": request,
            "pep.funding": request.funding_ids,
            **cls._gathered(case, plan, issue),
            **cls._evidence(case, child),
            **cls._meetings(case, plan, meeting),
            **cls._clocks(case, plan),
            **cls._judged(case, plan),
        }

    @classmethod
    def _judged(cls, case, plan):
        """A quality review that somebody else is marking."""
        env = cls.env
        rubric = cls._of_council("pep.rubric", plan.company_id, state="in_use")
        review = env["pep.review"].create(cls._review_values(plan, rubric, feedback=f"Secret feedback of {case}"))
        line = env["pep.review.line"].create(
            cls._judged_values(review, rubric.area_ids[0], comment=f"Secret comment of {case}")
        )
        told = cls.env["pep.review.feedback"].create(cls._feedback_values(review, f"Secret feedback of {case}"))
        return {"pep.review": review, "pep.review.line": line, "pep.review.feedback": told}

    @classmethod
    def _gathered(cls, case, plan, issue):
        env = cls.env
        part, second_part = env["pep.contribution"].create(
            [cls._part_values(plan, number, school_name=f"Secret school of {case}") for number in range(2)]
        )
        cls._delegate(case, second_part, "delegate_and_carer")
        visit = env["pep.voice.session"].create(cls._visit_values(part, case))
        return {
            "pep.contribution": part,
            "pep.answer": env["pep.answer"].create(cls._answer_values(part, 0, value_text=f"Secret answer of {case}")),
            "pep.delegation": cls._delegate(case, part, "delegate"),
            "pep.document": env["pep.document"].create(cls._document_values(plan, case)),
            "pep.target.proposal": env["pep.target.proposal"].create(cls._proposal_values(plan, case)),
            "pep.plan.copy": (copy := env["pep.plan.copy"].create(cls._copy_values(issue, "teacher"))),
            "pep.plan.copy.sent": env["pep.plan.copy.sent"].create(
                cls._sent_values(copy, partner_id=cls.nobody.id, note=f"Secret way of {case}")
            ),
            "pep.voice.session": visit,
            "pep.voice.code": env["pep.voice.code"].create(cls._code_values(part)),
            "pep.concern": env["pep.concern"].create(cls._concern_values(visit, f"Secret worry of {case}")),
        }

    @classmethod
    def _meetings(cls, case, plan, meeting):
        """What hangs on meetings, and on what changes around the child."""
        env = cls.env
        offering = env["pep.meeting"].create(
            {
                "plan_id": plan.id,
                "is_extra": True,
                "state": "offering",
                "attendee_ids": [(0, 0, {"role": "other", "partner_id": cls.nobody.id})],
            }
        )
        first, second = env["pep.meeting.option"].create(
            [{"meeting_id": offering.id, "start": cls.offered + timedelta(days=number)} for number in range(2)]
        )
        person = offering.attendee_ids
        changes = env["pep.network.change"]
        child = plan.child_id
        change = changes.search([("child_id", "=", child.id), ("state", "=", "open")], limit=1)
        change = change or changes.create({"child_id": child.id})
        return {
            "pep.meeting.option": first,
            "pep.meeting.option.answer": env["pep.meeting.option.answer"].create(cls._tick_values(second, person)),
            "pep.meeting.point": env["pep.meeting.point"].create(cls._point_values(meeting, f"Secret point of {case}")),
            "pep.meeting.note": env["pep.meeting.note"].create(cls._note_values(meeting, cls.users["other_vseo"])),
            "pep.meeting.reply": env["pep.meeting.reply"].create(cls._mail_values(meeting, f"Secret mail of {case}")),
            "pep.action": env["pep.action"].create(cls._action_values(plan, f"Secret action of {case}")),
            "pep.network.change": change,
            "pep.network.change.line": env["pep.network.change.line"].create(cls._changed_values(change, case)),
            "pep.network.change.meeting": env["pep.network.change.meeting"].create(
                {"change_id": change.id, "meeting_id": meeting.id, "new_place": f"Secret place of {case}"}
            ),
        }

    @classmethod
    def _evidence(cls, case, child):
        names = ("attendance", "attainment", "suspension", "sdq")
        return {
            f"pep.{name}": cls.env[f"pep.{name}"].create(
                getattr(cls, f"_{name}_values")(child, cls.last_year, told_by=f"Secret source of {case}")
            )
            for name in names
        }

    @classmethod
    def _of_council(cls, model, council, **values):
        domain = [("company_id", "=", council.id), *((name, "=", value) for name, value in values.items())]
        return cls.env[model].search(domain, limit=1)

    @classmethod
    def _part_values(cls, plan, number, **values):
        section = cls.sections[plan.company_id][number]
        return {
            "plan_id": plan.id,
            "section_id": section.id,
            "owner_role": "teacher",
            "opened_on": fields.Datetime.now(),
            **values,
        }

    @classmethod
    def _answer_values(cls, part, number, **values):
        question = cls.questions[part.company_id][number]
        said = {"is_given": True, "value_text": "x", "author_name": "Somebody", "answered_on": fields.Datetime.now()}
        return {"contribution_id": part.id, "question_id": question.id, **said, **values}

    @classmethod
    def _delegate(cls, case, part, colleague):
        """To a colleague at the teacher's school. Of a child who is not there: nothing follows from it."""
        spans = {"former": (cls.last_year, cls.yesterday), "future": (cls.tomorrow, False)}
        start, end = spans.get(case, (cls.last_year, False))
        return cls.env["pep.delegation"].create(
            {
                "child_id": part.child_id.id,
                "school_id": part.child_id.enrolment_ids.school_id[:1].id,
                "from_user_id": cls.users["teacher"].id,
                "user_id": cls.users[colleague].id,
                "contribution_id": part.id,
                "date_from": start,
                "date_to": end,
            }
        )

    @classmethod
    def _document_values(cls, plan, case):
        return {
            "plan_id": plan.id,
            "type_id": cls._of_council("pep.document.type", plan.company_id).id,
            "file": base64.b64encode(f"Secret page of {case}".encode()),
            "original_name": "Zebedee Unsaid.txt",
            "extension": "txt",
            "mimetype": "text/plain",
            "digest": "none",
            "owner_role": "teacher",
            "filed_by_id": cls.users["teacher"].id,
            "filed_on": fields.Datetime.now(),
        }

    @classmethod
    def _proposal_values(cls, plan, case):
        return {
            "plan_id": plan.id,
            "area_id": cls._of_council("pep.target.area", plan.company_id).id,
            "name": f"Secret suggestion of {case}",
            "wish_name": f"Secret wish of {case}",
            "role": "teacher",
            "proposed_by_id": cls.users["teacher"].id,
            "proposed_on": fields.Datetime.now(),
        }

    @classmethod
    def _copy_values(cls, issue, role):
        return {
            "issue_id": issue.id,
            "role": role,
            "version": issue.version,
            "issued_on": issue.issued_on,
            "document": "<p>Secret copy</p>",
            "digest": "none",
        }

    @classmethod
    def _sent_values(cls, copy, **values):
        sent = {"how": "mail", "day": cls.today, "sent_by_id": cls.users["other_vseo"].id}
        return {"copy_id": copy.id, **sent, **values}

    @classmethod
    def _visit_values(cls, part, case):
        now = fields.Datetime.now()
        return {
            "contribution_id": part.id,
            "via": "adult",
            "opened_by_id": cls.users["teacher"].id,
            "opened_on": now,
            "last_seen": now,
            "closed_on": now,
            "helper_note": f"Secret helper of {case}",
        }

    @classmethod
    def _code_values(cls, part):
        now = fields.Datetime.now()
        return {
            "contribution_id": part.id,
            "made_on": now,
            "made_by_id": cls.users["vseo"].id,
            "valid_to": now + timedelta(days=7),
        }

    @classmethod
    def _concern_values(cls, visit, words):
        return {"session_id": visit.id, "said_on": fields.Datetime.now(), "words": words}

    @classmethod
    def _review_values(cls, plan, rubric, **values):
        return {
            "plan_id": plan.id,
            "rubric_id": rubric.id,
            "reviewer_id": cls.users["other_vseo"].id,
            "reviewer_name": "Somebody",
            "begun_on": fields.Datetime.now(),
            **values,
        }

    @classmethod
    def _feedback_values(cls, review, words):
        return {"review_id": review.id, "words": words, "told_on": fields.Datetime.now()}

    @classmethod
    def _judged_values(cls, review, area, **values):
        return {"review_id": review.id, "area_id": area.id, "name": area.name, **values}

    @classmethod
    def _attendance_values(cls, child, day, **values):
        values = {"possible": 10, "present": 8, "authorised": 2, "label": "Secret week", **values}
        school = child.enrolment_ids.school_id[:1]
        return {"child_id": child.id, "school_id": school.id, "date_from": day, "date_to": day + timedelta(7), **values}

    @classmethod
    def _attainment_values(cls, child, day, **values):
        return {"child_id": child.id, "date": day, "subject": "maths", "level": "below", "note": "Secret", **values}

    @classmethod
    def _suspension_values(cls, child, day, **values):
        school = child.enrolment_ids.school_id[:1]
        values = {"date_from": day, "date_to": day, "sessions": 2, "note": "Secret quarrel", **values}
        return {"child_id": child.id, "school_id": school.id, **values}

    @classmethod
    def _sdq_values(cls, child, day, **values):
        return {"child_id": child.id, "date": day, "score": "12", "note": "Secret worry", **values}

    @classmethod
    def _tick_values(cls, option, person):
        return {"option_id": option.id, "attendee_id": person.id, "suits": "yes"}

    @classmethod
    def _point_values(cls, meeting, words):
        return {"meeting_id": meeting.id, "name": words, "said": words}

    @classmethod
    def _note_values(cls, meeting, author):
        return {"meeting_id": meeting.id, "author_id": author.id, "text": "Secret note"}

    @classmethod
    def _mail_values(cls, meeting, words):
        return {"meeting_id": meeting.id, "why": "human", "words": words}

    @classmethod
    def _action_values(cls, plan, words):
        return {
            "plan_id": plan.id,
            "name": words,
            "role": "other",
            "partner_id": cls.nobody.id,
            "due_date": plan.term_id.date_to,
        }

    @classmethod
    def _changed_values(cls, change, key):
        return {"change_id": change.id, "kind": "placement", "key": f"secret {key}", "date": cls.today}

    @classmethod
    def _issue_values(cls, plan, version=1):
        values = {
            "plan_id": plan.id,
            "version": version,
            "data": {"words": "Secret"},
            "document": "<p>Secret</p>",
            "digest": "none",
        }
        return {**values, "issued_on": fields.Datetime.now(), "issued_by_id": cls.env.uid}

    @classmethod
    def _clocks(cls, case, plan):
        clock = cls.env["pep.deadline"].create(cls._clock_values(plan, f"own-{case}"))
        return {
            "pep.deadline": clock,
            "pep.deadline.notice": cls.env["pep.deadline.notice"].create(cls._told_values(clock, "owner")),
        }

    @classmethod
    def _told_values(cls, clock, stage):
        return {
            "deadline_id": clock.id,
            "stage": stage,
            "due_date": clock.due_date,
            "user_id": cls.users["other_vseo"].id,
            "day": cls.today,
        }

    @classmethod
    def _clock_values(cls, plan, series):
        rule = cls._of_council("pep.deadline.rule", plan.company_id, code="processing")
        return {
            "plan_id": plan.id,
            "child_id": plan.child_id.id,
            "of_plan": True,
            "rule_id": rule.id,
            "kind": "own",
            "name": "Secret clock",
            "series": series,
            "start_date": cls.today,
            "due_date": cls.today,
            "why": f"Secret sentence of {series}",
        }

    @classmethod
    def _pass_values(cls, plan, gate):
        reason = cls._of_council("pep.gate.reason", plan.company_id, gate=gate, head_only=False)
        return {"plan_id": plan.id, "gate": gate, "reason_id": reason.id}

    # === Values for writing and creating ===

    @classmethod
    def write_values(cls, model):
        """A harmless change of each model; one that a model refuses to anybody shows that access is refused first."""
        return {
            "pep.child": {"home_language": "Welsh"},
            "pep.care.episode": {"placement_urn": "SC123456"},
            "pep.enrolment": {"note": "x"},
            "pep.network.member": {"note": "x"},
            "pep.access": {"why": "x"},
            "pep.contribution": {"required": True},
            "pep.answer": {"value_text": "x"},
            "pep.delegation": {"active": False},
            "pep.document": {"note": "x"},
            "pep.target.proposal": {"name": "x"},
            "pep.plan.copy": {"document": "x"},
            "pep.plan.copy.sent": {"note": "x"},
            "pep.voice.session": {"helper_note": "x"},
            "pep.voice.code": {"use_count": 3},
            "pep.concern": {"words": "x"},
            "pep.attendance": {"label": "x"},
            "pep.attainment": {"note": "x"},
            "pep.suspension": {"note": "x"},
            "pep.sdq": {"note": "x"},
            "pep.plan": {"summary": "x"},
            "pep.plan.issue": {"reason": "x"},
            "pep.gate.pass": {"note": "x"},
            "pep.deadline": {"name": "x"},
            "pep.deadline.notice": {"stage": "head"},
            "pep.target": {"strategies": "x"},
            "pep.target.review": {"evidence": "x"},
            "pep.meeting": {"notes": "x"},
            "pep.meeting.attendee": {"note": "x"},
            "pep.meeting.option": {"start": cls.offered},  # a time that was ticked stays; this is the same
            "pep.meeting.option.answer": {"suits": "no"},
            "pep.meeting.point": {"said": "x"},
            "pep.meeting.note": {"text": "x"},
            "pep.meeting.reply": {"words": "x"},
            "pep.action": {"name": "x"},
            "pep.network.change": {"meeting_ids": []},
            "pep.network.change.line": {"partner_name": "x"},
            "pep.network.change.meeting": {"new_place": "x"},
            "pep.funding.request": {"why": "x"},
            "pep.funding": {"decision_note": "x"},
            "pep.review": {"feedback": "x"},
            "pep.review.line": {"comment": "x"},
            "pep.review.feedback": {"words": "x"},
        }[model]

    @classmethod
    def create_values(cls, model, case):
        """Values of a new record about the child of a case that would be accepted from whoever may make it."""
        return getattr(cls, f"_new_{model.removeprefix('pep.').replace('.', '_')}")(case, cls.children[case])

    @classmethod
    def _new_child(cls, case, child):
        vseos = {"own": "vseo", "other": "other_vseo", "foreign": "foreign_vseo"}
        return {
            "company_id": child.company_id.id,
            "la_person_id": f"new-{case}",
            "date_of_birth": date(2015, 1, 1),
            "vseo_id": cls.users[vseos[case]].id,
        }

    @classmethod
    def _new_care_episode(cls, case, child):
        return {"child_id": child.id, "date_from": cls.today}

    @classmethod
    def _new_enrolment(cls, case, child):
        return {"child_id": child.id, "school_id": cls.school2.id, "kind": "alternative", "date_from": cls.today}

    @classmethod
    def _new_network_member(cls, case, child):
        return {"child_id": child.id, "partner_id": cls.env.user.partner_id.id, "role": "other", "date_from": cls.today}

    @classmethod
    def _new_access(cls, case, child):
        return {
            "child_id": child.id,
            "company_id": child.company_id.id,
            "user_id": cls.users["employee"].id,
            "role": "vseo",
            "valid_from": datetime(2000, 1, 1),
            "valid_to": datetime(9999, 1, 1),
            "source": "forged",
        }

    @classmethod
    def _new_plan(cls, case, child):
        term = cls.next_term(cls.next_term(cls.terms[case]))
        return {"child_id": child.id, "term_id": term.id}

    @classmethod
    def _new_contribution(cls, case, child):
        return cls._part_values(cls.records["pep.plan"][case], 2)

    @classmethod
    def _new_review(cls, case, child):
        plan = cls.records["pep.plan"][case]
        return cls._review_values(plan, cls._of_council("pep.rubric", plan.company_id), kind="moderation")

    @classmethod
    def _new_review_feedback(cls, case, child):
        return cls._feedback_values(cls.records["pep.review"][case], "Forged")

    @classmethod
    def _new_review_line(cls, case, child):
        review = cls.records["pep.review"][case]
        return cls._judged_values(review, review.rubric_id.area_ids[1])

    @classmethod
    def _new_answer(cls, case, child):
        return cls._answer_values(cls.records["pep.contribution"][case], 1)

    @classmethod
    def _new_delegation(cls, case, child):
        delegation = cls.records["pep.delegation"][case]
        return {
            "child_id": child.id,
            "school_id": delegation.school_id.id,
            "from_user_id": cls.users["teacher"].id,
            "user_id": cls.users["delegate"].id,
            "date_from": cls.today,
        }

    @classmethod
    def _new_document(cls, case, child):
        values = cls._document_values(cls.records["pep.plan"][case], f"new {case}")
        return {name: values[name] for name in ("plan_id", "type_id", "file", "original_name")}

    @classmethod
    def _new_target_proposal(cls, case, child):
        return cls._proposal_values(cls.records["pep.plan"][case], case)

    @classmethod
    def _new_plan_copy(cls, case, child):
        return cls._copy_values(cls.records["pep.plan.issue"][case], "carer")

    @classmethod
    def _new_plan_copy_sent(cls, case, child):
        return cls._sent_values(cls.records["pep.plan.copy"][case], how="hand")

    @classmethod
    def _new_voice_session(cls, case, child):
        return cls._visit_values(cls.records["pep.contribution"][case], case)

    @classmethod
    def _new_voice_code(cls, case, child):
        return cls._code_values(cls.records["pep.contribution"][case])

    @classmethod
    def _new_concern(cls, case, child):
        return cls._concern_values(cls.records["pep.voice.session"][case], "x")

    @classmethod
    def _new_attendance(cls, case, child):
        return cls._attendance_values(child, cls.last_year + timedelta(14))

    @classmethod
    def _new_attainment(cls, case, child):
        return cls._attainment_values(child, cls.last_year + timedelta(14))

    @classmethod
    def _new_suspension(cls, case, child):
        return cls._suspension_values(child, cls.last_year + timedelta(14))

    @classmethod
    def _new_sdq(cls, case, child):
        return cls._sdq_values(child, cls.last_year + timedelta(14))

    @classmethod
    def _new_plan_issue(cls, case, child):
        return cls._issue_values(cls.records["pep.plan"][case], version=9)

    @classmethod
    def _new_gate_pass(cls, case, child):
        return cls._pass_values(cls.records["pep.plan"][case], "next_date")

    @classmethod
    def _new_deadline(cls, case, child):
        return cls._clock_values(cls.records["pep.plan"][case], f"new-{case}")

    @classmethod
    def _new_deadline_notice(cls, case, child):
        return cls._told_values(cls.records["pep.deadline"][case], "head")

    @classmethod
    def _new_target(cls, case, child):
        area = cls._of_council("pep.target.area", child.company_id)
        return {"plan_id": cls.records["pep.plan"][case].id, "area_id": area.id, "name": "x"}

    @classmethod
    def _new_target_review(cls, case, child):
        review = cls.records["pep.target.review"][case]
        return {"plan_id": review.plan_id.id, "target_id": review.target_id.id}

    @classmethod
    def _new_meeting(cls, case, child):
        return {"plan_id": cls.records["pep.plan"][case].id, "start": datetime(2030, 1, 1, 10)}

    @classmethod
    def _new_meeting_attendee(cls, case, child):
        return {"meeting_id": cls.records["pep.meeting"][case].id, "partner_id": cls.env.user.partner_id.id}

    @classmethod
    def _new_meeting_option(cls, case, child):
        meeting = cls.records["pep.meeting.option"][case].meeting_id
        return {"meeting_id": meeting.id, "start": cls.offered + timedelta(days=9)}

    @classmethod
    def _new_meeting_option_answer(cls, case, child):
        answer = cls.records["pep.meeting.option.answer"][case]
        return cls._tick_values(cls.records["pep.meeting.option"][case], answer.attendee_id)

    @classmethod
    def _new_meeting_point(cls, case, child):
        return cls._point_values(cls.records["pep.meeting"][case], "x")

    @classmethod
    def _new_meeting_note(cls, case, child):
        return cls._note_values(cls.records["pep.meeting"][case], cls.users["head"])

    @classmethod
    def _new_meeting_reply(cls, case, child):
        return cls._mail_values(cls.records["pep.meeting"][case], "x")

    @classmethod
    def _new_action(cls, case, child):
        return cls._action_values(cls.records["pep.plan"][case], "x")

    @classmethod
    def _new_network_change(cls, case, child):
        return {"child_id": child.id, "state": "dismissed"}

    @classmethod
    def _new_network_change_line(cls, case, child):
        return cls._changed_values(cls.records["pep.network.change"][case], f"new {case}")

    @classmethod
    def _new_network_change_meeting(cls, case, child):
        row = cls.records["pep.network.change.meeting"][case]
        meeting = cls.records["pep.meeting.option"][case].meeting_id
        return {"change_id": row.change_id.id, "meeting_id": meeting.id}

    @classmethod
    def _new_funding_request(cls, case, child):
        fund = cls._of_council("pep.fund", child.company_id)
        return {
            "target_id": cls.records["pep.target"][case].id,
            "name": "x",
            "unit_cost": 1,
            "fund_id": fund.id,
        }

    @classmethod
    def _new_funding(cls, case, child):
        request = cls.records["pep.funding.request"][case]
        return {"child_id": child.id, "request_id": request.id, **request._prepare_funding()}
