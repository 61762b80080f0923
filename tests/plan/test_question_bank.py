from datetime import date, timedelta

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import convert_file, mute_logger

from tests.browser import BrowserCase
from tests.common import PepCase

READERS = ("teacher", "social_worker", "carer", "parent", "iro")


class BankCase(PepCase):
    """A section of the council's own with a question, and a PEP that was made before."""

    with_plan = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child) if cls.with_plan else None
        cls.section = cls.make_section("Music")
        cls.question = cls.make_question("What does the child play?")

    @classmethod
    def make_section(cls, name="Music", **values):
        return cls.env["pep.section"].create(
            {"name": name, "company_id": cls.council.id, "for_teacher": True, "for_carer": True, **values}
        )

    @classmethod
    def make_question(cls, name="Question", section=None, **values):
        return cls.env["pep.question"].create({"name": name, "section_id": (section or cls.section).id, **values})

    @classmethod
    def use(cls, section=None, moment=None, plan=None):
        """The PEP gets this section: from now on its form is in use."""
        section = section or cls.section
        return cls.env["pep.contribution"].create(
            {
                "plan_id": (plan or cls.plan).id,
                "section_id": section.id,
                "owner_role": section.owner_role,
                "opened_on": moment or fields.Datetime.now(),
            }
        )

    def refuse(self, records, vals, word="Revise", error=UserError):
        """Writing these values is refused, also for the app itself, and changes nothing."""
        with self.assertRaisesRegex(error, word), self.env.cr.savepoint():
            records.write(vals)
        records.invalidate_recordset()

    def shipped(self, model, code, council=None):
        return self.env[model].search([("company_id", "=", (council or self.council).id), ("code", "=", code)])


@tagged("post_install", "-at_install")
class TestWhatAPepAsks(BankCase):
    """Which sections a PEP has, and which questions were in them at a moment."""

    def test_by_form(self):
        forms = {"early_years": True, "statutory": False, "post16": True, "not_on_roll": False}
        self.section.write({f"in_{form}": asked for form, asked in forms.items()})
        for form, asked in forms.items():
            self.plan.variant = form
            with self.subTest(form):
                self.assertIs(self.section._applies_to(self.plan), asked)
        self.assertEqual(self.section.forms, "Early years, Post-16")

    def test_by_kind(self):
        self.assertTrue(self.section._applies_to(self.plan), "without kinds: in every kind")
        other = self.env["pep.kind"].search([("company_id", "=", self.council.id), ("code", "=", "desk")])
        self.section.kind_ids = other
        self.assertFalse(self.section._applies_to(self.plan))
        self.section.kind_ids |= self.plan.kind_id
        self.assertTrue(self.section._applies_to(self.plan))

    def test_a_kind_that_is_switched_off_does_not_make_it_every_kind(self):
        other = self.env["pep.kind"].search([("company_id", "=", self.council.id), ("code", "=", "desk")])
        self.section.kind_ids = other
        other.active = False
        self.env.invalidate_all()
        self.assertFalse(self.section._applies_to(self.plan))

    def test_retired_and_foreign_sections_do_not_apply(self):
        council = self.env["res.company"].create({"name": "Nextshire"})
        self.assertFalse(self.shipped("pep.section", "care", council)._applies_to(self.plan))
        self.section.action_retire()
        self.assertFalse(self.section._applies_to(self.plan))

    def test_who_answers_without_a_school(self):
        self.section.fallback_role = "vseo"
        self.assertEqual(self.section._owner_for(True), "teacher")
        self.assertEqual(self.section._owner_for(False), "vseo")
        carers = self.make_section(owner_role="carer", fallback_role=False)
        self.assertEqual(carers._owner_for(False), "carer")

    def test_questions_of_a_moment(self):
        first = self.question.used_from
        later = self.make_question("Later?", used_from=first + timedelta(days=2))
        gone = self.make_question("Gone?", used_from=first - timedelta(days=9), sequence=1)
        gone.write({"active": False})
        gone.sudo().retired_on = first + timedelta(days=1)
        days = {-1: gone, 0: gone | self.question, 1: self.question, 3: self.question | later}
        for days_after, expected in days.items():
            with self.subTest(days_after):
                moment = first + timedelta(days=days_after)
                self.assertEqual(self.section._questions_at(moment).mapped("name"), expected.mapped("name"))

    def test_counts_of_what_is_to_be_answered(self):
        self.make_question("Hint", kind="prompt")
        self.make_question("School", starts="fact", fact="school")
        self.make_question("Must?", required=True)
        empty = self.make_section("Empty")
        counts = (self.section | empty)._question_counts(fields.Datetime.now())
        self.assertEqual(counts, {self.section.id: (2, 1), empty.id: (0, 0)})

    def test_one_query_for_any_number_of_sections(self):
        sections = self.env["pep.section"].search([("company_id", "=", self.council.id)])
        self.assertGreater(len(sections), 10)
        for some in (sections[:1], sections):
            self.env.invalidate_all()
            with self.subTest(len(some)), self.assertQueryCount(2):  # the rows, and what orders them
                some._question_counts(fields.Datetime.now())


