"""Reading the children looked-after return (SSDA903): from the bytes of its files to checked rows.

The return is made of CSV files, one a table. Three of them say who is looked after: ``header`` (a row a child),
``episodes`` (a row a spell of one legal status in one placement) and, where a council has any, ``uasc``
(unaccompanied asylum-seeking children). Dates are dd/mm/yyyy; an episode that goes on has no DEC.

Source of the format: the Department for Education's yearly "children looked-after return: technical specification",
and the column lists by year of the open validators built on it (``data/ssda903`` in the project's test material).

Columns are found by name, in any order. **Only the columns named in** :data:`COLUMNS` **are read.** The return also
holds HOME_POST and PL_POST (where the child comes from and lives), MOTHER and MC_DOB (a child's own child): the virtual
school does not need them, so they are never taken out of the file.

A file either can be read from end to end or is refused: every :class:`Finding` with severity ``error`` says where.
What is merely odd (an unknown code, a wrong check letter) is a ``warning``, and the row is used.

Pure Python: no ORM, no database, no clock. Texts for people are made elsewhere, from the codes of the findings.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from . import academic_year, upn

MAX_BYTES = 16 * 1024 * 1024
"""Largest file that is read. The largest council's episodes take 0.4 MB; a region of twenty thousand children, 3 MB."""

MAX_ERRORS = 100
"""Errors listed of one file. With more than these it is the wrong file, or one mistake made on every row."""

HEADER, EPISODES, UASC = FILES = ("header", "episodes", "uasc")

COLUMNS = {
    HEADER: ("CHILD", "SEX", "DOB", "ETHNIC", "UPN"),
    EPISODES: (
        "CHILD",
        "DECOM",
        "RNE",
        "LS",
        "CIN",
        "PLACE",
        "PLACE_PROVIDER",
        "DEC",
        "REC",
        "REASON_PLACE_CHANGE",
        "URN",
    ),
    UASC: ("CHILD",),
}
"""The columns that are read, all of which must be there."""

CODE_KINDS = {
    "ETHNIC": "ethnicity",
    "RNE": "reason_new_episode",
    "LS": "legal_status",
    "CIN": "category_of_need",
    "PLACE": "placement",
    "PLACE_PROVIDER": "provider",
    "REC": "reason_ceased",
    "REASON_PLACE_CHANGE": "reason_placement_change",
}
"""The national list (``pep.code`` kind) that each coded column draws on."""

SEXES = {"1": "M", "2": "F", "M": "M", "F": "F", "U": "U", "MALE": "M", "FEMALE": "F"}
"""1 and 2 until the return of 2023-24, M, F and U since."""

OLDEST_CARE_LEAVER = 25
"""Above this age in years at the start of the collection year, a date of birth is taken for a slip of the pen."""

_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_CHILD = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.-]{0,29}")
_CODE = re.compile(r"[A-Z0-9]{1,10}")
_URN = re.compile(r"SC[0-9]{6}|[0-9]{7}|XXXXXXX")
_URN_STORED = re.compile(r"[A-Z0-9]{1,12}")


@dataclass(slots=True)
class Finding:
    """Something to tell a person about the files.

    ``row`` is the row as a spreadsheet numbers it (the header is 1; 0 is the whole file), ``child`` the CHILD of that
    row, ``code`` names what was found and ``values`` holds what its text needs. No postcode, no name, no date of birth.
    """

    severity: str
    file: str
    row: int
    column: str
    child: str
    code: str
    values: dict = field(default_factory=dict)


@dataclass(slots=True)
class Child:
    """A row of the header, checked. ``upn`` is as given (capitals); ``upn_unknown`` is UN1 to UN5 instead of it."""

    row: int
    child: str
    dob: date
    sex: str | None
    ethnicity: str | None
    upn: str | None
    upn_unknown: str | None
    uasc: bool = False
    episodes: list = field(default_factory=list)


@dataclass(slots=True)
class Episode:
    """A row of the episodes, checked. ``codes`` maps each coded column to its code, without the empty ones."""

    row: int
    child: str
    decom: date
    dec: date | None
    codes: dict
    urn: str | None


