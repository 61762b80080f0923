from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .network_common import NetworkCase


@tagged("post_install", "-at_install")
class TestNetworkChangeConfirm(NetworkCase):
    """What follows is shown as it stands, and done once."""

    def answer(self, key, role, question, words):
        self.save(self.parts[key], role, **{question: words})
        return self.parts[key]

    def parts_now(self, key):
        section = self.sections[key]
        return self.plan.contribution_ids.filtered(lambda part: part.section_id == section).sorted("id")

    # === Meetings ===

    def test_who_was_left_uninvited_stays_so(self):
        meeting = self.plan_meeting()
        aunt = self.env["res.partner"].create({"name": "Aunt Polly", "email": "polly@people.example"})
        row = meeting.attendee_ids.create({"meeting_id": meeting.id, "partner_id": aunt.id, "role": "other"})
        self.replace("carer")
        self.as_user(self.change.meeting_ids, "vseo").new_link = "https://meet.example.org/new"
        self.confirm()
        self.assertEqual(self.invitation(meeting, self.new["carer"]).invitation, "invited")
        self.assertEqual(row.invitation, "none")

    def test_a_former_carer_is_withdrawn_and_the_new_one_asked(self):
        meeting = self.plan_meeting()
        mails = self.env["mail.mail"].search([])
        self.replace("carer")
        row = self.as_user(self.change.meeting_ids, "vseo")
        self.assertEqual(row.leaving, self.users["carer"].name)
        self.assertEqual(row.joining, "New carer")
        self.assertTrue(row.needs_link)
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "invited")
        self.assertEqual(self.env["mail.mail"].search([]), mails)  # nothing happens before it is confirmed
        row.new_link = "https://meet.example.org/new"
        change = self.confirm()
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "withdrawn")
        self.assertEqual(self.invitation(meeting, self.new["carer"]).invitation, "invited")
        self.assertTrue(self.invitation(meeting, self.new["carer"]).needed)
        self.assertEqual(meeting.link, "https://meet.example.org/new")
        sent = self.env["mail.mail"].search([]) - mails
        to = [mail.email_to for mail in sent]
        self.assertEqual(len(to), len(set(to)))  # one mail a person
        former = sent.filtered(lambda mail: self.users["carer"].email in mail.email_to)
        self.assertEqual(former.pep_ical_method, "CANCEL")
        self.assertNotIn("meet.example.org/new", former.pep_ical + former.body_html)
        fresh = sent.filtered(lambda mail: self.new["carer"].email in mail.email_to)
        self.assertEqual(fresh.pep_ical_method, "REQUEST")
        self.assertIn("meet.example.org/new", fresh.pep_ical)
        self.assertEqual(change.state, "done")
        self.assertEqual(change.decided_by_id, self.users["vseo"])
        report = change.done["meetings"][0]
        self.assertEqual(report["withdrawn"], [self.users["carer"].name])
        self.assertEqual((report["added"], report["invited"], report["link"]), (["New carer"], True, "new"))
        self.assertFalse(self.plan.activity_ids)

    def test_confirmed_once(self):
        self.replace("carer")
        change = self.confirm()
        for again in (change.action_confirm, change.action_dismiss):
            with self.assertRaises(UserError):
                again()

    def test_a_link_that_others_know_is_replaced_or_left_out(self):
        meeting = self.plan_meeting()
        self.replace("carer")
        change = self.as_user(self.change, "vseo")
        with self.assertRaises(UserError):
            change.action_confirm()
        change.write({"meeting_ids": [(1, change.meeting_ids.id, {"without_link": True})]})
        self.confirm()
        self.assertEqual((meeting.link_kind, meeting.link), ("none", False))
        self.assertEqual(self.changes.done["meetings"][0]["link"], "none")

    def test_a_link_that_nobody_who_leaves_was_told_stays(self):
        meeting = self.plan_meeting(send=False)
        self.replace("carer")
        self.assertFalse(self.as_user(self.change.meeting_ids, "vseo").needs_link)
        self.confirm()
        self.assertEqual(meeting.link, "https://meet.example.org/old")
        self.assertEqual(self.invitation(meeting, self.new["carer"]).invitation, "none")  # as the others
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "withdrawn")

    def test_the_place_goes_with_the_school(self):
        meeting = self.plan_meeting()
        self.move_school()
        row = self.as_user(self.change.meeting_ids, "vseo")
        self.assertTrue(row.place_gone)
        self.assertEqual((row.leaving, row.joining), (self.users["teacher"].name, "New teacher"))
        row.without_link = True
        self.confirm()
        self.assertFalse(meeting.place)
        self.assertEqual(self.changes.done["meetings"][0]["place"], "gone")
        self.assertEqual(self.invitation(meeting, self.new["teacher"]).role, "teacher")

    def test_another_place_can_be_given_and_one_of_the_councils_stays(self):
        meeting = self.plan_meeting()
        other = self.plan_meeting(
            start=fields.Datetime.now() + timedelta(days=40), place="Town hall", is_extra=True, purpose="Extra"
        )
        self.move_school()
        rows = self.as_user(self.change.meeting_ids, "vseo")
        rows.write({"without_link": True})
        rows.filtered(lambda row: row.meeting_id == meeting).new_place = "Room 1, Oak Primary School"
        self.confirm()
        self.assertEqual(meeting.place, "Room 1, Oak Primary School")
        self.assertEqual(other.place, "Town hall")

    def test_who_was_never_of_the_network_stays_on_the_list(self):
        nurse = self.env["res.partner"].create({"name": "School nurse", "email": "nurse@example.org"})
        meeting = self.plan_meeting(send=False)
        self.env["pep.meeting.attendee"].create({"meeting_id": meeting.id, "partner_id": nurse.id, "role": "other"})
        self.replace("carer")
        self.confirm()
        row = meeting.sudo().attendee_ids.filtered(lambda person: person.partner_id == nurse)
        self.assertEqual(row.invitation, "none")

    def test_who_was_left_out_on_purpose_is_not_asked(self):
        meeting = self.plan_meeting(send=False)
        self.invitation(meeting, self.users["parent"]).action_withdraw()
        self.replace("carer")
        self.confirm()
        self.assertEqual(self.invitation(meeting, self.users["parent"]).invitation, "withdrawn")

    def test_who_left_and_comes_back_is_asked_again(self):
        meeting = self.plan_meeting()
        row = self.as_user(self.member("carer"), "vseo")
        row.date_to = self.yesterday
        self.as_user(self.change.meeting_ids, "vseo").without_link = True
        self.confirm()
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "withdrawn")
        row.date_to = False
        self.confirm()
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "invited")

    def test_a_meeting_that_is_over_stays_as_it_was(self):
        meeting = self.plan_meeting(start=fields.Datetime.now() - timedelta(days=1), send=False)
        self.replace("carer")
        self.assertFalse(self.change.meeting_ids)
        self.confirm()
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "none")

    def test_a_meeting_planned_meanwhile_is_one_more_to_look_at(self):
        self.replace("carer")
        self.assertFalse(self.change.meeting_ids)
        meeting = self.plan_meeting()
        self.assertEqual(self.change.meeting_ids.meeting_id, meeting)
        self.confirm()
        self.assertFalse(self.changes.done["meetings"][0]["withdrawn"])

    def test_several_times_on_offer_have_people_too(self):
        meeting = self.plan_meeting(start=False, link_kind="none", link=False, send=False)
        self.assertEqual(meeting.state, "offering")
        self.replace("carer")
        self.confirm()
        self.assertEqual(self.invitation(meeting, self.users["carer"]).invitation, "withdrawn")
        self.assertEqual(self.invitation(meeting, self.new["carer"]).invitation, "none")

    # === At once ===

    def test_who_must_not_have_contact_is_taken_off_at_once(self):
        meeting = self.plan_meeting()
        mails = self.env["mail.mail"].search([])
        self.as_user(self.member("parent"), "vseo").must_not_contact = True
        self.assertEqual(self.invitation(meeting, self.users["parent"]).invitation, "withdrawn")
        row = self.as_user(self.change.meeting_ids, "vseo")
        self.assertTrue(row.needs_link)
        with self.assertRaises(AccessError):
            self.as_user(self.invitation(meeting, self.users["parent"]), "parent").read(["told_link"])
        row.new_link = "https://meet.example.org/new"
        self.confirm()
        self.assertEqual(meeting.link, "https://meet.example.org/new")
        for mail in self.env["mail.mail"].search([]) - mails:
            if self.users["parent"].email in (mail.email_to or ""):
                self.assertNotIn("meet.example.org", f"{mail.body_html}{mail.pep_ical}")

    def test_a_bar_on_somebody_who_is_new_takes_effect_at_once(self):
        meeting = self.plan_meeting()
        uncle = self.env["res.partner"].create({"name": "Uncle Sid", "email": "sid@example.org"})
        self.env["pep.meeting.attendee"].create({"meeting_id": meeting.id, "partner_id": uncle.id, "role": "other"})
        self.as_user(self.env["pep.network.member"], "vseo").create(
            {"child_id": self.child.id, "partner_id": uncle.id, "role": "other", "must_not_contact": True}
        )
        row = meeting.sudo().attendee_ids.filtered(lambda person: person.partner_id == uncle)
        self.assertEqual(row.invitation, "withdrawn")
        self.assertEqual(self.kinds(), ["barred"])

    def test_whoever_has_left_is_told_nothing_new_before_it_is_confirmed(self):
        meeting = self.plan_meeting()
        self.replace("carer")
        mails = self.env["mail.mail"].search([])
        self.as_user(meeting, "vseo").place = "Somewhere secret"
        to = " ".join(mail.email_to or "" for mail in self.env["mail.mail"].search([]) - mails)
        self.assertIn(self.users["social_worker"].email, to)
        self.assertNotIn(self.users["carer"].email, to)

    # === Parts ===

    def test_a_school_part_that_nobody_began_goes_over(self):
        part = self.parts["school"]
        self.move_school()
        self.confirm()
        self.assertEqual((part.school_id, part.state), (self.school2, "not_started"))
        self.assertEqual(self.parts_now("school"), part)
        self.assertEqual(self.plan.school_id, self.school2)
        self.assertEqual(self.changes.done["school"], {"from": "Elm Primary School", "to": "Oak Primary School"})

    def test_a_school_part_that_was_begun_keeps_its_author(self):
        part = self.answer("school", "teacher", "well", "Maths, with help")
        self.move_school()
        self.assertIn("Oak Primary School gets one of its own", self.as_user(self.change, "vseo").follows_view)
        self.confirm()
        self.assertEqual((part.state, part.school_id), ("earlier", self.school))
        self.assertEqual(part.earlier_name, self.users["teacher"].name)
        new = self.parts_now("school") - part
        self.assertEqual((new.state, new.school_id, new.owner_role), ("not_started", self.school2, "teacher"))
        self.assertFalse(new._words_before())
        # the former school reads and writes nothing live any more
        for records in (part, new, self.plan, part.answer_ids):
            with self.assertRaises(AccessError):
                self.as_user(records, "teacher").read(["child_id"])
        with self.assertRaises(AccessError):
            self.as_user(part, "teacher").action_save_answers([])
        # the new one reads what was begun, and can't change it
        part = self.as_user(part, "new_teacher")
        self.assertEqual(part._page_mode()[0], "read")
        with self.assertRaises(UserError):
            part.action_save_answers([])
        self.save(new, "new_teacher", well="Fractions")
        self.as_user(new, "new_teacher").action_submit()
        self.assertEqual(new.state, "submitted")

    def test_an_earlier_part_is_in_the_issued_version_under_its_author(self):
        self.answer("school", "teacher", "well", "Maths, with help")
        self.move_school()
        self.confirm()
        parts = self.plan.contribution_ids._snapshots()
        earlier = [part for part in parts if part["earlier"]]
        self.assertEqual([part["by"] for part in earlier], [self.users["teacher"].name])
        self.assertIn("Maths, with help", [answer["answer"] for answer in earlier[0]["answers"]])
        self.assertFalse(earlier[0]["handed_in"])

    def test_a_child_who_comes_back_finds_the_schools_own_words(self):
        part = self.answer("school", "teacher", "well", "Maths, with help")
        self.move_school()
        self.confirm()
        self.as_user(
            self.child.enrolment_ids.filtered(lambda row: row.school_id == self.school2), "vseo"
        ).active = False
        self.as_user(
            self.child.enrolment_ids.filtered(lambda row: row.school_id == self.school), "vseo"
        ).date_to = False
        self.confirm()
        new = self.parts_now("school").filtered(lambda row: row.school_id == self.school) - part
        self.assertEqual(new.state, "not_started")
        self.assertEqual([answer.value for answer in new._words_before().values()], ["Maths, with help"])

    def test_what_was_handed_in_stays(self):
        self.answer("school", "teacher", "well", "Maths")
        part = self.parts["school"]
        self.as_user(part, "teacher").action_submit()
        self.move_school()
        self.confirm()
        self.assertEqual((part.state, part.school_id), ("submitted", self.school))

    def test_a_new_carer_confirms_the_former_ones_words(self):
        part = self.answer("carer", "carer", "reading", "Every night")
        self.replace("carer")
        self.confirm()
        self.assertEqual((part.state, part.earlier_name), ("earlier", self.users["carer"].name))
        self.assertEqual(part.answer_ids.author_id, self.users["carer"])
        new = self.parts_now("carer") - part
        self.assertEqual((new.state, new.answered_count), ("not_started", 0))
        line = next(line for line in self.as_user(new, "new_carer")._form() if line["last"])
        self.assertEqual(line["last"].value, "Every night")
        with self.assertRaises(UserError):
            self.as_user(new, "new_carer").action_submit()  # nothing is confirmed by itself
        self.save(new, "new_carer", reading="Every night")
        self.assertEqual(new.answer_ids.author_id, self.new["carer"])
        with self.assertRaises(AccessError):
            self.as_user(part, "carer").read(["state"])

    def test_a_part_that_a_carer_who_stays_works_on_goes_on(self):
        self.join("carer")
        part = self.answer("carer", "new_carer", "reading", "Every night")
        former = self.child.network_ids.filtered(lambda row: row.partner_id == self.users["carer"].partner_id)
        self.as_user(former, "vseo").date_to = self.yesterday
        self.confirm()
        self.assertEqual(part.state, "in_progress")
        self.assertEqual(self.parts_now("carer"), part)

    def test_words_typed_on_behalf_are_the_former_persons(self):
        part = self.parts["social"]
        staff = self.as_user(part, "vseo")
        staff.action_enter_on_behalf(self.users["social_worker"].name, "phone", self.today)
        self.save(part, "vseo", contact="Weekly")
        self.replace("social_worker")
        self.confirm()
        self.assertEqual((part.state, part.earlier_name), ("earlier", self.users["social_worker"].name))

    def test_parts_of_roles_that_did_not_change_stay(self):
        part = self.answer("carer", "carer", "reading", "Every night")
        self.replace("social_worker")
        self.confirm()
        self.assertEqual(part.state, "in_progress")

    def test_a_delegation_of_the_former_school_ends(self):
        colleague = new_test_user(self.env, "colleague.test", groups="base.group_portal")
        self.env["pep.school.staff"].create(
            {"user_id": colleague.id, "school_id": self.school.id, "role": "colleague", "date_from": self.yesterday}
        )
        self.users["colleague"] = colleague
        part = self.parts["school"]
        self.as_user(self.env["pep.delegation"], "teacher").action_delegate(self.plan.id, colleague.id, part.id)
        self.assertEqual(part.delegate_id, colleague)
        self.move_school()
        self.confirm()
        self.assertFalse(part.delegate_id)
        with self.assertRaises(AccessError):
            self.as_user(part, "colleague").read(["state"])

    def test_a_child_without_a_school_keeps_nothing_open_there(self):
        part = self.answer("school", "teacher", "well", "Maths")
        self.as_user(self.child.enrolment_ids, "vseo").date_to = self.yesterday
        self.confirm()
        new = self.parts_now("school") - part
        self.assertEqual(part.state, "earlier")
        self.assertEqual((new.school_id, new.owner_role), (self.school.browse(), "social_worker"))
        self.assertFalse(self.plan.school_id)

    # === What is shown ===

    def test_clocks_and_money_are_listed_and_stay(self):
        target = self.smart_target(self.plan)
        request = self.env["pep.funding.request"].create(
            {"target_id": target.id, "name": "Tutor", "unit_cost": 40, "quantity": 10}
        )
        due = self.plan.due_date
        self.move_school()
        follows = self.change._what_follows()
        self.assertIn(str(due), [clock["day"] for clock in follows["clocks"]])
        self.assertEqual([row["what"] for row in follows["money"]], ["Tutor"])
        self.confirm()
        self.assertEqual(self.plan.due_date, due)
        self.assertEqual((request.funding_ids.school_id, request.funding_ids.state), (self.school, "asked"))
        self.assertIn("Tutor", self.as_user(self.changes, "vseo").done_view)

    def test_empty_states_are_said_in_words(self):
        self.as_user(self.member("iro"), "vseo").date_to = self.yesterday
        words = self.as_user(self.change, "vseo").follows_view
        self.assertIn("No open part changes hands", words)
        self.assertIn("No money is asked for", words)

    def test_looking_costs_the_same_however_much_there_is(self):
        self.plan_meeting()
        self.answer("school", "teacher", "well", "Maths")
        self.move_school()
        names = ["follows_view", "summary", "child_name"]
        self.as_user(self.change, "vseo").read(names)
        change = self.as_user(self.change, "vseo")
        with self.assertQueryCount(60):
            change.read(names)
