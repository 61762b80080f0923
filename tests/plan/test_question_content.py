from odoo.tests import tagged

from tests.common import PepCase

# What the PEP guidance for schools and carers asks, point by point, and the questions that ask it.
SEED = {
    "academic performance": {
        "what goes well in school": ["academic_going_well"],
        "English and maths against the national expectation": ["academic_english", "academic_maths"],
        "how far behind": ["academic_gap"],
        "how significant that is": ["academic_gap_weight"],
        "why, in the eyes of school and of the child": ["academic_why", "voice_learning"],
        "what helps to catch up": ["academic_catch_up", "voice_learning_help"],
        "one-to-one tuition": ["academic_tuition"],
        "progress in 6 to 12 months": ["academic_progress"],
        "subjects enjoyed most and least": [
            "academic_enjoys_most",
            "academic_enjoys_least",
            "voice_enjoy_most",
            "voice_enjoy_least",
        ],
        "how to make the others more enjoyable": ["academic_enjoy_help"],
    },
    "attendance": {
        "the percentage": ["attendance_figure", "attendance_percentage"],
        "above or below 95%": ["attendance_band"],
        "support when well below 96%": ["attendance_support"],
        "factors": ["attendance_factors"],
    },
    "child's voice": {
        "safe in school": ["voice_safe"],
        "going well": ["voice_going_well"],
        "could be better": ["voice_better"],
        "hopes and dreams": ["voice_hopes"],
        "arts and sports": ["voice_arts", "voice_sports"],
    },
    "presentation in school": {
        "concerns": ["presentation_concerns", "presentation_concerns_what"],
        "triggers and support": ["presentation_triggers"],
        "strategies tried": ["presentation_tried"],
        "how well they worked, what else": ["presentation_result", "presentation_next"],
        "exclusions: for what": ["presentation_suspensions", "presentation_exclusion_reason"],
        "exclusions: preventing the next": ["presentation_exclusion_action"],
    },
    "things you may be asked": {
        "equipment": ["home_equipment"],
        "homework on time and done well": ["home_homework_time", "home_homework_quality"],
        "what school suggests about homework": ["academic_homework_help", "home_homework_help"],
        "encouraging homework": ["home_homework_encourage"],
        "reading together": ["home_reading"],
        "interests to develop": ["home_interests"],
    },
    "targets": {
        "previous targets": ["targets_previous"],
        "new ones, with what the pupil premium pays": ["targets_suggested"],
        "agreed with the child, SMART": ["targets_agreed", "voice_target"],
        "an academic one; English, maths and science first": ["targets_academic"],
    },
    "after the meeting": {
        "the next date": ["virtual_next_date"],
        "another meeting between": ["virtual_extra"],
    },
}
# Source: Care Planning, Placement and Case Review (England) Regulations 2010, schedule 1, paragraph 2.
REGULATIONS = {
    "history: institutions, attendance, conduct, achievements, needs": [
        "history_schools",
        "history_attendance",
        "history_achievements",
        "history_needs",
    ],
    "existing arrangements and special provision": ["setting_school", "setting_arrangements", "setting_sen"],
    "planned changes and how disruption is minimised": ["changes_planned", "changes_what", "changes_disruption"],
    "leisure interests": ["aspirations_interests", "home_interests", "voice_arts", "voice_sports"],
    "role of the carer": ["carer_role"],
}
# Sections that real forms have, and who answers them.
RECURRING = {
    "setting": "teacher",
    "not_on_roll": "social_worker",
    "academic": "teacher",
    "attendance": "teacher",
    "presentation": "teacher",
    "home_learning": "carer",
    "carer_view": "carer",
    "care": "social_worker",
    "history": "social_worker",
    "changes": "social_worker",
    "voice": "child",
    "aspirations": "teacher",
    "transition": "teacher",
    "targets": "teacher",
    "iro_comment": "iro",
    "virtual_school": "vseo",
}
FORMS = ("early_years", "statutory", "post16", "not_on_roll")