@dataclass
class Return:
    """A return that has been read: children with their episodes in order of DECOM, and the findings."""

    children: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    episode_rows: int = 0
    skipped_rows: int = 0

    @property
    def errors(self):
        """Findings because of which nothing may be imported."""
        return [finding for finding in self.findings if finding.severity == "error"]


class _Unreadable(Exception):
    """The rest of this file can't be read."""


def collection_year(day):
    """Return the year in which the collection year of ``day`` began (1 April to 31 March): 31 March 2018 -> 2017."""
    return day.year if day.month >= 4 else day.year - 1


def collection_year_bounds(year):
    """Return the first and the last day of the collection year that begins in ``year``."""
    return date(year, 4, 1), date(year + 1, 3, 31)


def collection_year_label(year):
    """Return how people write the collection year that begins in ``year``: 2017 -> "2017-18"."""
    return f"{year}-{(year + 1) % 100:02d}"


def guess_collection_year(result, today):
    """Return the collection year of the latest DECOM or DEC, or None without any.

    Days after ``today`` are left out (a slip of the pen). So is a DEC on 1 April, when the last day of March was meant:
    an episode *ends* on the day the next begins, and no return reaches into the next year.
    """
    days = []
    for child in result.children.values():
        for episode in child.episodes:
            days.append(episode.decom)
            if episode.dec:
                days.append(episode.dec - timedelta(days=1))
    return max((collection_year(day) for day in days if day <= today), default=None)


def care_dates(spells):
    """Return when the current period of care began, and when the child left care.

    A period of care begins with an episode whose reason is S (started to be looked after), with the first episode that
    is known, or with one that begins after the child had left: days out of care lie between.

    :param spells: iterable of (first day, last day or None, reason for the new episode or None), in any order
    :return: (date, date or None): the first day of the latest period; the last day of all, unless an episode is open.
        (None, None) without episodes
    """
    begin = latest_end = None
    any_open = False
    for first, last, reason in sorted(spells, key=lambda spell: spell[0]):
        gap = not any_open and latest_end is not None and first > latest_end
        if begin is None or reason == "S" or gap:
            begin = first
        any_open = any_open or last is None
        latest_end = max(filter(None, (latest_end, last)), default=None)
    return begin, None if any_open else latest_end


def read_return(files):
    """Read and check the files of one return, from the first row to the last.

    :param files: dict of :data:`HEADER`, :data:`EPISODES` and perhaps :data:`UASC` -> bytes
    :return: :class:`Return`; with an error in ``errors`` nothing of it may be used
    """
    result = Return()
    rows = {}
    for file in FILES:
        if files.get(file) is None:
            continue
        rows[file] = _Reader(file, files[file], result.findings).rows()
    _read_header(rows.get(HEADER, ()), result)
    _read_episodes(rows.get(EPISODES, ()), result)
    for row in rows.get(UASC, ()):
        child = result.children.get(row.child)
        if child is None:
            row.warn("CHILD", "uasc_not_in_header")
        else:
            child.uasc = True
    for child in result.children.values():
        child.episodes.sort(key=lambda episode: episode.decom)
    if result.errors:
        result.findings = _first_errors(result.errors)
    return result


def _first_errors(errors):
    """The errors alone, and of each file no more than :data:`MAX_ERRORS` and how many there are besides."""
    counts = Counter()
    kept = []
    for error in errors:
        counts[error.file] += 1
        if counts[error.file] <= MAX_ERRORS:
            kept.append(error)
    for file, number in counts.items():
        if number > MAX_ERRORS:
            kept.append(Finding("error", file, 0, "", "", "more_errors", {"number": number - MAX_ERRORS}))
    return kept


