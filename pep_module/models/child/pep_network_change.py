from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list
from odoo.tools.misc import formatLang

from .pep_network_around import CLOSED, LIVE_MONEY, QUIETLY, Around

STATES = [("open", "To look at"), ("done", "Confirmed"), ("dismissed", "Nothing to do")]
CHUNK = 1000
OPEN_PARTS = ("not_started", "in_progress", "returned")
OWN_CLOCK = ("teacher", "social_worker")


class PepNetworkChange(models.Model):
    """The network around a child changed: one to-do for the child's VSEO, with what follows from it.

    Made by the app, in the transaction that changes an enrolment, a member of the network, a placement or the staff of
    a school; by a nightly job for what begins or ends by its date (:meth:`_cron_catch_up`). At most one is open for a
    child: whatever changes before it is looked at adds to it. There is none where nothing follows: no PEP is open, no
    meeting planned, no money live at a school that the child left; nor for the first people around a child, as long as
    nobody has been asked for anything.

    What follows is worked out when it is looked at, and done by :meth:`action_confirm`. Two things wait for nobody:
    access ends with what it follows from, and who must not have contact is taken off the list of every meeting at once.
    """

    _name = "pep.network.change"
    _description = "Change of a child's network"
    _inherit = ["pep.child.bound"]
    _order = "id desc"
    _allow_sudo_commands = False

    state = fields.Selection(STATES, required=True, readonly=True, default="open", index=True)
    vseo_id = fields.Many2one("res.users", string="VSEO", related="child_id.vseo_id")
    line_ids = fields.One2many("pep.network.change.line", "change_id", string="What changed", readonly=True)
    summary = fields.Char(string="In short", compute="_compute_summary")
    meeting_ids = fields.One2many("pep.network.change.meeting", "change_id", string="Meetings")
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, index="btree_not_null", ondelete="set null", groups=fields.NO_ACCESS
    )
    # What follows. Rendered by the app's own templates, which escape every word.
    meetings_view = fields.Html(string="Meetings in words", compute="_compute_meetings_view", sanitize=False)
    follows_view = fields.Html(string="What follows", compute="_compute_follows_view", sanitize=False)
    # Who looked at it
    decided_by_id = fields.Many2one("res.users", string="Looked at by", readonly=True, ondelete="restrict")
    decided_on = fields.Datetime(string="Looked at on", readonly=True)
    reason = fields.Char(string="Why nothing was to be done", readonly=True)
    done = fields.Json(string="What was done", readonly=True)
    done_view = fields.Html(string="What was done then", compute="_compute_done_view", sanitize=False)

    _one_open = models.UniqueIndex(
        "(child_id) WHERE state = 'open'", "What changed around this child is to be looked at already."
    )

    # === Computes ===

    @api.depends("line_ids.what")
    def _compute_summary(self):
        for change in self:
            labels = list(dict.fromkeys(line._short() for line in change.line_ids))
            change.summary = format_list(self.env, labels) if labels else False

    @api.depends("state", "meeting_ids")
    def _compute_meetings_view(self):
        """Who leaves each meeting to come and who joins it, and what becomes of link and place, in words."""
        for change in self:
            rows = change.meeting_ids if change.state == "open" else ()
            html = self.env["ir.qweb"]._render("pep_module.network_change_meetings", {"rows": rows}) if rows else False
            change.meetings_view = html and Markup(html)

    @api.depends("state")
    def _compute_follows_view(self):
        """Parts, clocks and money, in words, as they stand now."""
        for change in self:
            change.follows_view = change._render(change._what_follows()) if change.state == "open" else False

    @api.depends("done")
    def _compute_done_view(self):
        for change in self:
            change.done_view = change._render(change.done) if change.done else False

    def _render(self, data):
        values = {"data": data, "day": self.env["pep.plan.issue"]._day_in_words, "done": self.state != "open"}
        return Markup(self.env["ir.qweb"]._render("pep_module.network_change_follows", values))

    # === Noting what changed ===

    @api.model
    def _note(self, events):
        """Make the to-do of each child about whom something is to be done, or add to the one that is open.

        Run any number of times with the same events: the same rows. A fixed number of queries, however many children;
        three where nothing follows.

        :param events: list of ``Event``
        """
        if not events or self.env.context.get("pep_network_quiet") is QUIETLY:
            return
        changes = self.sudo()  # sudo: made by the app, whoever changed the network, and whatever of it they see
        off_the_list = changes._withdraw_barred(events)
        events = changes._that_matter(events, off_the_list)
        if not events:
            return
        children = self.env["pep.child"].sudo().union(*{event.child for event in events})  # sudo: the same
        self.env["pep.access"].sudo()._take_turn(children)  # sudo: the same; two changes at once make one to-do
        lines = self.env["pep.network.change.line"].sudo()  # sudo: the same
        known = lines.search_fetch(
            [("child_id", "in", children.ids), ("key", "in", [event.key for event in events])], ["child_id", "key"]
        )
        known = {(line.child_id.id, line.key) for line in known}
        fresh = {(event.child.id, event.key): event for event in events}
        fresh = [event for key, event in fresh.items() if key not in known]
        if fresh:
            changes._add(fresh, off_the_list)

    def _add(self, events, off_the_list):
        """Add lines for these events, each to the open to-do of its child."""
        ids = {event.child.id for event in events}
        open_ones = self.search([("child_id", "in", list(ids)), ("state", "=", "open")])
        new = self.create([{"child_id": child_id} for child_id in sorted(ids - set(open_ones.child_id.ids))])
        changes = open_ones | new
        change_of = {change.child_id.id: change.id for change in changes}
        self.env["pep.network.change.line"].create(
            [
                {
                    "change_id": change_of[event.child.id],
                    "kind": event.kind,
                    "key": event.key,
                    "date": event.date,
                    "role": event.slot if event.kind in ("person_new", "person_left", "barred") else False,
                    "partner_id": event.partner.id if event.partner else False,
                    "partner_name": event.name,
                }
                for event in events
            ]
        )
        changes._sync_meetings(off_the_list)
        if any(event.kind == "school_left" for event in events):
            open_ones.meeting_ids._leave_former_place()
        new._make_tasks()

    @api.model
    def _withdraw_barred(self, events):
        """Take who must not have contact off the list of every meeting to come, at once.

        :return: their ``pep.meeting.attendee`` rows, also of those who had been taken off before
        """
        barred = [event for event in events if event.kind == "barred"]
        rows = self.env["pep.meeting.attendee"].sudo()  # sudo: waits for nobody, whoever says so
        if not barred:
            return rows
        pairs = {(event.child.id, event.partner.id) for event in barred}
        rows = rows.search(
            [
                ("child_id", "in", [child for child, _partner in pairs]),
                ("partner_id", "in", [partner for _child, partner in pairs]),
                ("meeting_id.state", "in", ("offering", "planned")),
            ]
        ).filtered(lambda row: (row.child_id.id, row.partner_id.id) in pairs and row.meeting_id._is_to_come())
        rows._withdraw()
        return rows

    # === Does anything follow? ===

    @api.model
    def _that_matter(self, events, off_the_list):
        """Those of these events from which something follows."""
        children = self.env["pep.child"].union(*{event.child for event in events})
        around = Around(self.env, children)
        if not (around.plans or around.meetings or around.money or off_the_list):
            return []
        around.read_more(events)
        listed = {(row.child_id.id, row.partner_id.id) for row in off_the_list}
        return [
            event
            for event in events
            if (event.child.id, event.partner and event.partner.id) in listed or around.matters(event)
        ]

    # === The to-do ===

    def _make_tasks(self):
        """One task for the VSEO of each child, on the open PEP or else on the child; for whoever may read that."""
        plans = self._open_plans()
        wanted = defaultdict(list)
        for change in self:
            user = change.child_id.vseo_id
            if user.active:
                plan = plans.get(change.child_id, self.env["pep.plan"])[-1:]
                wanted[plan._name if plan else "pep.child", user].append((change, plan or change.child_id))
        tasks = []
        for (model, user), pairs in wanted.items():
            records = self.env[model].browse(record.id for _change, record in pairs)
            readable = records._pep_readable_by(user)
            tasks += [(change, record, user) for change, record in pairs if record.id in readable._ids]
        kind = self.env.ref("mail.mail_activity_data_todo")
        made = (
            self.env["mail.activity"]
            .sudo()  # sudo: given to the VSEO by the app, whoever changed the network
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        "activity_type_id": kind.id,
                        "summary": self.env._("The network changed: look at what follows"),
                        "note": Markup('<p><a href="%s">%s</a></p>')
                        % (f"{change.get_base_url()}/odoo/network-changes/{change.id}", self.env._("Look at it")),
                        "res_model_id": self.env["ir.model"]._get_id(record._name),
                        "res_id": record.id,
                        "user_id": user.id,
                        "date_deadline": change.company_id._pep_today(),
                        "automated": True,
                    }
                    for change, record, user in tasks
                ]
            )
        )
        for (change, _record, _user), task in zip(tasks, made, strict=True):
            change.activity_id = task

    def _close_tasks(self, feedback):
        tasks = self.sudo().activity_id  # sudo: done with what it asked for, whoever it was given to
        if tasks:
            tasks.action_feedback(feedback=feedback)

    def _renew_tasks(self):
        """Another VSEO: the task goes along."""
        changes = self.sudo()  # sudo: who hands a child over has no access to it any more
        changes.activity_id.unlink()
        changes._make_tasks()

    # === What follows ===

    def _open_plans(self):
        """The PEPs of these children that are not finished, the earliest term first.

        :return: dict of child -> ``pep.plan`` records
        """
        plans = self.env["pep.plan"].search([("child_id", "in", self.child_id.ids), ("state", "not in", CLOSED)])
        return plans.sorted(lambda plan: (plan.term_id.date_from, plan.id)).grouped("child_id")

    def _roles(self):
        """The roles in the network that somebody left or took up."""
        return {line.role for line in self.line_ids if line.role}

    def _what_follows(self):
        """What follows for parts, clocks and money, as plain data; the meetings have rows of their own.

        :return: dict with ``parts``, ``clocks`` and ``money``, each a list of dicts of words and days
        """
        self.ensure_one()
        if not self.id:
            return {"parts": [], "clocks": [], "money": []}
        change = self.sudo()  # sudo: whoever may look at it is the virtual school's staff for this child
        plans = change._open_plans().get(change.child_id, change.env["pep.plan"])
        return {
            "parts": change.env["pep.contribution"]._passing_on(plans, change._roles()),
            "clocks": change._clocks(plans),
            "money": change._money(),
        }

    def _clocks(self, plans):
        """The clocks that run on: those of the child, of each PEP, and the parts that have no clock of their own."""
        running = self.env["pep.deadline"].search(
            [("child_id", "=", self.child_id.id), ("state", "=", "open")], order="due_date, id"
        )
        clocks = [(clock.name, clock.due_date) for clock in running if clock.plan_id not in plans]
        for plan in plans:
            term = plan.term_id.name
            days = [
                (self.env._("%(term)s: %(clock)s", term=term, clock=clock.name), clock.due_date)
                for clock in running
                if clock.plan_id == plan
            ]
            parts = plan.contribution_ids.filtered(
                lambda part: part.state in OPEN_PARTS and part.due_date and part.owner_role not in OWN_CLOCK
            )
            days += [
                (self.env._("%(term)s: parts are in (%(number)s)", term=term, number=len(same)), due)
                for due, same in parts.grouped("due_date").items()
            ]
            clocks += sorted(days, key=lambda row: row[1])
        return [{"what": what, "day": str(day)} for what, day in clocks]

    def _money(self):
        """Live money of schools where the child is no more."""
        child = self.child_id
        left = child._schools_left(self.company_id._pep_today())
        money = self.env["pep.funding"].search(
            [("child_id", "=", child.id), ("state", "in", LIVE_MONEY), ("school_id", "in", left.ids)]
        )
        return [
            {
                "what": row.request_id.name,
                "school": row.school_id.name,
                "state": row._label("state"),
                "amount": formatLang(
                    self.env,
                    row.amount_approved if row.state == "approved" else row.amount_asked,
                    currency_obj=row.currency_id,
                ),
            }
            for row in money
        ]

    # === Meetings ===

    def _sync_meetings(self, off_the_list=()):
        """Give each open to-do a row for each meeting to come of its child. Run any number of times: the same rows.

        :param off_the_list: attendees who have just been taken off
        """
        meetings = self.env["pep.meeting"].sudo()._to_come(self.child_id)  # sudo: kept by the app
        rows = self.env["pep.network.change.meeting"].sudo()  # sudo: the same
        change_of = {change.child_id: change for change in self}
        have = rows.search([("change_id", "in", self.ids)])
        there = {(row.change_id, row.meeting_id) for row in have}
        have |= rows.create(
            [
                {"change_id": change_of[meeting.child_id].id, "meeting_id": meeting.id}
                for meeting in meetings
                if (change_of[meeting.child_id], meeting) not in there
            ]
        )
        invited = [row.meeting_id.id for row in off_the_list if row.invited_on]
        have.filtered(lambda row: row.meeting_id.id in invited).write({"link_known": True})

    # === Deciding ===

    def action_confirm(self):
        """Button: do what follows. Once.

        Invitations of people who are no more around the child are withdrawn, whoever came instead is asked, the link is
        renewed, and open parts go over. Clocks and money are shown, and stay as they are.

        :raise UserError: it was looked at already, or a link that others know is to be replaced and there is no new one
        """
        self.check_access("write")
        for change in self:
            change._confirm()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _confirm(self):
        self.ensure_one()
        self._check_open()
        shown = self._what_follows()
        change = self.sudo()  # sudo: staff for this child, checked just now; parts and lists are kept by the app
        meetings = change.meeting_ids.filtered(lambda row: row.meeting_id._is_to_come())
        meetings._check_ready()
        done = {**shown, "meetings": meetings._carry_out()}
        plans = change._open_plans().get(change.child_id, change.env["pep.plan"])
        done["school"] = plans._move_to_school_of_today()
        change.env["pep.contribution"]._pass_on(plans, change._roles())
        change.env["pep.delegation"].search([("child_id", "=", change.child_id.id), ("ended_on", "=", False)])._tidy()
        change._decide("done", done=done)
        change._close_tasks(self.env._("Confirmed"))

    def action_dismiss(self):
        """Button: ask why, then note that there is nothing to do."""
        self.ensure_one()
        self.check_access("write")
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Nothing to do"),
            "res_model": "pep.network.change.dismiss",
            "view_mode": "form",
            "target": "new",
            "context": {"default_change_id": self.id},
        }

    def _dismiss(self, reason):
        """Note that there is nothing to do, and why. Called by the form that asked."""
        self.ensure_one()
        self.check_access("write")
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why there is nothing to do: others will ask."))
        self._check_open()
        change = self.sudo()  # sudo: staff for this child, checked just now; written by these steps alone
        change._decide("dismissed", reason=reason)
        change._close_tasks(self.env._("Nothing to do: %(reason)s", reason=reason))

    def _decide(self, state, **vals):
        self.write({"state": state, "decided_by_id": self.env.uid, "decided_on": fields.Datetime.now(), **vals})

    def _check_open(self):
        self.lock_for_update()
        if self.state != "open":
            raise UserError(
                self.env._(
                    "%(name)s has looked at this already, on %(day)s.",
                    name=self.decided_by_id.name,
                    day=self.company_id._pep_local(self.decided_on).strftime("%-d %B"),
                )
            )

    def action_open_plan(self):
        """Button: the open PEP, or else all of them."""
        self.ensure_one()
        self.check_access("read")
        plans = self._open_plans().get(self.child_id, self.env["pep.plan"])
        return plans[-1:].get_formview_action() if plans else self.child_id.action_view_plans()

    def action_open_child(self):
        self.ensure_one()
        self.check_access("read")
        return self.child_id.get_formview_action()

    # === By date ===

    @api.model
    def _cron_catch_up(self):
        """Nightly: note what began or ended by its date since the last time, however long ago that was. Idempotent.

        Access needs no job: it carries its own dates.
        """
        children = self.env["pep.child"].sudo()  # sudo: scheduled action, no user
        [(companies,)] = children._read_group([], [], ["company_id:recordset"])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            if not self._catch_up(company):
                break

    @api.model
    def _catch_up(self, company):
        """Note what began or ended at a council by its date. The day is kept when all of it is noted.

        :return: seconds left for the scheduled action
        """
        cron = self.env["ir.cron"]
        today, since = company._pep_today(), company.pep_network_seen
        if since and since < today:
            events = [
                event
                for name in ("pep.enrolment", "pep.network.member", "pep.school.staff")
                for event in self.env[name].sudo()._network_events_by_date(company, since, today)  # sudo: as above
            ]
            events.sort(key=lambda event: event.child.id)  # all of one child's in one step
            while events:
                last = events[min(CHUNK, len(events)) - 1].child
                number = sum(1 for event in events if event.child.id <= last.id)
                cron._pep_step(self._note_by_date, events[:number])
                events = events[number:]
        return cron._pep_step(company.sudo().write, {"pep_network_seen": today}, processed=1)  # sudo: the app's own

    @api.model
    def _note_by_date(self, events):
        self._note(events)

    # === CRUD ===

    @api.model
    def _set_by_app(self):
        return super()._set_by_app() | (self._fields.keys() - {"meeting_ids", "child_id", *models.MAGIC_COLUMNS})

    def write(self, vals):
        if not self.env.su and vals.keys() - {"meeting_ids"}:
            raise UserError(
                self.env._("What changed is kept by the app. Confirm it, or say that there is nothing to do.")
            )
        return super().write(vals)

    def copy(self, default=None):
        if self:
            raise UserError(self.env._("This can't be copied: the app makes it when something changes."))
        return super().copy(default)
