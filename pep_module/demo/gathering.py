"""Everyone's part of the PEPs of the demo council, filled in by those who would do it, or by staff on their behalf."""

import csv
import zlib

from odoo import fields
from odoo.tools import file_open

# Conditional questions, asked of few: left out two times in three.
SELDOM = {
    "academic_why",
    "academic_catch_up",
    "attendance_support",
    "care_health",
    "care_services",
    "carer_worries",
    "changes_what",
    "changes_disruption",
    "history_gaps",
    "presentation_concerns_what",
    "voice_unsafe",
}
# What is said as a rule, where the first answer in the list is not it.
USUALLY = {
    "academic_gap": 1,
    "academic_gap_weight": 1,
    "care_contact_limits": "no",
    "care_moved": "no",
    "presentation_concerns": "no",
    "virtual_extra": "no",
}
HOW = ("phone", "paper", "email")


class Parts:
    """Fills in parts of PEPs. ``story`` is the :class:`~.story.Story` that is being told."""

    def __init__(self, story):
        self.story = story
        self.env = story.env
        self.words = {}
        with file_open("pep_module/demo/answers.csv") as file:
            for row in csv.DictReader(file):
                self.words.setdefault(row["code"], []).append(row["answer"])

    def fill(self, plans, day_of):
        """Everybody hands in what is asked of them, and some of what they may leave out.

        :param plans: PEPs that are being gathered
        :param day_of: function of a PEP that gives the day on which its parts came in
        """
        for plan in plans:
            for part in plan.sudo().contribution_ids:  # sudo: the story knows of every part
                if part.required or self.turn(part.child_reference, part.section_id.code) % 3 == 0:
                    self.answer(part, day_of(plan))
                    self.hand_in(part, day_of(plan))

    def give_back(self, plan, reason):
        """The VSEO returns what the school said about learning."""
        parts = plan.contribution_ids.filtered(lambda part: part.section_id.code in ("academic", "early_learning"))
        for part in parts.filtered(lambda part: part.state == "submitted")[:1]:
            part._take_step("return", reason)

    def fill_some(self, plan, day, share):
        """The first so many in a hundred of the parts are handed in, one more is begun."""
        parts = plan.sudo().contribution_ids  # sudo: as above
        done = parts[: len(parts) * share // 100]
        for part in done:
            self.answer(part, day)
            self.hand_in(part, day)
        for part in (parts - done)[:1]:
            self.answer(part, day, only=2)

    def answer(self, part, day, only=None):
        part = self.as_owner(part, day)
        questions = [question for question in part.sudo()._questions() if question._takes_answer()]  # sudo: as above
        answers = []
        for question in questions[:only]:
            value = self.value(question, part)
            if value:
                answers.append({"question": question.id, "value": value, "version": 0})
        part.action_save_answers(answers)

    def as_owner(self, part, day):
        """The part as somebody with a login who answers it; else as the VSEO, who says on whose behalf."""
        access = self.env["pep.access"].search(
            [
                ("child_id", "=", part.child_id.id),
                ("role", "=", part.owner_role),
                ("valid_from", "<=", fields.Datetime.now()),
                ("valid_to", ">", fields.Datetime.now()),
            ],
            order="id",
        )
        for user in access.user_id:
            if part.sudo()._owned_by(user, {part.child_id.id: {part.owner_role}}):  # sudo: as above
                return part.with_env(self.env(user=user.id, su=False))
        staff = part.with_env(self.env(user=part.plan_id.vseo_id.id, su=False))
        if part.owner_role == "vseo":
            return staff
        if not part.behalf_name:
            how = HOW[self.turn(part.child_reference, part.section_id.code) % len(HOW)]
            staff.action_enter_on_behalf(self.speaker(part), how, min(day, self.story.today))
        return staff

    def speaker(self, part):
        """Whose words they are, as staff would note it."""
        if part.owner_role == "teacher":
            return f"Designated teacher, {part.school_name}"
        if part.owner_role == "child":
            return "The child, with the carer's help"
        member = part.child_id.network_ids.filtered(lambda member: member.role == part.owner_role)[:1]
        return member.partner_name or part._label("owner_role")

    def value(self, question, part):
        """An answer that fits; the same each time. None where this one is left open."""
        code = question.code or ""
        turn = self.turn(part.child_reference, code, str(part.term_id.date_from.month))
        if code in SELDOM and turn % 3:
            return None
        match question.kind:
            case "text":
                words = self.words.get(code)
                if not words:
                    return None
                return words[turn % len(words)] if question.required or turn % 5 else None
            case "yesno":
                return USUALLY.get(code, "yes" if turn % 4 else "no")
            case "choice":
                options = question._option_lines()
                usual = USUALLY.get(code, 0)
                return options[(usual + (1 if turn % 5 == 0 else 0)) % len(options)]
            case "scale":
                return str(min(question.scale_max, question.scale_min + 2 + turn % 3))
            case "number" if question.required:
                return f"{10 + turn % 10}"
            case "number" if code == "attendance_percentage":
                return f"{88 + turn % 12}"
        return None

    def turn(self, *words):
        return zlib.crc32(" ".join(filter(None, words)).encode())

    def hand_in(self, part, day):
        self.as_owner(part, day).action_submit()
        moment = self.story.past(self.story.at(day, 16))
        # sudo: the story's day, for what the app stamped with now
        part.sudo().write({"submitted_on": moment})
        part.sudo()._answers().write({"answered_on": moment})  # sudo: the same
