"""Invitations as calendars read them: iCalendar (RFC 5545, 5546 and 7986) from plain data and back.

Written here rather than with ``vobject``, which Odoo brings: it makes a UID of its own at each run unless told, guesses
a time zone's rules by trying thirty years, and knows no CONFERENCE. What is written here is small: one event, one
attendee; and what is read may be anything that somebody mails.

Moments are naive UTC datetimes, as Odoo stores them.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytz

PRODUCT = "-//pep_module//Virtual School//EN"
LINE_OCTETS = 75  # RFC 5545 3.1: the longest line, without its end
PARTSTAT = {"none": "NEEDS-ACTION", "accepted": "ACCEPTED", "tentative": "TENTATIVE", "declined": "DECLINED"}
ANSWERS = {value: key for key, value in PARTSTAT.items()}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

# What is read of an answer at most. Nobody's calendar writes more, and whoever does gets nothing read.
MOST_OCTETS = 256 * 1024
MOST_LINES = 5_000
MOST_EVENTS = 20
MOST_PEOPLE = 20
LONGEST_TEXT = 2_000
LONGEST_HEAD = 4_000  # characters of a line before its value
NAME_OF_PARAMETER = re.compile(r"([A-Za-z0-9-]+)=")
MOMENT = re.compile(r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)$")
WINDOWS_ZONES = {"GMT Standard Time": "Europe/London", "Greenwich Standard Time": "Africa/Abidjan", "UTC": "UTC"}


# === Writing ===


@dataclass(frozen=True)
class Invitation:
    """What one person is told of one meeting. Nothing in it may name anybody: it is read in calendars everywhere.

    :param uid: stands for the meeting for ever
    :param sequence: rises with each change
    :param stamp: when this was made
    :param zone: name of the council's time zone
    :param title: what the calendar shows
    :param organizer: (name, address) that answers go to
    :param attendee: address of the one person whom this is for
    :param answer: what they have answered so far: none, accepted, tentative, declined
    :param cancelled: whether it takes the meeting out of the calendar
    """

    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    stop: datetime
    zone: str
    title: str
    organizer: tuple[str, str]
    attendee: str
    answer: str = "none"
    place: str | None = None
    link: str | None = None
    words: str | None = None
    cancelled: bool = False

    @property
    def method(self):
        return "CANCEL" if self.cancelled else "REQUEST"


def write(invitation):
    """The iCalendar text of an invitation or cancellation, lines ended by CRLF and folded."""
    zone = timezone(invitation.zone, invitation.start.year)
    lines = [
        "BEGIN:VCALENDAR",
        f"PRODID:{PRODUCT}",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{invitation.method}",
        *zone,
        *_event(invitation),
        "END:VCALENDAR",
    ]
    return "".join(f"{fold(line)}\r\n" for line in lines)


def _event(invitation):
    name, address = invitation.organizer
    yield "BEGIN:VEVENT"
    yield f"UID:{escape(invitation.uid)}"
    yield f"SEQUENCE:{int(invitation.sequence)}"
    yield f"DTSTAMP:{_utc(invitation.stamp)}"
    yield from _span(invitation)
    yield f"SUMMARY:{escape(invitation.title)}"
    yield f"STATUS:{'CANCELLED' if invitation.cancelled else 'CONFIRMED'}"
    yield "CLASS:PRIVATE"
    yield "TRANSP:OPAQUE"
    yield f"ORGANIZER;CN={quote(name)}:{_mailto(address)}"
    partstat = PARTSTAT[invitation.answer]
    yield (
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};RSVP=TRUE:{_mailto(invitation.attendee)}"
    )
    if not invitation.cancelled:
        if invitation.place:
            yield f"LOCATION:{escape(invitation.place)}"
        if invitation.link:
            yield f"URL:{_uri(invitation.link)}"
            yield f'CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL="Join the meeting":{_uri(invitation.link)}'
        if invitation.words:
            yield f"DESCRIPTION:{escape(invitation.words)}"
    yield "END:VEVENT"


def _span(invitation):
    """DTSTART and DTEND on the council's wall clock; in UTC where that clock shows the same time twice."""
    zone = pytz.timezone(invitation.zone)
    for name, moment in (("DTSTART", invitation.start), ("DTEND", invitation.stop)):
        wall = pytz.utc.localize(moment).astimezone(zone)
        shown = wall.replace(tzinfo=None)
        first = min(zone.localize(shown, is_dst=summer) for summer in (True, False))
        if first == wall:
            yield f"{name};TZID={invitation.zone}:{wall:%Y%m%dT%H%M%S}"
        else:
            yield f"{name}:{_utc(moment)}"


