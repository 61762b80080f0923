"""School attendance in sessions: the national codes, what a register adds up to, and files of registers and totals.

A session is half a school day. *Possible* are the sessions at which the pupil was expected; *present* are those
attended, approved educational activity included; the rest are absences, authorised or not. The percentage is present
over possible, always from sessions and never from another percentage.

Source of the codes: *Working together to improve school attendance*, Department for Education, in force from 19 August
2024, and the School Attendance (Pupil Registration) (England) Regulations 2024.

Pure Python: nothing here needs the ORM, a database, a setting or the time. Days are ``datetime.date``; a register is a
dict of (day, session) -> code, with the sessions :data:`AM` and :data:`PM`.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from .spreadsheet import neutralise, restore

AM, PM = "AM", "PM"
SESSIONS = (AM, PM)

# === Codes ===

PRESENT = "present"
ACTIVITY = "approved_educational_activity"
AUTHORISED = "authorised_absence"
UNAUTHORISED = "unauthorised_absence"
NOT_POSSIBLE = "not_a_possible_attendance"

_CODES_2024 = {
    "/": (PRESENT, "Present in the morning"),
    "\\": (PRESENT, "Present in the afternoon"),
    "L": (PRESENT, "Late, before the register closed"),
    "B": (ACTIVITY, "Educated off site"),
    "K": (ACTIVITY, "Provision arranged by the local authority"),
    "P": (ACTIVITY, "Sporting activity"),
    "V": (ACTIVITY, "Educational visit or trip"),
    "W": (ACTIVITY, "Work experience"),
    "C": (AUTHORISED, "Exceptional circumstance"),
    "C1": (AUTHORISED, "Regulated performance or employment abroad"),
    "C2": (AUTHORISED, "Part-time timetable"),
    "E": (AUTHORISED, "Suspended or excluded, no other provision made"),
    "I": (AUTHORISED, "Illness"),
    "J1": (AUTHORISED, "Interview for a job, school or college"),
    "M": (AUTHORISED, "Medical or dental appointment"),
    "R": (AUTHORISED, "Religious observance"),
    "S": (AUTHORISED, "Study leave"),
    "T": (AUTHORISED, "Parent travelling for work"),
    "G": (UNAUTHORISED, "Holiday that was not agreed"),
    "N": (UNAUTHORISED, "Reason not yet known"),
    "O": (UNAUTHORISED, "Absent for another or an unknown reason"),
    "U": (UNAUTHORISED, "Late, after the register closed"),
    "D": (NOT_POSSIBLE, "Dual registered: expected at the other school"),
    "Q": (NOT_POSSIBLE, "No access arrangements"),
    "X": (NOT_POSSIBLE, "Not of compulsory school age, not required"),
    "Y1": (NOT_POSSIBLE, "Transport not provided"),
    "Y2": (NOT_POSSIBLE, "Widespread disruption to travel"),
    "Y3": (NOT_POSSIBLE, "Part of the school closed unexpectedly"),
    "Y4": (NOT_POSSIBLE, "Whole school closed unexpectedly"),
    "Y5": (NOT_POSSIBLE, "In criminal justice detention"),
    "Y6": (NOT_POSSIBLE, "Public health guidance or law"),
    "Y7": (NOT_POSSIBLE, "Another unavoidable cause"),
    "Z": (NOT_POSSIBLE, "Not on the register yet"),
    "#": (NOT_POSSIBLE, "School closed as planned"),
}
# Each list with the day from which it is in force, latest first. A change of the codes is one more line here.
CODE_LISTS = ((date(2024, 8, 19), _CODES_2024),)
# Codes of the lists before 2024 that no list has any more.
WITHDRAWN = {"H", "J", "Y"}
# Codes that tell more of a looked-after child than the totals do, with the name of their count.
FLAGGED = {"B": "b_sessions", "K": "k_sessions", "C2": "c2_sessions", "D": "d_sessions", "E": "e_sessions"}

TOTALS = ("possible", "present", "authorised", "unauthorised")
COUNTS = (*TOTALS, *FLAGGED.values())
NO_MARK = "."


def codes_on(day=None):
    """Return the codes in force on a day, or the latest list: dict of code -> (group, meaning); None before all."""
    return next((codes for begin, codes in CODE_LISTS if day is None or begin <= day), None)


def problem(code, day=None):
    """Return what is wrong with a code on a day: None, 'withdrawn', 'unknown' or 'too_old' (before all lists)."""
    codes = codes_on(day)
    if codes is None:
        return "too_old"
    if code in codes:
        return None
    return "withdrawn" if code in WITHDRAWN else "unknown"


# === Arithmetic ===


def no_counts():
    """Return counts of nothing: each name of :data:`COUNTS` with 0."""
    return dict.fromkeys(COUNTS, 0)


def count(codes):
    """Return what these codes, one a session, add up to.

    :param codes: iterable of codes of the latest list
    :return: dict of each of :data:`COUNTS` -> number of sessions
    """
    groups, counts = Counter(), no_counts()
    known = codes_on()
    for code, number in Counter(codes).items():
        groups[known[code][0]] += number
        if code in FLAGGED:
            counts[FLAGGED[code]] += number
    counts["present"] = groups[PRESENT] + groups[ACTIVITY]
    counts["authorised"] = groups[AUTHORISED]
    counts["unauthorised"] = groups[UNAUTHORISED]
    counts["possible"] = counts["present"] + counts["authorised"] + counts["unauthorised"]
    return counts


def add(counts, more):
    """Return the sum of two dicts of counts."""
    return {name: counts[name] + more[name] for name in COUNTS}


def percentage(present, possible):
    """Return present as a percentage of possible sessions, unrounded; None where none was possible."""
    return 100 * present / possible if possible else None


def band(present, possible, expected, support, persistent, severe):
    """Return how good an attendance is, by sessions: a rounded percentage never moves anybody over a line.

    The lines are percentages: persistent absence is present at or below 90 % of the possible sessions (missing 10 % or
    more), severe at or below 50 %, in the words of the Department for Education.

    :return: 'good' (at or above ``support``), 'near' (below it, at or above ``expected``), 'below', 'persistent',
        'severe'; 'none' where no session was possible
    """
    if not possible:
        return "none"
    if _reaches(possible - present, possible, 100 - severe):
        return "severe"
    if _reaches(possible - present, possible, 100 - persistent):
        return "persistent"
    if not _reaches(present, possible, expected):
        return "below"
    return "good" if _reaches(present, possible, support) else "near"


def misses(present, possible, line):
    """Tell whether ``line`` percent or more of the possible sessions were missed."""
    return bool(possible) and _reaches(possible - present, possible, line)


def _reaches(part, whole, line):
    """Whether part is at least ``line`` percent of whole. A line such as 95.1 is no exact binary number: rounded."""
    return 100 * part >= round(line * whole, 6)


def wrong_totals(values, day_from, day_to):
    """Return what does not fit in typed totals: None, or one of

    'negative', 'sum' (present and absences are not what was possible), 'days' (more sessions than the days hold),
    'authorised' (C2 and E are more than all authorised absence), 'present' (B and K are more than all present).
    """
    counts = {name: values.get(name) or 0 for name in COUNTS}
    if min(counts.values()) < 0:
        return "negative"
    if counts["present"] + counts["authorised"] + counts["unauthorised"] != counts["possible"]:
        return "sum"
    if max(counts["possible"], counts["d_sessions"]) > 2 * ((day_to - day_from).days + 1):
        return "days"
    if counts["c2_sessions"] + counts["e_sessions"] > counts["authorised"]:
        return "authorised"
    if counts["b_sessions"] + counts["k_sessions"] > counts["present"]:
        return "present"
    return None


# === Registers ===


class AttendanceError(Exception):
    """What is wrong with a register or a file.

    :ivar str kind: what, for the caller to put into words
    :ivar row: number of the row (the headings of a file are row 1, the first line of a pasted register is line 1)
    :ivar column: the heading, or in a pasted register the number of the mark in its line
    :ivar value: what stands there, shortened and safe to show
    """

    def __init__(self, kind, row=None, column=None, value=""):
        super().__init__(kind)
        self.kind, self.row, self.column, self.value = kind, row, column, shown(value)


def shown(value):
    """A cell as it may stand in a message: short, on one line, and no formula wherever the message is pasted."""
    text = " ".join(str(value).split())
    return neutralise(text if len(text) <= 30 else f"{text[:29]}…")


_MARK = re.compile(r"[A-Za-z][0-9]?|\S")
_BETWEEN = re.compile(r"[\s,;|]+")
MAX_TEXT = 20_000


def read_marks(text, day=None):
    """Read marks in the order of the sessions, such as ``/\\ /\\ I I``.

    Spaces, line ends, commas, semicolons and bars stand between marks, or nothing does: ``/\\IIY4Y4`` are six marks.

    :param day: on which codes have to be in force; default the latest
    :return: list of codes
    :raise AttendanceError: 'too_long', 'withdrawn', 'unknown', 'too_old', with the line and the place in it
    """
    if len(text) > MAX_TEXT:
        raise AttendanceError("too_long", value=len(text))
    marks = []
    for row, line in enumerate(text.splitlines(), 1):
        for place, mark in enumerate(_MARK.findall(_BETWEEN.sub(" ", line)), 1):
            code = mark.upper()
            wrong = problem(code, day)
            if wrong:
                raise AttendanceError(wrong, row, place, mark)
            marks.append(code)
    return marks


def weekdays(day_from, day_to):
    """Return the days from Monday to Friday in a period."""
    days = (day_from + timedelta(days=number) for number in range((day_to - day_from).days + 1))
    return [day for day in days if day.weekday() < 5]


def lay_out(marks, day_from, day_to):
    """Put the marks of a pasted register on the days: two for each day from Monday to Friday.

    :raise AttendanceError: 'number' when there are more or fewer marks, ``value`` is (marks, sessions)
    """
    sessions = [(day, session) for day in weekdays(day_from, day_to) for session in SESSIONS]
    if len(marks) != len(sessions):
        error = AttendanceError("number")
        error.value = (len(marks), len(sessions))
        raise error
    return dict(zip(sessions, marks, strict=True))


def pack(register):
    """Write a register as text: its first day, then for each calendar day the marks of morning and afternoon.

    ``2025-09-05 /\\ .. .. I.`` is Friday to Monday, with no mark at the weekend and on Monday afternoon.
    """
    first, last = min(register)[0], max(register)[0]
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    words = ("".join(register.get((day, session), NO_MARK) for session in SESSIONS) for day in days)
    return " ".join((first.isoformat(), *words))


def unpack(text):
    """Read what :func:`pack` wrote.

    :raise ValueError: it did not write this
    """
    first, *words = text.split(" ")
    day = date.fromisoformat(first)
    register = {}
    for number, word in enumerate(words):
        marks = _MARK.findall(word)
        if len(marks) != 2 or any(mark != NO_MARK and problem(mark) for mark in marks):
            raise ValueError(word)
        for session, mark in zip(SESSIONS, marks, strict=True):
            if mark != NO_MARK:
                register[day + timedelta(days=number), session] = mark
    return register


# === Several schools and periods together ===


@dataclass
class Period:
    """What is held of one child at one school from one day to another: totals, and the register where there is one.

    ``rank`` says whose word counts where two schools contradict each other, the lowest first. ``span`` is the period
    without the days on which the child was not at the school, as far as that is known.
    """

    school: int
    rank: int
    date_from: date
    date_to: date
    counts: dict
    marks: str = ""
    span: tuple = None

    def __post_init__(self):
        self.span = self.span or (self.date_from, self.date_to)

    def overlaps(self, other):
        """Whether both are about the same days."""
        return self.span[0] <= other.span[1] and other.span[0] <= self.span[1]


@dataclass
class Total:
    """What periods add up to, with what one has to know to read it.

    Flags: 'dual' (two schools gave figures for the same days, and one of them was left out), 'beyond' (totals without a
    register that reach outside the days asked for; they count on their last day).
    """

    counts: dict = field(default_factory=no_counts)
    flags: set = field(default_factory=set)

    @property
    def percentage(self):
        """Present of possible, or None."""
        return percentage(self.counts["present"], self.counts["possible"])


_STRENGTH = {PRESENT: 0, ACTIVITY: 0, AUTHORISED: 1, UNAUTHORISED: 1, NOT_POSSIBLE: 2}


def combine(periods, day_from, day_to):
    """Add up what is held of one child, no session twice.

    Registers are cut to the days asked for. Where two of them have a mark for the same session it counts once: where
    the child was, else the absence, by the mark of the school with the lower rank. Dual registration (D) is not
    possible at that school, so the other's mark stands.

    Totals can't be cut: they count where their last day lies. Where totals overlap with what another school said, that
    of the school with the lower rank counts and the other is left out, unless it fits in the sessions that the first
    marked D.

    :param periods: iterable of :class:`Period` of one child, those that end before or begin after ``day_from`` and
        ``day_to`` included or not
    :return: :class:`Total`
    """
    total, register, taken = Total(), {}, []
    known = codes_on()
    for period in sorted(periods, key=lambda period: (period.rank, -period.counts["possible"], period.date_from)):
        others = [other for other in taken if other.school != period.school and other.overlaps(period)]
        if period.marks:
            _merge(register, period, [other for other in others if not other.marks], total, known)
        elif others and _dual_sessions(others, period) < period.counts["possible"]:
            if day_from <= period.date_to <= day_to:
                total.flags.add("dual")
            continue
        elif day_from <= period.date_to <= day_to:
            total.counts = add(total.counts, period.counts)
            if period.date_from < day_from:
                total.flags.add("beyond")
        elif period.date_from <= day_to and day_from <= period.date_to:
            total.flags.add("beyond")
        taken.append(period)
    within = (code for (day, _session), code in register.items() if day_from <= day <= day_to)
    total.counts = add(total.counts, count(within))
    return total


def _merge(register, period, blocking, total, known):
    """Put the marks of a period into the register of the child, but for days of which another school gave totals."""
    for key, code in unpack(period.marks).items():
        if any(other.span[0] <= key[0] <= other.span[1] for other in blocking):
            if known[code][0] != NOT_POSSIBLE:
                total.flags.add("dual")
            continue
        there = register.get(key)
        if there is None or _STRENGTH[known[code][0]] < _STRENGTH[known[there][0]]:
            register[key] = code


def _dual_sessions(others, period):
    """Sessions in a period at which the other schools say that the child was expected elsewhere (D)."""
    number = 0
    for other in others:
        if other.marks:
            within = (key for key, code in unpack(other.marks).items() if code == "D")
            number += sum(1 for day, _session in within if period.span[0] <= day <= period.span[1])
        else:
            number += other.counts["d_sessions"]
    return number


# === Files ===

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 500_000
MAX_DAYS = 400
MAX_ERRORS = 200
LONGEST_UPN = 20

_HEADINGS = {
    "upn": ("upn", "uniquepupilnumber", "pupilupn"),
    "urn": ("urn", "schoolurn"),
    "date": ("date", "day", "markdate", "attendancedate"),
    "session": ("session", "ampm", "sessionampm"),
    "code": ("code", "mark", "attendancecode", "attendancemark"),
    "date_from": ("from", "datefrom", "start", "startdate", "firstday"),
    "date_to": ("to", "dateto", "end", "enddate", "lastday"),
    "possible": ("possible", "possiblesessions", "sessionspossible"),
    "present": ("present", "attended", "attendances", "presentsessions", "sessionsattended"),
    "authorised": ("authorised", "authorisedabsence", "authorisedabsences", "authorisedsessions"),
    "unauthorised": ("unauthorised", "unauthorisedabsence", "unauthorisedabsences", "unauthorisedsessions"),
    **{name: (code.lower(), f"code{code.lower()}", f"{code.lower()}sessions") for code, name in FLAGGED.items()},
}
_NAMES = {heading: name for name, headings in _HEADINGS.items() for heading in headings}
REGISTER_COLUMNS = ("upn", "date", "session", "code")
TOTALS_COLUMNS = ("upn", "date_from", "date_to", *TOTALS)
_SESSION_WORDS = {"am": AM, "pm": PM, "1": AM, "2": PM, "morning": AM, "afternoon": PM, "a": AM, "p": PM}


@dataclass
class PupilPeriod:
    """What a file says of one pupil at one school: ``row`` is where it begins, ``urn`` is empty if not given."""

    row: int
    upn: str
    urn: str
    date_from: date
    date_to: date
    counts: dict
    marks: str = ""


@dataclass
class AttendanceFile:
    """What :func:`read_file` found.

    :ivar kind: 'register' or 'totals'
    :ivar periods: list of :class:`PupilPeriod`, in the order of the file; complete only without errors
    :ivar errors: the first :data:`MAX_ERRORS` :class:`AttendanceError`
    :ivar error_count: all of them
    :ivar headings: dict of the name of a column -> its heading in the file
    """

    kind: str
    headings: dict
    periods: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    error_count: int = 0
    row_count: int = 0

    def note(self, kind, row, column, value=""):
        """Keep an error of a row, by the file's own heading."""
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(AttendanceError(kind, row, self.headings.get(column, column), value))


