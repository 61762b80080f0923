from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from tests.child.network_common import NetworkCase

LINK = "https://meet.example.org/first"


@tagged("post_install", "-at_install")
class TestCover(NetworkCase):
    """A colleague who covers for the VSEO does all that the VSEO could do with a meeting; and nothing afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["cover"] = new_test_user(
            cls.env,
            "cover.test",
            groups="pep_module.group_pep_vseo",
            company_id=cls.council.id,
            company_ids=[(6, 0, cls.council.ids)],
        )
        cls.cover = cls.env["pep.cover"].create(
            {
                "user_id": cls.users["vseo"].id,
                "cover_user_id": cls.users["cover"].id,
                "company_id": cls.council.id,
                "role": "vseo",
                "date_from": cls.today,
                "date_to": cls.today + timedelta(days=60),
            }
        )
        kinds = cls.env["pep.kind"].search([("company_id", "=", cls.council.id)])
        kinds.write({"contributions_required": False, "documents_required": False})
        for role in ("teacher", "social_worker", "carer", "parent", "iro"):
            cls.users[role].partner_id.email = f"{role}@cover.example"
        cls.start = cls.council._pep_midnight_utc(cls.today + timedelta(days=7)) + timedelta(hours=10)

    def by(self, records):
        return self.as_user(records, "cover")

    def sent(self, before):
        """The iCalendar mails since then."""
        self.env.flush_all()
        return (self.env["mail.mail"].search([]) - before).filtered("pep_ical_method")

    def schedule(self, **values):
        action = self.by(self.plan).action_plan_meeting()
        wizard = self.by(self.env["pep.meeting.schedule"]).with_context(**action["context"])
        wizard = wizard.browse(action["res_id"]) if action.get("res_id") else wizard.create({})
        wizard.write(values)
        action = wizard.action_plan()
        return self.env["pep.meeting"].search([("plan_id", "=", self.plan.id)], order="id desc", limit=1)

    def test_planned_moved_and_cancelled(self):
        before = self.env["mail.mail"].search([])
        meeting = self.schedule()
        self.assertEqual(meeting.state, "planned")
        if meeting.to_invite_count:
            self.by(meeting).action_send_invitations()
        self.assertTrue(self.sent(before))
        before = self.env["mail.mail"].search([])
        event = self.by(meeting.event_id)
        event.write(
            {
                "start": fields.Datetime.to_string(meeting.start + timedelta(hours=1)),
                "stop": fields.Datetime.to_string(meeting.stop + timedelta(hours=1)),
            }
        )
        self.assertEqual(set(self.sent(before).mapped("pep_ical_method")), {"REQUEST"})
        form = self.by(self.env["pep.meeting.move"]).with_context(default_meeting_id=meeting.id).create({})
        form.start = meeting.start + timedelta(days=1)
        form.action_confirm()
        before = self.env["mail.mail"].search([])
        wizard = self.by(self.env["pep.meeting.reason"])
        wizard.create({"meeting_id": meeting.id, "reason": "No room"}).action_confirm()
        self.assertEqual(meeting.state, "cancelled")
        self.assertEqual(set(self.sent(before).mapped("pep_ical_method")), {"CANCEL"})

    def test_times_offered_and_one_chosen(self):
        meeting = self.by(self.env["pep.meeting"]).create({"plan_id": self.plan.id})
        self.by(self.env["pep.meeting.option"]).create(
            [{"meeting_id": meeting.id, "start": self.start + timedelta(days=day)} for day in range(2)]
        )
        meeting.action_offer()
        self.assertTrue(meeting.sudo().attendee_ids.filtered("offer_sent"))
        self.by(meeting.option_ids[1]).action_confirm_option()
        self.assertEqual((meeting.state, meeting.start), ("planned", self.start + timedelta(days=1)))

    def test_people(self):
        meeting = self.by(self.env["pep.meeting"]).create({"plan_id": self.plan.id, "start": self.start})
        meeting.action_send_invitations()
        rows = {row.role: row for row in self.by(meeting.attendee_ids)}
        rows["social_worker"].action_declines()
        self.assertEqual(rows["social_worker"].answer, "declined")
        rows["carer"].write({"withhold_place": True, "own_start": self.start - timedelta(hours=1)})
        rows["parent"].action_withdraw()
        self.assertEqual(rows["parent"].invitation, "withdrawn")
        busy = self.by(self.env["pep.meeting.busy"]).action_busy(
            self.users["vseo"].partner_id.ids, self.start, self.start + timedelta(hours=2)
        )
        self.assertTrue(busy)

    def test_chaired_and_held(self):
        meeting = self.by(self.env["pep.meeting"]).create(
            {"plan_id": self.plan.id, "start": fields.Datetime.now() - timedelta(minutes=20)}
        )
        self.assertTrue(self.by(meeting).action_chair())
        data = self.by(meeting).chair_load()
        (point,) = self.by(meeting).chair_add_point("How is the new bus?")["points"]
        self.assertTrue(data["people"])
        results = self.by(meeting).chair_save(
            [
                {"kind": "point", "id": point["id"], "field": "said", "was": "", "value": "All well"},
                *(
                    {"kind": "person", "id": row.id, "field": "attended", "was": False, "value": True}
                    for row in meeting.sudo().attendee_ids
                ),
            ]
        )["results"]
        self.assertEqual({result["status"] for result in results}, {"saved"})
        self.by(meeting).chair_add_action({"name": "Ring the bus company"})
        self.by(meeting).chair_set_next("date", date=fields.Date.to_string(self.today + timedelta(days=80)))
        self.smart_target(self.by(self.plan))
        self.assertFalse(self.by(meeting).action_hold())
        self.assertEqual((meeting.state, self.plan.state), ("held", "processing"))

    def test_a_change_of_the_network(self):
        meeting = self.by(self.env["pep.meeting"]).create(
            {"plan_id": self.plan.id, "start": self.start, "link_kind": "pasted", "link": LINK}
        )
        meeting.action_send_invitations()
        self.replace("carer")
        change = self.by(self.change)
        change.meeting_ids.new_link = "https://meet.example.org/second"
        change.action_confirm()
        self.assertEqual((change.state, change.decided_by_id), ("done", self.users["cover"]))
        self.assertEqual(meeting.sudo().link, "https://meet.example.org/second")

    def test_not_once_the_cover_has_ended(self):
        meeting = self.by(self.env["pep.meeting"]).create({"plan_id": self.plan.id, "start": self.start})
        self.cover.write({"date_from": self.today - timedelta(days=9), "date_to": self.yesterday})
        steps = (
            lambda: self.by(meeting).write({"start": self.start + timedelta(hours=1)}),
            lambda: self.by(meeting).action_send_invitations(),
            lambda: self.by(meeting)._cancel("No"),
            lambda: self.by(meeting).action_hold(),
            lambda: self.by(meeting).chair_load(),
            lambda: self.by(self.plan).action_plan_meeting(),
        )
        for step in steps:
            with self.assertRaises(AccessError):
                step()
