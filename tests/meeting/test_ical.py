"""iCalendar as other programs read it, and as they write it: pure functions, parsed with another package."""

import random
from datetime import datetime, timedelta

import icalendar
import pytz

from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools import ical

STAMP = datetime(2031, 5, 1, 12, 0)
JUNE = datetime(2031, 6, 10, 9, 0)


def invitation(**values):
    start = values.pop("start", JUNE)
    return ical.Invitation(
        **{
            "uid": "5b2c1d7e-0000-4000-8000-000000000001",
            "sequence": 2,
            "stamp": STAMP,
            "start": start,
            "stop": start + timedelta(hours=1),
            "zone": "Europe/London",
            "title": "PEP meeting CH-7K3QX",
            "organizer": ("Testshire", "pep-meetings@testshire.example"),
            "attendee": "teacher@people.example",
            **values,
        }
    )


def parse(text):
    calendar = icalendar.Calendar.from_ical(text)
    return calendar, calendar.walk("VEVENT")[0]


@tagged("post_install", "-at_install")
class TestWrite(BaseCase):
    def test_an_invitation(self):
        calendar, event = parse(ical.write(invitation(place="Room 4", link="https://meet.example/x", words="Join")))
        self.assertEqual(calendar["METHOD"], "REQUEST")
        self.assertEqual(calendar["VERSION"], "2.0")
        self.assertEqual(event["UID"], "5b2c1d7e-0000-4000-8000-000000000001")
        self.assertEqual(event["SEQUENCE"], 2)
        self.assertEqual(event["DTSTAMP"].dt, pytz.utc.localize(STAMP))
        self.assertEqual(event["STATUS"], "CONFIRMED")
        self.assertEqual(event["CLASS"], "PRIVATE")
        self.assertEqual(event["TRANSP"], "OPAQUE")
        self.assertEqual(event["SUMMARY"], "PEP meeting CH-7K3QX")
        self.assertEqual(event["LOCATION"], "Room 4")
        self.assertEqual(event["URL"], "https://meet.example/x")
        self.assertEqual(event["CONFERENCE"], "https://meet.example/x")
        self.assertEqual(event["CONFERENCE"].params["VALUE"], "URI")
        self.assertEqual(event["ORGANIZER"], "mailto:pep-meetings@testshire.example")
        attendee = event["ATTENDEE"]
        self.assertNotIsInstance(attendee, list, "exactly one")
        self.assertEqual(attendee, "mailto:teacher@people.example")
        self.assertEqual(attendee.params["RSVP"], "TRUE")
        self.assertEqual(attendee.params["PARTSTAT"], "NEEDS-ACTION")

    def test_a_cancellation_says_no_more_than_it_must(self):
        text = ical.write(invitation(cancelled=True, place="Room 4", link="https://meet.example/x", words="Join"))
        calendar, event = parse(text)
        self.assertEqual(calendar["METHOD"], "CANCEL")
        self.assertEqual(event["STATUS"], "CANCELLED")
        self.assertEqual(event["UID"], "5b2c1d7e-0000-4000-8000-000000000001")
        for name in ("LOCATION", "URL", "CONFERENCE", "DESCRIPTION"):
            self.assertNotIn(name, event)

    def test_ten_in_june_is_ten_in_london(self):
        text = ical.write(invitation())
        self.assertIn("DTSTART;TZID=Europe/London:20310610T100000\r\n", text)
        _calendar, event = parse(text)
        self.assertEqual(event["DTSTART"].dt.utcoffset(), timedelta(hours=1))
        self.assertEqual(event["DTSTART"].params["TZID"], "Europe/London")

    def test_every_hour_around_the_changes_of_the_clock(self):
        """Read with the VTIMEZONE that is in it, each moment is the one that was meant."""
        for zone, days in (
            ("Europe/London", (datetime(2026, 3, 29), datetime(2026, 10, 25))),
            ("Europe/London", (datetime(2026, 6, 1), datetime(2027, 1, 1))),
            ("Europe/Dublin", (datetime(2026, 3, 29), datetime(2026, 10, 25))),
            ("America/New_York", (datetime(2026, 3, 8), datetime(2026, 11, 1))),
            ("Africa/Casablanca", (datetime(2026, 2, 15), datetime(2026, 3, 22))),
            ("Asia/Kolkata", (datetime(2026, 7, 1),)),
            ("UTC", (datetime(2026, 7, 1),)),
        ):
            for day in days:
                for half_hour in range(-24, 72):
                    start = day + timedelta(minutes=30 * half_hour)
                    calendar, event = parse(ical.write(invitation(start=start, zone=zone)))
                    for name, moment in (("DTSTART", start), ("DTEND", start + timedelta(hours=1))):
                        self.assertEqual(self.by_its_zone(calendar, event, name), moment, (zone, start))

    def by_its_zone(self, calendar, event, name):
        """A moment in UTC, worked out from the zone that the file brings and nothing else."""
        value = event[name]
        if "TZID" not in value.params:
            return value.dt.astimezone(pytz.utc).replace(tzinfo=None)
        local = value.dt.replace(tzinfo=None)
        offsets = []
        for part in calendar.walk("VTIMEZONE")[0].subcomponents:
            begins = part["DTSTART"].dt
            rule = part.get("RRULE")
            for year in range(begins.year, begins.year + 4) if rule else (begins.year,):
                at = self.nth(year, rule, begins) if rule else begins
                # an observance begins at a wall clock time of the one before
                offsets.append((at, part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td))
        offsets.sort(key=lambda row: row[0])
        current = next((to for at, _from, to in reversed(offsets) if at <= local), offsets[0][1])
        for at, before, after in offsets:
            gap = after - before
            if gap < timedelta(0) and at + gap <= local < at:
                current = before  # shown twice: the first time is meant
        return local - current

    def nth(self, year, rule, begins):
        day = rule["BYDAY"][0]
        which, weekday = day.relative, ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(str(day)[-2:])
        month = rule["BYMONTH"][0]
        dates = [
            datetime(year, month, number, begins.hour, begins.minute)
            for number in range(1, 32)
            if self.exists(year, month, number) and datetime(year, month, number).weekday() == weekday
        ]
        return dates[which] if which < 0 else dates[which - 1]

    def exists(self, year, month, day):
        try:
            return bool(datetime(year, month, day))
        except ValueError:
            return False

    def test_midnight_in_summer(self):
        """23:30 UTC on 9 June is half past midnight on the tenth."""
        text = ical.write(invitation(start=datetime(2031, 6, 9, 23, 30)))
        self.assertIn("DTSTART;TZID=Europe/London:20310610T003000\r\n", text)

    def test_the_hour_that_comes_twice(self):
        first = ical.write(invitation(start=datetime(2026, 10, 25, 0, 30)))
        second = ical.write(invitation(start=datetime(2026, 10, 25, 1, 30)))
        self.assertIn("DTSTART;TZID=Europe/London:20261025T013000\r\n", first)
        self.assertIn("DTSTART:20261025T013000Z\r\n", second)

    def test_lines_are_folded_by_octets(self):
        title = "Élan vital, “déjà vu”; \\ über alles " * 8
        text = ical.write(invitation(title=title, place="長" * 100, link="https://meet.example/" + "x" * 300))
        for line in text.split("\r\n"):
            self.assertLessEqual(len(line.encode()), 75)
        self.assertNotIn("\n", text.replace("\r\n", ""))
        _calendar, event = parse(text)
        self.assertEqual(event["SUMMARY"], title)
        self.assertEqual(event["LOCATION"], "長" * 100)
        self.assertEqual(event["URL"], "https://meet.example/" + "x" * 300)

    def test_nothing_breaks_out_of_its_line(self):
        evil = 'x\r\nATTENDEE:mailto:evil@example.com\n"; :,\x00\x1b'
        text = ical.write(
            invitation(
                uid=evil, title=evil, place=evil, words=evil, link=f"https://x/{evil}", organizer=(evil, f"a@b.c{evil}")
            )
        )
        self.assertEqual([line for line in text.split("\r\n") if line.startswith("ATTENDEE:")], [])
        _calendar, event = parse(text)
        self.assertEqual(event["ATTENDEE"], "mailto:teacher@people.example")
        self.assertNotIn("\x00", text)


