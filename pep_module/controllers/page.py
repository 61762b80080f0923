"""What the pages for people outside the virtual school share."""

import functools

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from ..models.plan.pep_contribution import STAFF


def hidden(method):
    """Answer what the user may not see exactly like an address that does not exist, and leave nothing changed."""

    @functools.wraps(method)
    def route(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except (AccessError, MissingError):
            raise request.not_found() from None

    return route


def found(records, *domain):
    """The one record that the user may read and that fits the domain; else there is no such page.

    Asked as the user: the record rule decides.
    """
    record = records.search([*domain], limit=1)
    if not record:
        raise request.not_found()
    return record


def attempt(act, *args, **kwargs):
    """Do something, all of it or nothing.

    :return: (what came of it, None) or (None, why it was refused, for the person to read)
    :raise AccessError: the person may not do it at all
    """
    try:
        with request.env.cr.savepoint():
            return act(*args, **kwargs), None
    except AccessError:
        raise
    except UserError as error:
        return None, str(error)


def render(template, title, values, headers=None):
    """A page of ours, drawn now, which no browser or proxy keeps.

    :param title: for the browser's tab and history, so never with a name in it
    """
    page = {
        "frontend_languages": {},  # the page is served in the reader's language, under one address
        "html_data": {"lang": (request.env.lang or "en_GB").replace("_", "-")},
        "title": title,
        "in_words": in_words,
        "list_title": list_title(request.env["pep.contribution"]._roles_of_user()),
        **values,
    }
    response = request.render(template, page, headers=headers)
    response.flatten()
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Frame-Options"] = "DENY"
    return response


def list_title(roles):
    """What the list of children is called for somebody with these roles."""
    if roles and roles <= STAFF:
        return request.env._("Children")
    school = bool(roles & {"teacher", "delegate"})
    others = bool(roles - {"teacher", "delegate"})
    if school and others:
        return request.env._("My pupils and children")
    return request.env._("My pupils") if school else request.env._("My children")


def in_words(day, today=None):
    """A day as people here write it: Friday 14 November; with the year unless it is that of ``today``."""
    if not day:
        return ""
    year = "" if today and day.year == today.year else " %Y"
    return day.strftime(f"%A %-d %B{year}")


def moment_in_words(moment, company):
    """A naive UTC datetime as people in the council say it: 14 November at 10:32."""
    local = company.sudo()._pep_local(moment)  # sudo: the council's clock, for a login of another council
    today = company.sudo()._pep_today()  # sudo: the same
    year = "" if local.year == today.year else " %Y"
    return local.strftime(f"%-d %B{year} at %H:%M")


def zone_in_words(company):
    """Whose time a time of day is, as our mails say it: London time."""
    place = (company.pep_tz or "Europe/London").split("/")[-1].replace("_", " ")
    return request.env._("%(place)s time", place=place)


def slot_in_words(start, stop, company, today=None):
    """A meeting's time as people in the council say it, and whose time that is.

    :param start: naive UTC datetime, or False while it is not known
    :param company: the council, as who may read its settings has it
    :return: dict with ``day`` (Friday 14 November), ``time`` (10:00 to 11:00), ``zone`` (London time) and ``past``; or
        None
    """
    if not start:
        return None
    begins = company._pep_local(start)
    time = begins.strftime("%H:%M")
    if stop:
        time = request.env._("%(begin)s to %(end)s", begin=time, end=company._pep_local(stop).strftime("%H:%M"))
    return {
        "day": in_words(begins.date(), today),
        "time": time,
        "zone": zone_in_words(company),
        "past": bool(stop) and stop < fields.Datetime.now(),
    }


def meeting_rows(invitations):
    """What a list says of the user's own invitations: each with its time in words and what is to be done.

    :param invitations: ``pep.meeting.attendee`` rows of the user
    """
    env = request.env
    rows = []
    for row in invitations:
        company = row.company_id.sudo()  # sudo: the council's clock, for a login of another council
        writes = row.written == "awaited" or row.written == "instead" and not row._is_over()
        asks = row.invitation == "none" or writes or row.answer == "none" and row._may_answer()
        gone = row.invitation == "withdrawn" or row.told_state == "cancelled"
        rows.append(
            {
                "row": row,
                "slot": slot_in_words(row.told_start, row.told_stop, company, company._pep_today()),
                "asks": asks and not gone,
                "button": None if gone else env._("Write") if writes else env._("Answer") if asks else env._("Open"),
            }
        )
    return rows
