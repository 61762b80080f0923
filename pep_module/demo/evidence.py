"""What the schools of the demo council report: attendance, attainment, a suspension, documents, a suggested target."""

import base64
import zlib
from datetime import timedelta

from .days import back

# Attendance that is not like most: (lowest, span) in percent, and sessions on a part-time timetable.
ATTENDANCE = {"harvey": (58, 20), "tyler": (81, 6), "evie": (87, 4), "kian": (88, 4)}
PART_TIME = {"harvey": 12}
SUBJECTS = {"reading": "reading", "writing": "writing", "maths": "maths"}
REPORT = """Report of the term

Reading: more fluent, and chooses longer books.
Writing: ideas are good; full stops and capital letters most of the time.
Maths: secure with the four operations; word problems come next.
"""


class Evidence:
    """Reports the evidence of a term. ``story`` is the :class:`~.story.Story` that is being told."""

    def __init__(self, story):
        self.story = story
        self.env = story.env

    def report(self, plans, day):
        """Attendance and attainment of the term as far as ``day``, entered by each child's VSEO.

        :param day: function of a PEP that gives the last day that is reported on
        """
        for vseo, members in plans.grouped("vseo_id").items():
            members = members.filtered("school_id").with_env(self.env(user=vseo.id, su=False))
            periods = [values for plan in members if (values := self.attendance(plan, day(plan)))]
            self.env["pep.attendance"].with_env(members.env).create(periods)
            levels = [values for plan in members for values in self.attainment(plan, day(plan))]
            self.env["pep.attainment"].with_env(members.env).create(levels)

    def turn(self, plan, word=""):
        return zlib.crc32(f"{self.story.key_of[plan.child_id.id]} {plan.term_id.season} {word}".encode())

    def attendance(self, plan, last):
        """One period: from the first day of the term, or at the school, to the last day reported."""
        enrolment = plan.child_id.enrolment_ids.filtered(
            lambda row: row.school_id == plan.school_id and (not row.date_to or row.date_to >= last)
        ).sorted("date_from")[-1:]
        first = max(plan.term_id.date_from, enrolment.date_from or last)
        possible = (last - first).days * 10 // 7
        if possible < 10:
            return None
        key = self.story.key_of[plan.child_id.id]
        lowest, span = ATTENDANCE.get(key, (91, 10))
        present = min(possible, possible * (lowest + self.turn(plan) % span) // 100)
        missed = possible - present
        part_time = min(PART_TIME.get(key, 0), missed)
        authorised = max(missed * 2 // 3, part_time)
        return {
            "child_id": plan.child_id.id,
            "school_id": plan.school_id.id,
            "date_from": first,
            "date_to": last,
            "label": plan.term_id.name,
            "possible": possible,
            "present": present,
            "authorised": authorised,
            "unauthorised": missed - authorised,
            "c2_sessions": part_time,
            "told_by": "School office",
        }

    def attainment(self, plan, day):
        """What teachers think of reading, writing and maths, in Years 1 to 9."""
        if not 1 <= int(plan.year_group) <= 9:
            return
        for subject in SUBJECTS:
            turn = self.turn(plan.child_id.plan_ids[:1], subject)
            yield {
                "child_id": plan.child_id.id,
                "date": day,
                "measure": "teacher",
                "subject": subject,
                "level": ("below", "on", "below", "on", "above")[turn % 5],
                "progress": "no" if turn % 4 == 3 else "yes",
            }

    def suspend(self, key):
        """A suspension of two days, this month."""
        child = self.story.as_user(self.story.ref(f"child_{key}"), self.story.rows[key]["vseo"])
        first = back(self.story.today - timedelta(days=9))
        reason = self.env["pep.code"].search([("kind", "=", "suspension_reason"), ("code", "=", "VA")], limit=1)
        self.env["pep.suspension"].with_env(child.env).create(
            {
                "child_id": child.id,
                "school_id": child.plan_ids.school_id[:1].id,
                "date_from": first,
                "date_to": first + timedelta(days=1),
                "sessions": 4,
                "reason_id": reason.id,
                "note": "After an argument in the corridor. Came back to a meeting with the head of year.",
            }
        )

    def score(self, key, score):
        child = self.story.as_user(self.story.ref(f"child_{key}"), self.story.rows[key]["vseo"])
        self.env["pep.sdq"].with_env(child.env).create(
            {"child_id": child.id, "date": back(self.story.today - timedelta(days=60)), "score": str(score)}
        )

    def file_reports(self, plans):
        """The termly report of each of these, as the school sends it."""
        kind = self.story.copy_of("pep_document_type_termly_report")
        content = base64.b64encode(REPORT.encode()).decode()
        for plan in plans:
            documents = self.env["pep.document"].with_env(plan.env)
            documents.action_file(plan.id, kind.id, "report.txt", content)

    def suggest(self, login):
        """A teacher suggests a target for the first pupil whose PEP is being gathered."""
        teacher = self.story.as_user(self.env["pep.plan"], login)
        plan = teacher.search([("term_id", "=", self.story.this.id), ("state", "=", "gathering")], order="id", limit=1)
        proposals = self.env["pep.target.proposal"].with_env(teacher.env)
        area = self.story.copy_of("pep_target_area_maths")
        proposals.action_propose(
            plan.id,
            {
                "area_id": area.id,
                "name": "Solves word problems with two steps",
                "baseline": "Solves one in five",
                "measure": "Ten problems at the end of each month",
                "target_value": "Seven in ten",
                "strategies": "An hour a week in a group of three, with a teacher",
                "by_whom": "School",
                "by_when": str(plan.term_id.date_to),
            },
        )