def escape(text):
    """TEXT of RFC 5545 3.3.11."""
    text = (text or "").replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _printable(text).replace("\n", "\\n")


def quote(text):
    """A parameter's value: in quotes, which it can't hold itself (RFC 5545 3.2)."""
    return '"' + _printable(text or "").replace("\n", " ").replace('"', "'") + '"'


def fold(line):
    """Lines of at most 75 octets, continued after a space, never within a character (RFC 5545 3.1)."""
    if len(line) <= LINE_OCTETS and line.isascii():
        return line
    parts, part, octets, room = [], [], 0, LINE_OCTETS
    for char in line:
        width = len(char.encode())
        if octets + width > room:
            parts.append("".join(part))
            part, octets, room = [], 0, LINE_OCTETS - 1
        part.append(char)
        octets += width
    parts.append("".join(part))
    return "\r\n ".join(parts)


def _printable(text):
    return "".join(char for char in text if char >= " " and char != "\x7f" or char in "\n\t")


def _uri(text):
    return "".join(char for char in text if char > " " and char != "\x7f")


def _mailto(address):
    return f"mailto:{_uri(address)}"


def _utc(moment):
    return f"{moment:%Y%m%dT%H%M%SZ}"


# === Time zones ===


@lru_cache(maxsize=256)
def timezone(name, year):
    """Lines of a VTIMEZONE that is right from the year before to the year after.

    A clock that changes by the same rule all those years is written by that rule, since Outlook understands those
    alone; any other change by its date.
    """
    changes = _changes(name, year - 1, year + 2)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    by_rule = {}
    for change in changes:
        by_rule.setdefault(change.rule, []).append(change)
    regular = {rule for rule, found in by_rule.items() if len(found) == 3 and len(by_rule) == 2}
    done = set()
    if not changes or len(regular) != 2:
        lines += _first_observance(name, year - 1)
    for change in changes:
        if change.rule not in regular:
            lines += change.lines()
        elif change.rule not in done:
            done.add(change.rule)
            lines += change.lines(yearly=True)
    return (*lines, "END:VTIMEZONE")


@dataclass(frozen=True)
class _Change:
    """A moment at which a zone's clock is put forward or back; ``at`` is the wall clock just before."""

    at: datetime
    before: timedelta
    after: timedelta
    summer: bool
    label: str

    @property
    def rule(self):
        """By what a change of another year is known as the same: month, weekday, which of them, time, offsets."""
        last = (self.at + timedelta(days=7)).month != self.at.month
        which = -1 if last else (self.at.day - 1) // 7 + 1
        return (self.at.month, self.at.weekday(), which, self.at.time(), self.before, self.after, self.summer)

    def lines(self, yearly=False):
        kind = "DAYLIGHT" if self.summer else "STANDARD"
        yield f"BEGIN:{kind}"
        yield f"DTSTART:{self.at:%Y%m%dT%H%M%S}"
        if yearly:
            month, day, which, *_rest = self.rule
            yield f"RRULE:FREQ=YEARLY;BYMONTH={month};BYDAY={which}{DAYS[day]}"
        yield f"TZOFFSETFROM:{_offset(self.before)}"
        yield f"TZOFFSETTO:{_offset(self.after)}"
        yield f"TZNAME:{self.label}"
        yield f"END:{kind}"


def _changes(name, first_year, end_year):
    """The changes of a zone's clock from the beginning of one year to the beginning of another, in order."""
    zone = pytz.timezone(name)
    found = []
    day, end = datetime(first_year, 1, 1), datetime(end_year, 1, 1)
    state = _state(zone, day)
    while day < end:
        following = day + timedelta(days=1)
        if _state(zone, following) != state:
            moment = _find(zone, day, following)
            offset, _summer, label = _state(zone, moment)
            # put forward is what calendars call DAYLIGHT, though Ireland's law calls winter time the exception
            found.append(_Change(moment + state[0], state[0], offset, offset > state[0], label))
            state = _state(zone, following)
        day = following
    return found


def _find(zone, before, after):
    """The minute in which the clock's state becomes another one."""
    state = _state(zone, before)
    while after - before > timedelta(minutes=1):
        middle = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        before, after = (middle, after) if _state(zone, middle) == state else (before, middle)
    return after


def _state(zone, moment):
    """Offset, whether it is summer time, and the name of what the clock shows."""
    wall = pytz.utc.localize(moment).astimezone(zone)
    return wall.utcoffset(), bool(wall.dst()), wall.tzname()


def _first_observance(name, year):
    offset, _summer, label = _state(pytz.timezone(name), datetime(year, 1, 1))
    return _Change(datetime(year, 1, 1), offset, offset, False, label).lines()


