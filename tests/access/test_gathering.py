from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .table import AUDIENCE, PORTAL
from .world import CASES, AccessCase

QUIET_DENIAL = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
STAFF = {"vseo", "support", "head"}
OWNERS = (*AUDIENCE, "child", "vseo")


class PartCase(AccessCase):
    """A part of the PEP that everybody around the child reads; the tests say whose it is."""

    def belongs_to(self, owner_role):
        parts = self.records["pep.contribution"]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE pep_contribution SET owner_role = %s WHERE id IN %s",
                owner_role,
                tuple(part.id for part in parts.values()),
            )
        )
        self.env.invalidate_all()

    def part(self, person, case="own"):
        return self.as_person("pep.contribution", person).browse(self.records["pep.contribution"][case].id)

    def answer(self, person, case="own", version=1):
        """Try to change the one answer there is; what became of that, in a word."""
        question = self.questions[self.children[case].company_id][0]
        savepoint = self.env.cr.savepoint()
        try:
            with mute_logger(*QUIET_DENIAL):
                saved = self.part(person, case).action_save_answers(
                    [{"question": question.id, "value": "Changed", "version": version}]
                )
            return saved[question.id]["status"]
        except AccessError:
            return "no part"
        except UserError:
            return "told why"
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)


@tagged("post_install", "-at_install")
class TestWhoAnswers(PartCase):
    """Everybody reads the part, and still only whose it is answers it: by the role on this very child."""

    def expected(self, person, case, owner):
        roles = self.people[person].get(case, set())
        roles = {"social_worker" if role == "contributor" else role for role in roles}
        if owner in roles - {"child"} or "delegate" in roles and person == "delegate":
            return "saved"
        if roles & STAFF:
            return "saved" if owner == "vseo" else "told why"  # on whose behalf?
        return "no part"

    def test_each_owner_each_person_each_child(self):
        number = 0
        for owner in OWNERS:
            self.belongs_to(owner)
            for person in self.people:
                for case in CASES:
                    number += 1
                    with self.subTest(owner=owner, person=person, case=case):
                        self.assertEqual(self.answer(person, case), self.expected(person, case, owner))
        self.assertGreater(number, 1000)

    def test_teacher_of_one_child_and_carer_of_another(self):
        self.belongs_to("teacher")
        self.assertEqual(self.answer("teacher_and_carer", "own"), "saved")
        self.assertEqual(self.answer("teacher_and_carer", "other"), "no part")
        self.belongs_to("carer")
        self.assertEqual(self.answer("teacher_and_carer", "own"), "no part")
        self.assertEqual(self.answer("teacher_and_carer", "other"), "saved")

    def test_what_is_not_for_a_role_is_no_part_even_for_whose_it_is(self):
        self.set_readers("pep.contribution", "nobody")
        for role in AUDIENCE:
            self.belongs_to(role)
            with self.subTest(role):
                self.assertEqual(self.answer(role), "no part")

    def test_another_colleague_answers_nothing(self):
        self.assertEqual(self.answer("delegate"), "saved")
        self.assertEqual(self.answer("delegate_and_carer"), "no part")
        self.assertEqual(self.answer("delegate_and_carer", "other"), "no part")


@tagged("post_install", "-at_install")
class TestKeptFromOne(PartCase):
    """What a child kept from who helped stays kept, whatever way that person tries."""

    def setUp(self):
        super().setUp()
        self.belongs_to("child")
        self.set_readers("pep.answer", "all but one VSEO")
        self.secret = "Secret answer of own"

    def on_behalf(self, person):
        self.part(person).action_enter_on_behalf("The child", "in_person", self.today)

    def test_no_conflict_tells_it_and_nobody_writes_over_it(self):
        self.on_behalf("vseo")
        for version in (0, 1):
            with self.subTest(version):
                self.assertEqual(self.answer("vseo", version=version), "no part")
        self.assertEqual(self.answer("vseo_and_finance", version=1), "saved", "it is kept from one person")
        self.assertEqual(self.answer("head", version=0), "conflict")

    def test_no_page_and_no_view_shows_it(self):
        for person, told in (("vseo", False), ("head", True), ("support", True)):
            part = self.part(person)
            shown = str([line["answer"].value for line in part._form()]) + str(part.answers_view)
            with self.subTest(person):
                self.assertEqual(self.secret in shown, told)

    def test_no_way_round_by_other_records(self):
        part = self.part("vseo")
        self.assertFalse(part.answer_ids)
        found = self.as_person("pep.contribution", "vseo").search([("answer_ids.value_text", "ilike", "Secret answer")])
        self.assertNotIn(part.id, found.ids)
        read = part.web_read({"answer_ids": {"fields": {"value": {}, "value_text": {}}}})
        self.assertNotIn("Secret", str(read))
        history = self.as_person("pep.answer", "vseo").formatted_read_group([], ["value_text"], ["__count"])
        self.assertNotIn(self.secret, str(history))


@tagged("post_install", "-at_install")
class TestDelegate(PartCase):
    """A colleague to whom one part was delegated: that part, who the child is, when it is due. Nothing else."""

    READABLE = {"pep.child", "pep.plan", "pep.contribution", "pep.answer"}

    def reads(self, model, case="own"):
        records = self.as_person(model, "delegate")
        return records.has_access("read") and records.search_count([("id", "=", self.records[model][case].id)])

    def test_reads_the_part_and_nothing_else(self):
        for model in self.records:
            if self.readers_of(model):
                self.set_readers(model, "all but the carer" if model in self.READABLE else "nobody")
            with self.subTest(model):
                self.assertEqual(bool(self.reads(model)), model in self.READABLE)

    def test_reads_what_was_answered_so_far(self):
        """Without a flag being set by hand: the answers follow the part."""
        part = self.records["pep.contribution"]["own"]
        answer = self.records["pep.answer"]["own"]
        for model in ("pep.contribution", "pep.answer"):
            self.set_readers(model, "nobody")
        part.delegate_id = self.users["delegate"]
        self.assertTrue(self.reads("pep.answer"))
        new = self.env["pep.answer"].create(self._answer_values(part, 1))
        self.assertEqual((answer | new).delegate_id, self.users["delegate"])
        part.delegate_id = self.users["delegate_and_carer"]
        self.assertFalse(self.reads("pep.answer"))

    def test_what_frames_the_part_is_all_that_the_pep_tells(self):
        """Several roles read the PEP and the child: what only some of them need is not in them for the portal."""
        plan = self.records["pep.plan"]["own"]
        plan.write({"summary": "Secret words", "next_meeting_note": "Secret plans"})
        hidden = {
            "pep.plan": ("summary", "next_meeting_note", "stage_reason", "waiting_for", "voice_state", "legal_status"),
            "pep.child": ("la_person_id", "uasc", "dob_disputed", "legal_status_id", "access_ids"),
        }
        for model, names in hidden.items():
            for role in PORTAL:
                listed = self.as_person(model, role).fields_get()
                with self.subTest(model, role=role):
                    self.assertFalse(set(names) & set(listed))
            for person in ("vseo", "contributor"):
                listed = self.as_person(model, person).fields_get()
                wanted = set(names) - ({"access_ids"} if person == "contributor" else set())
                with self.subTest(model, person=person):
                    self.assertLessEqual(wanted, set(listed))
        mine = self.as_person("pep.plan", "delegate").browse(plan.id)
        names = [name for name in mine.fields_get() if mine._fields[name].store and mine._fields[name].column_type]
        self.assertNotIn("Secret", str(mine.read(names)))
