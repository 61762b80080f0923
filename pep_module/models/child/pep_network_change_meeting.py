from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class PepNetworkChangeMeeting(models.Model):
    """One meeting to come of a child whose network changed: who leaves the list, who joins it, link and place.

    Who is worked out when it is looked at. Kept is what the VSEO decides: the new link, the new place.
    """

    _name = "pep.network.change.meeting"
    _description = "Meeting that a change of the network touches"
    _inherit = ["pep.child.bound"]
    _child_parent = "change_id"
    _order = "change_id desc, id"
    _allow_sudo_commands = False

    change_id = fields.Many2one("pep.network.change", required=True, index=True, ondelete="restrict", readonly=True)
    meeting_id = fields.Many2one("pep.meeting", required=True, index=True, ondelete="restrict", readonly=True)
    start = fields.Datetime(related="meeting_id.start", string="When")
    leaving = fields.Char(string="Invitation withdrawn", compute="_compute_people")
    joining = fields.Char(string="Asked instead", compute="_compute_people")
    link_kind = fields.Selection(related="meeting_id.link_kind", string="Join by")
    link_known = fields.Boolean(
        string="Link known outside", readonly=True, help="Somebody who must not have contact was told the link."
    )
    needs_link = fields.Boolean(string="Needs a new link", compute="_compute_people")
    link_note = fields.Char(string="Link", compute="_compute_people")
    new_link = fields.Char(string="New link", help="From Teams, Zoom or the like.")
    without_link = fields.Boolean(string="Without a link for now")
    place = fields.Char(related="meeting_id.place")
    place_note = fields.Char(string="About the place", compute="_compute_people")
    place_gone = fields.Boolean(
        string="Not there",
        compute="_compute_place_gone",
        store=True,
        readonly=False,
        help="The place is taken out of the meeting, until there is another.",
    )
    new_place = fields.Char(string="New place")

    _uniq = models.UniqueIndex("(change_id, meeting_id)", "This meeting is on the list already.")

    # === Computes ===

    @api.depends("meeting_id", "change_id")
    def _compute_people(self):
        names = self.env["pep.network.change"]
        rows = self.sudo()  # sudo: whoever may look at it is the virtual school's staff for this child
        former = rows.meeting_id._former_attendees()
        joining = rows._joining()
        for row, seen in zip(rows, self, strict=True):
            meeting = row.meeting_id
            leaving = former & meeting.attendee_ids
            new_link = row._link_is_known(leaving)
            seen.leaving = format_list(names.env, [person.partner_name or "" for person in leaving]) or False
            seen.joining = format_list(names.env, [partner.name or "" for _role, partner in joining[row]]) or False
            seen.needs_link = new_link and meeting.link_kind == "pasted"
            seen.link_note = row._link_in_words(new_link)
            seen.place_note = row._place_in_words()

    @api.depends("meeting_id", "change_id")
    def _compute_place_gone(self):
        for row in self:
            row.place_gone = row._is_former_place()

    def _leave_former_place(self):
        """Take the former school out of the meeting, of these rows that are there already."""
        for row in self:
            if not row.place_gone and row._is_former_place():
                row.place_gone = True

    def _is_former_place(self):
        """Whether the place names a school that the child left."""
        row = self.sudo()  # sudo: as in _compute_people
        place = (row.meeting_id.place or "").casefold()
        left = row.change_id.line_ids.filtered(lambda line: line.kind == "school_left")
        return any((line.partner_name or "").casefold() in place for line in left if place and line.partner_name)

    def _place_in_words(self):
        if not self.meeting_id.place:
            return False
        if self._is_former_place():
            return self.env._("The school that the child left: taken out, unless you give another place.")
        if any(line.kind == "placement" or line.role == "carer" for line in self.change_id.line_ids):
            return self.env._("Is it still right, now that the child lives elsewhere?")
        return self.env._("Stays as it is.")

    def _link_is_known(self, leaving):
        """Whether somebody who leaves the list was told the link."""
        told = leaving.filtered(lambda person: person.invitation == "invited" and not person.withhold_link)
        return self.meeting_id.link_kind != "none" and bool(self.link_known or told)

    def _link_in_words(self, new_link):
        meeting = self.meeting_id
        if meeting.link_kind == "none":
            return self.env._("There is none yet.")
        if not new_link:
            return self.env._("Stays: nobody who leaves was told it.")
        return self.env._("Paste a new one: people who leave know this one.")

    def _joining(self):
        """Who is to be asked to each meeting because of what changed, and is not on its list.

        :return: dict of row -> list of (role, partner)
        """
        people = self.meeting_id._people_of_today()
        joining = {}
        for row in self:
            lines = row.change_id.line_ids
            new = lines.filtered(lambda line: line.kind == "person_new").partner_id
            schools = lines.filtered(lambda line: line.kind in ("school_new", "school_left", "teacher_left"))
            listed = row.meeting_id.attendee_ids.filtered(lambda person: person.invitation != "withdrawn").partner_id
            joining[row] = [
                (role, partner)
                for role, partner in people[row.meeting_id]
                if partner not in listed and (partner in new or schools and role == "teacher")
            ]
        return joining

    # === Doing it ===

    def _check_ready(self):
        """Refuse to leave a link in use that people who leave know."""
        for row in self:
            if row.needs_link and not (row.new_link or "").strip() and not row.without_link:
                raise UserError(
                    self.env._(
                        "People who leave know the link of the meeting on %(day)s. Paste a new one, or tick that it "
                        "goes out without a link for now.",
                        day=row.meeting_id._day_in_words(),
                    )
                )

    def _carry_out(self):
        """Withdraw, renew, ask. One mail a person at most: first who leaves, then what changes, then who joins.

        :return: list of dicts of words and days: what was done with each meeting
        """
        joining = self._joining()
        former = self.meeting_id._former_attendees()
        report = []
        for row in self:
            meeting = row.meeting_id
            leaving = former & meeting.attendee_ids
            told = bool(meeting.attendee_ids.filtered(lambda person: person.invitation == "invited"))
            link, place = row._renew(leaving)
            leaving._withdraw()
            link_vals, link_done = link
            place_vals, place_done = place
            if link_vals or place_vals:
                meeting.write({**link_vals, **place_vals})
            added = meeting._ask(joining[row], invite=told)
            report.append(
                {
                    "day": meeting._day_in_words(),
                    "withdrawn": [person.partner_name or "" for person in leaving],
                    "added": [person.partner_name or "" for person in added],
                    "invited": bool(added) and told,
                    "link": link_done,
                    "place": place_done,
                }
            )
        return report

    def _renew(self, leaving):
        """What becomes of link and place.

        :return: (values, what was done) of the link, then of the place
        """
        meeting = self.meeting_id
        link, place = ({}, None), ({}, None)
        if self._link_is_known(leaving):
            if self.new_link and not self.without_link:
                link = ({"link": self.new_link.strip()}, "new")
            else:
                link = ({"link_kind": "none", "link": False}, "none")
        elif (self.new_link or "").strip() and not self.without_link:
            link = ({"link_kind": "pasted", "link": self.new_link.strip()}, "new")
        if (self.new_place or "").strip():
            place = ({"place": self.new_place.strip()}, "new")
        elif self.place_gone and meeting.place:
            place = ({"place": False}, "gone")
        return link, place

    # === CRUD ===

    @api.model
    def _by_hand(self):
        return {"new_link", "without_link", "new_place", "place_gone"}

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | {"link_known"}

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - self._by_hand():
                raise UserError(self.env._("Only the new link and the new place are yours to say here."))
            if any(row.change_id.state != "open" for row in self):
                raise UserError(self.env._("This was looked at already, and stays as it was."))
        return super().write(vals)
