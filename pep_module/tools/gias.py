"""Reading the public register of schools in England, "Get Information about Schools" (GIAS).

Two of its downloads are understood, both CSV with one heading row, read by the *name* of the column, since the
Department for Education adds and drops columns (133 in 2018, 139 in 2024):

* all establishment data: one row a school (:func:`read_schools`);
* establishment links: one row a link of a school to its predecessor, successor or other (:func:`read_links`).

The whole national file has some 52,000 rows and 60 MB, so everything here is a generator over the rows of a stream.
A file that is not what it should be raises :class:`GiasError`, which knows the row and the column.

Pure Python: nothing here needs the ORM, a database or a setting.
"""

import codecs
import csv
import io
import re
from datetime import date

PHASES = {
    "0": "not_applicable",
    "1": "nursery",
    "2": "primary",
    "3": "middle_primary",
    "4": "secondary",
    "5": "middle_secondary",
    "6": "post_16",
    "7": "all_through",
}
"""Codes of "PhaseOfEducation"; a code that is not here becomes ``other``."""

STATUSES = {"1": "open", "2": "closed", "3": "open_closing", "4": "proposed"}
"""Codes of "EstablishmentStatus": open, closed, open but proposed to close, proposed to open."""

MAINTAINED_GROUP = "04"
"""Establishment type group "Local authority maintained schools"."""

MAINTAINED_SPECIAL_TYPES = {"07", "12"}
"""Community special and foundation special school: maintained, but listed in the group "Special schools"."""

ABROAD_TYPES = {"25", "37"}
"""Offshore schools and British schools overseas: their address is not in the United Kingdom."""

REQUIRED_SCHOOL_COLUMNS = (
    "URN",
    "LA (code)",
    "LA (name)",
    "EstablishmentNumber",
    "EstablishmentName",
    "TypeOfEstablishment (code)",
    "TypeOfEstablishment (name)",
    "EstablishmentTypeGroup (code)",
    "EstablishmentStatus (code)",
    "OpenDate",
    "CloseDate",
    "PhaseOfEducation (code)",
    "Street",
    "Locality",
    "Address3",
    "Town",
    "Postcode",
    "TelephoneNum",
)
OPTIONAL_SCHOOL_COLUMNS = ("Trusts (name)",)
REQUIRED_LINK_COLUMNS = ("URN", "LinkURN", "LinkType", "LinkEstablishedDate")

_URN = re.compile(r"[1-9][0-9]{5}")
_LA_CODE = re.compile(r"[0-9]{3}")
_NUMBER = re.compile(r"[0-9]{1,4}")
_DAY = re.compile(r"([0-9]{2})[-/]([0-9]{2})[-/]([0-9]{4})")
_CHUNK_BYTES = 1 << 20


class GiasError(Exception):
    """The file is not what it should be.

    :ivar kind: one of ``encoding``, ``not_text``, ``empty``, ``columns``, ``csv``, ``cells``, ``urn``, ``twice``,
        ``name``, ``la``, ``number``, ``status``, ``date``, ``type``
    :ivar row: number of the row as a spreadsheet counts it (the headings are row 1), or None
    :ivar column: heading of the column, or None
    :ivar value: what was found, or for ``columns`` what is missing; None where it says nothing
    """

    def __init__(self, kind, row=None, column=None, value=None):
        super().__init__(kind, row, column, value)
        self.kind = kind
        self.row = row
        self.column = column
        self.value = value


def is_urn(text):
    """Tell whether ``text`` is a unique reference number of a school: six digits, the first of them not 0."""
    return bool(_URN.fullmatch(text or ""))


def laestab(la_code, number):
    """Return the LAESTAB of a school as it is written, ``355/7025``; None for one that has no number of its own.

    :param la_code: str, number of the local authority (3 digits)
    :param number: str, establishment number (up to 4 digits), or empty
    """
    return f"{la_code}/{number.zfill(4)}" if la_code and number else None