@tagged("post_install", "-at_install")
class TestWhatWasAskedStays(BankCase):
    """A question in the form of a PEP is retired, never changed under it."""

    def test_fixed_once_it_is_used(self):
        question = self.make_question("How often?", kind="choice", options="Daily\nWeekly", for_carer=False)
        self.use()
        changes = {
            "name": "How seldom?",
            "section_id": self.make_section("Other").id,
            "kind": "text",
            "options": "Daily",
            "required": True,
            "starts": "carry",
            "scale_min": 0,
            "scale_max": 10,
            "scale_low": "Low",
            "scale_high": "High",
            "number_max": 3.5,
            "unit": "hours",
            "wording_young": "Tell us",
            "wording_older": "Say",
            "for_carer": True,
        }
        for name, value in changes.items():
            with self.subTest(name):
                self.refuse(question, {name: value})
        self.assertTrue(question.is_used)

    def test_the_administrator_and_the_app_are_told_the_same(self):
        self.use()
        self.refuse(self.as_user(self.question, "admin"), {"name": "Something else?"})
        self.refuse(self.question.sudo(), {"name": "Something else?"})

    def test_the_same_value_is_no_change(self):
        self.use()
        self.question.write({"name": self.question.name, "kind": "text", "required": False, "unit": False})

    def test_what_does_not_touch_what_was_asked_may_change(self):
        self.use()
        self.question.write(
            {"help": "Any instrument", "sequence": 3, "agenda": True, "picture": "sun", "for_teacher": False}
        )
        self.assertEqual(self.question.help, "Any instrument")

    def test_free_until_it_is_used(self):
        self.use(moment=self.question.used_from - timedelta(seconds=1))
        self.question.write({"name": "Which instruments?", "kind": "choice", "options": "Drum\nFlute"})
        self.assertFalse(self.question.is_used)

    def test_a_new_question_is_not_in_forms_that_are_open(self):
        part = self.use()
        question = self.make_question("New?")
        self.assertNotIn(question, self.section._questions_at(part.opened_on))
        self.assertFalse(question.is_used)
        self.assertIn(question, self.section._questions_at(question.used_from))

    def test_revise(self):
        part = self.use()
        action = self.as_user(self.question, "admin").action_revise()
        made = self.env["pep.question"].browse(action["res_id"])
        self.assertRecordValues(
            made,
            [{"name": self.question.name, "replaces_id": self.question.id, "active": True, "retired_on": False}],
        )
        self.assertFalse(self.question.active)
        self.assertEqual(self.question.retired_on, made.used_from)
        made.name = "Which instrument?"
        self.assertEqual(self.section._questions_at(part.opened_on), self.question)
        self.assertEqual(self.section._questions_at(made.used_from), made)

    def test_no_moment_between_two_versions(self):
        """However close together forms are opened and questions revised, each form has exactly one of the versions."""
        question = self.question
        for _index in range(3):
            question = self.env["pep.question"].browse(question.action_revise()["res_id"])
            part = self.use(moment=max(fields.Datetime.now(), question.used_from), plan=self.make_plan())
            self.assertEqual(len(self.section._questions_at(part.opened_on)), 1)
        versions = question.with_context(active_test=False).search([("section_id", "=", self.section.id)])
        for part in self.env["pep.contribution"].search([("section_id", "=", self.section.id)]):
            self.assertEqual(len(self.section._questions_at(part.opened_on) & versions), 1)

    def test_retire_leaves_open_forms_alone(self):
        part = self.use()
        self.as_user(self.question, "admin").action_retire()
        self.assertFalse(self.question.active)
        self.assertEqual(self.section._questions_at(part.opened_on), self.question)
        self.assertFalse(self.section._questions_at(self.question.retired_on))
        retired_on = self.question.retired_on
        self.question.action_retire()
        self.assertEqual(self.question.retired_on, retired_on, "retired once")

    def test_archiving_is_retiring(self):
        self.use()
        self.question.action_archive()
        self.assertTrue(self.question.retired_on)

    def test_a_retirement_that_no_form_saw_can_be_taken_back(self):
        self.use()
        self.question.action_retire()
        self.question.action_unarchive()
        self.assertRecordValues(self.question, [{"active": True, "retired_on": False}])

    def test_a_retirement_that_forms_saw_stands(self):
        self.use()
        self.question.action_retire()
        self.use(moment=self.question.retired_on + timedelta(hours=1), plan=self.make_plan())
        with self.assertRaisesRegex(UserError, "Revise"):
            self.question.action_unarchive()
        again = self.env["pep.question"].browse(self.question.action_revise()["res_id"])
        self.assertRecordValues(again, [{"active": True, "replaces_id": self.question.id}])

    def test_what_was_retired_is_not_reworded(self):
        self.question.action_retire()
        self.refuse(self.question, {"name": "Something else?"})

    def test_asked_and_retired_are_never_both(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.question.sudo().retired_on = fields.Datetime.now()
            self.question.flush_recordset()

    def test_nothing_is_deleted(self):
        for records in (self.question, self.section):
            with self.subTest(records), self.assertRaises(AccessError):
                self.as_user(records, "admin").unlink()


@tagged("post_install", "-at_install")
class TestSectionsInUse(BankCase):
    """Whose part a section is, and who reads it, is not changed under a PEP."""

    def test_fixed_once_it_is_used(self):
        self.use()
        self.assertTrue(self.section.is_used)
        for vals in ({"owner_role": "carer"}, {"per_setting": True}, {"for_parent": True}):
            with self.subTest(vals):
                self.refuse(self.section, vals)
                self.refuse(self.as_user(self.section, "admin"), vals)

    def test_what_decides_about_the_next_peps_may_change(self):
        self.use()
        self.section.write(
            {"name": "Music and dance", "required": False, "in_post16": False, "minutes": 7, "for_carer": False}
        )
        self.assertEqual(self.section.name, "Music and dance")

    def test_free_until_it_is_used(self):
        self.section.write({"owner_role": "carer", "for_parent": True})
        self.assertEqual(self.section.owner_role, "carer")

    def test_revise(self):
        self.make_question("And dance?", required=True)
        part = self.use()
        asked = self.section._questions_at(part.opened_on)
        section = self.as_user(self.section, "admin")
        made = self.env["pep.section"].browse(section.action_revise()["res_id"])
        made.owner_role = "carer"
        self.assertFalse(self.section.active)
        self.assertEqual(made.replaces_id, self.section)
        self.assertEqual(made.question_ids.mapped("name"), asked.mapped("name"))
        self.assertEqual(made.question_ids.mapped("replaces_id"), asked)
        self.assertEqual(self.section._questions_at(part.opened_on), asked)
        with self.assertRaises(UserError):
            section.action_revise()

    def test_the_next_version_takes_the_place_of_what_the_app_ships(self):
        old = self.shipped("pep.section", "care")
        template = old.template_id
        made = old._next_version()
        self.assertRecordValues(made, [{"template_id": template.id, "code": "care", "replaces_id": old.id}])
        self.council._pep_load_templates()
        self.assertEqual(self.shipped("pep.section", "care"), made)
        shipped = self.env["pep.question"].create({"section_id": template.id, "name": "Something new?"})
        self.council._pep_load_templates()
        copy = shipped.search([("template_id", "=", shipped.id), ("company_id", "=", self.council.id)])
        self.assertEqual(copy.section_id, made)

    def test_a_section_without_questions(self):
        empty = self.make_section("Empty")
        self.use(empty)
        made = self.env["pep.section"].browse(empty.action_revise()["res_id"])
        self.assertFalse(made.question_ids)

    def test_refusals(self):
        kind = self.env["pep.kind"].search([("company_id", "=", False)], limit=1)
        for vals, word in (
            ({"owner_role": "carer", "per_setting": True}, "each school"),
            ({"fallback_role": False}, "without a school"),
            ({f"in_{form}": False for form in ("early_years", "statutory", "post16", "not_on_roll")}, "forms"),
            ({"minutes": -1}, "minutes"),
            ({"minutes": 10_000}, "minutes"),
            ({"kind_ids": kind.ids}, "same council"),
        ):
            with self.subTest(vals):
                self.refuse(self.section, vals, word, ValidationError)


@tagged("post_install", "-at_install")
class TestWhoReads(BankCase):
    """A question may be kept from people who read its section, never shown to more."""

    def test_as_the_section(self):
        self.assertEqual(self.question._audience(), {"teacher", "social_worker", "carer", "iro"})
        self.assertEqual(self.question._audience(), self.section._audience())

    def test_narrower(self):
        question = self.make_question("Kept?", for_carer=False)
        self.assertEqual(question._audience(), {"teacher", "social_worker", "iro"})

    def test_wider_is_refused(self):
        self.refuse(self.question, {"for_parent": True}, "not shown to more", ValidationError)
        with self.assertRaises(ValidationError):
            self.make_question("Wider?", for_parent=True)

    def test_a_section_that_is_narrowed_narrows_its_questions(self):
        self.use()
        retired = self.make_question("Retired?")
        retired.action_retire()
        self.section.for_carer = False
        for question in self.question | retired:
            self.assertFalse(question.for_carer)
            self.assertTrue(question.for_teacher)

    def test_a_section_that_is_widened_widens_no_question(self):
        self.section.for_parent = True
        self.assertFalse(self.question.for_parent)

    def test_moving_a_question_shows_it_to_nobody_new(self):
        question = self.make_question("Kept?", for_carer=False)
        question.section_id = self.make_section("Other", for_parent=True, for_iro=False)
        self.assertEqual(question._audience(), {"teacher", "social_worker"})


@tagged("post_install", "-at_install")
class TestKindsOfAnswer(BankCase):
    def test_refusals(self):
        childs = self.make_section("Voice", owner_role="child")
        for vals, word in (
            ({"kind": "choice"}, "two or more"),
            ({"kind": "choice", "options": "One\n \n"}, "two or more"),
            ({"kind": "choice", "options": "Yes\nno\n yes "}, "same answer twice"),
            ({"kind": "scale", "scale_min": 0, "scale_max": 11}, "11 steps"),
            ({"kind": "scale", "scale_min": -1, "scale_max": 3}, "0 or above"),
            ({"kind": "number", "number_min": 5, "number_max": 4}, "above the highest"),
            ({"kind": "prompt", "required": True}, "no answer"),
            ({"kind": "prompt", "starts": "carry"}, "no answer"),
            ({"starts": "fact"}, "choose the fact"),
            ({"fact": "school"}, "for a fact alone"),
            ({"starts": "fact", "fact": "school", "kind": "number"}, "as text"),
            ({"starts": "fact", "fact": "school", "required": True}, "as text"),
            ({"section_id": childs.id, "starts": "carry"}, "starts empty"),
            ({"section_id": childs.id, "starts": "fact", "fact": "school"}, "starts empty"),
        ):
            with self.subTest(vals):
                self.refuse(self.question, vals, word, ValidationError)
                with self.assertRaisesRegex(ValidationError, word), self.env.cr.savepoint():
                    self.make_question(**vals)

    def test_a_scale_goes_up(self):
        for bounds in ((5, 5), (5, 1)):
            with (
                self.subTest(bounds),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.make_question(kind="scale", scale_min=bounds[0], scale_max=bounds[1])

    def test_what_is_allowed(self):
        for vals in (
            {"kind": "choice", "options": "Yes\nNo\n"},
            {"kind": "scale", "scale_min": 0, "scale_max": 10},
            {"kind": "number", "starts": "carry", "number_min": 0, "number_max": 100, "unit": "%"},
            {"kind": "prompt", "agenda": True},
            {"kind": "date", "starts": "carry", "required": True},
        ):
            with self.subTest(vals):
                self.assertTrue(self.make_question(**vals))

    def test_two_active_questions_are_never_the_same_shipped_one(self):
        shipped = self.shipped("pep.question", "voice_safe")
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.make_question(code="voice_safe", section=shipped.section_id)


@tagged("post_install", "-at_install")
class TestFacts(BankCase):
    """Facts are shown, not asked; and to nobody who may not read them in the record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child.write({"home_language": "Tigrinya", "sen_provision": "K"})
        cls.plan.write({"sen_provision": "K", "legal_status": "C2 Full care order"})
        cls.staff = cls.make_section("Office", owner_role="vseo", for_teacher=False, for_carer=False)
        facts = [fact for fact, _label in cls.env["pep.question"]._fields["fact"].selection]
        cls.facts = {fact: cls.make_question(f"Fact {fact}", cls.staff, starts="fact", fact=fact) for fact in facts}
        cls.questions = cls.env["pep.question"].union(*cls.facts.values())

    def fact(self, name, school=None):
        return self.facts[name]._fact_of(self.plan, school)

    def test_what_the_record_says(self):
        self.assertEqual(self.fact("school"), "Elm Primary School")
        self.assertEqual(self.fact("year_group"), dict(self.plan._fields["year_group"].selection)[self.plan.year_group])
        self.assertEqual(self.fact("sen_provision"), "SEN support")
        self.assertEqual(self.fact("date_into_care"), date(self.today.year - 2, 1, 15).strftime("15 January %Y"))
        self.assertEqual(self.fact("legal_status"), "C2 Full care order")
        self.assertEqual(self.fact("vseo"), self.users["vseo"].name)
        self.assertEqual(self.fact("home_language"), "Tigrinya")
        self.child.interpreter = True
        self.assertEqual(self.fact("home_language"), "Tigrinya, needs an interpreter")

    def test_the_facts_are_those_of_the_pep(self):
        self.child.sen_provision = "E"
        self.assertEqual(self.fact("sen_provision"), "SEN support")

    def test_the_school_of_a_part(self):
        other = self.make_school("Oak Special School", "100002")
        self.assertEqual(self.fact("school", other), "Oak Special School")
        self.assertEqual(self.fact("school", self.school), "Elm Primary School")
        self.school.name = "Elm Academy"
        self.assertEqual(self.fact("school", self.school), "Elm Primary School", "as it was called then")

    def test_what_is_not_known_is_empty(self):
        child = self.make_children(school=False, sen_provision=False)
        plan = self.make_plan(child)
        for name in ("sen_provision", "legal_status", "home_language", "attendance", "sdq"):
            with self.subTest(name):
                self.assertIs(self.facts[name]._fact_of(plan), False)
        self.assertIn(self.facts["school"]._fact_of(plan), (False, "Not on roll anywhere"))
        self.assertEqual(self.facts["suspensions"]._fact_of(plan), "None recorded")

    def attend(self, day_from, present):
        """Ten sessions in the five days from this one, of which the child was present at so many."""
        self.env["pep.attendance"].create(
            {
                "child_id": self.child.id,
                "school_id": self.school.id,
                "date_from": day_from,
                "date_to": day_from + timedelta(days=4),
                "possible": 10,
                "present": present,
                "authorised": 10 - present,
                "unauthorised": 0,
            }
        )

    def test_attendance_of_the_last_term_with_figures(self):
        before = self.today - timedelta(days=200)
        self.attend(before, 10)
        self.attend(self.term.date_from, 9)
        self.assertEqual(self.fact("attendance"), f"90.0% in {self.term.name}, below the 95% expected")
        self.council.pep_attendance_expected = 90
        self.assertEqual(self.fact("attendance"), f"90.0% in {self.term.name}, at or above the 90% expected")

    def test_suspensions_of_the_school_year(self):
        for days in (0, 500):
            day = self.today - timedelta(days=days)
            self.env["pep.suspension"].create(
                {
                    "child_id": self.child.id,
                    "school_id": self.school.id,
                    "date_from": day,
                    "date_to": day,
                    "sessions": 1,
                }
            )
        self.assertEqual(self.fact("suspensions"), "1 in this school year")

    def test_the_last_questionnaire(self):
        self.env["pep.sdq"].create({"child_id": self.child.id, "score": "15", "date": self.today})
        self.assertRegex(self.fact("sdq"), r"^15: Borderline")

    def test_a_finished_pep_keeps_its_figures(self):
        self.plan.sudo().completed_on = fields.Datetime.now() - timedelta(days=2)
        self.env["pep.sdq"].create({"child_id": self.child.id, "score": "15", "date": self.today})
        self.assertFalse(self.fact("sdq"))

    def test_a_question_that_is_no_fact(self):
        self.assertEqual(self.question._facts_of(self.plan), {self.question.id: False})

    def test_the_reader_needs_no_right_on_the_record_behind_it(self):
        self.surround(self.child)
        facts = self.as_user(self.questions, "teacher")._facts_of(self.plan.with_user(self.users["teacher"]))
        self.assertEqual(facts[self.facts["vseo"].id], self.users["vseo"].name)

    def test_a_page_of_facts_costs_the_same_as_one(self):
        def queries(questions):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            questions._facts_of(self.plan)
            return self.env.cr.sql_log_count - before

        twice = self.questions
        for fact in self.facts:
            twice |= self.make_question(f"Again {fact}", self.staff, starts="fact", fact=fact)
        queries(self.questions)
        self.assertEqual(queries(self.questions), queries(twice))

    def test_not_for_everyone(self):
        teachers = self.make_section("School", for_teacher=True)
        workers = self.make_section("Care", owner_role="social_worker", for_teacher=True, for_carer=False)
        for fact in ("legal_status", "sdq"):
            with self.subTest(fact):
                with self.assertRaisesRegex(ValidationError, "not for everyone"), self.env.cr.savepoint():
                    self.make_question(section=teachers, starts="fact", fact=fact, for_teacher=False, for_carer=False)
                with self.assertRaisesRegex(ValidationError, "not for everyone"), self.env.cr.savepoint():
                    self.make_question(section=workers, starts="fact", fact=fact)
                question = self.make_question(section=workers, starts="fact", fact=fact, for_teacher=False)
                self.refuse(question, {"for_teacher": True}, "not for everyone", ValidationError)
        self.refuse(workers, {"owner_role": "carer"}, "not for everyone", ValidationError)


@tagged("post_install", "-at_install")
class TestCopies(BankCase):
    """Each council has its own bank, made from what the app ships. No PEP uses it yet."""

    with_plan = False

    def number(self, council):
        every = {"active_test": False}
        return [
            self.env[model].with_context(**every).search_count([("company_id", "=", council and council.id)])
            for model in ("pep.section", "pep.question")
        ]

    def test_every_council_has_all_of_it(self):
        council = self.env["res.company"].create({"name": "Nextshire"})
        self.assertEqual(self.number(council), self.number(False))
        questions = self.env["pep.question"].search([("company_id", "=", council.id)])
        self.assertEqual(questions.section_id.company_id, council)
        kinds = self.env["pep.section"].search([("company_id", "=", council.id)]).kind_ids
        self.assertEqual(kinds.company_id, council, "its own kinds of PEP")
        for question in questions:
            self.assertEqual(question.section_id.template_id, question.template_id.section_id)
            self.assertEqual(question._audience(), question.template_id._audience())

    def test_twice_is_the_same(self):
        before = self.number(self.council)
        self.council._pep_load_templates()
        self.assertEqual(self.number(self.council), before)

    def test_what_a_council_changed_stays(self):
        section, question = self.shipped("pep.section", "voice"), self.shipped("pep.question", "voice_better")
        section.write({"name": "My part", "minutes": 20, "sequence": 1})
        question.wording_young = "What would you change?"
        retired = self.shipped("pep.question", "voice_hopes")
        retired.action_retire()
        before = self.number(self.council)
        self.as_user(self.council, "admin").action_pep_update_from_templates()
        self.assertRecordValues(section, [{"name": "My part", "minutes": 20, "sequence": 1}])
        self.assertEqual(question.wording_young, "What would you change?")
        self.assertFalse(self.shipped("pep.question", "voice_hopes"), "it does not come back")
        self.assertEqual(self.number(self.council), before)

    def test_what_the_app_ships_later_arrives(self):
        template = self.env["pep.section"].search([("company_id", "=", False), ("code", "=", "voice")])
        shipped = self.env["pep.question"].create({"section_id": template.id, "name": "Do you sleep well?"})
        self.as_user(self.council, "admin").action_pep_update_from_templates()
        copy = self.env["pep.question"].search([("template_id", "=", shipped.id), ("company_id", "=", self.council.id)])
        self.assertEqual(copy.section_id, self.shipped("pep.section", "voice"))
        self.assertGreaterEqual(copy.used_from, shipped.used_from)

    def test_an_update_of_the_app_changes_the_templates_alone(self):
        template = self.env.ref("pep_module.pep_question_voice_better")
        template.name = "Changed by hand"
        copy = self.shipped("pep.question", "voice_better")
        copy.name = "Changed by the council"
        for name in ("section", "question"):
            path = f"data/plan/pep_{name}_data.xml"
            convert_file(self.env, "pep_module", path, {}, mode="update", noupdate=False)
        self.assertEqual(template.name, "What could be better?")
        self.assertEqual(copy.name, "Changed by the council")
        kept = self.env.ref("pep_module.pep_question_voice_unsafe")
        self.assertEqual(kept._audience(), {"teacher", "social_worker", "iro"}, "what was kept from the carer still is")

    def test_the_number_of_queries_does_not_grow_with_the_bank(self):
        self.env.flush_all()
        with self.assertQueryCount(40):
            self.council._pep_load_templates()


@tagged("post_install", "-at_install")
class TestWhoMay(BankCase):
    """The administrator keeps the bank. Everyone who works with PEPs reads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.surround(cls.child)

    def test_read(self):
        for role in ("support", "vseo", "head", "admin", "teacher", "social_worker", "carer", "parent", "iro"):
            with self.subTest(role):
                self.assertTrue(self.as_user(self.section, role).name)
                self.assertTrue(self.as_user(self.question, role).name)
        for role in ("finance", "employee"):
            for records in (self.section, self.question):
                with self.subTest(role, records=records), self.assertRaises(AccessError):
                    self.as_user(records, role).read(["name"])

    def test_change(self):
        self.use()
        for role in ("support", "vseo", "head", "finance", "employee", "teacher", "social_worker", "carer", "iro"):
            section, question = self.as_user(self.section, role), self.as_user(self.question, role)
            for act in (
                lambda section=section: section.write({"name": "Mine"}),
                lambda question=question: question.write({"name": "Mine"}),
                lambda question=question: question.write({"active": False}),
                lambda section=section: section.create({"name": "Mine"}),
                lambda question=question: question.create({"name": "Mine", "section_id": self.section.id}),
                section.action_revise,
                section.action_retire,
                question.action_revise,
                question.action_retire,
            ):
                with self.subTest(role), self.assertRaises(AccessError), self.env.cr.savepoint():
                    act()

    def test_the_administrator(self):
        section = self.as_user(self.env["pep.section"], "admin").create({"name": "Swimming", "owner_role": "carer"})
        self.assertEqual(section.company_id, self.council)
        question = section.env["pep.question"].create({"name": "Can the child swim?", "section_id": section.id})
        self.assertEqual(question.company_id, self.council)
        question.write({"kind": "yesno", "sequence": 5})

    def test_what_the_app_keeps_is_not_typed(self):
        long_ago = fields.Datetime.now() - timedelta(days=900)
        question = self.as_user(self.question, "admin")
        made = question.create({"name": "Old?", "section_id": self.section.id, "used_from": long_ago, "code": "voice"})
        self.assertGreater(made.used_from, long_ago)
        self.assertFalse(made.code)
        for vals in ({"used_from": long_ago}, {"retired_on": long_ago}, {"code": "x"}, {"template_id": False}):
            with self.subTest(vals), self.assertRaises(UserError):
                question.write(vals)
        section = self.as_user(self.section, "admin")
        self.assertFalse(section.create({"name": "Mine", "code": "care"}).code)
        with self.assertRaises(UserError):
            section.write({"code": "care"})

    def test_another_council(self):
        council = self.env["res.company"].create({"name": "Nextshire"})
        theirs = self.shipped("pep.section", "care", council)
        admin = self.as_user(theirs, "admin")
        with self.assertRaises(AccessError):
            admin.read(["name"])
        with self.assertRaises(AccessError):
            admin.write({"name": "Ours"})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            admin.env["pep.question"].create({"name": "Ours?", "section_id": theirs.id})
        for records in (self.section, self.question):
            with self.subTest(records), self.assertRaises(UserError):
                records.write({"company_id": council.id})

    def test_a_question_stays_in_the_council_of_its_section(self):
        council = self.env["res.company"].create({"name": "Nextshire"})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.question.section_id = self.shipped("pep.section", "care", council)

    def test_templates_are_changed_by_nobody(self):
        template = self.env.ref("pep_module.pep_section_care")
        for records in (template, template.question_ids[:1]):
            admin = self.as_user(records, "admin")
            for act in (lambda admin=admin: admin.write({"name": "Mine"}), admin.action_revise, admin.action_retire):
                with self.subTest(records), self.assertRaises(AccessError), self.env.cr.savepoint():
                    act()


@tagged("post_install", "-at_install")
class TestBankForms(BankCase):
    """The bank as an administrator edits it."""

    def form(self, section=None):
        section = self.as_user(section or self.env["pep.section"], "admin")
        return Form(section, "pep_module.pep_section_view_form")

    def test_a_section_with_its_questions_in_one_go(self):
        with self.form() as form:
            form.name = "Swimming"
            form.owner_role = "carer"
            form.for_teacher = True
            form.for_iro = False
            with form.question_ids.new() as question:
                self.assertTrue(question.for_teacher, "as the section that is being filled in")
                self.assertFalse(question.for_iro)
                question.name = "Can the child swim?"
                question.kind = "choice"
                question.options = "Yes\nA little\nNo"
            with form.question_ids.new() as question:
                question.name = "Where do you go?"
                question.for_teacher = False
        section = form.record
        self.assertEqual(section.question_count, 2)
        self.assertEqual(
            [sorted(question._audience()) for question in section.question_ids],
            [
                ["social_worker", "teacher"],
                ["social_worker"],
            ],
        )

    def test_what_is_used_is_read_only(self):
        self.use()
        with self.form(self.section) as form:
            for name in ("owner_role", "per_setting"):
                with self.subTest(name), self.assertRaisesRegex(AssertionError, "readonly"):
                    form[name] = "carer"
            form.minutes = 12
        self.assertEqual(self.section.minutes, 12)

    def test_preview(self):
        self.question.name = "<script>alert(1)</script>"
        self.make_question("How often?", kind="choice", options="Daily\nWeekly", required=True, for_carer=False)
        self.make_question("How well?", kind="scale", scale_low="Not at all", scale_high="Very well")
        self.make_question("Since?", kind="date", starts="carry")
        self.make_question("Lessons?", kind="number", unit="a week")
        self.make_question("Own instrument?", kind="yesno")
        self.make_question("Pupil's school", starts="fact", fact="school")
        self.make_question("Talk about concerts", kind="prompt", agenda=True)
        section = self.as_user(self.section, "admin")
        action = section.action_preview()
        self.assertEqual(action["res_id"], section.id)
        page = section.preview
        self.assertNotIn("<script>", page)
        for text in (
            "&lt;script&gt;",
            "Daily",
            "must be answered",
            "Not read by: carer",
            "Not at all",
            "a week",
            "Begins as last time",
            "Shown from the record",
            "Talk about concerts",
            "On the agenda",
        ):
            with self.subTest(text):
                self.assertIn(text, page)
        with Form(section, "pep_module.pep_section_view_preview") as form:
            self.assertTrue(form.preview)

    def test_preview_of_nothing(self):
        self.assertIn("no questions here yet", self.as_user(self.make_section("Empty"), "admin").preview)

    def test_preview_is_for_the_administrator(self):
        for role in ("vseo", "teacher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.section, role).read(["preview"])


@tagged("post_install", "-at_install")
class TestBankScreen(BrowserCase, BankCase):
    """An administrator at the screen: orders, adds, looks and revises without code."""

    def test_editing_the_bank(self):
        self.use()
        with self.page_of("admin") as page:
            self.visit(page, "/odoo/pep-question-bank")
            self.picture(page, "bank-1-sections")
            rows = page.locator(".o_data_row")
            self.assertGreater(rows.count(), 15)
            page.get_by_role("cell", name="Music", exact=True).click()
            self.settle(page)
            page.get_by_text("Add a line").first.click()
            self.settle(page)
            self.fill(page, "name", "Does the child sing?")
            self.choose(page, "kind", "Choice")
            self.fill(page, "options", "Yes\nNo")
            self.picture(page, "bank-2-question")
            self.press(page, "Save & Close", ".modal")
            self.save(page)
            self.picture(page, "bank-3-section")
            self.press(page, "Preview")
            page.locator(".o_pep_section_preview", has_text="Does the child sing?").wait_for()
            self.picture(page, "bank-4-preview")
            page.locator(".modal .btn-close").last.click()
            self.settle(page)
            row = page.locator(".o_data_row", has_text="What does the child play?")
            row.get_by_role("button", name="Revise").click()
            self.settle(page)
            self.fill(page, "name", "Which instrument does the child play?")
            self.picture(page, "bank-5-revise")
            page.locator(".modal .o_form_button_save").click()
            self.settle(page)
            page.get_by_role("cell", name="Which instrument does the child play?").first.wait_for()
            page.get_by_role("tab", name="Retired questions").click()
            self.settle(page)
            self.picture(page, "bank-6-retired")
        questions = self.section.question_ids
        self.assertEqual(
            set(questions.mapped("name")), {"Does the child sing?", "Which instrument does the child play?"}
        )
        self.assertFalse(self.question.active)
        self.assertEqual(self.question.name, "What does the child play?")

    def test_dragging_sections_into_order(self):
        with self.page_of("admin") as page:
            self.visit(page, "/odoo/pep-question-bank")
            rows = page.locator(".o_data_row")
            moved = rows.nth(3).locator("td[name='name']").inner_text()
            start = rows.nth(3).locator(".o_row_handle").bounding_box()
            page.mouse.move(start["x"] + 5, start["y"] + 5)
            page.mouse.down()
            for step in range(1, 15):
                page.mouse.move(start["x"] + 5, start["y"] + 5 - step * 10)
                page.wait_for_timeout(20)
            page.mouse.up()
            self.settle(page)
            self.picture(page, "bank-9-dragged")
        first = self.env["pep.section"].search([("company_id", "=", self.council.id)], limit=1)
        self.assertEqual(first.name, moved)

    def test_the_list_of_all_questions(self):
        with self.page_of("admin") as page:
            self.visit(page, "/odoo/pep-questions")
            self.picture(page, "bank-7-all-questions")
            page.locator(".o_group_header").first.click()
            self.settle(page)
            page.locator(".o_data_row").first.locator("td.o_data_cell").nth(1).click()
            self.settle(page)
            self.picture(page, "bank-8-question-form")
