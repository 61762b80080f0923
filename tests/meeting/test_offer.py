from datetime import date, datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .test_schedule import ScheduleCase

TIMES = [datetime(2026, 2, 10, 9), datetime(2026, 2, 11, 13), datetime(2026, 2, 12, 10)]


@tagged("post_install", "-at_install")
class TestOffer(ScheduleCase):
    """Several times are offered, people tick what suits, one is chosen."""

    def setUp(self):
        super().setUp()
        for role in ("teacher", "social_worker", "carer", "parent", "iro"):
            self.users[role].partner_id.email = f"{role}@offer.example"

    def offer(self, starts=TIMES, **values):
        """A meeting for which times are offered, as the VSEO made it with the form."""
        wizard = self.open(self.plan)
        wizard.write({"how": "offer", "slot_ids": [(0, 0, {"start": start}) for start in starts], **values})
        action = wizard.action_plan()
        self.assertEqual(action["res_model"], "pep.meeting")
        return self.as_user(self.env["pep.meeting"], "vseo").browse(action["res_id"])

    def row(self, meeting, role):
        """The own row of somebody on the list, as that person."""
        rows = meeting.sudo().attendee_ids.filtered(lambda row: row.role == role)
        return self.as_user(rows.sudo(False), role)

    def mails(self):
        return self.env["mail.mail"].search([("subject", "like", "when can you come")], order="id")

    def test_times_are_offered(self):
        meeting = self.offer()
        self.assertEqual((meeting.state, meeting.start, meeting.event_id.id), ("offering", False, False))
        self.assertEqual(meeting.option_ids.mapped("start"), TIMES)
        self.assertEqual(meeting.option_ids.mapped("stop"), [start + timedelta(hours=1) for start in TIMES])
        self.assertEqual(set(meeting.attendee_ids.mapped("invitation")), {"none"})
        self.assertTrue(self.as_user(self.plan, "vseo").is_offering)
        self.assertFalse(self.plan.meeting_id)

    def test_each_gets_one_mail_without_a_name(self):
        meeting = self.offer()
        mails = self.mails()
        self.assertEqual(
            sorted(mails.mapped("email_to")),
            sorted(f"{role}@offer.example" for role in ("teacher", "social_worker", "carer", "parent", "iro")),
        )
        for mail in mails:
            self.assertIn("Tue 10 Feb 2026, 09:00–10:00", mail.body_html)
            self.assertIn("/my/pep/meeting/", mail.body_html)
            for word in ("Zebedee", "Unsaid"):
                self.assertNotIn(word, mail.body_html + mail.subject)
            others = {"teacher", "social_worker", "carer", "parent", "iro"} - {mail.email_to.split("@")[0]}
            for role in others:
                self.assertNotIn(f"{role}@", mail.body_html)
        meeting.action_offer()
        self.assertEqual(self.mails(), mails)
        self.assertFalse(meeting.to_offer_count)

    def test_a_time_that_is_added_is_told_once(self):
        meeting = self.offer()
        before = self.mails()
        meeting.write({"option_ids": [(0, 0, {"start": datetime(2026, 2, 13, 9)})]})
        self.assertEqual(meeting.to_offer_count, 5)
        meeting.action_offer()
        self.assertEqual(len(self.mails() - before), 5)
        meeting.action_offer()
        self.assertEqual(len(self.mails() - before), 5)

    def test_without_asking_yet(self):
        meeting = self.offer(send_now=False)
        self.assertFalse(self.mails())
        self.assertEqual(meeting.to_offer_count, 5)
        self.assertEqual(self.row(meeting, "teacher")._offered_options(), [])
        with self.assertRaisesRegex(UserError, "not offered any more"):
            self.row(meeting, "teacher").action_tick_options({meeting.option_ids[0].id: "yes"})

    def test_whom_times_are_not_offered(self):
        """Nobody from whom something is kept, who has a slot of their own, writes instead, or has no login."""
        self.users["iro"].active = False
        meeting = self.offer(send_now=False)
        rows = {row.role: row for row in meeting.attendee_ids}
        rows["parent"].withhold_place = True
        rows["carer"].written = "instead"
        rows["social_worker"].own_start = TIMES[0]
        self.assertEqual(meeting.attendee_ids._may_be_asked().mapped("role"), ["teacher"])
        meeting.action_offer()
        self.assertEqual(self.mails().mapped("email_to"), ["teacher@offer.example"])

    def test_a_bar_on_contact_ends_it(self):
        meeting = self.offer()
        self.child.network_ids.filtered(lambda member: member.role == "parent").must_not_contact = True
        rows = meeting.sudo().attendee_ids.filtered(lambda row: row.role == "parent")
        self.assertNotIn(rows, meeting.sudo().attendee_ids._may_be_asked())
        self.assertEqual(rows._offered_options(), [])
        with self.assertRaises(UserError):  # an AccessError is one: the access ended with the bar
            self.as_user(rows.sudo(False), "parent").action_tick_options({meeting.option_ids[0].id: "yes"})

    def test_ticking(self):
        meeting = self.offer()
        first, second, third = meeting.option_ids.ids
        self.row(meeting, "teacher").action_tick_options({str(first): "yes", second: "perhaps"})
        self.row(meeting, "teacher").action_tick_options({str(first): "yes", second: "no", third: ""})
        told = self.row(meeting, "teacher")._offered_options()
        self.assertEqual([time["suits"] for time in told], ["yes", "no", False])
        self.assertEqual((told[0]["day"], told[0]["time"]), ("Tue 10 Feb 2026", "09:00–10:00"))
        self.row(meeting, "teacher").action_tick_options({first: ""})
        self.assertEqual(self.row(meeting, "teacher")._offered_options()[0]["suits"], False)
        self.assertEqual(len(meeting.option_ids.answer_ids), 2)

    def test_on_somebodys_behalf(self):
        meeting = self.offer()
        self.users["iro"].active = False
        for role in ("child", "iro"):
            row = meeting.attendee_ids.filtered(lambda row, role=role: row.role == role)
            row.action_tick_options({meeting.option_ids[0].id: "yes"})
            self.assertEqual(row.option_answer_ids.answered_how, "staff")

    def test_nobody_sees_what_others_tick(self):
        meeting = self.offer()
        self.row(meeting, "teacher").action_tick_options({meeting.option_ids[0].id: "no"})
        self.assertNotIn("no", str(self.row(meeting, "carer")._offered_options()))
        for role in ("teacher", "carer", "parent", "social_worker", "iro", "employee", "finance", "admin"):
            for model in ("pep.meeting.option", "pep.meeting.option.answer"):
                with self.subTest(role, model=model), self.assertRaises(AccessError):
                    self.as_user(self.env[model], role).search([])
        row = self.row(meeting, "teacher")
        for name in ("option_answer_ids",):
            with self.assertRaises(AccessError):
                row.read([name])
        stranger = self.as_user(self.env["pep.meeting.option"], "other_vseo")
        self.assertFalse(stranger.search([("id", "in", meeting.option_ids.ids)]))

    def test_what_cannot_be_ticked(self):
        meeting = self.offer()
        other = self.env["pep.meeting"].create({"plan_id": self.plans[1].id, "state": "offering"})
        foreign = self.env["pep.meeting.option"].create({"meeting_id": other.id, "start": TIMES[0]})
        taken_back = meeting.option_ids[2]
        taken_back.action_withdraw()
        for ticks in (
            {},
            None,
            ["yes"],
            {"x": "yes"},
            {meeting.option_ids[0].id: "maybe"},
            {foreign.id: "yes"},
            {taken_back.id: "yes"},
            {10**9: "yes"},
        ):
            with self.subTest(ticks=ticks), self.assertRaises(UserError):
                self.row(meeting, "teacher").action_tick_options(ticks)
        with freeze_time("2026-02-10 09:30:00"), self.assertRaises(UserError):
            self.row(meeting, "teacher").action_tick_options({meeting.option_ids[0].id: "yes"})
        self.assertFalse(meeting.option_ids.answer_ids)

    def test_who_ticks_for_whom(self):
        meeting = self.offer()
        row = meeting.attendee_ids.filtered(lambda row: row.role == "teacher")
        ticks = {meeting.option_ids[0].id: "yes"}
        for role in ("carer", "parent", "social_worker", "iro", "employee", "finance", "admin", "other_vseo"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(row, role).action_tick_options(ticks)
        self.env["pep.school.staff"].search([("user_id", "=", self.users["teacher"].id)]).date_to = date(2026, 1, 31)
        with self.assertRaises(AccessError):
            self.as_user(row, "teacher").action_tick_options(ticks)

    def test_answers_are_written_by_the_method_alone(self):
        meeting = self.offer()
        row = meeting.attendee_ids.filtered(lambda row: row.role == "carer")
        answers = self.as_user(self.env["pep.meeting.option.answer"], "vseo")
        values = {"option_id": meeting.option_ids[0].id, "attendee_id": row.id, "suits": "yes"}
        with self.assertRaises(AccessError):
            answers.create(values)
        answer = answers.sudo().create(values)
        with self.assertRaises(AccessError):
            self.as_user(answer.sudo(False), "vseo").write({"suits": "no"})
        other = self.env["pep.meeting"].create({"plan_id": self.plan.id, "is_extra": True, "start": TIMES[1]})
        with self.assertRaises(ValidationError), mute_logger("odoo.sql_db"):
            answer.write({"attendee_id": other.attendee_ids[0].id})

    def test_who_can_when(self):
        """Those who must be there first, the chair's own calendar, what is late."""
        self.plan.due_date = date(2026, 2, 11)
        self.busy("vseo", 12, 14, day=11)
        meeting = self.offer()
        first, second, third = meeting.option_ids.ids
        self.row(meeting, "teacher").action_tick_options({first: "no", second: "yes"})
        self.row(meeting, "iro").action_tick_options({first: "yes", third: "no"})
        grid = meeting.offer_grid
        self.assertEqual([column["chair"] for column in grid["options"]], ["free", "busy", "free"])
        self.assertEqual([column["yes"] for column in grid["options"]], [1, 1, 0])
        self.assertEqual([column["late"] for column in grid["options"]], [False, False, True])
        self.assertIn("teacher.test", grid["options"][0]["without"])
        self.assertFalse(grid["options"][2]["without"])
        needed = [person["needed"] for person in grid["people"]]
        self.assertEqual(needed, sorted(needed, reverse=True))
        self.assertNotIn("VSEO", [person["role"] for person in grid["people"]])
        self.assertFalse(self.offer_is_told("teacher", meeting))

    def offer_is_told(self, role, meeting):
        return "offer_grid" in self.as_user(self.env["pep.meeting"], role).fields_get(["offer_grid"])

    def test_offered_times_keep_the_chair_busy(self):
        meeting = self.offer()
        busy = self.as_user(self.env["pep.meeting.busy"], "head")
        chair = self.users["vseo"].partner_id
        span = (TIMES[0], TIMES[0] + timedelta(days=1))
        self.assertEqual(len(busy.action_busy(chair.ids, *span)[chair.id]), 1)
        meeting.option_ids[0].action_withdraw()
        self.assertEqual(busy.action_busy(chair.ids, *span)[chair.id], [])
        span = (TIMES[1], TIMES[1] + timedelta(hours=5))
        self.assertEqual(len(busy.action_busy(chair.ids, *span)[chair.id]), 1)
        meeting._cancel("No longer needed")
        self.assertEqual(busy.action_busy(chair.ids, *span)[chair.id], [])

    def test_one_is_chosen(self):
        meeting = self.offer()
        chosen = meeting.option_ids[1]
        self.row(meeting, "teacher").action_tick_options({chosen.id: "yes"})
        chosen.action_confirm_option()
        self.assertEqual((meeting.state, meeting.start), ("planned", TIMES[1]))
        self.assertEqual(meeting.option_ids.mapped("state"), ["passed", "chosen", "passed"])
        self.assertEqual(len(meeting.event_id), 1)
        self.assertEqual(meeting.event_id.start, TIMES[1])
        rows = {row.role: row for row in meeting.attendee_ids}
        self.assertEqual(rows["teacher"].invitation, "invited")
        self.assertFalse(meeting.offer_grid)
        self.assertEqual(self.row(meeting, "teacher")._offered_options(), [])
        self.assertFalse(self.as_user(self.plan, "vseo").is_offering)
        self.assertEqual(self.as_user(self.plan, "vseo").meeting_id, meeting)

    def test_chosen_twice(self):
        meeting = self.offer()
        first, second = meeting.option_ids[:2]
        first.action_confirm_option()
        for option in (first, second):
            with self.assertRaisesRegex(UserError, "has its time already"):
                option.action_confirm_option()
        self.assertEqual(meeting.start, TIMES[0])
        with self.assertRaisesRegex(UserError, "has its time already"):
            meeting.action_offer()
        with self.assertRaisesRegex(UserError, "has its time already"):
            meeting.write({"option_ids": [(0, 0, {"start": datetime(2026, 2, 20, 9)})]})

    def test_what_cannot_be_chosen(self):
        meeting = self.offer()
        taken_back, passed = meeting.option_ids[2], meeting.option_ids[0]
        taken_back.action_withdraw()
        with self.assertRaisesRegex(UserError, "not offered any more"):
            taken_back.action_confirm_option()
        with freeze_time("2026-02-10 09:30:00"), self.assertRaisesRegex(UserError, "has passed"):
            passed.action_confirm_option()
        with self.assertRaisesRegex(UserError, "not offered any more"):
            taken_back.action_withdraw()
        with self.assertRaises(UserError):
            meeting.option_ids[1].write({"start": datetime(2026, 2, 20, 9)})
        with self.assertRaises(UserError):
            meeting.option_ids[1].write({"state": "chosen"})

    def test_who_must_not_choose(self):
        meeting = self.offer()
        option = meeting.option_ids[0]
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
            "finance",
            "admin",
            "other_vseo",
            "employee",
        ):
            for record, method in (
                (option, "action_confirm_option"),
                (option, "action_withdraw"),
                (meeting, "action_offer"),
            ):
                with self.subTest(role, method=method), self.assertRaises(AccessError):
                    getattr(self.as_user(record, role), method)()
        self.assertEqual(option.state, "offered")

    def test_offers_that_make_no_sense(self):
        with self.assertRaisesRegex(UserError, "at least two"):
            self.offer(TIMES[:1])
        with self.assertRaisesRegex(UserError, "at least two"):
            self.offer([TIMES[0], TIMES[0]])
        with self.assertRaisesRegex(UserError, "passed already"):
            self.offer([datetime(2026, 2, 1, 9), *TIMES])
        wizard = self.open()
        wizard.write({"how": "offer", "slot_ids": [(0, 0, {"start": start}) for start in TIMES]})
        with self.assertRaisesRegex(UserError, "one meeting at a time"):
            wizard.action_plan()
        self.assertFalse(self.env["pep.meeting"].search([("plan_id", "in", self.plans.ids)]))

    def test_suggested_times_are_offered(self):
        wizard = self.open(self.plan)
        wizard.how = "offer"
        wizard.action_suggest()
        wizard.slot_ids[3:].offer = False
        meeting = self.env["pep.meeting"].browse(wizard.action_plan()["res_id"])
        self.assertEqual(
            meeting.option_ids.mapped("start"),
            [datetime(2026, 2, 3, 9), datetime(2026, 2, 3, 13), datetime(2026, 2, 4, 9)],
        )

    def test_by_the_clock_on_the_wall(self):
        """Across the change to summer time ten o'clock stays ten o'clock."""
        self.plan.due_date = date(2026, 4, 30)
        meeting = self.offer([datetime(2026, 3, 27, 10), datetime(2026, 3, 30, 9)])
        self.assertEqual([option._words()[1] for option in meeting.option_ids], ["10:00–11:00", "10:00–11:00"])
        self.assertIn("Mon 30 Mar 2026, 10:00–11:00", self.mails()[0].body_html)

    def test_offering_again_after_a_cancelled_meeting(self):
        meeting = self.offer()
        meeting._cancel("Nobody can")
        self.assertFalse(self.as_user(self.plan, "vseo").is_offering)
        again = self.offer([datetime(2026, 2, 17, 9), datetime(2026, 2, 18, 9)])
        self.assertNotEqual(meeting, again)

    def over(self):
        return self.env["mail.mail"].search([("subject", "like", "no need to say when you can")], order="id")

    def test_cancelled_those_who_were_asked_are_told_once(self):
        meeting = self.offer()
        asked = set(self.mails().mapped("email_to"))
        meeting._cancel("Nobody can")
        self.assertEqual(set(self.over().mapped("email_to")), asked)
        self.assertEqual(len(self.over()), len(asked))
        for mail in self.over():
            self.assertIn("does not take place", mail.body_html)
            for secret in (self.child.first_name, self.child.last_name, "Nobody can"):
                self.assertNotIn(secret, mail.body_html + mail.subject)
        meeting.sudo().attendee_ids._tell_offer_is_over()
        self.assertEqual(len(self.over()), len(asked))

    def test_a_pep_that_is_cancelled_ends_the_offer(self):
        self.offer()
        self.as_user(self.plan, "vseo")._take_step("cancel", "Adopted in Wales")
        self.assertEqual(set(self.over().mapped("email_to")), set(self.mails().mapped("email_to")))

    def test_taken_off_the_list_is_told_and_can_be_asked_again(self):
        meeting = self.offer()
        carer = meeting.attendee_ids.filtered(lambda row: row.role == "carer")
        carer.action_withdraw()
        self.assertEqual(self.over().mapped("email_to"), ["carer@offer.example"])
        self.assertIn("not asked to come", self.over().body_html)
        meeting._cancel("Nobody can")
        self.assertEqual(self.over().mapped("email_to").count("carer@offer.example"), 1)

    def test_put_back_they_are_asked_again(self):
        meeting = self.offer()
        carer = meeting.attendee_ids.filtered(lambda row: row.role == "carer")
        carer.action_withdraw()
        carer.action_put_back()
        meeting.action_offer()
        self.assertEqual(self.mails().mapped("email_to").count("carer@offer.example"), 2)

    def test_whoever_gets_a_bar_is_told_the_reference_alone(self):
        self.council.pep_mail_label = "school"
        self.offer()
        self.child.network_ids.filtered(lambda member: member.role == "carer").must_not_contact = True
        (mail,) = self.over()
        self.assertEqual(mail.email_to, "carer@offer.example")
        self.assertIn(self.child.reference, mail.body_html)
        self.assertNotIn(self.school.name, mail.body_html)

    def test_nothing_of_times_that_are_past_or_that_nobody_was_told(self):
        meeting = self.offer(send_now=False)
        meeting._cancel("Nobody can")
        self.assertFalse(self.over())
        meeting = self.offer()
        with freeze_time("2026-02-13 09:00:00"):
            meeting._cancel("Nobody can")
        self.assertFalse(self.over())

    def test_once_a_time_is_chosen_the_invitation_is_what_counts(self):
        meeting = self.offer()
        meeting.option_ids[0].action_confirm_option()
        meeting._cancel("The school is closed")
        self.assertFalse(self.over())