def is_maintained(group_code, type_code):
    """Return True for a school that a local authority maintains, and so pays through its own books.

    Source of the rule: School Standards and Framework Act 1998, section 20 (community, foundation, voluntary,
    community special and foundation special schools) and section 22(9) (maintained nursery schools); Education Act
    1996, section 19 (pupil referral units). GIAS puts these into its type group 4, "Local authority maintained
    schools" (codes 1, 2, 3, 5, 14 and 15), except the two kinds of maintained special school, types 7 and 12, which it
    lists in group 5, "Special schools", beside non-maintained and independent ones.

    :param group_code: str, "EstablishmentTypeGroup (code)", with or without a leading zero
    :param type_code: str, "TypeOfEstablishment (code)", likewise
    """
    return group_code.zfill(2) == MAINTAINED_GROUP or type_code.zfill(2) in MAINTAINED_SPECIAL_TYPES


def open_text(data):
    """Return a text stream over the bytes of a CSV file: UTF-8 with or without a byte order mark, else Windows-1252.

    The Department publishes in Windows-1252; a file saved again by a spreadsheet is often UTF-8.

    :raise GiasError: ``empty``; ``not_text`` (a spreadsheet, a ZIP archive, UTF-16); ``encoding``
    """
    if not data or not data.strip():
        raise GiasError("empty")
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"%PDF", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise GiasError("not_text")
    for encoding in ("utf-8-sig", "cp1252"):
        if _decodes(data, encoding):
            return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    raise GiasError("encoding")


