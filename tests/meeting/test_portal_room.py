from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .portal_meeting_common import MeetingPortalCase


@tagged("post_install", "-at_install")
class TestNoRoomOfOdoo(MeetingPortalCase):
    """A call in Odoo lets in guests and shows people's addresses: no meeting is held in one (decision 0017)."""

    def test_it_is_no_way_to_join(self):
        self.assertNotIn("room", dict(self.env["pep.meeting"]._fields["link_kind"].selection))

    def test_no_link_leads_into_one(self):
        base = self.meeting.get_base_url()
        channel = self.env["discuss.channel"].create({"name": "A call", "channel_type": "group"})
        for link in (
            channel.invitation_url,
            f"{base}/chat/{channel.id}/{channel.uuid}",
            f"{base}/meet/abc",
            f"{base}/discuss/channel/{channel.id}",
            f"{base}/calendar/join_videocall/abc",
            "https://other.example/calendar/join_videocall/abc",
            "other.example/discuss/channel/4",
        ):
            with self.subTest(link), self.assertRaises(ValidationError):
                self.as_user(self.meeting, "vseo").write({"link": link})

    def test_other_products_are_fine(self):
        for link in (
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc",
            "https://zoom.us/j/123",
            "https://meet.google.com/abc-defg-hij",
            "https://teams.microsoft.com/meet/935?p=abc",
            "teams.example/abc",
        ):
            with self.subTest(link):
                self.quietly(self.meeting).link = link

    def test_planning_makes_no_channel(self):
        self.assertFalse(self.env["discuss.channel"].search([("name", "ilike", self.child.reference)]))
        self.assertFalse(self.meeting.event_id.videocall_channel_id)

    def test_why_a_guest_gets_into_a_call_of_odoo(self):
        """What decision 0017 says, so that we notice when Odoo changes it."""
        channel = self.env["discuss.channel"].create({"name": "A call", "channel_type": "group"})
        self.assertTrue(channel.uuid)
        self.authenticate(None, None)
        self.assertEqual(self.get(f"/chat/{channel.id}/{channel.uuid}").status_code, 200)
        self.env.invalidate_all()
        self.assertTrue(channel.channel_member_ids.guest_id, "whoever has the address is a member now")
