from collections import defaultdict
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, Query


class MeetingsOfPerson(fields.Many2many):
    """The events that a person is in, searched by their rule.

    Odoo takes numbers of linked records in a search as they come, and asks nobody whether there are any at all. By the
    number of an event everybody could learn who is in a PEP meeting. There are many ways to the field; all end here.
    """

    def update_db(self, model, columns):
        """The table stays Odoo's calendar's, which made it: this app neither makes nor, once uninstalled, drops it."""
        return False

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        condition = partial(super().condition_to_sql, field_expr, model=model, alias=alias, query=query)
        if operator not in ("in", "not in") or isinstance(value, (SQL, Query)) or model.env.su:
            return condition(operator, value)
        within, beside = ("any", "not any") if operator == "in" else ("not any", "any")
        events = Domain("id", "in", [number for number in value if number]) & Domain("active", "in", [True, False])
        parts = [condition(within, events)]
        if not all(value):
            parts.append(condition(beside, Domain.TRUE))
        # raw SQL: joins two conditions that the ORM has made
        return SQL("(%s)", SQL(" OR " if operator == "in" else " AND ").join(parts))


class ResPartner(models.Model):
    _inherit = "res.partner"

    meeting_ids = MeetingsOfPerson()

    def _get_busy_calendar_events(self, start_datetime, end_datetime):
        """Odoo's free and busy. A person in a PEP meeting is busy, also to whoever may not know of it.

        Of what the asker can't see come events that exist nowhere: they hold a beginning, an end and the one person.
        """
        known = defaultdict(self.env["calendar.event"].browse)
        known |= super()._get_busy_calendar_events(start_datetime, end_datetime)
        hidden = self.env["calendar.event"].sudo()  # sudo: that somebody is busy, and nothing else of it
        hidden = hidden.search(
            [
                ("pep_child_id", "!=", False),
                ("stop", ">=", start_datetime.replace(tzinfo=None)),
                ("start", "<=", end_datetime.replace(tzinfo=None)),
                ("partner_ids", "in", self.ids),
                ("show_as", "=", "busy"),
            ]
        )
        for event in hidden:
            for partner in event.partner_ids:
                if event.id not in known[partner.id].ids:
                    known[partner.id] |= known[partner.id].new(
                        {"name": self.env._("Busy"), "start": event.start, "stop": event.stop, "partner_ids": partner}
                    )
        return {partner: events for partner, events in known.items() if events}

    # === Events are also written from the person's side ===

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._pep_refuse_meetings(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._pep_refuse_meetings(vals)
        return super().write(vals)

    def _pep_refuse_meetings(self, vals):
        """Refuse to put somebody into a PEP meeting, or out of it, past its list."""
        commands = vals.get("meeting_ids")
        if not commands:
            return
        people = self.sudo().with_context(active_test=False)  # sudo: all of their meetings, seen or not
        touched = set()
        for command in commands:
            if command[0] in (Command.SET, Command.CLEAR):
                named = set(command[2] if command[0] == Command.SET else ())
                touched |= named.union(*(named ^ set(person.meeting_ids.ids) for person in people))
                touched -= named.intersection(*(set(person.meeting_ids.ids) for person in people)) if people else set()
            elif command[0] != Command.CREATE:
                touched.add(command[1])
        if people.meeting_ids.browse(touched).exists()._pep_ours():
            raise UserError(
                self.env._("Who is asked to a PEP meeting is kept on its own list. Open the meeting to change it.")
            )