def _decodes(data, encoding):
    """Tell whether ``data`` is text in this encoding, without keeping the text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(data)
    try:
        for start in range(0, len(view), _CHUNK_BYTES):
            decoder.decode(view[start : start + _CHUNK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def read_rows(stream):
    """Yield the headings as a list, then ``(row number, cells)`` of each row that is not blank.

    :raise GiasError: ``csv`` (broken quotes and the like), ``cells`` (more or fewer cells than headings)
    """
    reader = csv.reader(stream, strict=True)
    headings = None
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            if headings is None:
                raise GiasError("empty") from None
            return
        except csv.Error as error:
            raise GiasError("csv", row=row, value=str(error)) from error
        if not any(cells):
            continue
        if headings is None:
            headings = [cell.strip() for cell in cells]
            yield headings
            continue
        if len(cells) != len(headings):
            raise GiasError("cells", row=row, value=f"{len(cells)} / {len(headings)}")
        yield row, cells


def kind_of(headings):
    """Return ``'links'`` or ``'schools'`` for the headings of a file.

    :raise GiasError: ``columns``, naming what is missing from the kind it resembles
    """
    kind = "links" if "LinkURN" in headings else "schools"
    required = REQUIRED_LINK_COLUMNS if kind == "links" else REQUIRED_SCHOOL_COLUMNS
    missing = [name for name in required if name not in headings]
    if missing:
        raise GiasError("columns", row=1, value=", ".join(missing))
    return kind


def read_schools(headings, rows, wanted=None):
    """Yield ``(row number, values)`` of each school that is wanted.

    Values are keyed by the fields of ``res.partner``, save ``abroad`` (bool). Cells are plain text, whatever they
    begin with; white space inside them is made single and invisible characters are dropped. An empty cell is False.

    :param headings: list of str
    :param rows: iterator of (row number, cells), as :func:`read_rows` goes on after the headings
    :param wanted: function of (URN, LA code) -> bool, or None for every school. Only the URN of a school that is not
        wanted is checked.
    :raise GiasError: see there
    """
    index = {name: headings.index(name) for name in REQUIRED_SCHOOL_COLUMNS}
    index.update({name: headings.index(name) for name in OPTIONAL_SCHOOL_COLUMNS if name in headings})
    seen = set()
    for row, cells in rows:
        urn = _urn(cells, index, row, "URN")
        if urn in seen:
            raise GiasError("twice", row=row, column="URN", value=urn)
        seen.add(urn)
        if wanted and not wanted(urn, cells[index["LA (code)"]].strip()):
            continue
        yield row, _school(urn, cells, index, row)


def _school(urn, cells, index, row):
    def cell(name):
        return _text(cells, index, name)

    def matching(name, pattern, kind):
        value = cell(name)
        if value and not pattern.fullmatch(value):
            raise GiasError(kind, row=row, column=name, value=value)
        return value

    name = cell("EstablishmentName")
    if not name:
        raise GiasError("name", row=row, column="EstablishmentName")
    la_code = matching("LA (code)", _LA_CODE, "la")
    type_code = matching("TypeOfEstablishment (code)", _NUMBER, "type").zfill(2)
    group_code = matching("EstablishmentTypeGroup (code)", _NUMBER, "type")
    status = STATUSES.get(cell("EstablishmentStatus (code)").lstrip("0"))
    if not status:
        raise GiasError("status", row, "EstablishmentStatus (code)", cell("EstablishmentStatus (code)"))
    return {
        "pep_urn": urn,
        "name": name,
        "street": cell("Street") or False,
        "street2": ", ".join(filter(None, (cell("Locality"), cell("Address3")))) or False,
        "city": cell("Town") or False,
        "zip": cell("Postcode") or False,
        "phone": cell("TelephoneNum") or False,
        "pep_la_code": la_code or False,
        "pep_la_name": cell("LA (name)") or False,
        "pep_laestab": laestab(la_code, matching("EstablishmentNumber", _NUMBER, "number")) or False,
        "pep_school_type_code": type_code,
        "pep_school_type": cell("TypeOfEstablishment (name)") or False,
        "pep_school_phase": PHASES.get(cell("PhaseOfEducation (code)").lstrip("0") or "0", "other"),
        "pep_school_status": status,
        "pep_maintained": is_maintained(group_code, type_code),
        "pep_open_date": _date(cells, index, row, "OpenDate"),
        "pep_close_date": _date(cells, index, row, "CloseDate"),
        "pep_trust": ("Trusts (name)" in index and cell("Trusts (name)")) or False,
        "abroad": type_code in ABROAD_TYPES,
    }


def read_links(headings, rows):
    """Yield ``(row number, predecessor URN, successor URN, day or False)``; both URNs are None for any other link.

    A row says what ``LinkURN`` is to ``URN``. The register has most links twice, once from either end, and the two may
    bear different days: see :func:`merge_links`.
    """
    index = {name: headings.index(name) for name in REQUIRED_LINK_COLUMNS}
    for row, cells in rows:
        urn = _urn(cells, index, row, "URN")
        other = _urn(cells, index, row, "LinkURN")
        day = _date(cells, index, row, "LinkEstablishedDate")
        kind = _text(cells, index, "LinkType").casefold()
        if kind.startswith("successor"):
            yield row, urn, other, day
        elif kind.startswith("predecessor"):
            yield row, other, urn, day
        else:
            yield row, None, None, day


def merge_links(links):
    """Make one link of the two ends that the register lists.

    The end of the old school bears its last day, that of the new one its first: the later of the two is the day from
    which the new school stands, so that one is taken.

    :param links: iterable as from :func:`read_links`
    Two schools that the register calls each other's successor are left out: nobody can say which came first.

    :return: (dict of (predecessor URN, successor URN) -> day or False, number of links left out: those, and every row
        that is about something else, such as a shared sixth form)
    """
    merged = {}
    other = 0
    for _row, predecessor, successor, day in links:
        if predecessor is None or predecessor == successor:
            other += 1
            continue
        known = merged.get((predecessor, successor))
        merged[(predecessor, successor)] = max(filter(None, (known, day)), default=False)
    contradictory = [pair for pair in merged if pair[::-1] in merged]
    for pair in contradictory:
        del merged[pair]
    return merged, other + len(contradictory)


def _text(cells, index, name):
    value = " ".join(cells[index[name]].split())
    return value if value.isprintable() else "".join(filter(str.isprintable, value))


def _urn(cells, index, row, name):
    value = cells[index[name]].strip()
    if not is_urn(value):
        raise GiasError("urn", row=row, column=name, value=value)
    return value


def _date(cells, index, row, name):
    value = cells[index[name]].strip()
    if not value:
        return False
    match = _DAY.fullmatch(value)
    try:
        day, month, year = (int(part) for part in match.groups())
        return date(year, month, day)
    except (AttributeError, ValueError):
        raise GiasError("date", row=row, column=name, value=value) from None
