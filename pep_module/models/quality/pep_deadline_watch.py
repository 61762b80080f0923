from collections import defaultdict

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, format_date

CHUNK = 500
LATER = object()  # in the context: whoever writes these clocks closes their to-dos afterwards, for all of them at once
OTHER = {"owner": "head", "head": "owner"}


class PepDeadline(models.Model):
    """The watch: once a day, who is to be told of which clock.

    A clock says by ``watch_on`` when it is looked at next; that alone is searched for, by an index that holds nothing
    but running clocks. What is said then follows from the days of its rule: *reminder* before it is due, *late* the day
    after, *owner* and *head* some days later. Days that were missed are made good as far as they still matter: nobody
    is reminded of what is late already.

    The owner is whoever has the child on their caseload or covers it today; where there is nobody, the head.
    Rows, to-dos and the next ``watch_on`` are committed together, so that a kill neither loses nor repeats anything.
    """

    _inherit = "pep.deadline"

    notice_ids = fields.One2many("pep.deadline.notice", "deadline_id", string="Who was told", readonly=True)
    told = fields.Boolean(readonly=True, help="Somebody has a to-do for it.")

    # === The work of a day ===

    @api.model
    def _cron_watch(self):
        """Daily: tell whoever is to be told today, or should have been since the last time. Idempotent."""
        clocks = self.sudo()  # sudo: scheduled action, no user
        cron = self.env["ir.cron"]
        stale = clocks._stale_notices()
        for start in range(0, len(stale), CHUNK):
            cron._pep_step(clocks._renew, stale[start : start + CHUNK].ids)
        due = clocks._to_watch()
        cron._commit_progress(remaining=len(due))
        for start in range(0, len(due), CHUNK):
            chunk = due[start : start + CHUNK]
            if not cron._pep_step(chunk._watch, processed=len(chunk)):
                break

    @api.model
    def _to_watch(self, ids=None):
        """The running clocks that are to be looked at by now, those of one officer together."""
        domain = [("state", "=", "open"), ("watch_on", "<=", fields.Date.add(fields.Date.today(), days=1))]
        if ids is not None:
            domain.append(("id", "in", ids))
        clocks = self.search(domain, order="vseo_id.id, id")
        today = {council: council._pep_today() for council in clocks.company_id}
        return clocks.filtered(lambda clock: clock.watch_on <= today[clock.company_id])

    def _watch(self):
        """Look at these clocks: what is late is late from now on, and whoever is to be told of it gets a to-do.

        A fixed number of queries, and some for each person who is told.
        """
        self._take_turn()
        clocks = self._to_watch(self.ids)
        today = {council: council._pep_today() for council in clocks.company_id}
        said = [(clock, stage) for clock in clocks for stage in clock._stages_to_say(today[clock.company_id])]
        told = clocks._tell(said, today)
        changes = defaultdict(list)
        for clock in clocks:
            day = today[clock.company_id]
            late = (day - clock.due_date).days
            outcome = clock._outcome("late", late) if late > 0 else {}
            vals = {"watch_on": clock._next_watch(day), "told": clock.told or clock in told, **outcome}
            changes[tuple(vals.items())].append(clock.id)
        for vals, ids in changes.items():
            self.browse(ids).write(dict(vals))

    def _take_turn(self):
        """Of two that watch at the same moment, or one that watches and one that meets a clock, let one begin again.

        See ``pep.term._take_turn``.
        """
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL(
                """UPDATE pep_deadline_rule SET write_date = write_date
                WHERE id = (SELECT MIN(id) FROM pep_deadline_rule)"""
            ),
            log_exceptions=False,
        )
        self.env.cr.execute(  # raw SQL: the same
            SQL(
                """UPDATE pep_deadline SET write_date = write_date WHERE id IN (
                    SELECT id FROM pep_deadline WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)""",
                tuple(self.ids) or (0,),
            ),
            log_exceptions=False,
        )

    def _stages_to_say(self, today):
        """The stages of this clock of which somebody is to be told today: since it was looked at last, what matters."""
        stages = [stage for day, stage in self._stages() if self.watch_on <= day <= today and stage != "late"]
        if today > self.due_date and "reminder" in stages:
            stages.remove("reminder")
        return stages

    # === Telling ===

    def _tell(self, said, today):
        """Keep who is told of what, and give each a to-do.

        :param said: list of (clock, stage)
        :param today: dict of council -> date
        :return: the clocks of which somebody is told
        """
        people = self._people()
        notices = self.env["pep.deadline.notice"]
        known = {
            (notice.deadline_id, notice.stage, notice.due_date, notice.user_id): notice
            for notice in notices.search([("deadline_id", "in", self.ids)])
        }
        new, again, told = {}, notices, self.browse()
        for clock, stage in said:
            for user in people[clock, stage]:
                key = (clock, stage, clock.due_date, user)
                other = (clock, OTHER.get(stage), clock.due_date, user)
                if other in new or other in known and not known[other].withdrawn_on:
                    continue  # the head is the owner, and has been told
                told |= clock
                if key not in known:
                    new[key] = today[clock.company_id]
                elif known[key].withdrawn_on:
                    again |= known[key]
        again.write({"withdrawn_on": False})
        made = notices.create(
            [
                {
                    "deadline_id": clock.id,
                    "child_id": clock.child_id.id,
                    "stage": stage,
                    "due_date": due_date,
                    "user_id": user.id,
                    "day": day,
                }
                for (clock, stage, due_date, user), day in new.items()
            ]
        )
        standing = notices.union(*known.values()).filtered(lambda notice: not notice.withdrawn_on)
        (again | made)._give_to_dos(standing - again)
        return told

    def _people(self):
        """Who is told of these clocks today: dict of (clock, stage) -> users."""
        now = fields.Datetime.now()
        groups = self.env["pep.access"]._read_group(
            [
                ("child_id", "in", self.child_id.ids),
                ("role", "in", ("vseo", "head")),
                ("valid_from", "<=", now),
                ("valid_to", ">", now),
                ("user_id.active", "=", True),
            ],
            ["child_id", "role"],
            ["user_id:recordset"],
        )
        users = {(child, role): users.sorted("id") for child, role, users in groups}
        nobody = self.env["res.users"]
        people = {}
        for clock in self:
            heads = users.get((clock.child_id, "head"), nobody)
            owners = users.get((clock.child_id, "vseo"), heads)
            people.update({(clock, "reminder"): owners, (clock, "owner"): owners, (clock, "head"): heads})
        return people

    # === When it does not stand any more ===

    @api.model
    def _sync(self, plans=None, children=None):
        return super(PepDeadline, self.with_context(pep_notices=LATER))._sync(plans=plans, children=children)

    @api.model
    def _apply(self, facts, wants):
        told = self.browse().union(*(rows for *_rest, rows in wants)).filtered("told")
        touched = super()._apply(facts, wants)
        told._withdraw_notices()
        return touched

    def write(self, vals):
        result = super().write(vals)
        if {"state", "due_date"} & vals.keys() and self.env.context.get("pep_notices") is not LATER:
            self.filtered("told")._withdraw_notices()
        return result

    def _withdraw_notices(self):
        """Close the to-dos of those of these clocks that have ended or moved."""
        if not self:
            return
        notices = self.env["pep.deadline.notice"].sudo()  # sudo: follows from the clock, whoever met or moved it
        notices = notices.search([("deadline_id", "in", self.ids), ("withdrawn_on", "=", False)])
        over = notices.filtered(
            lambda notice: notice.deadline_id.state != "open" or notice.due_date != notice.deadline_id.due_date
        )
        over._withdraw()
        (over.deadline_id - (notices - over).deadline_id).sudo().write({"told": False})  # sudo: the same

    @api.model
    def _stale_notices(self):
        """Notices that stand with somebody who does not answer for the child today: left, handed over, cover over."""
        self.env.flush_all()
        has = SQL(  # raw SQL: a person is joined to a role on the same child, which a domain can't say
            """SELECT FROM pep_access a
            WHERE a.child_id = n.child_id AND a.valid_from <= %(now)s AND a.valid_to > %(now)s""",
            now=fields.Datetime.now(),
        )
        rows = self.env.execute_query(  # raw SQL: as above
            SQL(
                """SELECT n.id FROM pep_deadline_notice n
                WHERE n.withdrawn_on IS NULL AND NOT CASE
                    WHEN n.stage <> 'head' AND EXISTS (%(has)s AND a.role = 'vseo')
                    THEN EXISTS (%(has)s AND a.user_id = n.user_id AND a.role = 'vseo')
                    ELSE EXISTS (%(has)s AND a.user_id = n.user_id AND a.role = 'head') END
                ORDER BY n.id""",
                has=has,
            )
        )
        return self.env["pep.deadline.notice"].browse(row[0] for row in rows)

    @api.model
    def _renew(self, notice_ids):
        """Withdraw these notices, and have their clocks looked at again: somebody else is to know."""
        notices = self.env["pep.deadline.notice"].browse(notice_ids)
        notices.deadline_id._take_turn()
        notices = notices.search([("id", "in", notice_ids), ("withdrawn_on", "=", False)])
        notices._withdraw()
        for clock, gone in notices.grouped("deadline_id").items():
            days = [day for day, stage in clock._stages() if stage in gone.mapped("stage")]
            if clock.state == "open" and days:
                clock.watch_on = min([*days, *filter(None, [clock.watch_on])])