def check_against_year(result, year):
    """Add what only the collection year tells: ages and days outside it, children without an episode.

    :param result: :class:`Return` without errors
    :param int year: the year in which the collection year begins
    """
    first, last = collection_year_bounds(year)
    for child in result.children.values():
        age = academic_year.age_on(child.dob, first)
        if child.dob > last or age > OLDEST_CARE_LEAVER:
            _add(result, "warning", HEADER, child.row, "DOB", child.child, "age_out_of_range", year=year)
        if not child.episodes:
            _add(result, "warning", HEADER, child.row, "CHILD", child.child, "no_episode")
        for episode in child.episodes:
            for column, day in (("DECOM", episode.decom), ("DEC", episode.dec)):
                # an episode may end on the day on which the next year's first begins
                if day and day > last + timedelta(days=column == "DEC"):
                    _add(result, "warning", EPISODES, episode.row, column, child.child, "after_year", year=year)


class _Row:
    """One row of a file under its column names, and the way to complain about it."""

    __slots__ = ("cells", "child", "file", "findings", "number", "positions")

    def __init__(self, file, number, cells, positions, findings):
        self.file, self.number, self.cells = file, number, cells
        self.positions, self.findings = positions, findings
        self.child = ""

    def __getitem__(self, column):
        return self.cells[self.positions[column]].strip()

    def warn(self, column, code, **values):
        self.findings.append(Finding("warning", self.file, self.number, column, self.child, code, values))

    def fail(self, column, code, **values):
        self.findings.append(Finding("error", self.file, self.number, column, self.child, code, values))

    def day(self, column):
        """The date in a column, or None if it is empty or wrong (and then there is an error)."""
        text = self[column]
        if not text:
            return None
        match = _DATE.fullmatch(text)
        try:
            day = date(int(match[3]), int(match[2]), int(match[1])) if match else None
        except ValueError:
            day = None
        if day is None or not 1900 <= day.year <= 2199:
            self.fail(column, "bad_date")
            return None
        return day

    def code(self, column):
        """The code in a column in capitals, or None if it is empty or no code at all (and then there is a warning)."""
        text = self[column].upper()
        if not text or _CODE.fullmatch(text):
            return text or None
        self.warn(column, "not_a_code")
        return None


