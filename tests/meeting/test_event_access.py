from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from tests.meeting.event_common import EventCase

# Nobody of these has a role on the child, or none that the calendar counts.
NOBODY = ("employee", "stranger", "other_vseo", "finance", "admin", "system")
OUTSIDE = ("teacher", "social_worker", "carer", "parent", "iro")
WHAT_IS_HIDDEN = ["name", "location", "partner_ids", "attendee_ids", "user_id", "start", "stop", "videocall_location"]


@tagged("post_install", "-at_install")
class TestEventAccess(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.meeting.with_context(pep_meeting_quiet=True).write({"place": "Beech Road Room 3"})
        rows = cls.meeting.sudo().attendee_ids.filtered("partner_id")
        rows.write({"invitation": "invited", "invited_on": fields.Datetime.now()})

    def sees(self, role):
        event = self.event_of(self.meeting)
        return event in self.as_user(self.env["calendar.event"], role).search([("start", "=", event.start)])

    def test_who_sees_it(self):
        for role in ("vseo", "cover", "head", "inner_social_worker", "inner_iro"):
            with self.subTest(role):
                self.assertTrue(self.sees(role))
                self.event_of(self.meeting, role).read(WHAT_IS_HIDDEN)
                seats = self.as_user(self.env["calendar.attendee"], role)
                self.assertEqual(len(seats.search([("event_id", "=", self.meeting.sudo().event_id.id)])), 3)

    def test_who_does_not(self):
        event_id = self.event_of(self.meeting).id
        people = self.event_of(self.meeting).partner_ids
        seat_ids = self.event_of(self.meeting).attendee_ids.ids
        for role in (*NOBODY, *OUTSIDE):
            events = self.as_user(self.env["calendar.event"], role)
            event = events.browse(event_id)
            with self.subTest(role):
                self.assertFalse(self.sees(role))
                for domain in (
                    [("id", "=", event_id)],
                    [("name", "ilike", self.child.reference)],
                    [("location", "ilike", "Beech")],
                    [("pep_child_id", "!=", False)],
                    [("attendee_ids.partner_id", "in", people.ids)],
                    [("partner_ids", "in", people.ids)],
                    [("privacy", "=", "private")],
                    [("attendee_ids.state", "=", "accepted")],
                ):
                    try:
                        self.assertNotIn(event_id, events.with_context(active_test=False).search(domain).ids, domain)
                    except AccessError:
                        self.assertIn(role, OUTSIDE, "the portal may not read who is in an event")
                self.assertFalse(events.name_search(self.child.reference))
                for reading in (
                    lambda event=event: event.read(["name"]),
                    lambda event=event: event.read(["start"]),
                    lambda event=event: event.web_read({"display_name": {}, "partner_ids": {}}),
                    lambda event=event: event.location,
                    lambda event=event: event.message_ids,
                    lambda event=event: event.attendee_ids,
                ):
                    with self.assertRaises(AccessError):
                        reading()
                self.assertFalse(event.with_user(event.env.user).has_access("write"))
                found = events.web_search_read(Domain("id", "=", event_id), {"name": {}, "start": {}})
                self.assertFalse(found["records"])
                self.assertEqual(events.search_count([("id", "=", event_id)]), 0)
                for groupby in ("user_id", "start:day", "pep_child_id", "privacy"):
                    groups = events.formatted_read_group([("id", "=", event_id)], [groupby], ["__count"])
                    self.assertFalse(groups, groupby)
                seats = self.as_user(self.env["calendar.attendee"], role)
                if role in OUTSIDE:
                    with self.assertRaises(AccessError):
                        seats.search([("id", "in", seat_ids)])
                else:
                    self.assertFalse(seats.search([("id", "in", seat_ids)]))
                    self.assertFalse(seats.search([("event_id", "=", event_id)]))
                    self.assertFalse(seats.name_search(self.users["vseo"].name, [("id", "in", seat_ids)]))

    def test_the_child_s_name_is_not_found_by_searching(self):
        for role in ("employee", "system", "finance"):
            events = self.as_user(self.env["calendar.event"], role)
            for path in ("pep_child_name", "pep_child_id.full_name", "pep_child_id.last_name"):
                with self.subTest(f"{role} {path}"), self.assertRaises(AccessError):
                    events.search([(path, "ilike", self.child.last_name)])
        other = self.as_user(self.env["calendar.event"], "other_vseo")
        self.assertFalse(other.search([("pep_child_name", "ilike", self.child.last_name)]))

    def test_no_reference_by_filling_in_a_form(self):
        """Odoo names what a draft points at past the rules."""
        child = self.child.id
        shown = {"fields": {"display_name": {}}}
        for role in ("stranger", "employee", "finance", "admin", "vseo"):
            for model in ("calendar.event", "calendar.attendee"):
                records = self.as_user(self.env[model], role)
                for drafts, values in (
                    (records, {"pep_child_id": child}),
                    (records.with_context(default_pep_child_id=child), {}),
                ):
                    with self.subTest(role, model=model):
                        told = drafts.onchange(values, [], {"pep_child_id": shown})["value"]
                        self.assertFalse(told["pep_child_id"])
                        told = drafts.onchange(values, ["pep_child_id"], {"pep_child_id": shown})
                        self.assertFalse(told["value"].get("pep_child_id"))

    def test_nothing_by_way_of_a_person(self):
        event = self.event_of(self.meeting)
        chair = self.users["vseo"].partner_id
        for role in NOBODY:
            with self.subTest(role):
                partner = self.as_user(chair, role)
                self.assertNotIn(event, partner.meeting_ids)
                self.assertEqual(partner.meeting_count, 0)
                for domain in (
                    [("meeting_ids", "in", event.ids)],
                    [("meeting_ids", "=", event.id)],
                    [("user_ids.meeting_ids", "in", event.ids)],
                    [("meeting_ids", "any", [("id", "in", event.ids)])],
                    [("user_ids.partner_id.meeting_ids", "in", [*event.ids, 10**9])],
                    [("child_ids.meeting_ids", "in", event.ids)],
                    [("meeting_ids", "!=", False), ("id", "=", partner.id)],
                ):
                    self.assertFalse(partner.search(domain), domain)
                self.assertIn(partner, partner.search([("meeting_ids", "not in", event.ids)]))
                self.assertFalse(self.as_user(self.users["vseo"], role).search([("meeting_ids", "in", event.ids)]))
                groups = partner.formatted_read_group([("id", "=", partner.id)], ["meeting_ids"], ["__count"])
                self.assertNotIn(event.id, [group["meeting_ids"] and group["meeting_ids"][0] for group in groups])
                self.assertFalse(partner.search([("meeting_ids.name", "ilike", self.child.reference)]))
                self.assertNotIn(partner, partner.search([("meeting_ids", "!=", False)]))
                with self.assertRaises(AccessError):
                    partner.get_attendee_detail(event.ids)
                found = partner.schedule_meeting()
                self.assertNotIn(event, self.as_user(self.env["calendar.event"], role).search(found["domain"]))
        cover = self.as_user(chair, "cover")
        self.assertEqual(cover.meeting_count, 1)
        self.assertIn(cover, cover.search([("meeting_ids", "in", event.ids)]))
        self.assertEqual(len(self.as_user(event.partner_ids, "cover").get_attendee_detail(event.ids)), 3)

    def test_a_linked_record_tells_no_title(self):
        """Odoo shows the name of what a record points at, whether or not one may read it."""
        wizards = self.as_user(self.env["calendar.popover.delete.wizard"], "stranger")
        wizard = wizards.create({"calendar_event_id": self.event_of(self.meeting).id})
        [row] = wizard.web_read({"calendar_event_id": {"fields": {"display_name": {}}}})
        self.assertNotIn(self.child.reference, str(row))
        self.assertNotIn(self.child.reference, str(wizard.read(["calendar_event_id"])))
        wizard = self.as_user(wizards, "cover").create({"calendar_event_id": self.event_of(self.meeting).id})
        self.assertIn(self.child.reference, str(wizard.read(["calendar_event_id"])))

    def test_today_in_the_bar_at_the_top(self):
        today = self.make_meeting(fields.Datetime.now() + timedelta(minutes=1), duration=0.25)
        for role, seen in (("vseo", True), ("stranger", False), ("system", False)):
            user = self.as_user(self.users[role], role)
            with self.subTest(role):
                self.assertEqual(today._title() in str(user._get_activity_groups()), seen)

    def test_busy_without_showing_why(self):
        event = self.event_of(self.meeting)
        chair = self.users["vseo"].partner_id
        free = self.users["finance"].partner_id
        start = self.start + timedelta(minutes=30)
        for role in ("employee", "stranger", "other_vseo", "cover", "inner_iro"):
            with self.subTest(role):
                events = self.as_user(self.env["calendar.event"], role).with_context(no_mail_to_attendees=True)
                mine = events.create(
                    {
                        "name": "Lunch",
                        "start": start,
                        "stop": start + timedelta(hours=1),
                        "partner_ids": [(6, 0, (chair | free).ids)],
                    }
                )
                self.assertEqual(mine.unavailable_partner_ids, chair)
                known = self.as_user(chair | free, role)._get_busy_calendar_events(start, start + timedelta(hours=1))
                busy = known[chair.id] - mine
                self.assertEqual([(one.start, one.stop) for one in busy], [(event.start, event.stop)])
                if role not in ("cover", "inner_iro"):
                    self.assertFalse(busy.ids, "an event that exists nowhere")
                    self.assertEqual((busy.name, busy.location, busy.pep_child_id.id), ("Busy", False, False))
                    self.assertEqual(busy.partner_ids._origin, chair)
                mine.write({"start": start + timedelta(hours=3), "stop": start + timedelta(hours=4)})
                self.assertFalse(mine.unavailable_partner_ids)
                mine.unlink()
        self.meeting.with_context(pep_meeting_quiet=True)._cancel("The school is closed.")
        self.assertFalse(self.as_user(chair, "employee")._get_busy_calendar_events(start, start + timedelta(hours=1)))

    def test_the_list_alone_opens_nothing(self):
        """In the event by mistake, without a role on the child: not seen; with a role, not on the list: not seen."""
        event = self.event_of(self.meeting)
        stranger = self.users["stranger"].partner_id
        follow = event.sudo().with_context(pep_follow_meeting=True)
        follow._fields["partner_ids"].write_batch([(follow, [(4, stranger.id)])])
        self.assertFalse(self.sees("stranger"))
        self.row_of("inner_iro")._withdraw()
        self.assertFalse(self.sees("inner_iro"))
        with self.assertRaises(AccessError):
            self.event_of(self.meeting, "inner_iro").read(["start"])

    def test_a_login_of_the_portal_sees_none(self):
        """Also somebody who was in it as a colleague and whose login was then made one of the portal."""
        user = self.users["inner_social_worker"]
        self.assertTrue(self.sees("inner_social_worker"))
        user.write({"group_ids": [(6, 0, self.env.ref("base.group_portal").ids)]})
        self.assertIn(user.partner_id, self.event_of(self.meeting).partner_ids)
        self.assertFalse(self.sees("inner_social_worker"))

    # === Access that ends ===

    def test_gone_at_the_next_query(self):
        for role, end in (
            (
                "cover",
                lambda: self.cover.sudo().write(
                    {"date_to": self.today - timedelta(days=1), "date_from": self.today - timedelta(days=2)}
                ),
            ),
            ("vseo", lambda: self.child.sudo().write({"vseo_id": self.users["other_vseo"].id})),
            (
                "inner_iro",
                lambda: self.child.network_ids.filtered(
                    lambda row: row.partner_id == self.users["inner_iro"].partner_id
                ).write({"date_to": self.today - timedelta(days=1)}),
            ),
        ):
            with self.subTest(role):
                self.assertTrue(self.sees(role))
                end()
                self.assertFalse(self.sees(role))
                with self.assertRaises(AccessError):
                    self.event_of(self.meeting, role).write({"start": self.start + timedelta(days=1)})
                seats = self.as_user(self.env["calendar.attendee"], role)
                self.assertFalse(seats.search([("pep_child_id", "!=", False)]))
        self.assertTrue(self.sees("other_vseo"))

    def test_people_with_many_children_are_asked_the_other_way(self):
        """Past a few hundred children the database joins what is otherwise named; it means the same."""
        for named in (0, 300):
            with patch("odoo.addons.pep_module.models.common.ir_rule.NAMED", named):
                for role in ("vseo", "cover", "head", "inner_iro", "inner_social_worker"):
                    self.env.cr.cache.clear()
                    with self.subTest(f"{named} {role}"):
                        self.assertTrue(self.sees(role))
                        self.assertTrue(self.event_of(self.meeting, role).has_access("read"))
                        self.assertFalse(self.event_of(self.meeting, role).has_access("write"))
                for role in NOBODY:
                    self.env.cr.cache.clear()
                    with self.subTest(f"{named} {role}"):
                        self.assertFalse(self.sees(role))
                        self.assertFalse(self.event_of(self.meeting, role).has_access("read"))

    def test_every_condition_of_the_rules_counts(self):
        """Each condition taken out of a rule is noticed: the rule is what decides, and not something beside it."""
        rule = self.env.ref("pep_module.calendar_event_rule_read")
        text = rule.domain_force
        for part, role in (
            ("('user_id', '=', user.id), ", "other_vseo"),
            ("('valid_to', '&gt;', 'now')".replace("&gt;", ">"), "ended"),
        ):
            with self.subTest(part), self.cr.savepoint() as savepoint:
                if role == "ended":
                    self.users["ended"] = self.users["cover"]
                    self.cover.write(
                        {"date_to": self.today - timedelta(days=1), "date_from": self.today - timedelta(days=2)}
                    )
                self.assertFalse(self.sees(role))
                rule.domain_force = text.replace(part, "")
                self.env.registry.clear_cache()
                self.env.cr.cache.clear()
                self.assertTrue(self.sees(role))
                savepoint.rollback()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            self.env.cr.cache.clear()

    def test_plain_events_are_untouched(self):
        plain = self.plain_event("employee", partner_ids=[(6, 0, self.users["stranger"].partner_id.ids)])
        for role in (*NOBODY, "vseo", "head"):
            with self.subTest(role):
                event = self.as_user(plain, role)
                self.assertEqual(event.name, "Dentist")
                event.with_context(no_mail_to_attendees=True).write({"location": role})
                self.assertFalse(event.pep_is_meeting or event.pep_can_move)
                self.assertIn(plain, event.search([]))
        own = self.as_user(plain.attendee_ids, "stranger")
        own.do_accept()
        self.assertEqual(own.state, "accepted")
        self.as_user(plain, "employee").with_context(no_mail_to_attendees=True).unlink()
        self.assertFalse(plain.exists())


@tagged("post_install", "-at_install")
class TestEventLinks(EventCase, HttpCase):
    """Odoo's links that open an event for whoever has a token."""

    @mute_logger("odoo.http")
    def test_no_link_opens_it(self):
        event = self.event_of(self.meeting)
        plain = self.plain_event("employee", partner_ids=[(6, 0, self.users["stranger"].partner_id.ids)])
        token = plain.attendee_ids.access_token
        self.assertTrue(token)
        before = event.attendee_ids.mapped("state")
        kinds = ("meeting/accept", "meeting/decline", "meeting/view", "recurrence/accept", "recurrence/decline")
        for role in (None, "stranger", "vseo", "teacher"):
            self.authenticate(role and self.users[role].login, role and self.users[role].login)
            for kind in kinds:
                for given in ("", "False", token):
                    with self.subTest(f"{role} {kind} {given}"):
                        response = self.url_open(f"/calendar/{kind}?token={given}&id={event.id}", allow_redirects=False)
                        self.assertIn(response.status_code, (400, 404))
                        if given != token:
                            self.assertNotIn("@", response.text)
                        self.assertNotIn(self.child.reference, response.text)
                response = self.url_open(f"/calendar/{kind}?id={event.id}", allow_redirects=False)
                self.assertIn(response.status_code, (400, 404))
            for path in ("/calendar/meeting/join?token=", "/calendar/join_videocall/False"):
                response = self.url_open(path, allow_redirects=False)
                self.assertIn(response.status_code, (303, 404) if role is None else (404,), path)
        self.env.invalidate_all()
        self.assertEqual(event.attendee_ids.mapped("state"), before)
        self.assertEqual(event.partner_ids, self.users["vseo"].partner_id)
        self.assertFalse(event.videocall_channel_id)
        # those of plain events work as before
        self.authenticate(None, None)
        response = self.url_open(f"/calendar/meeting/accept?token={token}&id={plain.id}")
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(plain.attendee_ids.state, "accepted")

    @mute_logger("odoo.http")
    def test_a_drag_over_the_wire(self):
        event = self.event_of(self.meeting)
        start = fields.Datetime.to_string(self.start + timedelta(hours=2))
        stop = fields.Datetime.to_string(self.start + timedelta(hours=3))
        values = {"allday": False, "start": start, "stop": stop, "duration": 1}

        def call(role, method, *args, **kwargs):
            self.authenticate(self.users[role].login, self.users[role].login)
            context = {"pep_meeting_quiet": True, "pep_follow_meeting": True}
            return self.make_jsonrpc_request(
                f"/web/dataset/call_kw/calendar.event/{method}",
                {
                    "model": "calendar.event",
                    "method": method,
                    "args": args,
                    "kwargs": {"context": context, **kwargs},
                },
            )

        self.assertTrue(call("cover", "write", [event.id], values))
        self.env.invalidate_all()
        self.assertEqual(self.meeting.start, self.start + timedelta(hours=2))
        for role, method, args in (
            ("cover", "write", ([event.id], {"privacy": "public"})),
            ("cover", "write", ([event.id], {**values, "name": "Zebedee"})),
            ("cover", "web_save", ([event.id], {"name": "Zebedee"}, {})),
            ("vseo", "unlink", ([event.id],)),
            ("vseo", "action_archive", ([event.id],)),
            ("stranger", "write", ([event.id], {**values, "start": fields.Datetime.to_string(self.start)})),
            ("system", "unlink", ([event.id],)),
            ("system", "read", ([event.id], ["name"])),
        ):
            with self.subTest(f"{role} {method}"), self.assertRaises(Exception) as refused:
                call(role, method, *args)
            self.assertRegex(str(refused.exception), r"UserError|AccessError|Odoo Server Error|PEP meeting|not allowed")
        self.env.invalidate_all()
        self.assertEqual(self.meeting.start, self.start + timedelta(hours=2))
        self.assertEqual((event.name, event.privacy, event.active), (self.meeting._title(), "private", True))
