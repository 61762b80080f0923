from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..common.pep_child_bound import NAME_GROUPS
from .pep_meeting import OPEN

# With sudo, lets the app write the events of PEP meetings. Sudo can't be sent with a call, so the key opens nothing.
FOLLOW = "pep_follow_meeting"
# What a drag, a resize or the form writes of the time.
WHEN = {"start", "stop", "duration", "allday", "start_date", "stop_date"}
# What bridges to calendars elsewhere note, and what only says how to write: nothing of a meeting changes.
OF_NO_MEANING = {"recurrence_update", "need_sync", "need_sync_m"}


class CalendarEvent(models.Model):
    """An event of Odoo's calendar; of a PEP meeting it shows the time, and is the meeting's own.

    The rule of such an event asks ``pep.access`` by the child. No rule lets anybody write one: from the calendar a drag
    moves the *meeting* (which then tells those invited), an answer is noted in the meeting, and everything else is
    refused with the place to do it. Other events are what they were.
    """

    _inherit = "calendar.event"

    pep_child_id = fields.Many2one(
        "pep.child",
        string="Child of the PEP meeting",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Only the event of a PEP meeting has one. Set once, by the app.",
    )
    pep_is_meeting = fields.Boolean(string="PEP meeting", compute="_compute_pep_is_meeting")
    pep_can_move = fields.Boolean(string="May be moved", compute="_compute_pep_can_move")
    pep_child_name = fields.Char(
        string="Child",
        compute="_compute_pep_child_name",
        search="_search_pep_child_name",
        groups=NAME_GROUPS,
        exportable=False,
        help="The child's name, for those who may see this child. Never stored here.",
    )

    _pep_quiet = models.Constraint(
        """CHECK (pep_child_id IS NULL OR (privacy = 'private' AND access_token IS NULL AND recurrence_id IS NULL
            AND videocall_channel_id IS NULL AND res_model IS NULL))""",
        "A PEP meeting is private in the calendar, repeats nowhere, and opens to nobody by a link.",
    )

    # === What is shown ===

    @api.depends("pep_child_id")
    def _compute_pep_is_meeting(self):
        for event in self:
            event.pep_is_meeting = bool(event.pep_child_id)

    @api.depends("pep_child_id")
    @api.depends_context("uid")
    def _compute_pep_can_move(self):
        """Those of planned meetings that the person who looks may move."""
        meetings = self._pep_meetings()
        planned = meetings.sudo().filtered(lambda meeting: meeting.state in OPEN)  # sudo: who may is asked next
        movable = planned.with_env(self.env)._filtered_access("write").sudo().event_id  # sudo: which events those are
        for event in self:
            event.pep_can_move = event._origin.id in movable.ids

    @api.depends("pep_child_id.full_name")
    @api.depends_context("uid", "pep_exporting")
    def _compute_pep_child_name(self):
        """For a person who reads the calendar: never for the system, nor for a file."""
        children = self.env["pep.child"].with_context(active_test=False)
        named = self.pep_child_id if not self.env.su and not self.env.context.get("pep_exporting") else children
        readable = children.search_fetch([("id", "in", named.ids)], ["full_name"], order="id") if named else children
        names = {child.id: child.full_name for child in readable}
        for event in self:
            event.pep_child_name = names.get(event.pep_child_id._origin.id, False)

    def _search_pep_child_name(self, operator, value):
        return Domain("pep_child_id.full_name", operator, value)

    @api.depends("pep_child_id")
    @api.depends_context("uid")
    def _compute_display_name(self):
        """Odoo works the name of a linked record out under sudo: whoever may not see a PEP meeting reads *Busy*."""
        result = super()._compute_display_name()
        if not self.env.su or self.env.uid == SUPERUSER_ID:
            return result
        ours = self.filtered("pep_child_id").with_env(self.env(su=False))
        hidden = ours - ours._filtered_access("read")
        hidden.with_env(self.env).display_name = self.env._("Busy")
        return result

    def _compute_user_can_edit(self):
        """Whoever sees a PEP meeting in the calendar sees the details and may answer; ``pep_can_move`` is narrower."""
        result = super()._compute_user_can_edit()
        self.filtered("pep_child_id").user_can_edit = True
        return result

    def _check_private_event_conditions(self):
        """Whoever may read a PEP meeting reads all of its event, on the list or not: a colleague covers."""
        return super()._check_private_event_conditions() and not self.sudo().pep_child_id  # sudo: whose event it is

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """A file holds what is stored: no child's name."""
        records = self.with_context(pep_exporting=True)
        return super(CalendarEvent, records)._export_rows(fields, _is_toplevel_call=_is_toplevel_call)

    # === The meeting behind an event ===

    def _pep_ours(self):
        """Those of these events that are of PEP meetings, whether or not the person may see them."""
        return self.sudo().filtered("pep_child_id").with_env(self.env)  # sudo: whose event it is decides

    def _pep_meetings(self):
        """The PEP meetings of these events, which the person need not be able to read."""
        ours = self._pep_ours()._origin
        meetings = self.env["pep.meeting"].sudo()  # sudo: which they are; what may be done is asked as the person
        return (meetings.search([("event_id", "in", ours.ids)]) if ours else meetings).with_env(self.env)

    def _pep_following(self):
        return self.env.su and self.env.context.get(FOLLOW)

    def action_open_calendar_event(self):
        """The calendar's link to what an event is about: the meeting, or the own invitation to it."""
        ours = self._pep_ours()
        if not ours:
            return super().action_open_calendar_event()
        ours.check_access("read")
        meeting = ours._pep_meetings()
        if meeting.has_access("read"):
            return meeting.get_formview_action()
        invitation = ours._pep_invitation_of(self.env.user.partner_id)
        return {"type": "ir.actions.act_url", "url": f"/my/pep/meeting/{invitation.id}", "target": "self"}

    def _pep_invitation_of(self, partner):
        """This person's row in the meeting of this event, without rights."""
        self.ensure_one()
        rows = self.env["pep.meeting.attendee"].sudo()  # sudo: the own row, or what the caller checks
        return rows.search([("meeting_id.event_id", "=", self.id), ("partner_id", "=", partner.id)], limit=1)

    # === Made and changed by the app alone ===

    @api.model
    def default_get(self, fields):
        """An event that is begun while a child's record is open is not about it: every employee would see that."""
        values = super().default_get(fields)
        model = values.get("res_model") or self._pep_model_name(values.get("res_model_id"))
        if self._pep_about_child(model):
            for name in ("res_model", "res_model_id", "res_id"):
                values.pop(name, None)
        values.pop("pep_child_id", None)  # set by the app; a number from a call would show that child's reference
        return values

    def onchange(self, values, field_names, fields_spec):
        """Which child an event is about no form says: the number of any child would show the reference."""
        values = {name: value for name, value in values.items() if name != "pep_child_id"}
        return super().onchange(values, [name for name in field_names if name in values], fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        if not self._pep_following():
            for vals in vals_list:
                self._pep_refuse_link(vals)
        return super().create(vals_list)

    def write(self, vals):
        if self._pep_following():
            return super().write(vals)
        ours = self._pep_ours()
        if not ours:
            self._pep_refuse_link(vals)
            return super().write(vals)
        ours._pep_write_from_calendar(vals)
        rest = self - ours
        return rest.write(vals) if rest else True

    @api.model
    def _pep_model_name(self, model_id):
        return model_id and self.env["ir.model"].sudo().browse(model_id).model  # sudo: the name of a model

    @api.model
    def _pep_about_child(self, model):
        return self.env["ir.attachment"]._pep_about_child(model)

    @api.model
    def _pep_refuse_link(self, vals):
        """Refuse an event that says it is about a child: what every employee can see is not the place."""
        model = vals.get("res_model") or self._pep_model_name(vals.get("res_model_id"))
        if vals.get("pep_child_id") or self.env.context.get("default_pep_child_id") or self._pep_about_child(model):
            raise UserError(
                self.env._(
                    "Every employee can see an event of the calendar. Plan a PEP meeting from the PEP, so that only "
                    "those who may know of it see it."
                )
            )

    def _pep_write_from_calendar(self, vals):
        """What the calendar writes of PEP meetings: a time moves the meeting; all else is changed there."""
        self.check_access("read")
        for event in self:
            changed = {name for name in vals if name not in OF_NO_MEANING and not event._pep_same(name, vals[name])}
            if "current_status" in changed:
                event._pep_own_row()._pep_answer(vals["current_status"])
            elif changed - WHEN:
                event._pep_refuse_change(changed)
            elif changed:
                event._pep_move({name: vals[name] for name in WHEN & vals.keys()})

    def _pep_same(self, name, value):
        """Whether writing this value would leave the field as it is."""
        field = self._fields.get(name)
        if not field or field.type in ("one2many", "many2many"):
            return value == []
        record = self.sudo()  # sudo: compared, not shown
        return field.convert_to_cache(value, record) == field.convert_to_cache(record[name], record)

    def _pep_refuse_change(self, names):
        if names == {"active"}:
            self._pep_refuse_deleting()
        raise UserError(
            self.env._(
                "This is a PEP meeting: in the calendar only its time can be changed. Open the meeting to change the "
                "place, the link or the people."
            )
        )

    def _pep_refuse_deleting(self):
        """Refuse to take events of PEP meetings out of the calendar, if there are any among these."""
        ours = self._pep_ours()
        if ours:
            ours.check_access("read")
            raise UserError(
                self.env._(
                    "A PEP meeting is not deleted in the calendar. Open the meeting and cancel it there, with a "
                    "reason: then those who were invited are told."
                )
            )

    def _pep_refuse_mail(self):
        """Refuse Odoo's mails about PEP meetings, if there are any among these."""
        ours = self._pep_ours()
        if ours:
            ours.check_access("read")
            raise UserError(
                self.env._(
                    "A PEP meeting sends its own invitations, one for each person. Open the meeting to invite people; "
                    "write to colleagues beside the PEP."
                )
            )

    def _pep_move(self, when):
        """Move the meeting of this event, as the person who drags it.

        :param dict when: what was written of :data:`WHEN`
        """
        self.ensure_one()
        if when.get("allday") or when.get("start_date") or when.get("stop_date"):
            raise UserError(self.env._("A PEP meeting has a time of day. Drag it to an hour."))
        meeting = self._pep_meetings()
        if not meeting.has_access("write"):
            raise UserError(
                self.env._("The virtual school arranges this meeting. Answer the invitation, and ask for another time.")
            )
        start = fields.Datetime.to_datetime(when.get("start")) or self.start
        if when.get("stop"):
            duration = (fields.Datetime.to_datetime(when["stop"]) - start) / timedelta(hours=1)
        else:
            duration = when.get("duration") or meeting.duration
        if meeting.state not in OPEN:
            raise UserError(
                self.env._("A meeting that was held or cancelled stays when and where it was. Plan another one.")
            )
        if duration <= 0:
            raise UserError(self.env._("A meeting ends after it has begun."))
        values = {}
        if start != meeting.start:
            values["start"] = start
        if round(duration * 60) != round(meeting.duration * 60):
            values["duration"] = duration
        if values:
            meeting.write(values)

    # === Taken away, copied, written about ===

    def unlink(self):
        self._pep_refuse_deleting()
        return super().unlink()

    def copy(self, default=None):
        ours = self._pep_ours()
        if ours:
            ours.check_access("read")
            raise UserError(self.env._("A PEP meeting is not copied in the calendar. Plan another one from the PEP."))
        return super().copy(default)

    def action_unlink_event(self, attendee_id=None, recurrence=False):
        self._pep_refuse_deleting()
        return super().action_unlink_event(attendee_id=attendee_id, recurrence=recurrence)

    def action_mass_deletion(self, recurrence_update_setting):
        self._pep_refuse_deleting()
        return super().action_mass_deletion(recurrence_update_setting)

    def action_mass_archive(self, recurrence_update_setting):
        self._pep_refuse_deleting()
        return super().action_mass_archive(recurrence_update_setting)

    def action_join_meeting(self, partner_id):
        ours = self._pep_ours()
        if ours:
            ours.check_access("read")
            ours._pep_refuse_change({"partner_ids"})
        return super().action_join_meeting(partner_id)

    def action_sendmail(self):
        self._pep_refuse_mail()
        return super().action_sendmail()

    def action_open_composer(self):
        self._pep_refuse_mail()
        return super().action_open_composer()

    def message_post(self, **kwargs):
        self._pep_refuse_mail()
        return super().message_post(**kwargs)

    def message_notify(self, **kwargs):
        self._pep_refuse_mail()
        return super().message_notify(**kwargs)

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        self._pep_refuse_mail()
        return super().message_subscribe(partner_ids=partner_ids, subtype_ids=subtype_ids)

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        """Nobody follows the event of a PEP meeting: nothing is written there."""
        others = self - self._pep_ours()
        return super(CalendarEvent, others)._message_subscribe(partner_ids, subtype_ids, customer_ids=customer_ids)

    def _create_videocall_channel(self):
        if self._pep_ours():
            self._pep_refuse_change({"videocall_channel_id"})
        return super()._create_videocall_channel()

    def _get_ics_file(self):
        """Odoo's own file of an event holds everybody's address; a PEP meeting has one of its own for each person."""
        return super(CalendarEvent, self - self._pep_ours())._get_ics_file()

    # === Answers ===

    def _pep_own_row(self):
        """The row of the person who answers, without rights."""
        rows = self.sudo().attendee_ids.with_env(self.env)  # sudo: which of them is the own one
        own = rows.sudo().filtered(lambda row: row.partner_id == self.env.user.partner_id)  # sudo: the same
        return own.with_env(self.env)