@tagged("post_install", "-at_install")
class TestQuestionContent(PepCase):
    """What every council has on the day it installs the app."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sections = cls.env["pep.section"].search([("company_id", "=", cls.council.id)])
        cls.questions = cls.sections.question_ids
        cls.section_of = {section.code: section for section in cls.sections}
        cls.question_of = {question.code: question for question in cls.questions}
        cls.kinds = cls.env["pep.kind"].search([("company_id", "=", cls.council.id)])
        cls.kind_of = {kind.code: kind for kind in cls.kinds}

    def in_form(self, form, kind="full"):
        """The sections of a PEP of this form and kind."""
        kind = self.kind_of[kind]
        return self.sections.filtered(
            lambda section: section[f"in_{form}"] and (not section.kind_ids or kind in section.kind_ids)
        )

    def test_every_point_of_the_guidance_is_asked(self):
        full = self.in_form("statutory").question_ids
        for part, points in SEED.items():
            for point, codes in points.items():
                for code in codes:
                    with self.subTest(part=part, point=point, code=code):
                        self.assertIn(self.question_of[code], full, "in the full PEP of a child at school")

    def test_the_minimum_content_of_the_regulations_is_asked(self):
        full = self.in_form("statutory").question_ids
        for point, codes in REGULATIONS.items():
            for code in codes:
                with self.subTest(point, code=code):
                    self.assertIn(self.question_of[code], full)

    def test_what_the_guidance_has_the_meeting_talk_about_is_on_the_agenda(self):
        for points in SEED.values():
            for point, codes in points.items():
                with self.subTest(point):
                    # one of several is enough: what the child enjoys is for the child's page
                    agenda = [code for code in codes if self.question_of[code].agenda]
                    self.assertTrue(agenda or point == "subjects enjoyed most and least")

    def test_recurring_sections_and_whose_they_are(self):
        for code, owner in RECURRING.items():
            with self.subTest(code):
                self.assertEqual(self.section_of[code].owner_role, owner)
        for code in ("setting", "academic", "attendance", "presentation"):
            with self.subTest(code):
                self.assertTrue(self.section_of[code].per_setting)
                self.assertTrue(self.section_of[code].required)

    def test_every_form_has_the_child_and_somebody_for_education(self):
        for form in FORMS:
            for kind in self.kind_of:
                sections = self.in_form(form, kind)
                with self.subTest(form, kind=kind):
                    self.assertIn(self.section_of["voice"], sections)
                    required = set(sections.filtered("required").mapped("owner_role"))
                    self.assertTrue(required - {"child"}, "an adult has a part as well")

    def test_no_school_is_asked_where_there_is_none(self):
        owners = {section._owner_for(has_school=False) for section in self.in_form("not_on_roll")}
        self.assertNotIn("teacher", owners)
        self.assertIn(self.section_of["not_on_roll"], self.in_form("not_on_roll"))
        for form in ("early_years", "statutory", "post16"):
            self.assertNotIn(self.section_of["not_on_roll"], self.in_form(form))

    def test_holidays_ask_no_school(self):
        """An interim PEP is made by social worker and virtual school while schools are closed."""
        for form in FORMS:
            with self.subTest(form):
                self.assertNotIn("teacher", self.in_form(form, "interim").mapped("owner_role"))

    def test_a_school_is_done_in_a_quarter_of_an_hour(self):
        for form in ("early_years", "statutory", "post16"):
            sections = self.in_form(form).filtered(lambda section: section.owner_role == "teacher")
            questions = sections.question_ids
            with self.subTest(form):
                self.assertLessEqual(sum(sections.mapped("minutes")), 15)
                required = questions.filtered("required")
                self.assertLessEqual(len(required), 10)
                self.assertLessEqual(len(required.filtered(lambda question: question.kind == "text")), 1)
                starts = [question.starts for question in questions if question.kind != "prompt"]
                self.assertGreater(starts.count("carry") + starts.count("fact"), len(starts) / 2)

    def test_nobody_is_asked_for_long(self):
        for form in FORMS:
            for owner in ("social_worker", "carer", "parent", "iro", "vseo", "child"):
                sections = self.in_form(form).filtered(lambda section, owner=owner: section.owner_role == owner)
                with self.subTest(form, owner=owner):
                    self.assertLessEqual(sum(sections.mapped("minutes")), 15)

    def test_the_child_may_skip_everything_and_finds_plain_words(self):
        pictures = self.section_of["voice"].question_ids.mapped("picture")
        self.assertEqual(len(set(pictures)), len(pictures), "each question has a picture of its own")
        for question in self.section_of["voice"].question_ids:
            with self.subTest(question.code):
                self.assertFalse(question.required)
                self.assertEqual(question.starts, "empty")
                self.assertTrue(question.wording_young and question.wording_older and question.picture)
                self.assertLessEqual(len(question.wording_young.split()), 12)

    def test_names_of_people_who_must_not_come_are_not_asked_for(self):
        question = self.question_of["care_contact_limits"]
        self.assertEqual(question.kind, "yesno")
        self.assertIn("without a name", question.help)

    def test_what_is_about_care_is_not_for_the_school(self):
        for code in ("care_legal_status", "care_sdq", "care_sdq_action"):
            with self.subTest(code):
                self.assertFalse(self.question_of[code].for_teacher)
        for section in self.sections:
            with self.subTest(section.code):
                self.assertFalse(section.for_parent, "what parents read is for the council to open")

    def test_wording(self):
        names = [(question.section_id, question.name) for question in self.questions]
        self.assertEqual(len(set(names)), len(names))
        for question in self.questions:
            with self.subTest(question.code):
                self.assertLessEqual(len(question.name), 130)
                self.assertLessEqual(len(question.help or ""), 130)
                for text in (question.name, question.help, question.wording_young, question.wording_older):
                    self.assertNotRegex(text or "", r"  |\bLAC\b|\bCLA\b|\betc\b|\bpupil premium plus\b")
        for section in self.sections:
            with self.subTest(section.code):
                self.assertTrue(section.intro)
                self.assertTrue(section.question_ids)
                self.assertTrue(section.code and section.template_id)

    def test_every_template_has_its_code_as_its_name(self):
        """A stable id: councils' copies hang on it."""
        for model, prefix in (("pep.section", "pep_section_"), ("pep.question", "pep_question_")):
            for template in self.env[model].search([("company_id", "=", False)]):
                with self.subTest(template.code):
                    self.assertEqual(self.env.ref(f"pep_module.{prefix}{template.code}"), template)
