from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from tests.meeting.event_common import EventCase

STAFF = ("vseo", "cover", "head")


@tagged("post_install", "-at_install")
class TestEventCalendar(EventCase):
    """What is done to a PEP meeting from Odoo's own calendar."""

    def move(self, role, start, hours=1.0, **values):
        """What the calendar view writes when an event is dragged or stretched."""
        event = self.event_of(self.meeting, role).with_context(pep_meeting_quiet=True)
        return event.write(
            {
                "allday": False,
                "start": fields.Datetime.to_string(start),
                "stop": fields.Datetime.to_string(start + timedelta(hours=hours)),
                "duration": hours,
                **values,
            }
        )

    # === Moving ===

    def test_a_drag_moves_the_meeting(self):
        for number, role in enumerate((*STAFF, "support"), 1):
            if role == "support":
                self.env["pep.cover"].create(
                    {
                        "user_id": self.users["vseo"].id,
                        "cover_user_id": self.users["support"].id,
                        "company_id": self.council.id,
                        "role": "support",
                        "date_from": self.today,
                        "date_to": self.today + timedelta(days=60),
                    }
                )
            start = self.start + timedelta(hours=number)
            with self.subTest(role):
                self.move(role, start)
                self.assertEqual((self.meeting.start, self.meeting.duration), (start, 1.0))
                self.assertEqual(self.event_of(self.meeting).start, start)
                self.assertTrue(self.event_of(self.meeting, role).pep_can_move)

    def test_a_stretch_changes_how_long_it_lasts(self):
        self.move("vseo", self.start, 2.0)
        self.assertEqual((self.meeting.start, self.meeting.duration), (self.start, 2.0))
        self.move("vseo", self.start - timedelta(minutes=30), 2.5)
        self.assertEqual((self.meeting.start, self.meeting.duration), (self.start - timedelta(minutes=30), 2.5))
        event = self.event_of(self.meeting, "vseo").with_context(pep_meeting_quiet=True)
        event.write({"start": self.start + timedelta(days=1)})
        self.assertEqual((self.meeting.start, self.meeting.duration), (self.start + timedelta(days=1), 2.5))
        event.write({"duration": 0.75})
        self.assertEqual((self.meeting.start, self.meeting.duration), (self.start + timedelta(days=1), 0.75))
        event.write({"stop": self.start + timedelta(days=1, hours=1)})
        self.assertEqual(event.duration, 1.0)

    def test_in_the_month_only_the_day_changes(self):
        event = self.event_of(self.meeting, "vseo").with_context(pep_meeting_quiet=True)
        day = self.start + timedelta(days=6)
        event.write({"allday": False, "start": day, "stop": day + timedelta(hours=1)})
        self.assertEqual((self.meeting.start, self.meeting.duration), (day, 1.0))

    def test_writing_what_is_there_changes_nothing(self):
        event = self.event_of(self.meeting, "vseo")
        sequence = self.meeting.ical_sequence
        self.move("vseo", self.start)
        event.write({"name": event.name, "privacy": "private", "partner_ids": [], "recurrence_update": "self_only"})
        self.assertEqual((self.meeting.start, self.meeting.ical_sequence), (self.start, sequence))

    def test_it_stays_within_reason(self):
        for hours in (0, -1):
            with self.subTest(hours), self.assertRaises(UserError):
                self.move("vseo", self.start, hours)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.move("vseo", self.start, 13)
            self.env.flush_all()
        with self.assertRaises(UserError):
            self.move("vseo", self.start, allday=True)
        with self.assertRaises(UserError):
            self.event_of(self.meeting, "vseo").write({"start_date": self.today, "stop_date": self.today})

    def test_who_must_not_move_it(self):
        self.invite("inner_social_worker", "inner_iro")
        for role in ("inner_social_worker", "inner_iro"):
            with self.subTest(role), self.assertRaises(UserError) as refused:
                self.move(role, self.start + timedelta(hours=1))
            self.assertIn("virtual school arranges", str(refused.exception))
            self.assertFalse(self.event_of(self.meeting, role).pep_can_move)
        for role in ("stranger", "other_vseo", "finance", "admin", "system", "employee", "teacher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.move(role, self.start + timedelta(hours=1))
        self.assertEqual(self.meeting.start, self.start)

    def test_a_meeting_that_is_over_is_not_moved(self):
        held = self.make_meeting(self.start - timedelta(days=14))
        held.attendee_ids[0].attended = True
        held.sudo().with_context(pep_meeting_quiet=True).write({"state": "held"})
        event = self.event_of(held, "vseo")
        self.assertFalse(event.pep_can_move)
        with self.assertRaises(UserError):
            event.write({"start": self.start})
        self.meeting.with_context(pep_meeting_quiet=True)._cancel("The school is closed.")
        with self.assertRaises(UserError):
            self.move("vseo", self.start + timedelta(hours=1))

    def test_a_drag_of_many_moves_each_kind_its_way(self):
        plain = self.plain_event("vseo")
        both = self.event_of(self.meeting, "vseo") | self.as_user(plain, "vseo")
        later = self.start + timedelta(hours=2)
        both.with_context(no_mail_to_attendees=True, pep_meeting_quiet=True).write(
            {"start": later, "stop": later + timedelta(hours=1)}
        )
        self.assertEqual((self.meeting.start, plain.start), (later, later))

    # === Refused, with the place to do it ===

    def test_everything_else_is_refused(self):
        self.invite("inner_social_worker", "inner_iro")
        stranger = self.users["stranger"].partner_id
        alarm = self.env["calendar.alarm"].search([], limit=1)
        tag = self.env["calendar.event.type"].create({"name": "Tag"})
        model = self.env["ir.model"]._get_id("res.partner")
        values = {
            "name": "Zebedee",
            "description": "<p>Zebedee</p>",
            "notes": "<p>Zebedee</p>",
            "location": "At home",
            "privacy": "public",
            "show_as": "free",
            "active": False,
            "videocall_location": "https://example.org",
            "access_token": "abc",
            "user_id": self.users["stranger"].id,
            "partner_ids": [(4, stranger.id)],
            "attendee_ids": [(0, 0, {"partner_id": stranger.id})],
            "alarm_ids": [(4, alarm.id)],
            "categ_ids": [(4, tag.id)],
            "recurrency": True,
            "res_model_id": model,
            "res_id": stranger.id,
            "activity_ids": [(5,)],
            "pep_child_id": False,
            "videocall_channel_id": self.env["discuss.channel"].create({"name": "Talk"}).id,
            "message_follower_ids": [(5,)],
        }
        event = self.event_of(self.meeting)

        def stored():
            self.env.invalidate_all()
            [row] = event.read(list(values))
            return {name: sorted(value) if isinstance(value, list) else value for name, value in row.items()}

        before = stored()
        for role in (*STAFF, "inner_social_worker"):
            for name, value in values.items():
                with self.subTest(f"{role} {name}"), self.assertRaises(UserError) as refused:
                    self.event_of(self.meeting, role).write({name: value})
                self.assertIs(type(refused.exception), UserError, "in plain words")
        # nor beside a move that is allowed, nor under sudo without the app's own word
        with self.assertRaises(UserError):
            self.move("vseo", self.start + timedelta(hours=1), privacy="public")
        with self.assertRaises(UserError):
            event.sudo().write({"name": "Zebedee"})
        with self.assertRaises(UserError):
            self.event_of(self.meeting, "vseo").with_context(pep_follow_meeting=True).write({"name": "Zebedee"})
        self.assertEqual(stored(), before)
        self.assertEqual(self.meeting.start, self.start)

    def test_nobody_deletes_archives_or_copies_it(self):
        wizards = self.env["calendar.popover.delete.wizard"]
        for role in (*STAFF, "system", "admin"):
            event = self.event_of(self.meeting, role)
            wizard = self.as_user(wizards, role).create({"calendar_event_id": event.id})
            for what, refused in {
                "unlink": event.unlink,
                "action_unlink_event": event.action_unlink_event,
                "action_archive": event.action_archive,
                "mass archive": lambda event=event: event.action_mass_archive("self_only"),
                "mass archive all": lambda event=event: event.action_mass_archive("all_events"),
                "mass deletion": lambda event=event: event.action_mass_deletion("all_events"),
                "copy": event.copy,
                "wizard": wizard.action_delete,
                "wizard mail": wizard.action_send_mail_and_delete,
                "wizard close": wizard.close,
                "web_save": lambda event=event: event.web_save({"active": False}, {}),
            }.items():
                with self.subTest(f"{role} {what}"), self.assertRaises(UserError):
                    refused()
        with self.assertRaises(UserError):
            self.event_of(self.meeting).sudo().unlink()
        self.assertTrue(self.event_of(self.meeting).exists().active)
        self.assertFalse(self.env["mail.mail"].search([("subject", "ilike", "Cancel")]))

    def test_a_refused_deletion_says_where_to_cancel(self):
        with self.assertRaises(UserError) as refused:
            self.event_of(self.meeting, "vseo").action_unlink_event()
        self.assertIn("cancel it there, with a reason", str(refused.exception))

    def test_the_list_of_people_is_not_changed_from_there(self):
        self.invite("inner_iro")
        self.users["vseo"].group_ids |= self.env.ref("base.group_partner_manager")
        event = self.event_of(self.meeting, "vseo")
        stranger = self.users["stranger"].partner_id
        seats = self.as_user(self.env["calendar.attendee"], "vseo")
        iro = self.as_user(self.seat_of("inner_iro"), "vseo")
        plain = self.plain_event("vseo", partner_ids=[(6, 0, (stranger | self.users["vseo"].partner_id).ids)])
        seat = self.as_user(plain.attendee_ids.filtered(lambda row: row.partner_id == stranger), "vseo")
        partner = self.as_user(stranger, "vseo")
        own = self.as_user(self.users["inner_iro"].partner_id, "vseo")
        for what, refused in {
            "create": lambda: seats.create({"event_id": event.id, "partner_id": stranger.id}),
            "create by default": lambda: seats.with_context(default_event_id=event.id).create(
                {"partner_id": stranger.id}
            ),
            "create with our child": lambda: seats.create(
                {"event_id": plain.id, "partner_id": stranger.id, "pep_child_id": self.child.id}
            ),
            "move in": lambda: seat.write({"event_id": event.id}),
            "move out": lambda: iro.write({"event_id": plain.id}),
            "unlink": iro.unlink,
            "copy": iro.copy,
            "rename": lambda: iro.write({"common_name": "Zebedee"}),
            "join": lambda: event.action_join_meeting(stranger.id),
            "from the person: add": lambda: partner.write({"meeting_ids": [(4, event.id)]}),
            "from the person: remove": lambda: own.write({"meeting_ids": [(3, event.id)]}),
            "from the person: clear": lambda: own.write({"meeting_ids": [(5,)]}),
            "from the person: set": lambda: own.write({"meeting_ids": [(6, 0, plain.ids)]}),
            "from the person: delete": lambda: own.write({"meeting_ids": [(2, event.id)]}),
            "from the person: change": lambda: own.write({"meeting_ids": [(1, event.id, {"name": "Zebedee"})]}),
            "a new person": lambda: partner.create({"name": "New", "meeting_ids": [(6, 0, event.ids)]}),
        }.items():
            with self.subTest(what), self.assertRaises(UserError):
                refused()
        self.env.invalidate_all()
        people = self.users["vseo"].partner_id | self.users["inner_iro"].partner_id
        self.assertEqual(self.event_of(self.meeting).partner_ids, people)
        self.assertEqual(self.event_of(self.meeting).attendee_ids.partner_id, people)
        # the plain ones go on as before
        contact = partner.create({"name": "New", "meeting_ids": [(6, 0, plain.ids)]})
        contact.write({"meeting_ids": [(3, plain.id)]})
        contact.write({"meeting_ids": [(4, plain.id)]})
        self.assertEqual(seat.write({"state": "accepted"}), True)

    def test_no_event_says_it_is_about_a_child(self):
        events = self.as_user(self.env["calendar.event"], "vseo").with_context(no_mail_to_attendees=True)
        when = {"name": "About", "start": self.start, "stop": self.start + timedelta(hours=1)}
        plain = events.create(dict(when))
        for model, record in (("pep.child", self.child), ("pep.plan", self.plan), ("pep.meeting", self.meeting)):
            link = {"res_model_id": self.env["ir.model"]._get_id(model), "res_id": record.id}
            with self.subTest(model), self.assertRaises(UserError):
                events.create({**when, **link})
            with self.subTest(model), self.assertRaises(UserError):
                events.create({**when, "res_model": model, "res_id": record.id})
            with self.subTest(model), self.assertRaises(UserError):
                plain.write(link)
            # begun while the record is open: an event of no record
            begun = events.with_context(active_model=model, active_id=record.id).create(dict(when))
            self.assertFalse(begun.res_model or begun.res_model_id)
        for refused in (
            lambda: events.create({**when, "pep_child_id": self.child.id}),
            lambda: events.with_context(default_pep_child_id=self.child.id).create(dict(when)),
            lambda: plain.write({"pep_child_id": self.child.id}),
        ):
            with self.assertRaises(UserError):
                refused()
        link = {"res_model_id": self.env["ir.model"]._get_id("res.users"), "res_id": self.users["vseo"].id}
        self.assertEqual(events.create({**when, **link}).res_model, "res.users")

    def test_no_task_is_linked_to_it(self):
        event = self.event_of(self.meeting, "vseo")
        kind = self.env.ref("mail.mail_activity_data_meeting", raise_if_not_found=False)
        plan = self.as_user(self.plan, "vseo")
        partner = self.users["stranger"].partner_id
        about_child = plan.activity_schedule(activity_type_id=kind.id, user_id=self.users["vseo"].id)
        about_other = partner.activity_schedule(activity_type_id=kind.id, user_id=self.users["vseo"].id)
        about_other = self.as_user(about_other, "vseo")
        plain = self.as_user(self.plain_event("vseo"), "vseo")
        for refused in (
            lambda: about_other.write({"calendar_event_id": event.id}),
            lambda: about_child.write({"calendar_event_id": event.id}),
            lambda: about_child.write({"calendar_event_id": plain.id}),
            about_child.action_create_calendar_event,
        ):
            with self.assertRaises(UserError):
                refused()
        about_other.write({"calendar_event_id": plain.id})
        self.assertTrue(about_other.action_create_calendar_event())

    def test_it_does_not_repeat(self):
        event = self.event_of(self.meeting, "vseo")
        recurrences = self.as_user(self.env["calendar.recurrence"], "vseo")
        with self.assertRaises(UserError):
            recurrences.create({"base_event_id": event.id, "rrule_type": "daily", "count": 3})
        for values in (
            {"recurrency": True, "rrule_type": "daily", "count": 3, "end_type": "count"},
            {"recurrence_id": 1},
            {"rrule_type": "daily"},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                event.write({**values, "recurrence_update": "all_events"})

    def test_odoo_writes_no_mail_about_it(self):
        self.invite("inner_iro", "inner_social_worker")
        event = self.event_of(self.meeting, "vseo")
        partner = self.users["stranger"].partner_id
        mails = self.env["mail.mail"].search_count([])
        for what, refused in {
            "composer": event.action_open_composer,
            "send": event.action_sendmail,
            "post": lambda: event.message_post(body="Zebedee"),
            "post to": lambda: event.message_post(body="Zebedee", partner_ids=partner.ids),
            "notify": lambda: event.message_notify(body="Zebedee", partner_ids=partner.ids),
            "subscribe": lambda: event.message_subscribe(partner_ids=partner.ids),
            "attach": lambda: self.as_user(self.env["ir.attachment"], "vseo").create(
                {"name": "note.txt", "raw": b"Zebedee", "res_model": "calendar.event", "res_id": event.id}
            ),
        }.items():
            with self.subTest(what), self.assertRaises(UserError):
                refused()
        template = self.env.ref("calendar.calendar_template_meeting_invitation")
        self.assertFalse(self.event_of(self.meeting).attendee_ids._notify_attendees(template, notify_author=True))
        self.event_of(self.meeting).sudo()._message_subscribe(partner_ids=partner.ids)
        self.assertFalse(self.event_of(self.meeting).message_follower_ids)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(event._get_ics_file(), {})
        plain = self.as_user(self.plain_event("vseo"), "vseo")
        self.assertEqual(set((event | plain)._get_ics_file()), set(plain.ids))

    # === Shown ===

    def test_the_name_is_shown_when_read_and_stored_nowhere(self):
        self.invite("inner_iro", "inner_social_worker")
        self.env.ref("base.group_user").implied_ids |= self.env.ref("base.group_allow_export")
        name = self.child.full_name
        for role in (*STAFF, "inner_iro", "inner_social_worker"):
            with self.subTest(role):
                event = self.event_of(self.meeting, role)
                self.assertEqual(event.pep_child_name, name)
                self.assertNotIn("Unsaid", event.display_name)
                found = event.search([("pep_child_name", "ilike", self.child.last_name)])
                self.assertEqual(found, event)
                self.assertNotIn("Unsaid", str(event.export_data(["name", "pep_child_name", "display_name"])))
        event = self.event_of(self.meeting, "vseo")
        self.assertFalse(event.sudo().pep_child_name)
        self.assertFalse(event.with_user(self.env.ref("base.user_root")).pep_child_name)
        fields_to_export = event.fields_get(["pep_child_name"], ["exportable"])
        self.assertIs(fields_to_export["pep_child_name"].get("exportable"), False)
        self.env.flush_all()
        self.env.cr.execute("SELECT to_jsonb(calendar_event)::text FROM calendar_event WHERE id = %s", (event.id,))
        self.assertNotIn("Unsaid", self.env.cr.fetchone()[0])

    def test_a_colleague_who_covers_sees_all_of_it(self):
        event = self.event_of(self.meeting, "cover")
        [row] = event.search_read([("id", "=", event.id)], ["display_name", "name", "partner_ids", "user_can_edit"])
        self.assertEqual(row["display_name"], self.meeting._title())
        self.assertEqual(row["name"], self.meeting._title())
        self.assertTrue(row["user_can_edit"])

    def test_it_leads_to_the_meeting(self):
        self.invite("inner_iro")
        action = self.event_of(self.meeting, "cover").action_open_calendar_event()
        self.assertEqual((action["res_model"], action["res_id"]), ("pep.meeting", self.meeting.id))
        action = self.event_of(self.meeting, "inner_iro").action_open_calendar_event()
        self.assertIn(str(self.row_of("inner_iro").id), action["url"])
        with self.assertRaises(AccessError):
            self.event_of(self.meeting, "stranger").action_open_calendar_event()
        self.assertFalse(self.as_user(self.plain_event("vseo"), "vseo").action_open_calendar_event())

    def test_the_form_says_what_it_is(self):
        with Form(self.event_of(self.meeting, "vseo")) as form:
            self.assertTrue(form.pep_is_meeting)
            self.assertEqual(form.pep_child_name, self.child.full_name)
        with Form(self.as_user(self.plain_event("vseo"), "vseo").with_context(no_mail_to_attendees=True)) as form:
            self.assertFalse(form.pep_is_meeting)
            form.name = "Doctor"
