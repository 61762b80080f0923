"""Invitations: one mail each, which calendars understand, and which tells nobody what they may not know."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .mail_common import JUNE, LINK, ROLES, MailCase

PEOPLE = {f"{role}@people.example" for role in ROLES}


@tagged("post_install", "-at_install")
class TestInvitation(MailCase):
    def test_one_mail_each(self):
        mails = self.invite()
        self.assertEqual(len(mails), len(ROLES))
        self.assertEqual(set(mails.mapped("email_to")), PEOPLE)
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        self.assertTrue(all(mails.mapped("auto_delete")), "the link to join lets somebody in")
        letters = self.deliver(mails)
        self.assertEqual(set(letters), PEOPLE)
        self.assertFalse(mails.exists())

    def test_what_calendars_read(self):
        for address, letter in self.send().items():
            with self.subTest(address):
                self.assertEqual(letter.calendar["METHOD"], "REQUEST")
                event = letter.event
                self.assertEqual(event["UID"], self.meeting.uid)
                self.assertEqual(event["SEQUENCE"], 0)
                self.assertEqual(event["DTSTART"].params["TZID"], "Europe/London")
                self.assertEqual(event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M %z"), "2031-06-10 10:00 +0100")
                self.assertEqual(event["DTEND"].dt.strftime("%H:%M"), "11:00")
                self.assertEqual(event["SUMMARY"], f"PEP meeting {self.child.reference}")
                self.assertEqual(event["LOCATION"], "Room 4 of the school")
                self.assertEqual((event["URL"], event["CONFERENCE"]), (LINK, LINK))
                self.assertEqual(event["ORGANIZER"], f"mailto:{self.address}")
                self.assertEqual(event["ATTENDEE"], f"mailto:{address}")
                self.assertEqual(event["ATTENDEE"].params["RSVP"], "TRUE")
                self.assertEqual((event["CLASS"], event["TRANSP"], event["STATUS"]), ("PRIVATE", "OPAQUE", "CONFIRMED"))

    def test_how_the_mail_is_built(self):
        """As Outlook and Gmail expect it: the last alternative with its method, and the file beside."""
        letter = self.send()["teacher@people.example"]
        self.assertEqual(letter.message.get_content_type(), "multipart/mixed")
        first, second = letter.message.iter_parts()
        self.assertEqual(
            [part.get_content_type() for part in first.iter_parts()], ["text/plain", "text/html", "text/calendar"]
        )
        (part,) = letter.parts
        self.assertEqual(part.get_param("method"), "REQUEST")
        self.assertEqual(part.get_content_charset(), "utf-8")
        self.assertEqual(second.get_content_type(), "application/ics")
        self.assertEqual(second.get_filename(), "invite.ics")
        self.assertEqual(second.get_content(), letter.parts[0].get_payload(decode=True))
        self.assertTrue(second.get_content().startswith(b"BEGIN:VCALENDAR\r\n"))

    def test_from_and_back_to_the_alias(self):
        letter = self.send()["carer@people.example"]
        for name in ("From", "Reply-To"):
            (address,) = letter.message[name].addresses
            self.assertEqual((address.addr_spec, address.display_name), (self.address, "Testshire"))
        self.assertEqual(letter.message["Auto-Submitted"], "auto-generated")
        self.assertIn(self.meeting.uid, letter.message["Message-Id"])

    def test_without_a_mail_domain_the_council_s_address(self):
        self.council.alias_domain_id = False
        letter = self.send()["carer@people.example"]
        self.assertEqual(letter.message["From"].addresses[0].addr_spec, "office@testshire.example")
        self.assertEqual(letter.event["ORGANIZER"], "mailto:office@testshire.example")

    def test_nobody_is_named(self):
        names = [self.child.first_name, self.child.last_name, self.users["vseo"].name, "Known Person"]
        letters = self.send()
        letters.update({f"second {to}": letter for to, letter in self.moved(2).items()})
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            letters.update({f"third {to}": letter for to, letter in self.cancelled().items()})
        self.assertEqual(len(letters), 3 * len(ROLES))
        for address, letter in letters.items():
            with self.subTest(address):
                whole = letter.whole
                for name in names:
                    self.assertNotIn(name, whole)
                for other in PEOPLE - {address.split()[-1]}:
                    self.assertNotIn(other, whole)
                self.assertNotIn(self.child.reference, letter.subject)

    def moved(self, hours):
        return self.deliver(self.write({"start": JUNE + timedelta(hours=hours)}))

    def cancelled(self):
        return self.letters(lambda: self.as_user(self.meeting, "vseo")._cancel("Snow"))

    def test_words(self):
        letter = self.send()["social_worker@people.example"]
        for words in (letter.plain, letter.html):
            for line in (
                "Tuesday 10 June 2031, 10:00 to 11:00 (London time)",
                "Face to face, or online",
                "Place: Room 4 of the school",
                f"Join: {LINK}",
                f"/my/pep/meeting/{self.row('social_worker').id}",
            ):
                self.assertIn(line, words)
        self.assertEqual(letter.subject, "PEP meeting, please answer: Tue 10 June 2031, 10:00")
        self.assertIn("/odoo/pep-meetings/", self.moved(1)["vseo@people.example"].html)

    def test_whose_login_shows_nothing_gets_no_link(self):
        guest = self.env["res.partner"].create({"name": "Guest", "email": "guest@people.example"})
        self.env["pep.meeting.attendee"].create(
            {"meeting_id": self.meeting.id, "partner_id": guest.id, "role": "other"}
        )
        letter = self.send()["guest@people.example"]
        self.assertNotIn("/my/pep", letter.whole)
        self.assertIn("or answer this mail", letter.plain)

    def test_words_of_the_council(self):
        texts = self.env["pep.mail.text"].search([("company_id", "=", self.council.id), ("code", "=", "meeting")])
        texts.write({"subject": "Come to us", "intro": "Dear colleague,"})
        self.council.write({"pep_meeting_title": "Learning review", "pep_mail_label": "school"})
        letters = self.send()
        self.assertTrue(letters["carer@people.example"].subject.startswith("Come to us: "))
        self.assertIn("Dear colleague,", letters["carer@people.example"].plain)
        self.assertEqual(letters["carer@people.example"].event["SUMMARY"], "Learning review Elm Primary School")
        self.assertEqual(letters["parent@people.example"].event["SUMMARY"], f"Learning review {self.child.reference}")

    def test_again(self):
        self.invite()
        self.assertFalse(self.invite())
        self.assertFalse(self.mails_of(self.meeting.attendee_ids._tell))
        stamps = self.meeting.attendee_ids.filtered("partner_id")
        self.assertEqual(set(stamps.mapped("sequence_sent")), {0})
        self.assertEqual(set(stamps.mapped("invitation")), {"invited"})
        self.assertEqual({row.invited_email for row in stamps}, PEOPLE)

    def test_the_child_is_invited_by_others(self):
        self.invite()
        row = self.row("child")
        self.assertEqual(row.invitation, "invited")
        self.assertEqual(row.told_how, "By the carer or the school")
        self.assertFalse(row.tell_yourself)

    def test_without_an_address(self):
        self.users["carer"].partner_id.email = False
        action = {}
        mails = self.mails_of(lambda: action.update(self.as_user(self.meeting, "vseo").action_send_invitations()))
        self.assertEqual(len(mails), len(ROLES) - 1)
        self.assertIn("Known Person carer", action["params"]["message"])
        row = self.as_user(self.row("carer"), "vseo")
        self.assertEqual((row.invitation, row.told_how), ("invited", "No address: tell them yourself"))
        self.assertEqual(self.as_user(self.meeting, "vseo").tell_yourself, "Known Person carer")
        self.users["carer"].partner_id.email = "carer@people.example"
        self.assertEqual(self.invite().mapped("email_to"), ["carer@people.example"], "and nobody else again")
        self.assertFalse(self.as_user(self.meeting, "vseo").tell_yourself)

    def test_a_mail_that_could_not_be_sent(self):
        mails = self.invite()
        mails.filtered(lambda mail: mail.email_to == "iro@people.example").state = "exception"
        self.assertEqual(self.as_user(self.meeting, "vseo").tell_yourself, "Known Person iro")

    def test_moved_twice(self):
        sequences = [self.send()["teacher@people.example"].event["SEQUENCE"]]
        uids = {self.meeting.uid}
        for hours in (2, 4):
            letters = self.moved(hours)
            self.assertEqual(set(letters), PEOPLE)
            event = letters["teacher@people.example"].event
            sequences.append(event["SEQUENCE"])
            uids.add(str(event["UID"]))
            self.assertEqual(event["DTSTART"].dt.hour, 10 + hours)
            self.assertEqual(letters["teacher@people.example"].calendar["METHOD"], "REQUEST")
        self.assertEqual(sequences, [0, 1, 2])
        self.assertEqual(len(uids), 1)
        plain = letters["teacher@people.example"].plain
        self.assertIn("14:00 to 15:00", plain)
        self.assertIn("Before this change: Tuesday 10 June 2031, 12:00 to 13:00", plain)

    def test_an_answer_was_to_the_time_that_was_told(self):
        self.invite()
        self.row("teacher")._set_answer("accepted", "portal")
        letters = self.deliver(self.write({"link": "https://meet.example/other"}))
        self.assertEqual(letters["teacher@people.example"].event["ATTENDEE"].params["PARTSTAT"], "ACCEPTED")
        self.assertEqual(letters["carer@people.example"].event["ATTENDEE"].params["PARTSTAT"], "NEEDS-ACTION")
        letters = self.moved(1)
        self.assertEqual(letters["teacher@people.example"].event["ATTENDEE"].params["PARTSTAT"], "NEEDS-ACTION")
        self.assertEqual(self.row("teacher").answer, "none")

    def test_what_was_written_twice_is_told_once(self):
        self.invite()
        self.assertEqual(len(self.write({"start": JUNE + timedelta(hours=1), "place": "Hall"})), len(ROLES))
        self.assertFalse(self.write({"start": JUNE + timedelta(hours=1), "place": "Hall"}))
        self.assertEqual(self.meeting.ical_sequence, 1)

    def test_notes_and_the_chair_are_told_to_nobody(self):
        self.invite()
        self.assertFalse(self.write({"notes": "What was said"}))

    def test_nobody_before_they_are_invited(self):
        self.assertFalse(self.write({"start": JUNE + timedelta(hours=1)}))
        self.assertFalse(self.mails_of(lambda: self.as_user(self.meeting, "vseo")._cancel("Snow")))

    def test_one_is_taken_off(self):
        self.send()
        letters = self.letters(self.as_user(self.row("carer"), "vseo").action_withdraw)
        self.assertEqual(set(letters), {"carer@people.example"})
        letter = letters["carer@people.example"]
        self.assertEqual(letter.calendar["METHOD"], "CANCEL")
        self.assertEqual((letter.event["STATUS"], letter.event["UID"]), ("CANCELLED", self.meeting.uid))
        self.assertEqual(letter.event["SEQUENCE"], 1)
        self.assertEqual(letter.event["ATTENDEE"], "mailto:carer@people.example")
        self.assertIn("You are not asked to come any more.", letter.plain)
        for secret in (LINK, "Room 4"):
            self.assertNotIn(secret, letter.whole)
        self.assertNotIn("carer@people.example", set(self.moved(1)), "and told nothing further")

    def test_taken_off_and_put_back(self):
        self.send()
        self.letters(self.as_user(self.row("carer"), "vseo").action_withdraw)
        self.as_user(self.row("carer"), "vseo").action_put_back()
        (letter,) = self.send().values()
        self.assertEqual((letter.calendar["METHOD"], letter.event["SEQUENCE"]), ("REQUEST", 2))

    def test_cancelled_tells_all_who_were_invited(self):
        self.send()
        self.moved(1)
        letters = self.cancelled()
        self.assertEqual(set(letters), PEOPLE)
        for letter in letters.values():
            self.assertEqual(letter.calendar["METHOD"], "CANCEL")
            self.assertEqual(letter.event["SEQUENCE"], 2)
            self.assertIn("The meeting does not take place.", letter.plain)
            self.assertNotIn("Snow", letter.whole, "the reason is for staff")
        self.assertFalse(self.mails_of(self.meeting.attendee_ids._tell))

    def test_to_where_the_invitation_went(self):
        self.send()
        self.users["carer"].partner_id.email = "new@people.example"
        self.assertIn("carer@people.example", self.cancelled())

    def test_held_tells_nobody(self):
        self.send()
        with freeze_time(JUNE + timedelta(hours=2)):
            self.row("teacher").attended = True
            self.assertFalse(self.mails_of(lambda: self.meeting.sudo().write({"state": "held"})))

    def test_what_is_past_is_mailed_to_nobody(self):
        self.send()
        with freeze_time(JUNE + timedelta(hours=2)):
            self.assertFalse(self.write({"place": "Hall"}))
            self.assertFalse(self.mails_of(lambda: self.as_user(self.meeting, "vseo")._cancel("Forgotten")))

    def test_a_past_meeting_is_not_invited_to(self):
        with freeze_time(JUNE + timedelta(hours=2)):
            self.assertFalse(self.invite())

    def test_from_the_past_into_the_future(self):
        self.send()
        with freeze_time(JUNE + timedelta(hours=2)):
            self.assertEqual(len(self.write({"start": JUNE + timedelta(days=7)})), len(ROLES))

    def test_only_a_planned_meeting(self):
        self.as_user(self.meeting, "vseo")._cancel("Snow")
        with self.assertRaises(UserError):
            self.as_user(self.meeting, "vseo").action_send_invitations()

    def test_quietly(self):
        quiet = self.meeting.with_context(pep_meeting_quiet=True)
        self.assertFalse(self.mails_of(quiet.action_send_invitations))
        self.assertEqual(set(self.moved(1)), PEOPLE, "they count as told, and are told of a change")

    def test_who_may(self):
        for role in ("other_vseo", "support", "finance", "admin", "employee", "teacher", "carer", "parent"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.meeting, role).action_send_invitations()
        self.assertTrue(self.mails_of(self.as_user(self.meeting, "head").action_send_invitations))

    def test_what_was_told_is_noted_by_the_app_alone(self):
        row = self.as_user(self.row("carer"), "vseo")
        for vals in ({"sent_kind": "event"}, {"sent_start": JUNE}, {"sequence_sent": 7}):
            with self.subTest(vals), self.assertRaises(UserError):
                row.write(vals)

    def test_nobody_reads_the_mails(self):
        mails = self.invite()
        for role in ("vseo", "head", "admin", "teacher", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(mails, role).read(["body_html"])
            messages = self.as_user(self.env["mail.message"], role).search([("id", "in", mails.mail_message_id.ids)])
            self.assertFalse(messages)
        system = new_test_user(self.env, "system.mail", groups="base.group_system,base.group_user")
        with self.assertRaises(AccessError):
            mails.with_user(system).read(["pep_ical"])
        self.assertFalse(mails.attachment_ids)
        for model, ids in (("mail.mail", mails.ids), ("mail.message", mails.mail_message_id.ids)):
            files = self.env["ir.attachment"].search([("res_model", "=", model), ("res_id", "in", ids)])
            self.assertFalse(files)


@tagged("post_install", "-at_install")
class TestWithheld(MailCase):
    def test_place_and_link(self):
        self.row("parent").write({"withhold_place": True, "withhold_link": True, "withhold_reason": "Placement"})
        letters = self.send()
        letter = letters["parent@people.example"]
        for name in ("LOCATION", "URL", "CONFERENCE"):
            self.assertNotIn(name, letter.event)
        for secret in (LINK, "Room 4", "Elm Primary", "Placement"):
            self.assertNotIn(secret, letter.whole)
        self.assertIn(LINK, letters["carer@people.example"].whole)

    def test_a_change_of_what_is_withheld_is_not_told(self):
        self.row("parent").write({"withhold_place": True, "withhold_link": True})
        self.send()
        letters = self.deliver(self.write({"place": "Hall"}))
        self.assertEqual(set(letters), PEOPLE - {"parent@people.example"})
        self.assertEqual(self.row("parent").sequence_sent, 0)
        letters = self.deliver(self.write({"start": JUNE + timedelta(hours=1)}))
        self.assertEqual(letters["parent@people.example"].event["SEQUENCE"], 2)

    def test_withheld_afterwards_is_taken_out_of_the_calendar(self):
        self.send()
        letters = self.letters(lambda: self.as_user(self.row("parent"), "vseo").write({"withhold_place": True}))
        self.assertEqual(set(letters), {"parent@people.example"})
        self.assertNotIn("LOCATION", letters["parent@people.example"].event)

    def test_a_slot_of_their_own(self):
        self.row("parent").write({"own_start": JUNE + timedelta(hours=3), "own_duration": 0.5})
        letters = self.send()
        event = letters["parent@people.example"].event
        self.assertEqual(event["DTSTART"].dt.strftime("%H:%M"), "13:00")
        self.assertEqual(event["DTEND"].dt.strftime("%H:%M"), "13:30")
        self.assertIn("13:00 to 13:30", letters["parent@people.example"].plain)
        self.assertNotIn("10:00", letters["parent@people.example"].whole)
        letters = self.letters(
            lambda: self.as_user(self.row("parent"), "vseo").write({"own_start": JUNE + timedelta(hours=4)})
        )
        self.assertEqual(set(letters), {"parent@people.example"})
        self.assertEqual(letters["parent@people.example"].event["SEQUENCE"], 1)

    def test_in_writing_instead(self):
        self.row("parent").written = "instead"
        letter = self.send()["parent@people.example"]
        self.assertIsNone(letter.calendar)
        self.assertTrue(letter.subject.startswith("PEP meeting, your part in writing"))
        self.assertIn(f"/my/pep/meeting/{self.row('parent').id}", letter.html)
        for secret in (LINK, "Room 4"):
            self.assertNotIn(secret, letter.whole)
        self.assertFalse(self.mails_of(lambda: self.row("parent")._set_written_part("I would like more reading")))
        self.assertFalse(self.row("parent").told_place, "having written opens nothing")
        letters = self.cancelled()
        self.assertIsNone(letters["parent@people.example"].calendar, "no calendar holds it")

    def cancelled(self):
        return self.letters(lambda: self.as_user(self.meeting, "vseo")._cancel("Snow"))

    def test_invited_first_and_then_in_writing(self):
        self.send()
        letters = self.letters(lambda: self.as_user(self.row("parent"), "vseo").write({"written": "instead"}))
        letter = letters["parent@people.example"]
        self.assertEqual(letter.calendar["METHOD"], "CANCEL")
        self.assertIn("take part in this meeting in writing", letter.plain)

    def test_only_addresses_of_the_web_are_links(self):
        self.meeting.link = "javascript:alert(1)"
        letter = self.send()["carer@people.example"]
        self.assertNotIn("javascript", letter.whole)
        self.assertNotIn("URL", letter.event)

    def test_face_to_face_has_no_link(self):
        self.meeting.mode = "face"
        letter = self.send()["carer@people.example"]
        self.assertNotIn("CONFERENCE", letter.event)
        self.assertNotIn(LINK, letter.whole)

    def test_online_has_no_place(self):
        self.meeting.mode = "online"
        letter = self.send()["carer@people.example"]
        self.assertNotIn("LOCATION", letter.event)
        self.assertNotIn("Room 4", letter.whole)


@tagged("post_install", "-at_install")
class TestBarred(MailCase):
    def bar(self, role="parent"):
        member = self.child.network_ids.filtered(lambda row: row.role == role)
        return self.mails_of(lambda: member.write({"must_not_contact": True}))

    def test_never_invited(self):
        self.bar()
        letters = self.send()
        self.assertNotIn("parent@people.example", letters)
        self.assertEqual(self.row("parent").invitation, "withdrawn")

    def test_taken_off_at_once_by_a_cancellation_that_tells_nothing(self):
        self.council.pep_mail_label = "school"
        self.send()
        (letter,) = self.deliver(self.bar("carer")).values()
        self.assertEqual(letter.to[0].addr_spec, "carer@people.example")
        self.assertEqual(letter.calendar["METHOD"], "CANCEL")
        for secret in (LINK, "Room 4", "Elm Primary", "/my/pep"):
            self.assertNotIn(secret, letter.whole)
        self.assertEqual(letter.event["SUMMARY"], f"PEP meeting {self.child.reference}")
        self.assertFalse(self.write({"place": "Hall"}).filtered(lambda mail: "carer" in mail.email_to))

    def test_the_old_time(self):
        """Whoever may not know when it is now is told when it was."""
        self.send()
        self.meeting.with_context(pep_meeting_quiet=True).start = JUNE + timedelta(days=1)
        self.env.flush_all()
        self.env.cr.execute(  # raw SQL: as if nobody had been told of the move yet
            "UPDATE pep_meeting_attendee SET sent_start = %s, sent_stop = %s WHERE id = %s",
            (JUNE, JUNE + timedelta(hours=1), self.row("carer").id),
        )
        self.env.invalidate_all()
        (letter,) = self.deliver(self.bar("carer")).values()
        self.assertEqual(letter.event["DTSTART"].dt.day, 10)
        self.assertNotIn("11 June", letter.whole)

    def test_past_meetings_keep_their_list(self):
        self.send()
        with freeze_time(JUNE + timedelta(hours=2)):
            self.assertFalse(self.bar("carer"))
        self.assertEqual(self.row("carer").invitation, "invited")


@tagged("post_install", "-at_install")
class TestClock(MailCase):
    def said(self, moment):
        self.meeting.start = moment
        letter = self.send()["teacher@people.example"]
        return letter.event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M %z"), letter.plain

    def test_winter(self):
        stamp, plain = self.said(datetime(2031, 1, 14, 10, 0))
        self.assertEqual(stamp, "2031-01-14 10:00 +0000")
        self.assertIn("Tuesday 14 January 2031, 10:00 to 11:00", plain)

    def test_the_days_of_the_change(self):
        for moment, stamp in (
            (datetime(2027, 3, 28, 0, 30), "2027-03-28 00:30 +0000"),
            (datetime(2027, 3, 28, 1, 30), "2027-03-28 02:30 +0100"),
            (datetime(2027, 10, 31, 0, 30), "2027-10-31 01:30 +0100"),
            (datetime(2027, 10, 31, 9, 0), "2027-10-31 09:00 +0000"),
        ):
            with self.subTest(moment):
                meeting = self.make_meeting(self.plan, moment, is_extra=True)
                letter = self.deliver(self.invite(meeting))["teacher@people.example"]
                self.assertEqual(letter.event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M %z"), stamp)

    def test_moved_across_the_change(self):
        """10:00 before and after: another moment, the same words."""
        _stamp, plain = self.said(datetime(2027, 10, 29, 9, 0))
        self.assertIn("Friday 29 October 2027, 10:00 to 11:00", plain)
        letter = self.deliver(self.write({"start": datetime(2027, 11, 1, 10, 0)}))["teacher@people.example"]
        self.assertIn("Monday 1 November 2027, 10:00 to 11:00", letter.plain)
        self.assertEqual(letter.event["DTSTART"].dt.strftime("%H:%M %z"), "10:00 +0000")

    def test_midnight_in_summer(self):
        stamp, plain = self.said(datetime(2031, 6, 9, 22, 30))
        self.assertEqual(stamp, "2031-06-09 23:30 +0100")
        self.assertIn("Monday 9 June 2031, 23:30 to Tuesday 10 June 2031, 00:30 (London time)", plain)

    def test_another_zone(self):
        self.council.pep_tz = "America/New_York"
        stamp, plain = self.said(JUNE)
        self.assertEqual(stamp, "2031-06-10 05:00 -0400")
        self.assertIn("05:00 to 06:00 (New York time)", plain)


@tagged("post_install", "-at_install")
class TestAlias(MailCase):
    def test_each_council_has_one(self):
        other = self.env["res.company"].create({"name": "Ünder & Hill"})
        aliases = (self.council | other).pep_meeting_alias_id
        self.assertEqual(len(aliases), 2)
        self.env["res.company"].search([])._pep_load_templates()
        self.assertEqual((self.council | other).pep_meeting_alias_id, aliases)
        self.assertEqual(self.council.pep_meeting_alias_id.alias_domain_id.name, "testshire.example")

    def test_two_councils_on_one_domain(self):
        domain = self.council.alias_domain_id
        first = self.env["res.company"].create({"name": "Ünder & Hill", "alias_domain_id": domain.id})
        second = self.env["res.company"].create({"name": "Other Hill", "alias_domain_id": domain.id})
        names = (first | second).pep_meeting_alias_id.mapped("alias_name")
        self.assertEqual(len(set(names)), 2)
        self.assertTrue(all(name.startswith("pep-meetings") for name in names))

    def test_in_the_settings(self):
        form = self.as_user(self.env["pep.settings"], "admin").create({})
        self.assertEqual(form.pep_meeting_alias_domain, "testshire.example")
        form.pep_meeting_alias_name = "reviews"
        form.action_save()
        self.assertEqual(self.council._pep_meeting_address(), ("Testshire", "reviews@testshire.example"))
        self.assertEqual(self.send()["carer@people.example"].event["ORGANIZER"], "mailto:reviews@testshire.example")


@tagged("post_install", "-at_install")
class TestBatch(MailCase):
    def meetings(self, number):
        children = self.make_children(number)
        self.env["pep.network.member"].create(
            [
                {
                    "child_id": child.id,
                    "partner_id": self.users[role].partner_id.id,
                    "role": role,
                    "date_from": self.today.replace(month=1, day=1),
                }
                for child in children
                for role in ("social_worker", "carer", "parent", "iro")
            ]
        )
        self.term._open(children)
        return self.env["pep.meeting"].create(
            [{"plan_id": plan.id, "start": JUNE, "mode": "online"} for plan in children.plan_ids]
        )

    def counted(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_queries_do_not_grow(self):
        counts = []
        for number in (2, 3, 6):  # the first fills what Odoo keeps; of more PEPs the parts are updated in two chunks
            meetings = self.meetings(number)
            officer = meetings.with_user(self.users["vseo"]).with_context(allowed_company_ids=self.council.ids)
            invite = self.counted(officer.action_send_invitations)
            move = self.counted(lambda officer=officer: officer.write({"start": JUNE + timedelta(hours=1)}))
            cancel = self.counted(lambda officer=officer: officer._cancel("Snow"))
            counts.append((invite, move, cancel))
        self.assertEqual(counts[1], counts[2])
        self.assertLess(max(counts[2]), 75)  # clocks that move included
