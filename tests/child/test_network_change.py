from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.models.child.pep_network_around import QUIETLY

from .network_common import NetworkCase


@tagged("post_install", "-at_install")
class TestNetworkChange(NetworkCase):
    """What makes a to-do, and what makes none."""

    # === Each kind of change ===

    def test_a_new_school(self):
        self.move_school()
        self.assertEqual(self.kinds(), ["school_left", "school_new"])
        self.assertEqual(self.change.summary, "School left and New school")
        self.assertEqual(self.change.line_ids.mapped("partner_name"), ["Elm Primary School", "Oak Primary School"])

    def test_another_school_typed_over_the_one_that_was_there(self):
        self.as_user(self.child.enrolment_ids, "vseo").school_id = self.school2
        self.assertEqual(self.kinds(), ["school_left", "school_new"])

    def test_a_child_who_is_on_roll_nowhere_any_more(self):
        self.as_user(self.child.enrolment_ids, "vseo").date_to = self.yesterday
        self.env["pep.enrolment"].create({"child_id": self.child.id, "kind": "not_on_roll", "date_from": self.today})
        self.assertEqual(self.change.line_ids.mapped("partner_name"), ["Elm Primary School", "Not on roll anywhere"])

    def test_each_person_who_comes_or_leaves(self):
        for role in ("social_worker", "carer", "iro"):
            self.replace(role)
            self.assertEqual(self.kinds(), ["person_left", "person_new"], role)
            self.as_user(self.change, "vseo")._dismiss("Known")

    def test_a_member_entered_by_mistake_leaves(self):
        self.as_user(self.member("carer"), "vseo").active = False
        self.assertEqual(self.kinds(), ["person_left"])

    def test_a_bar(self):
        self.as_user(self.member("parent"), "vseo").must_not_contact = True
        self.assertEqual(self.kinds(), ["barred"])

    def test_another_placement(self):
        code = self.env["pep.code"].search([("kind", "=", "placement")], limit=2)
        episodes = self.as_user(self.env["pep.care.episode"], "vseo")
        first = episodes.create({"child_id": self.child.id, "date_from": date(2020, 1, 1), "placement_id": code[0].id})
        self.assertFalse(self.changes)
        first.date_to = self.yesterday
        legal = self.env["pep.code"].search([("kind", "=", "reason_new_episode"), ("code", "=", "L")])
        second = episodes.create(
            {
                "child_id": self.child.id,
                "date_from": self.yesterday,
                "date_to": self.yesterday,
                "placement_id": code[0].id,
                "reason_new_id": legal.id,
            }
        )
        self.assertFalse(self.changes)  # another legal status in the same placement
        episodes.create({"child_id": self.child.id, "date_from": self.today, "placement_id": code[1].id})
        self.assertEqual(self.kinds(), ["placement"])
        self.assertEqual(second.placement_id, first.placement_id)

    def test_another_placement_typed_over_the_one_that_was_there(self):
        codes = self.env["pep.code"].search([("kind", "=", "placement")], limit=2)
        episode = self.as_user(self.env["pep.care.episode"], "vseo").create(
            {"child_id": self.child.id, "date_from": self.today, "placement_id": codes[0].id}
        )
        episode.placement_urn = False
        self.assertFalse(self.changes)
        episode.placement_id = codes[1]
        self.assertEqual(self.kinds(), ["placement"])

    def test_a_teacher_leaves_who_is_on_the_list_of_a_meeting(self):
        self.lead(self.new["teacher"], self.school)
        staff = self.env["pep.school.staff"].search(
            [("user_id", "=", self.users["teacher"].id), ("school_id", "=", self.school.id)]
        )
        staff.date_to = self.yesterday
        self.assertFalse(self.changes)  # the school has others, and no meeting is planned
        staff.date_to = False
        self.plan_meeting()
        staff.date_to = self.yesterday
        self.assertEqual(self.kinds(), ["teacher_left"])

    def test_the_last_teacher_leaves(self):
        self.env["pep.school.staff"].search([("school_id", "=", self.school.id)]).date_to = self.yesterday
        self.assertEqual(self.kinds(), ["teacher_left"])

    # === One to-do ===

    def test_two_changes_are_one_to_do(self):
        self.replace("carer")
        self.move_school()
        self.assertEqual(len(self.changes), 1)
        self.assertEqual(self.kinds(), ["person_left", "person_new", "school_left", "school_new"])
        self.assertEqual(len(self.plan.activity_ids), 1)

    def test_a_change_after_it_was_looked_at_is_a_new_one(self):
        self.replace("carer")
        self.confirm()
        self.replace("social_worker")
        self.assertEqual(sorted(self.changes.mapped("state")), ["done", "open"])
        self.assertEqual(self.change.line_ids.mapped("role"), ["social_worker", "social_worker"])

    def test_the_database_keeps_it_one(self):
        self.replace("carer")
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env["pep.network.change"].create({"child_id": self.child.id})

    # === The task ===

    def test_the_task_is_the_vseos_and_names_nobody(self):
        with patch.object(type(self.env["mail.activity"]), "action_notify") as notify:
            self.replace("carer")
        self.assertFalse(notify.called)
        task = self.plan.activity_ids
        self.assertEqual(task.user_id, self.users["vseo"])
        self.assertEqual(task.res_name, self.child.reference)
        for words in (task.summary, str(task.note)):
            for name in ("Zebedee", "Unsaid", "New carer", "carer.test"):
                self.assertNotIn(name, words)
        self.assertIn(f"/odoo/network-changes/{self.change.id}", str(task.note))

    def test_without_an_open_pep_the_task_is_on_the_child(self):
        meeting = self.plan_meeting(is_extra=True, purpose="A move")
        self.plan._move("complete")
        self.assertTrue(meeting._is_to_come())
        self.replace("carer")
        self.assertEqual(self.child.activity_ids.user_id, self.users["vseo"])

    def test_nobody_gets_a_task_who_may_not_read_it(self):
        self.child.vseo_id = False
        self.member("carer").date_to = self.yesterday
        self.assertFalse(self.plan.activity_ids)
        self.assertEqual(self.change.state, "open")

    def test_another_vseo_gets_the_task(self):
        self.replace("carer")
        self.child.vseo_id = self.users["other_vseo"]
        self.assertEqual(self.plan.activity_ids.user_id, self.users["other_vseo"])
        self.assertTrue(self.as_user(self.change, "other_vseo").child_reference)

    # === Nothing follows ===

    def test_the_first_people_around_a_new_child_make_none(self):
        child = self.make_children(date_into_care=self.today, school=False)
        plan = child.plan_ids or self.make_plan(child)
        self.assertEqual(plan.state, "not_started")
        self.env["pep.enrolment"].create(
            [
                {"child_id": child.id, "school_id": self.school.id, "date_from": self.today},
                {"child_id": child.id, "school_id": self.school2.id, "date_from": self.today, "kind": "subsidiary"},
            ]
        )
        for role in ("social_worker", "carer", "iro", "parent"):
            self.env["pep.network.member"].create(
                {
                    "child_id": child.id,
                    "partner_id": self.users[role].partner_id.id,
                    "role": role,
                    "date_from": self.today,
                }
            )
        self.env["pep.care.episode"].create({"child_id": child.id, "date_from": self.today})
        self.assertFalse(self.env["pep.network.change"].search([("child_id", "=", child.id)]))

    def test_a_child_without_anything_open_makes_none(self):
        self.plan._move("cancelled")
        self.replace("carer")
        self.move_school()
        self.assertFalse(self.changes)

    def test_a_child_who_left_care_and_whose_pep_was_cancelled_makes_none(self):
        self.child.date_out_of_care = self.today
        self.plan._move("cancelled")
        self.as_user(self.child.network_ids, "vseo").write({"date_to": self.yesterday})
        self.assertFalse(self.changes)

    def test_a_child_who_left_care_while_the_pep_is_open_makes_one(self):
        self.child.date_out_of_care = self.today
        self.as_user(self.child.network_ids, "vseo").write({"date_to": self.yesterday})
        self.assertEqual(len(self.changes), 1)

    def test_an_aunt_makes_none_unless_she_is_on_a_list(self):
        aunt = self.env["res.partner"].create({"name": "Aunt May", "email": "may@example.org"})
        row = self.env["pep.network.member"].create(
            {"child_id": self.child.id, "partner_id": aunt.id, "role": "other", "date_from": self.yesterday}
        )
        self.assertFalse(self.changes)
        meeting = self.plan_meeting()
        self.assertIn(aunt, meeting.attendee_ids.partner_id)
        row.active = False
        self.assertEqual(self.kinds(), ["person_left"])

    def test_live_money_at_the_former_school_is_enough(self):
        target = self.smart_target(self.plan)
        request = self.env["pep.funding.request"].create(
            {"target_id": target.id, "name": "Tutor", "unit_cost": 40, "quantity": 10}
        )
        self.plan._move("complete")
        self.move_school()
        self.assertEqual(self.kinds(), ["school_left"])
        money = self.change._what_follows()["money"]
        self.assertEqual(money[0]["school"], "Elm Primary School")
        self.assertIn("400", money[0]["amount"])
        self.assertEqual(request.funding_ids.state, "asked")

    # === By date ===

    def test_what_ends_by_its_date_is_noted_once(self):
        self.council.pep_network_seen = self.today
        self.as_user(self.member("carer"), "vseo").date_to = self.today
        self.assertFalse(self.changes)
        self.catch_up()
        self.assertFalse(self.changes)  # the last day counts
        with freeze_time(self.tomorrow_noon()):
            self.catch_up()
            self.assertEqual(self.kinds(), ["person_left"])
            self.council.pep_network_seen = self.today  # killed before the day was kept
            self.catch_up()
            self.catch_up()
            self.assertEqual(len(self.change.line_ids), 1)
            self.as_user(self.change, "vseo")._dismiss("Known")
            self.council.pep_network_seen = self.today
            self.catch_up()
        self.assertEqual(self.changes.mapped("state"), ["dismissed"])

    def tomorrow_noon(self, days=1):
        return f"{self.today + timedelta(days=days)} 12:00:00"

    def test_a_missed_week_is_caught_up(self):
        self.council.pep_network_seen = self.today
        self.as_user(self.child.enrolment_ids, "vseo").date_to = self.today + timedelta(days=2)
        self.as_user(self.env["pep.enrolment"], "vseo").create(
            {"child_id": self.child.id, "school_id": self.school2.id, "date_from": self.today + timedelta(days=3)}
        )
        self.join("social_worker", date_from=self.today + timedelta(days=5))
        self.assertFalse(self.changes)
        with freeze_time(self.tomorrow_noon(days=9)):
            self.catch_up()
            self.assertEqual(self.kinds(), ["person_new", "school_left", "school_new"])
            self.assertEqual(self.council.pep_network_seen, self.today + timedelta(days=9))

    def test_the_first_run_looks_at_nothing_that_was(self):
        self.council.pep_network_seen = False
        self.env["pep.network.member"].search([("child_id", "=", self.child.id)]).with_context(
            pep_network_quiet=QUIETLY
        ).write({"date_to": self.yesterday})
        self.catch_up()
        self.assertFalse(self.changes)
        self.assertEqual(self.council.pep_network_seen, self.today)

    def test_the_scheduled_action_does_all_councils(self):
        self.council.pep_network_seen = self.yesterday
        self.member("carer").with_context(pep_network_quiet=QUIETLY).date_to = self.yesterday
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=60):
            self.env["pep.network.change"]._cron_catch_up()
        self.assertEqual(self.kinds(), ["person_left"])
        self.assertEqual(self.council.pep_network_seen, self.today)

    # === Who may not ===

    def test_nobody_outside_the_virtual_school_reads_or_confirms_it(self):
        self.replace("carer")
        for role in ("teacher", "social_worker", "carer", "parent", "iro", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.change, role).action_confirm()
        for role in ("teacher", "social_worker", "new_carer", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.change, role).read(["summary"])
        with self.assertRaises(AccessError):
            self.as_user(self.change, "other_vseo").action_confirm()
        with self.assertRaises(AccessError):
            self.as_user(self.change, "other_vseo").action_dismiss()

    def test_it_is_kept_by_the_app(self):
        self.plan_meeting()
        self.replace("carer")
        change = self.as_user(self.change, "vseo")
        with self.assertRaises(UserError):
            change.write({"state": "done"})
        with self.assertRaises(AccessError):
            change.create({"child_id": self.child.id})
        with self.assertRaises(UserError):
            change.copy()
        with self.assertRaises(UserError):
            change.line_ids.write({"kind": "barred"})
        with self.assertRaises(UserError):
            change.meeting_ids.write({"link_known": True})
        with self.assertRaises(AccessError):
            change.unlink()

    # === Nothing to do ===

    def test_nothing_to_do_needs_a_reason(self):
        self.replace("carer")
        change = self.as_user(self.change, "vseo")
        wizard = self.as_user(self.env["pep.network.change.dismiss"], "vseo")
        self.assertEqual(change.action_dismiss()["res_model"], wizard._name)
        with self.assertRaises(UserError):
            change._dismiss(" ")
        wizard.create({"change_id": change.id, "reason": "Known to all"}).action_confirm()
        self.assertEqual((change.state, change.reason), ("dismissed", "Known to all"))
        self.assertEqual(change.decided_by_id, self.users["vseo"])
        self.assertFalse(self.plan.activity_ids)
        for again in (change.action_confirm, change.action_dismiss, lambda: change._dismiss("Again")):
            with self.assertRaises(UserError):
                again()

    # === Where it is seen ===

    def test_the_pep_and_the_board_say_so(self):
        plan = self.as_user(self.plan, "vseo")
        self.assertFalse(plan.network_changed)
        self.replace("carer")
        plan.invalidate_recordset()
        self.assertTrue(plan.network_changed)
        self.assertIn(plan, plan.search([("network_changed", "=", True)]))
        self.assertNotIn(plan, plan.search([("network_changed", "=", False)]))
        self.assertEqual(plan.action_open_network_change()["res_id"], self.change.id)
        self.confirm()
        self.assertFalse(self.as_user(self.plan, "vseo").network_changed)
        self.assertNotEqual(self.as_user(self.plan, "vseo").action_open_network_change().get("view_mode"), "form")
