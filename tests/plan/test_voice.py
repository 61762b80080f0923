from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .voice_common import VoiceCase

OUTSIDE = ("teacher", "social_worker", "carer", "parent", "iro")
DENIALS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


@tagged("post_install", "-at_install")
class TestOpening(VoiceCase):
    def test_any_adult_around_the_child_and_the_staff_open_it(self):
        for role in (*OUTSIDE, "vseo", "head"):
            with self.subTest(role):
                visit = self.open_voice(role)
                self.assertRecordValues(
                    visit, [{"via": "adult", "opened_by_id": self.users[role].id, "child_id": self.child.id}]
                )

    def test_nobody_else_does(self):
        for role in ("other_vseo", "finance", "admin", "employee", "support"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.open_voice(role)

    def test_after_the_role_has_ended(self):
        member = self.child.network_ids.filtered(lambda member: member.role == "carer")
        member.date_to = self.today - timedelta(days=1)
        with self.assertRaises(AccessError):
            self.open_voice("carer")

    def test_only_the_childs_own_part(self):
        for key in ("school", "carer", "office"):
            with self.subTest(key), self.assertRaises(AccessError):
                self.open_voice("vseo", self.parts[key])

    def test_only_as_long_as_the_part_is_open(self):
        self.say(self.open_voice(), "safe", "Yes")
        self.as_user(self.part, "teacher").action_hand_in_voice()
        with self.assertRaisesRegex(UserError, "handed in"):
            self.open_voice()
        self.part.sudo().write({"state": "not_needed"})
        with self.assertRaisesRegex(UserError, "not needed"):
            self.open_voice()
        self.part.sudo().write({"state": "returned"})
        self.assertTrue(self.open_voice(), "what was returned is open again")
        self.plan.sudo().write({"state": "complete"})
        with self.assertRaisesRegex(UserError, "not being worked on"):
            self.open_voice()

    def test_one_at_a_time(self):
        first = self.open_voice("teacher")
        second = self.open_voice("carer")
        self.assertEqual((first.closed_how, second.closed_how), ("replaced", False))
        self.assertFalse(first.secret_digest)

    def test_the_look_is_that_of_the_age_and_then_the_one_chosen(self):
        for years, look in ((6, "young"), (8, "young"), (9, "middle"), (12, "middle"), (13, "older"), (17, "older")):
            self.grow_up(years)
            with self.subTest(years=years), self.env.cr.savepoint() as savepoint:
                self.assertEqual(self.open_voice().look, look)
                savepoint.rollback()
            self.env.invalidate_all()
        visit = self.open_voice()
        visit._change_look("young")
        visit._change_look("size")
        self.assertRecordValues(self.open_voice("carer"), [{"look": "young", "large_text": True}])

    def test_a_key_opens_its_own_visit_alone(self):
        sessions = self.env["pep.voice.session"]
        key = self.as_user(self.part, "teacher")._open_voice()
        visit = sessions.browse(key["id"])
        for wrong in (
            None,
            {},
            {"id": key["id"]},
            {"id": key["id"], "secret": ""},
            {"id": key["id"], "secret": visit.secret_digest},
            {"id": key["id"] + 1, "secret": key["secret"]},
            {"id": str(key["id"]), "secret": key["secret"]},
            [key["id"], key["secret"]],
        ):
            with self.subTest(wrong=wrong):
                self.assertEqual(sessions._enter(wrong), (sessions, None))
        self.assertEqual(sessions._enter(key), (visit, None))
        visit._close("adult")
        self.assertEqual(sessions._enter(key), (sessions, None), "its digest is gone")


@tagged("post_install", "-at_install")
class TestEnding(VoiceCase):
    def key(self, role="teacher"):
        return self.as_user(self.part, role)._open_voice()

    def assertOver(self, key, how):
        visits, over = self.env["pep.voice.session"]._enter(key)
        self.assertEqual((len(visits), over), (0, how))

    def test_after_a_pause(self):
        self.council.pep_voice_pause = 5
        key = self.key()
        visit = self.env["pep.voice.session"].browse(key["id"])
        visit.last_seen = fields.Datetime.now() - timedelta(minutes=4)
        self.assertEqual(self.env["pep.voice.session"]._enter(key)[0], visit)
        visit.last_seen = fields.Datetime.now() - timedelta(minutes=5)
        self.assertOver(key, "paused")
        self.assertRecordValues(visit, [{"closed_how": "paused"}])

    def test_when_the_adult_may_no_longer_see_the_child(self):
        key = self.key("carer")
        self.child.network_ids.filtered(lambda member: member.role == "carer").must_not_contact = True
        self.assertOver(key, "ended")

    def test_when_the_part_is_closed_meanwhile(self):
        key = self.key()
        self.part.sudo().write({"state": "not_needed"})
        self.assertOver(key, "ended")

    def test_when_the_adult_hands_in(self):
        visit = self.open_voice()
        self.say(visit, "safe", "Yes")
        self.as_user(self.part, "carer").action_hand_in_voice()
        self.assertEqual(visit.closed_how, "ended")

    def test_what_was_left_behind_is_tidied(self):
        visit = self.open_voice()
        visits = self.env["pep.voice.session"]
        visits._close_left_behind()
        self.assertFalse(visit.closed_on)
        visit.last_seen = fields.Datetime.now() - timedelta(hours=1)
        for _twice in range(2):
            visits._close_left_behind()
        self.assertEqual(visit.closed_how, "paused")


@tagged("post_install", "-at_install")
class TestAnswering(VoiceCase):
    def test_each_kind(self):
        visit = self.open_voice()
        self.assertEqual(self.say(visit, "safe", "Mostly.\r\nNot at lunch.")["status"], "saved")
        self.say(visit, "feel", "4", words="Good, but loud")
        self.say(visit, "adult", "yes")
        self.say(visit, "come", "", words="Only for the cake")
        self.assertRecordValues(
            self.answer("safe") | self.answer("feel") | self.answer("adult") | self.answer("come"),
            [
                {"value": "Mostly.\nNot at lunch.", "is_given": True},
                {"value": "4: “Good, but loud”", "is_given": True},
                {"value": "Yes", "is_given": True},
                {"value": "Only for the cake", "is_given": True},
            ],
        )
        self.assertEqual(self.part.answered_count, 4)
        self.assertEqual(self.answer("safe").author_name, f"The child, with {self.users['teacher'].name}")

    def test_nothing_typed_is_no_answer(self):
        visit = self.open_voice()
        for key in ("safe", "feel"):
            self.assertEqual(self.say(visit, key)["status"], "same")
        self.assertEqual((len(self.part.answer_ids), self.part.state), (0, "not_started"))

    def test_looking_at_an_answer_again_does_not_change_it(self):
        visit = self.open_voice()
        self.say(visit, "feel", "2", words="Tired")
        before = self.answer("feel").version
        self.assertEqual(self.say(self.open_voice("social_worker"), "feel", "2", words="Tired")["status"], "same")
        self.assertEqual(self.answer("feel").version, before)
        self.assertEqual(self.answer("feel").author_id, self.users["teacher"])

    def test_what_does_not_fit_is_refused_in_words(self):
        visit = self.open_voice()
        self.assertEqual(self.say(visit, "feel", "9")["status"], "refused")
        self.assertIn("20,000", self.say(visit, "safe", "x" * 20_001)["message"])
        self.assertFalse(self.part.answer_ids)

    def test_a_question_of_another_part_is_none_here(self):
        visit = self.open_voice()
        typed = {"question": self.questions["well"].id, "value": "x", "words": "", "private": False, "version": 0}
        self.assertEqual(visit._save(typed)["status"], "same")
        self.assertFalse(self.parts["school"].answer_ids)

    def test_two_who_write_at_once_lose_nothing(self):
        visit = self.open_voice()
        self.say(visit, "safe", "In class")
        self.say(visit, "feel", "3", words="So so")
        self.as_user(self.part, "vseo").action_enter_on_behalf("The child", "phone", self.today)
        self.as_user(self.part, "vseo").action_save_answers(
            [{"question": self.questions["safe"].id, "value": "On the phone", "version": 1}]
        )
        self.say(visit, "safe", "In class and at lunch", version=1)
        self.assertEqual(self.answer("safe").value, "On the phone\nIn class and at lunch")

    def test_taken_away(self):
        visit = self.open_voice()
        self.say(visit, "feel", "1", words="Sad")
        visit._clear()
        self.assertRecordValues(self.answer("feel"), [{"is_given": False, "own_words": False, "value": False}])
        self.assertEqual(self.part.answered_count, 0)

    def test_from_question_to_question(self):
        visit = self.open_voice()
        visit._begin()
        self.assertEqual(visit.question_id, self.questions["safe"])
        visit._step(forward=False)
        self.assertEqual(visit.place, "start")
        visit._begin()
        for key in ("hopes", "feel", "adult", "come"):
            visit._step()
            self.assertEqual(visit.question_id, self.questions[key])
        visit._step()
        self.assertEqual((visit.place, visit.question_id.id), ("check", False))
        self.say(visit, "safe", "Yes")
        again = self.open_voice()
        again._begin()
        self.assertEqual(again.question_id, self.questions["hopes"], "the first without an answer")

    def test_the_page_is_plain_values(self):
        visit = self.open_voice()
        visit._begin()

        def plain(value):
            if isinstance(value, dict):
                return all(plain(one) for one in value.values())
            if isinstance(value, (list, tuple)):
                return all(plain(one) for one in value)
            return value is None or isinstance(value, (str, int, float, bool))

        self.assertTrue(plain(visit._page()))

    def test_the_page_says_who_reads(self):
        visit = self.open_voice()
        self.assertEqual(visit._page()["readers"], "your school, your social worker, and your virtual school")
        visit._look_at(self.questions["hopes"])
        self.assertEqual(visit._page()["question"]["readers"], "your social worker and your virtual school")

    def test_the_wording_for_the_age(self):
        visit = self.open_voice()
        visit._look_at(self.questions["adult"])
        for look, words in (("young", "Is there a kind grown-up?"), ("middle", "Question adult?")):
            visit.look = look
            self.assertEqual(visit._page()["question"]["text"], words)

    def test_a_fixed_number_of_queries_whatever_the_number_of_questions(self):
        numbers = []
        for _more in range(2):
            visit = self.open_voice()
            visit._begin()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            visit._page()
            numbers.append(self.env.cr.sql_log_count - before)
            for number in range(10):
                type(self).add_question(f"more{number}", "voice", "text")
            self.part.sudo().opened_on = fields.Datetime.now() + timedelta(seconds=2)
        self.assertEqual(*numbers)


@tagged("post_install", "-at_install")
class TestKeepingFromTheHelper(VoiceCase):
    def as_rpc(self, role):
        return self.as_user(self.env["pep.answer"], role).search([("contribution_id", "=", self.part.id)])

    def test_the_helper_does_not_read_it_and_the_virtual_school_does(self):
        visit = self.open_voice("teacher")
        self.say(visit, "safe", "Not with my teacher", private=True)
        self.say(visit, "hopes", "To be a vet")
        visit._finish()
        kept = self.answer("safe")
        self.assertRecordValues(kept, [{"kept_private": True, "hidden_from_id": self.users["teacher"].id}])
        for role in (*OUTSIDE, "other_vseo", "support"):
            with self.subTest(role):
                self.assertNotIn(kept, self.as_rpc(role))
        for role in ("vseo", "head"):
            with self.subTest(role):
                self.assertIn(kept, self.as_rpc(role))
        self.assertIn(self.answer("hopes"), self.as_rpc("social_worker"))

    def test_a_vseo_who_helped_does_not_read_it_by_any_way(self):
        visit = self.open_voice("vseo")
        self.say(visit, "safe", "Between us", private=True)
        self.say(visit, "feel", "1", words="Between us too", private=True)
        self.assertFalse(self.as_rpc("vseo"))
        self.assertEqual(len(self.as_rpc("head")), 2)
        visit._finish()
        part = self.as_user(self.part, "vseo")
        self.assertFalse(self.as_rpc("vseo"))
        with self.assertRaises(AccessError), mute_logger(*DENIALS):
            self.as_user(self.answer("safe"), "vseo").read(["value_text", "own_words", "value"])
        for name in ("history", "answer_ids", "answers_view", "display_name"):
            with self.subTest(name):
                self.assertNotIn("Between us", str(part[name]))
        visits = self.as_user(self.env["pep.voice.session"], "vseo").search([])
        self.assertNotIn("Between us", str(visits.read()))
        self.assertNotIn("Between us", str(self.as_user(self.plan, "vseo").read()))

    def test_kept_it_is_not_shown_again_and_only_added_to(self):
        visit = self.open_voice("teacher")
        self.say(visit, "safe", "The corridor", private=True)
        self.say(visit, "feel", "2", words="Afraid", private=True)
        for helper in ("teacher", "carer", "vseo"):
            visit = self.open_voice(helper)
            for key in ("safe", "feel"):
                visit._look_at(self.questions[key])
                page = visit._page()
                with self.subTest(helper=helper, key=key):
                    self.assertTrue(page["question"]["locked"])
                    self.assertNotIn("corridor", str(page))
                    self.assertNotIn("Afraid", str(page))
                    self.assertEqual((page["question"]["value"], page["question"]["words"]), ("", ""))
        # an adult who tries to wipe it out, or to open it
        self.say(visit, "safe", "", private=False)
        self.say(visit, "feel", "5", words="", private=False)
        visit._look_at(self.questions["safe"])
        visit._clear()
        self.assertRecordValues(
            self.answer("safe") | self.answer("feel"),
            [
                {"value_text": "The corridor", "value_choice": False, "kept_private": True},
                {"value_text": False, "value_choice": "2", "kept_private": True},
            ],
        )
        self.say(visit, "safe", "And the bus", private=False)
        self.assertRecordValues(
            self.answer("safe"), [{"value_text": "The corridor\nAnd the bus", "kept_private": True}]
        )

    def test_typing_on_and_changing_ones_mind_on_the_same_page(self):
        visit = self.open_voice()
        question = self.questions["safe"]
        visit._look_at(question)
        typed = {"question": question.id, "value": "The", "words": "", "private": True, "version": 0}
        version = visit._save(typed)["version"]
        version = visit._save({**typed, "value": "The corridor", "version": version})["version"]
        self.assertEqual(self.answer("safe").value_text, "The corridor")
        visit._save({**typed, "value": "The corridor", "private": False, "version": version})
        self.assertRecordValues(self.answer("safe"), [{"kept_private": False, "hidden_from_id": False}])

    def test_added_to_while_it_is_saved_as_it_is_typed(self):
        visit = self.open_voice()
        self.say(visit, "safe", "One", private=True)
        question = self.questions["safe"]
        visit._look_at(question)
        typed = {"question": question.id, "words": "", "private": False}
        for text in ("T", "Tw", "Two"):
            visit._save({**typed, "value": text, "version": self.answer("safe").version})
        self.assertEqual(self.answer("safe").value_text, "One\nTwo")

    def test_kept_from_a_vseo_it_stays_so_when_somebody_else_helps(self):
        self.say(self.open_voice("vseo"), "safe", "One", private=True)
        self.say(self.open_voice("carer"), "safe", "Two", private=True)
        self.assertEqual(self.answer("safe").hidden_from_id, self.users["vseo"])
        self.say(self.open_voice("head"), "safe", "Three", private=True)
        self.assertEqual(self.answer("safe").hidden_from_id, self.users["head"])

    def test_what_was_said_with_somebody_else_is_shown_to_who_will_read_it(self):
        self.say(self.open_voice("social_worker"), "safe", "With my social worker")
        self.say(self.open_voice("social_worker"), "hopes", "Not for school")
        shown = {}
        for role in ("social_worker", "teacher", "carer", "vseo"):
            visit = self.open_voice(role)
            for key in ("safe", "hopes"):
                visit._look_at(self.questions[key])
                shown[role, key] = visit._page()["question"]["value"]
        self.assertEqual(shown["social_worker", "hopes"], "Not for school")
        self.assertEqual(shown["vseo", "hopes"], "Not for school")
        self.assertEqual(shown["teacher", "safe"], "With my social worker")
        self.assertEqual((shown["teacher", "hopes"], shown["carer", "safe"]), ("", ""))

    def test_last_time_is_shown_and_what_was_kept_is_not(self):
        visit = self.open_voice("social_worker")
        self.say(visit, "safe", "Always")
        self.say(visit, "hopes", "A vet")
        self.say(visit, "adult", "yes", private=True)
        visit._finish()
        self.plan.sudo().state = "complete"
        plan = self.make_plan(self.child, self.next_term())
        plan.action_start()
        part = self.parts_of(plan)["voice"]
        self.assertFalse(part.answer_ids, "it begins empty")
        last = {}
        for role in ("social_worker", "teacher", "carer"):
            visit = self.open_voice(role, part)
            for key in ("safe", "hopes", "adult"):
                visit._look_at(self.questions[key])
                last[role, key] = visit._page()["question"]["last"]
        self.assertEqual(last["social_worker", "safe"], "Always")
        self.assertEqual(last["social_worker", "hopes"], "A vet")
        self.assertEqual(last["teacher", "hopes"], "", "the school does not read that")
        self.assertEqual(last["carer", "safe"], "")
        self.assertEqual({last[role, "adult"] for role in ("social_worker", "teacher", "carer")}, {""})


@tagged("post_install", "-at_install")
class TestHandingIn(VoiceCase):
    def test_by_the_child(self):
        self.questions["come"].sudo()._write({"required": True})
        visit = self.open_voice("carer")
        self.say(visit, "safe", "Yes")
        self.assertTrue(visit._finish(), "a child may skip any question")
        self.assertRecordValues(self.part, [{"state": "submitted", "submitted_by_id": self.users["carer"].id}])
        self.assertEqual(self.part.history[-1]["by"], f"The child, with {self.users['carer'].name}")
        self.assertEqual(visit.closed_how, "finished")

    def test_not_without_an_answer(self):
        visit = self.open_voice()
        self.assertFalse(visit._finish())
        with self.assertRaisesRegex(UserError, "not said anything"):
            self.as_user(self.part, "teacher").action_hand_in_voice()
        self.assertEqual(self.part.state, "not_started")

    def test_by_the_adult_or_the_virtual_school(self):
        for role in ("parent", "vseo"):
            with self.subTest(role), self.env.cr.savepoint() as savepoint:
                self.say(self.open_voice(role), "safe", "Yes")
                self.as_user(self.part, role).action_hand_in_voice()
                self.assertRecordValues(self.part, [{"state": "submitted", "submitted_by_id": self.users[role].id}])
                with self.assertRaisesRegex(UserError, "handed in"):
                    self.as_user(self.part, role).action_hand_in_voice()
                savepoint.rollback()
            self.env.invalidate_all()

    def test_by_nobody_else(self):
        self.say(self.open_voice(), "safe", "Yes")
        for role in ("other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger(*DENIALS):
                self.as_user(self.part, role).action_hand_in_voice()

    def test_how_the_child_took_part(self):
        codes = self.env["pep.code"]._find("participation")
        self.assertEqual(sorted(codes), [f"PN{number}" for number in range(8)])
        part = self.as_user(self.part, "vseo")
        part.write({"participation_id": codes["PN6"].id, "participation_note": "On the page, with the carer"})
        self.assertEqual(self.part.participation_id.code, "PN6")
        with self.assertRaises(AccessError), mute_logger(*DENIALS):
            self.as_user(self.part, "teacher").write({"participation_id": codes["PN1"].id})
        with self.assertRaises(UserError):
            part.write({"participation_id": self.env["pep.code"]._find("legal_status")["C2"].id})
        with self.assertRaises(UserError):
            self.as_user(self.parts["school"], "vseo").write({"participation_id": codes["PN1"].id})


@tagged("post_install", "-at_install")
class TestWhoSeesVisits(VoiceCase):
    def test_staff_alone_and_nobody_writes(self):
        visit = self.open_voice()
        visits = self.env["pep.voice.session"]
        for role in (*OUTSIDE, "other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), mute_logger(*DENIALS):
                try:
                    found = self.as_user(visits, role).search([])
                except AccessError:
                    found = visits
                self.assertFalse(found)
        for role in ("vseo", "head"):
            with self.subTest(role), mute_logger(*DENIALS):
                mine = self.as_user(visit, role)
                self.assertEqual(mine.opened_by_name, self.users["teacher"].name)
                self.assertNotIn("secret_digest", mine.read()[0])
                for call in (
                    lambda mine=mine: mine.write({"helper_note": "x"}),
                    lambda mine=mine: mine.unlink(),
                    lambda mine=mine: mine.create({"contribution_id": self.part.id, "via": "adult"}),
                    lambda mine=mine: mine.read(["secret_digest"]),
                    lambda mine=mine: mine.read(["locked_words"]),
                ):
                    with self.assertRaises(UserError):
                        call()