def _offset(delta):
    minutes = round(delta.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


# === Reading ===


@dataclass(frozen=True)
class Person:
    """One ATTENDEE of what somebody mailed."""

    address: str
    partstat: str
    sent_by: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Answer:
    """One VEVENT of what somebody mailed: whatever was readable of it."""

    method: str
    uid: str = ""
    sequence: int = 0
    stamp: datetime | None = None
    start: datetime | None = None
    stop: datetime | None = None
    comment: str = ""
    people: tuple[Person, ...] = field(default_factory=tuple)


def read(content, charset=None):
    """The events of an iCalendar object that somebody mailed. Never fails: what can't be read is left out.

    :param bytes content: may be anything
    :param str charset: what the mail says about it, true or not
    :return: list of :class:`Answer`
    """
    if not content or len(content) > MOST_OCTETS:
        return []
    method, answers, event, nested = "", [], None, 0
    for line in _unfold(_decode(content, charset)):
        name, parameters, value = _split(line)
        if name == "BEGIN":
            kind = value.strip().upper()
            if event is not None:
                nested += 1  # an alarm within
            elif kind == "VEVENT":
                event, nested = {}, 0
        elif name == "END":
            if event is not None and nested:
                nested -= 1
            elif event is not None:
                answers.append(event)
                event = None
                if len(answers) >= MOST_EVENTS:
                    break
        elif name == "METHOD" and event is None:
            method = value.strip().upper()[:20]
        elif event is not None and not nested:
            _take(event, name, parameters, value)
    return [Answer(method=method, **{**found, "people": tuple(found.get("people", ()))}) for found in answers]


def _take(event, name, parameters, value):
    """Note what a line says about an event."""
    if name == "UID":
        event["uid"] = _unescape(value)[:255]
    elif name == "SEQUENCE":
        event["sequence"] = int(value) if re.fullmatch(r"[0-9]{1,9}", value.strip()) else 0
    elif name in ("DTSTAMP", "DTSTART", "DTEND"):
        key = {"DTSTAMP": "stamp", "DTSTART": "start", "DTEND": "stop"}[name]
        event[key] = _moment(value, parameters.get("TZID"))
    elif name == "COMMENT":
        event["comment"] = _unescape(value)[:LONGEST_TEXT]
    elif name == "ATTENDEE":
        people = event.setdefault("people", [])
        if len(people) < MOST_PEOPLE:
            people.append(
                Person(
                    address=_address(value),
                    partstat=parameters.get("PARTSTAT", "").upper()[:20],
                    sent_by=_address(parameters.get("SENT-BY", "")),
                    comment=parameters.get("X-RESPONSE-COMMENT", "")[:LONGEST_TEXT],
                )
            )


def _decode(content, charset):
    """Text of bytes: UTF-8 where it is, else as the mail says, else as older Outlooks write."""
    for name in ("utf-8-sig", charset, "cp1252"):
        try:
            return content.decode(name or "utf-8").replace("\x00", "")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return content.decode("latin-1").replace("\x00", "")


def _unfold(text):
    lines = re.split(r"\r\n|\n|\r", text, maxsplit=MOST_LINES)[:MOST_LINES]
    found = []
    for line in lines:
        if line[:1] in (" ", "\t") and found:
            found[-1].append(line[1:])
        else:
            found.append([line])
    return ["".join(parts) for parts in found]


def _split(line):
    """Name, parameters and value of a line; empty where it is none. What stands in quotes divides nothing."""
    pieces, begin, quoted = [], 0, False
    for place, char in enumerate(line[:LONGEST_HEAD]):
        if char == '"':
            quoted = not quoted
        elif char in ";:" and not quoted:
            pieces.append(line[begin:place])
            begin = place + 1
            if char == ":":
                break
    else:
        return "", {}, ""
    name, *rest = pieces
    parameters = {}
    for part in rest:
        found = NAME_OF_PARAMETER.match(part)
        if found:
            parameters[found[1].upper()] = part[found.end() :].strip('"')
    return name.strip().upper(), parameters, line[begin:]


def _unescape(text):
    return re.sub(r"\\([nN\\;,])", lambda match: "\n" if match[1] in "nN" else match[1], text).strip()


def _address(text):
    return re.sub(r"(?i)^mailto:", "", text.strip().strip('"')).strip().lower()[:254]


def _moment(text, zone_name=None):
    """A naive UTC datetime, or None where it can't be told."""
    match = MOMENT.match(text.strip())
    if not match:
        return None
    *numbers, zulu = match.groups()
    try:
        moment = datetime(*map(int, numbers))
        if zulu:
            return moment
        zone = pytz.timezone(WINDOWS_ZONES.get(zone_name, zone_name or ""))
        return zone.localize(moment).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, pytz.UnknownTimeZoneError):
        return None