class PepDeadlineNotice(models.Model):
    _inherit = "pep.deadline.notice"

    def _give_to_dos(self, standing):
        """A to-do for each of these notices: on the PEP or else the child, for whoever may read that.

        Who has one for the same clock already keeps it, in the words of now.

        :param standing: notices that had been there before
        """
        kept = {
            (notice.deadline_id, notice.user_id): notice.activity_id
            for notice in standing
            if notice.activity_id.active and notice.due_date == notice.deadline_id.due_date
        }
        words = defaultdict(list)
        wanted = defaultdict(list)
        for notice in self:
            clock = notice.deadline_id
            activity = kept.get((clock, notice.user_id))
            if activity:
                notice.activity_id = activity
                words[notice._in_words()].append(activity.id)
            else:
                record = clock.plan_id or clock.child_id
                wanted[record._name, notice.user_id].append((notice, record))
        activities = self.env["mail.activity"].with_user(SUPERUSER_ID)
        activities = activities.with_context(mail_activity_quick_update=True, pep_nobody_follows=True)
        for summary, ids in words.items():
            activities.browse(ids).write({"summary": summary})
        to_do = self.env.ref("mail.mail_activity_data_todo").id
        model_id = {name: self.env["ir.model"]._get_id(name) for name in ("pep.plan", "pep.child")}
        self.user_id.mapped("partner_id.tz")  # read together what is asked of each of them below
        pairs = []
        for (model, user), rows in wanted.items():
            readable = set(self.env[model].browse({record.id for _notice, record in rows})._pep_readable_by(user).ids)
            pairs += [(notice, record) for notice, record in rows if record.id in readable]
        made = activities.create(
            [
                {
                    "activity_type_id": to_do,
                    "summary": notice._in_words(),
                    "res_model_id": model_id[record._name],
                    "res_id": record.id,
                    "user_id": notice.user_id.id,
                    "date_deadline": notice.due_date,
                    "automated": True,
                }
                for notice, record in pairs
            ]
        )
        for (notice, _record), activity in zip(pairs, made, strict=True):
            notice.activity_id = activity.id

    def _in_words(self):
        """What is to be done, for a list of to-dos: the clock and its day, and nobody's name."""
        self.ensure_one()
        values = {
            "clock": self.deadline_id.name,
            "day": format_date(self.env, self.due_date, date_format="d MMMM y"),
        }
        if self.stage == "reminder":
            return self.env._("%(clock)s: due by %(day)s", **values)
        return self.env._("Late: %(clock)s, due by %(day)s", **values)
