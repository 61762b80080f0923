from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.calendar.controllers.main import CalendarController


class PepCalendarController(CalendarController):
    """Odoo's links with a token answer an invitation or open an event for whoever holds them.

    The event of a PEP meeting has no token, nor have the people in it; to these pages it does not exist. A link without
    a token finds what has none, so that is refused for every event.
    """

    @http.route()
    def accept_meeting(self, token, id, **kwargs):
        self._pep_refuse(token, id)
        return super().accept_meeting(token, id, **kwargs)

    @http.route()
    def accept_recurrence(self, token, id, **kwargs):
        self._pep_refuse(token, id)
        return super().accept_recurrence(token, id, **kwargs)

    @http.route()
    def decline_meeting(self, token, id, **kwargs):
        self._pep_refuse(token, id)
        return super().decline_meeting(token, id, **kwargs)

    @http.route()
    def decline_recurrence(self, token, id, **kwargs):
        self._pep_refuse(token, id)
        return super().decline_recurrence(token, id, **kwargs)

    @http.route()
    def view_meeting(self, token, id, **kwargs):
        self._pep_refuse(token, id)
        return super().view_meeting(token, id, **kwargs)

    @http.route()
    def calendar_join_meeting(self, token, **kwargs):
        self._pep_refuse(token)
        return super().calendar_join_meeting(token, **kwargs)

    @http.route()
    def calendar_join_videocall(self, access_token):
        self._pep_refuse(access_token)
        return super().calendar_join_videocall(access_token)

    def _pep_refuse(self, token, event_id=None):
        """A page that does not exist, where the token or the number is of a PEP meeting, or there is no token."""
        events = request.env["calendar.event"].sudo().with_context(active_test=False)  # sudo: whose event it is
        attendees = request.env["calendar.attendee"].sudo()  # sudo: whose event it is
        if not token:
            raise NotFound()
        found = events.search([("access_token", "=", token)])
        found |= attendees.search([("access_token", "=", token)]).event_id
        if str(event_id or "").isdecimal():
            found |= events.browse(int(event_id)).exists()
        if found._pep_ours():
            raise NotFound()