def read_file(data, today):
    """Read a CSV file of a school or an attendance collector.

    Two kinds, told apart by their headings, in any order and with further columns: a register (UPN, date, session AM or
    PM, code) or totals (UPN, from, to, possible, present, authorised, unauthorised, and B, K, C2, D, E if wanted). Both
    may name the school by URN.

    :param bytes data: the file
    :param date today: later days are mistakes
    :return: :class:`AttendanceFile`; what is wrong with single rows is in its ``errors``
    :raise AttendanceError: 'empty', 'too_big', 'not_text', 'encoding', 'columns', 'twice', 'rows' or 'csv': the file
        can't be read
    """
    rows = _open(data)
    try:
        headings = next(rows, None)
        if not headings:
            raise AttendanceError("empty")
        places = _places(headings)
        kind = next(
            (
                kind
                for kind, wanted in (("register", REGISTER_COLUMNS), ("totals", TOTALS_COLUMNS))
                if places.keys() >= set(wanted)
            ),
            None,
        )
        if kind is None:
            raise AttendanceError("columns", 1)
        file = AttendanceFile(kind, {name: shown(headings[place]) for name, place in places.items()})
        reader = (_RegisterReader if kind == "register" else _TotalsReader)(file, today)
        for row, cells in enumerate(rows, 2):
            if row > MAX_ROWS:
                raise AttendanceError("rows", value=MAX_ROWS)
            if any(cell.strip() for cell in cells):
                file.row_count += 1
                reader.take(row, {name: _cell(cells, place) for name, place in places.items()})
        reader.finish()
    except csv.Error as error:
        raise AttendanceError("csv", rows.line_num) from error
    return file


