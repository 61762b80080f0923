"""Mails that calendars understand: how an invitation is put into a mail, and how what somebody mails is taken apart."""

import email
import email.policy
import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import getaddresses

from odoo.tools.mail import html2plaintext

CALENDAR = "text/calendar; method={method}; charset=utf-8"
FILE_NAME = "invite.ics"
METHOD = re.compile(r"^text/calendar;.*\bmethod=([A-Za-z]+)")

# What is read of a mail at most.
MOST_PARTS = 100
MOST_CALENDARS = 5
LONGEST_WORDS = 20_000  # characters
LONGEST_HTML = 400_000  # octets
LONGEST_LINE = 200  # characters of a subject
CALENDAR_TYPES = {"text/calendar", "application/ics", "text/x-vcalendar"}


# === Writing ===


def add_calendar(message, content):
    """Put an invitation into a mail, twice, as the large calendars do themselves.

    As the last alternative to the text, with its method: Outlook, Gmail and Apple show the mail as an invitation by
    that. And as a file, for whoever has to open it by hand.

    :param message: ``email.message.EmailMessage`` with an alternative of plain text and HTML
    :param content: (name, bytes, content type with method) as Odoo passes attachments
    """
    name, octets, kind = content
    method = METHOD.match(kind)[1]
    body = next((part for part in message.walk() if part.get_content_type() == "multipart/alternative"), message)
    body.add_alternative(
        octets.decode(), subtype="calendar", charset="utf-8", cte="base64", params={"method": method.upper()}
    )
    message.add_attachment(octets, maintype="application", subtype="ics", filename=name)


# === Reading ===


@dataclass
class Parts:
    """What a mail holds, as far as it was read."""

    words: str = ""
    calendars: list = field(default_factory=list)  # (bytes, charset)
    others: int = 0  # files beside


def read(raw):
    """A mail and what it holds. One that is built to break its readers is read by its headers alone.

    :param bytes raw: the mail as it came
    :return: ``email.message.Message``, :class:`Parts`
    """
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        return message, take_apart(message)
    except (RecursionError, MessageError, LookupError, ValueError, TypeError, AttributeError):
        return headers_of(raw), Parts()


def headers_of(raw):
    return email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw)


def header(message, name, longest=LONGEST_LINE):
    """A header as text on one line; whatever is readable of it."""
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        text = str(make_header(decode_header(str(raw))))
    except (MessageError, LookupError, ValueError, AssertionError):
        text = str(raw)
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return " ".join(text.split())[:longest]


def addresses(message, *names):
    """The addresses in these headers, in small letters."""
    values = [str(value)[:20_000] for name in names for value in message.get_all(name, ())[:50]]
    return [address.strip().lower() for _name, address in getaddresses(values) if "@" in address]


def is_automatic(message):
    """Whether nobody wrote this: an answer from a machine, a mail that came back, or one of a list's."""
    sent = header(message, "Auto-Submitted").lower()
    sender = next(iter(addresses(message, "From")), "").split("@")[0]
    return bool(
        sent
        and not sent.startswith("no")
        or message.get_content_type() == "multipart/report"
        or header(message, "Return-Path") == "<>"
        or header(message, "Precedence").lower() in ("bulk", "junk", "auto_reply")
        or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Failed-Recipients"))
        or sender in ("mailer-daemon", "postmaster", "noreply", "no-reply")
    )


def take_apart(message):
    """Words and calendar parts of a mail. Bounded, and whatever can't be read is left out.

    :param message: ``email.message.Message`` parsed with the policy ``compat32``, which takes anything
    """
    parts, plain, page = Parts(), "", ""
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            break
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        name = _file_name(part)
        if kind in CALENDAR_TYPES or name.endswith(".ics"):
            if len(parts.calendars) < MOST_CALENDARS:
                parts.calendars.append((_octets(part), part.get_param("charset")))
        elif name or kind not in ("text/plain", "text/html"):
            parts.others += 1
        elif kind == "text/plain":
            plain = plain or _text(part)
        else:
            page = page or _text(part)
    parts.words = (plain or _plain(page)).replace("\x00", "").strip()[:LONGEST_WORDS]
    return parts


def _file_name(part):
    try:
        return (part.get_filename() or "").lower()
    except (MessageError, LookupError, ValueError, TypeError):
        return "?"


def _octets(part):
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part):
    content = _octets(part)[:LONGEST_HTML]
    charset = part.get_param("charset")
    for name in ("utf-8", charset if isinstance(charset, str) else None):
        try:
            return content.decode(name or "utf-8")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def _plain(page):
    if not page.strip():
        return ""
    try:
        return html2plaintext(page, include_references=False)
    except (ValueError, AssertionError, RecursionError):
        return re.sub(r"<[^>]{0,1000}>", " ", page)