class _Reader:
    """The rows of one CSV file. Whatever is wrong with its form becomes an error with its row."""

    def __init__(self, file, content, findings):
        self.file, self.content, self.findings = file, content, findings
        self.errors = 0

    def fail(self, row, column, code, **values):
        self.findings.append(Finding("error", self.file, row, column, "", code, values))
        self.errors += 1

    def rows(self):
        """Return the list of :class:`_Row` with a usable CHILD. Not a generator: the form is checked to the end."""
        rows = []
        try:
            lines = self._lines()
            positions, width = self._columns(lines)
            for number, cells in lines:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) < width:
                    self.fail(number, "", "too_few_cells", found=len(cells), expected=width)
                elif any(cell.strip() for cell in cells[width:]):
                    self.fail(number, "", "too_many_cells", found=len(cells), expected=width)
                else:
                    self._add_row(rows, _Row(self.file, number, cells, positions, self.findings))
            if not rows and not self.errors:
                self.fail(0, "", "no_rows")
        except _Unreadable:
            return []
        return rows

    def _add_row(self, rows, row):
        child = row["CHILD"]
        if not child:
            self.fail(row.number, "CHILD", "blank")
        elif not _CHILD.fullmatch(child):
            self.fail(row.number, "CHILD", "bad_child")
        else:
            row.child = child
            rows.append(row)

    def _lines(self):
        """Yield (row number, cells). The number counts rows as a spreadsheet does, also the empty ones."""
        reader = csv.reader(io.StringIO(self._text(), newline=""), strict=True)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                self.fail(number, "", "not_csv")
                raise _Unreadable from None
            yield number, cells

    def _text(self):
        content = self.content
        if len(content) > MAX_BYTES:
            self._refuse("too_big", size=len(content) // 1024 // 1024, limit=MAX_BYTES // 1024 // 1024)
        if not content.strip():
            self._refuse("empty")
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            self._refuse("spreadsheet")
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._refuse("utf16")
        if b"\0" in content:
            self._refuse("binary")
        for encoding in ("utf-8-sig", "cp1252"):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
        return self._refuse("binary")

    def _refuse(self, code, **values):
        self.fail(0, "", code, **values)
        raise _Unreadable

    def _columns(self, lines):
        """Positions of the wanted columns, and the number of columns, from the first row that is not empty."""
        number, names = 1, []
        while not any(names):
            number, cells = next(lines, (1, ["?"]))
            names = [cell.strip().upper() for cell in cells]
        while names and not names[-1]:
            names.pop()
        wanted = COLUMNS[self.file]
        counts = Counter(names)
        if not set(wanted) & set(names) and len(names) < 2:
            self.fail(number, "", "not_csv")
            raise _Unreadable
        for column in wanted:
            if counts[column] > 1:
                self.fail(number, column, "column_twice")
            elif not counts[column]:
                self.fail(number, column, "missing_column")
        if self.errors:
            raise _Unreadable
        return {column: names.index(column) for column in wanted}, len(names)


def _read_header(rows, result):
    seen_upns = {}
    for row in rows:
        before = result.children.get(row.child)
        if before is not None:
            row.fail("CHILD", "child_twice", row=before.row)
            continue
        dob = row.day("DOB")
        if not row["DOB"]:
            row.fail("DOB", "blank")
        number, unknown = _read_upn(row, seen_upns)
        child = Child(row.number, row.child, dob, _read_sex(row), row.code("ETHNIC"), number, unknown)
        result.children[row.child] = child


def _read_sex(row):
    sex = SEXES.get(row["SEX"].upper())
    if sex is None:
        row.warn("SEX", "unknown_code" if row["SEX"] else "blank", given=_shown(row["SEX"]))
    return sex


def _read_upn(row, seen_upns):
    """Return (number, reason for having none) of a row; at most one of them is set."""
    number = upn.normalise(row["UPN"])
    problem = upn.problem(number)
    if not number:
        row.warn("UPN", "blank")
    elif problem == "unknown_reason":
        return None, number
    elif problem == "format":
        row.warn("UPN", "upn_format")
    elif problem:
        row.warn("UPN", "upn_check_letter", expected=upn.check_letter(number[1:]))
    if number and number in seen_upns:
        row.warn("UPN", "upn_twice", row=seen_upns[number])
    seen_upns.setdefault(number, row.number)
    return (number[:30] or None), None


def _read_episodes(rows, result):
    seen = {}
    for row in rows:
        result.episode_rows += 1
        decom, dec = row.day("DECOM"), row.day("DEC")
        if not row["DECOM"]:
            row.fail("DECOM", "blank")
        episode = Episode(row.number, row.child, decom, dec, {}, _read_urn(row))
        for column in CODE_KINDS:
            if column != "ETHNIC" and (code := row.code(column)):
                episode.codes[column] = code
        if decom is None or not _is_usable(row, episode, seen, result):
            result.skipped_rows += 1
            continue
        seen[(row.child, decom)] = episode
        result.children[row.child].episodes.append(episode)


def _is_usable(row, episode, seen, result):
    """Whether an episode can be imported; if not, say why. Two different rows for one start are an error."""
    child = result.children.get(row.child)
    before = seen.get((row.child, episode.decom))
    if before is not None:
        same = (before.dec, before.codes, before.urn) == (episode.dec, episode.codes, episode.urn)
        (row.warn if same else row.fail)("DECOM", "row_twice" if same else "episode_twice", row=before.row)
    elif child is None:
        row.warn("CHILD", "not_in_header")
    elif episode.dec and episode.dec < episode.decom:
        row.warn("DEC", "end_before_start")
    elif child.dob and episode.decom < child.dob:
        row.warn("DECOM", "before_birth")
    else:
        if episode.dec == episode.decom:
            row.warn("DEC", "ends_same_day")
        return True
    return False


def _read_urn(row):
    urn = row["URN"].upper()
    if urn and not _URN.fullmatch(urn):
        row.warn("URN", "bad_urn")
        if not _URN_STORED.fullmatch(urn):
            return None
    return urn or None


def _shown(text):
    """A cell as far as it may be shown: a short code, or nothing (a cell in the wrong column may hold anything)."""
    return text.upper() if _CODE.fullmatch(text.upper()) else ""


def _add(result, severity, file, row, column, child, code, **values):
    result.findings.append(Finding(severity, file, row, column, child, code, values))