def _open(data):
    if len(data) > MAX_BYTES:
        raise AttendanceError("too_big", value=MAX_BYTES // 1024 // 1024)
    if not data.strip():
        raise AttendanceError("empty")
    if b"\0" in data or data[:2] == b"PK":
        raise AttendanceError("not_text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError as error:
            raise AttendanceError("encoding") from error
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)


def _places(headings):
    """Where each known column is; a heading that stands there twice is a mistake."""
    places = {}
    for place, heading in enumerate(headings):
        name = _NAMES.get(re.sub(r"[^a-z0-9]", "", heading.lower()))
        if name in places:
            raise AttendanceError("twice", 1, heading)
        if name:
            places[name] = place
    return places


def _cell(cells, place):
    return restore(cells[place].strip()) if place < len(cells) else ""


def read_date(text):
    """Return the day of ``2025-09-01``, ``01/09/2025`` or ``01-09-2025``, a time after it or not; else None."""
    word = text.split(" ")[0].split("T")[0]
    for shape in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            day = datetime.strptime(word, shape).date()
        except ValueError:
            continue
        return day if 2000 <= day.year <= 2100 else None
    return None


class _Reader:
    def __init__(self, file, today):
        self.file, self.today = file, today
        self.days = {"": None}

    def pupil(self, row, cells):
        """UPN and URN of a row, or None with the error noted."""
        upn = re.sub(r"\s", "", cells["upn"]).upper()
        urn = cells.get("urn", "").strip()
        if not upn or len(upn) > LONGEST_UPN:
            self.file.note("pupil" if upn else "missing", row, "upn")
        elif urn and not re.fullmatch(r"[1-9][0-9]{5}", urn):
            self.file.note("urn", row, "urn", urn)
        else:
            return upn, urn
        return None

    def day(self, row, cells, column):
        """The day in a cell, or None with the error noted. A file has few days and many rows: kept once read."""
        text = cells[column]
        if text not in self.days:
            self.days[text] = read_date(text)
        day = self.days[text]
        if day is None:
            self.file.note("date" if text else "missing", row, column, text)
        return day


class _RegisterReader(_Reader):
    def __init__(self, file, today):
        super().__init__(file, today)
        self.registers, self.rows = {}, {}

    def take(self, row, cells):
        pupil, day = self.pupil(row, cells), self.day(row, cells, "date")
        session = _SESSION_WORDS.get(cells["session"].lower())
        code = cells["code"].upper()
        if session is None:
            self.file.note("session", row, "session", cells["session"])
        wrong = self.wrong_code(code, day)
        if wrong:
            self.file.note(wrong, row, "code" if wrong != "future" else "date", cells["code"])
        if pupil is None or day is None or session is None or wrong:
            return
        register = self.registers.setdefault(pupil, {})
        self.rows.setdefault(pupil, row)
        if register.setdefault((day, session), code) != code:
            self.file.note("two_marks", row, "code", code)

    def wrong_code(self, code, day):
        if not code:
            return "missing"
        wrong = problem(code, day)
        if not wrong and day and day > self.today and codes_on(day)[code][0] != NOT_POSSIBLE:
            return "future"
        return wrong

    def finish(self):
        for (upn, urn), register in self.registers.items():
            row, first, last = self.rows[upn, urn], min(register)[0], max(register)[0]
            if (last - first).days >= MAX_DAYS:
                self.file.note("too_long_period", row, "date")
                continue
            counts = count(register.values())
            self.file.periods.append(PupilPeriod(row, upn, urn, first, last, counts, pack(register)))
        _refuse_overlaps(self.file, "date")


class _TotalsReader(_Reader):
    def take(self, row, cells):
        pupil = self.pupil(row, cells)
        first, last = self.day(row, cells, "date_from"), self.day(row, cells, "date_to")
        counts = no_counts() | {name: self.number(row, cells, name) for name in COUNTS if name in cells}
        if pupil is None or first is None or last is None or None in counts.values():
            return
        wrong = self.wrong_period(first, last)
        if wrong:
            self.file.note(wrong, row, "date_from" if wrong == "future" else "date_to", cells["date_to"])
            return
        wrong = wrong_totals(counts, first, last)
        if wrong:
            column = wrong if wrong in TOTALS else "possible"
            self.file.note(f"totals_{wrong}", row, column, cells[column])
            return
        self.file.periods.append(PupilPeriod(row, *pupil, first, last, counts))

    def number(self, row, cells, name):
        text = cells[name]
        if re.fullmatch(r"[0-9]{1,4}", text):
            return int(text)
        if not text and name not in TOTALS:
            return 0
        self.file.note("number" if text else "missing", row, name, text)
        return None

    def wrong_period(self, first, last):
        if last < first:
            return "order"
        if first > self.today:
            return "future"
        return "too_long_period" if (last - first).days >= MAX_DAYS else None

    def finish(self):
        _refuse_overlaps(self.file, "date_from")


def _refuse_overlaps(file, column):
    """Of one pupil at one school each day counts once. The same line twice is harmless, and left out."""
    by_pupil = {}
    for period in file.periods:
        by_pupil.setdefault((period.upn, period.urn), []).append(period)
    doubles = set()
    for periods in by_pupil.values():
        periods.sort(key=lambda period: (period.date_from, period.row))
        last = None
        for period in periods:
            if last is None or period.date_from > last.date_to:
                last = period
            elif (period.date_from, period.date_to, period.counts) == (last.date_from, last.date_to, last.counts):
                doubles.add(period.row)
            else:
                file.note("overlap_in_file", period.row, column, last.row)
    if doubles:
        file.periods = [period for period in file.periods if period.row not in doubles]