REPLY = b"""BEGIN:VCALENDAR\r
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r
VERSION:2.0\r
METHOD:REPLY\r
BEGIN:VEVENT\r
ATTENDEE;PARTSTAT=ACCEPTED;CN="Somebody; with: signs":mailto:Teacher@People.example\r
COMMENT:I come\\, but\\nlate\r
DTEND;TZID="GMT Standard Time":20310610T110000\r
DTSTAMP:20310502T080000Z\r
DTSTART;TZID="GMT Standard Time":20310610T100000\r
SEQUENCE:3\r
UID:5b2c1d7e-0000-4000-8000-000000000001\r
BEGIN:VALARM\r
UID:another\r
TRIGGER:-PT15M\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""


@tagged("post_install", "-at_install")
class TestRead(BaseCase):
    def test_an_answer(self):
        (answer,) = ical.read(REPLY)
        self.assertEqual(answer.method, "REPLY")
        self.assertEqual(answer.uid, "5b2c1d7e-0000-4000-8000-000000000001")
        self.assertEqual(answer.sequence, 3)
        self.assertEqual(answer.stamp, datetime(2031, 5, 2, 8, 0))
        self.assertEqual(answer.start, JUNE, "by the name that Windows has for the zone")
        self.assertEqual(answer.comment, "I come, but\nlate")
        (person,) = answer.people
        self.assertEqual((person.address, person.partstat), ("teacher@people.example", "ACCEPTED"))

    def test_what_google_says_with_it(self):
        google = (
            b"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\n"
            b'ATTENDEE;PARTSTAT=DECLINED;X-RESPONSE-COMMENT="Not\n  then":mailto:a@b.c\nEND:VEVENT\nEND:VCALENDAR'
        )
        (answer,) = ical.read(google)
        self.assertEqual(answer.people[0].comment, "Not then")

    def test_our_own_is_read_back(self):
        (answer,) = ical.read(ical.write(invitation(answer="tentative")).encode())
        self.assertEqual(answer.start, JUNE)
        self.assertEqual(answer.stop, JUNE + timedelta(hours=1))
        self.assertEqual(answer.people[0].partstat, "TENTATIVE")

    def test_several_events(self):
        body = REPLY.replace(b"END:VCALENDAR\r\n", b"")
        event = body[body.index(b"BEGIN:VEVENT") :]
        answers = ical.read(body + event * 30 + b"END:VCALENDAR\r\n")
        self.assertEqual(len(answers), ical.MOST_EVENTS)

    def test_charsets(self):
        told = (("iso-8859-1", "iso-8859-1"), ("utf-8", "us-ascii"), ("cp1252", "no-such-charset"), ("utf-8", None))
        for name, said in told:
            text = REPLY.decode().replace("I come", "Café").encode(name)
            (answer,) = ical.read(text, said)
            self.assertTrue(answer.comment.startswith("Café"), (name, said))

    def test_hostile(self):
        for content in (
            b"",
            b"\x00" * 5000,
            b"\xff\xfe" * 1000,
            b"BEGIN:VEVENT\n" * 20_000,
            b"END:VEVENT\n" * 20_000,
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"ATTENDEE;" + b";" * 100_000 + b":x\nEND:VEVENT",
            b"BEGIN:VEVENT\nATTENDEE" + b';A="' * 50_000 + b"\nEND:VEVENT",
            b"BEGIN:VEVENT\nATTENDEE" + b';A="x":"' * 30 + b"\nEND:VEVENT",
            b"BEGIN:VEVENT\nDTSTART:99999999T999999Z\nSEQUENCE:" + b"9" * 100_000 + b"\nEND:VEVENT",
            b"BEGIN:VEVENT\nDTSTART;TZID=../../etc/passwd:20310101T000000\nEND:VEVENT",
            b"BEGIN:VEVENT\nDTSTART;TZID=Asia/Tokyo:00010101T000000\nEND:VEVENT",
            b"BEGIN:VEVENT\n" + b" x\n" * 4000 + b"END:VEVENT",
            b"x" * (ical.MOST_OCTETS + 1),
        ):
            started = datetime.now()  # noqa: DTZ005  how long it takes
            answers = ical.read(content)
            self.assertLess((datetime.now() - started).total_seconds(), 2)  # noqa: DTZ005  the same
            for answer in answers:
                self.assertFalse(answer.start)

    def test_noise(self):
        """Whatever is cut out of an answer, or put into it, nothing fails."""
        dice = random.Random(4)
        for _round in range(2000):
            octets = bytearray(REPLY)
            for _change in range(dice.randint(1, 20)):
                place = dice.randrange(len(octets))
                if dice.random() < 0.5:
                    del octets[place : place + dice.randint(1, 30)]
                else:
                    octets[place:place] = bytes(dice.randrange(256) for _octet in range(dice.randint(1, 8)))
                if not octets:
                    break
            for answer in ical.read(bytes(octets), dice.choice([None, "utf-16", "latin-1", "x"])):
                self.assertIsInstance(answer.uid, str)
