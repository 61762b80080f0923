from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..child.pep_school_staff import TEACHING
from .pep_contribution import OPEN, STAFF

CHUNK = 200
MOST_LINES = 40
KEPT_DAYS = 400


class PepDailyMail(models.Model):
    """That somebody was told today what is due: one mail a person and day, however often the work is done.

    Who is told of what follows from two things on one child: a part that is open and whose it is, an action and who
    is to do it, or a notice of a clock and whom it is for; and a row of :class:`pep.access` with that role, or that
    person, today. So nobody is told who may not see it, and nobody follows anything. Parts and actions are told every
    day until they are done; of a clock one mail tells, once for each of its notices.
    """

    _name = "pep.daily.mail"
    _description = "Mail of a day"
    _order = "day desc, id desc"

    partner_id = fields.Many2one("res.partner", required=True, ondelete="restrict", readonly=True)
    day = fields.Date(required=True, index=True, readonly=True, help="On the wall calendar of the person's council.")
    part_count = fields.Integer(string="Parts told of", readonly=True)
    action_count = fields.Integer(string="Actions told of", readonly=True)
    clock_count = fields.Integer(string="Clocks told of", readonly=True)
    mail_id = fields.Many2one("mail.mail", readonly=True, index="btree_not_null", ondelete="set null")

    _uniq = models.UniqueIndex("(partner_id, day)", "This person has had today's mail.")

    @api.autovacuum
    def _gc_old(self):
        """Who was told long ago helps nobody any more."""
        old = self.search([("day", "<", fields.Date.today() - timedelta(days=KEPT_DAYS))], limit=10000)
        old.unlink()
        return len(old), len(old) == 10000

    # === The work of a day ===

    @api.model
    def _cron_daily(self):
        """Tell everybody who has something due, once a day. Idempotent: a second run finds everybody told.

        Commits after each batch of people, rows and mails together, so that a kill neither loses nor repeats a mail.
        """
        daily = self.sudo()  # sudo: scheduled action, no user
        days = daily._days()
        people, schools = daily._people_due(days), daily._schools_due(days)
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(people) + len(schools))
        for step, ids in ((daily._tell_people, people), (daily._tell_schools, schools)):
            for start in range(0, len(ids), CHUNK):
                chunk = ids[start : start + CHUNK]
                if not cron._pep_step(step, chunk, days, processed=len(chunk)):
                    return

    @api.model
    def _days(self):
        """What day it is in each council that sends mails today, and until when what is due is told of.

        :return: dict of council -> (date, date)
        """
        [(councils,)] = self.env["pep.child"]._read_group([], [], ["company_id:recordset"])
        days = {council: council._pep_today() for council in councils}
        return {
            council: (day, day + timedelta(days=council.pep_mail_days_ahead))
            for council, day in days.items()
            if day.weekday() < 5 or council.pep_mail_weekends
        }

    @api.model
    def _people_due(self, days):
        """Ids of the contacts who have something due and have not been told today, in one order."""
        partners = self.env["res.partner"].browse(row["partner_id"] for row in self._due(days))
        told = self._told(partners, self._day_of(partners))
        return [partner.id for partner in partners if partner.id not in told]

    @api.model
    def _told(self, partners, day_of):
        rows = self.search(Domain("partner_id", "in", partners.ids) & Domain("day", "in", list(set(day_of.values()))))
        return {row.partner_id.id for row in rows if row.day == day_of[row.partner_id]}

    @api.model
    def _day_of(self, partners):
        """The day that it is for each of these people, by the council of their login; for a school by the first's."""
        companies = dict.fromkeys(partners, self.env.company)
        companies |= {user.partner_id: user.company_id for user in partners.user_ids.sorted("id", reverse=True)}
        today = {company: company._pep_today() for company in set(companies.values())}
        return {partner: today[company] for partner, company in companies.items()}

    @api.model
    def _due(self, days, partner_ids=None):
        """What is due, by person and PEP.

        :param days: what :meth:`_days` gave
        :param partner_ids: only of these contacts; without them, only who has anything due
        :return: list of dicts ``partner_id`` and, with ``partner_ids``, ``what`` (part or action), ``plan_id``,
            ``company_id``, ``school_name``, ``to_parent``, ``to_staff``, ``number``, ``returned``, ``due``
        """
        if not days:
            return []
        self.env.flush_all()
        parts, actions = self._due_parts(days), self._due_actions(days)
        if partner_ids is None:
            query = SQL(  # raw SQL: a part's owner is joined to the same role on the same child, no domain can say that
                """SELECT person.partner_id %s UNION SELECT person.partner_id %s UNION SELECT person.partner_id %s
                ORDER BY 1""",
                parts,
                actions,
                self._due_clocks(days),
            )
        else:
            query = SQL(  # raw SQL: as above
                """SELECT person.partner_id, 'part' AS what, part.plan_id, part.company_id,
                    MIN(part.school_name) AS school_name,
                    BOOL_AND(access.role = 'parent') AS to_parent,
                    BOOL_AND(access.role = 'vseo') AS to_staff,
                    COUNT(DISTINCT part.id) AS number,
                    COUNT(DISTINCT part.id) FILTER (WHERE part.state = 'returned') AS returned,
                    MIN(part.due_date) AS due
                %(parts)s AND person.partner_id IN %(people)s
                GROUP BY person.partner_id, part.plan_id, part.company_id
                UNION ALL
                SELECT person.partner_id, 'action' AS what, action.plan_id, action.company_id,
                    MIN(plan.school_name) AS school_name,
                    BOOL_AND(access.role = 'parent') AS to_parent,
                    BOOL_AND(access.role IN %(staff)s) AS to_staff,
                    COUNT(DISTINCT action.id) AS number, 0 AS returned,
                    MIN(action.due_date) AS due
                %(actions)s AND person.partner_id IN %(people)s
                GROUP BY person.partner_id, action.plan_id, action.company_id
                ORDER BY partner_id, due, plan_id, what""",
                parts=parts,
                actions=actions,
                staff=tuple(STAFF),
                people=tuple(partner_ids),
            )
        return self.env.execute_query_dict(query)  # raw SQL: as above

    @api.model
    def _due_parts(self, days):
        """FROM and WHERE: each open part that is due, with everybody who is to answer it today."""
        return SQL(  # raw SQL: see _due
            """FROM pep_contribution part
                JOIN (VALUES %(days)s) AS day (company_id, today, until) ON day.company_id = part.company_id
                JOIN pep_child child ON child.id = part.child_id AND child.active
                JOIN pep_access access ON access.child_id = part.child_id
                    AND access.valid_from <= %(now)s AND access.valid_to > %(now)s
                JOIN res_users person ON person.id = access.user_id AND person.active
            WHERE part.is_live IS TRUE AND part.state IN %(open)s
                AND (part.state = 'returned' OR part.due_date <= day.until)
                AND (access.role = 'delegate' AND part.delegate_id = access.user_id
                    OR access.role = part.owner_role AND (access.role <> 'teacher' OR part.school_id IS NULL
                        OR EXISTS (SELECT FROM pep_school_staff staff WHERE staff.active AND staff.role IN %(teaching)s
                            AND staff.user_id = access.user_id AND staff.school_id = part.school_id
                            AND staff.date_from <= day.today AND (staff.date_to IS NULL OR staff.date_to >= day.today))
                        OR EXISTS (SELECT FROM pep_delegation given WHERE given.active AND given.ended_on IS NULL
                            AND given.contribution_id IS NULL AND given.child_id = part.child_id
                            AND given.user_id = access.user_id AND given.school_id = part.school_id
                            AND given.date_from <= day.today AND (given.date_to IS NULL OR given.date_to >= day.today)
                        )))""",
            days=self._values(days),
            now=fields.Datetime.now(),
            open=OPEN,
            teaching=TEACHING,
        )

    @api.model
    def _due_actions(self, days):
        """FROM and WHERE: each open action that is due, with the person who is to do it and sees it today."""
        return SQL(  # raw SQL: see _due
            """FROM pep_action action
                JOIN (VALUES %(days)s) AS day (company_id, today, until) ON day.company_id = action.company_id
                JOIN res_company council ON council.id = action.company_id
                JOIN pep_plan plan ON plan.id = action.plan_id
                JOIN pep_child child ON child.id = action.child_id AND child.active
                JOIN res_users person ON person.partner_id = action.partner_id AND person.active
                JOIN pep_access access ON access.child_id = action.child_id AND access.user_id = person.id
                    AND access.valid_from <= %(now)s AND access.valid_to > %(now)s
            WHERE action.state = 'open' AND action.due_date <= day.today + council.pep_action_reminder_days""",
            days=self._values(days),
            now=fields.Datetime.now(),
        )

    @api.model
    def _due_clocks(self, days):
        """FROM and WHERE: each notice of a running clock that no mail has told of, with whom it is for."""
        return SQL(  # raw SQL: see _due
            """FROM pep_deadline_notice notice
                JOIN (VALUES %(days)s) AS day (company_id, today, until) ON day.company_id = notice.company_id
                JOIN pep_deadline clock ON clock.id = notice.deadline_id
                    AND clock.state = 'open' AND clock.due_date = notice.due_date
                JOIN pep_child child ON child.id = notice.child_id AND child.active
                LEFT JOIN pep_plan plan ON plan.id = clock.plan_id
                JOIN res_users person ON person.id = notice.user_id AND person.active
            WHERE notice.told_on IS NULL AND notice.withdrawn_on IS NULL
                AND EXISTS (SELECT FROM pep_access access WHERE access.child_id = notice.child_id
                    AND access.user_id = person.id AND access.role IN %(staff)s
                    AND access.valid_from <= %(now)s AND access.valid_to > %(now)s)""",
            days=self._values(days),
            now=fields.Datetime.now(),
            staff=tuple(STAFF),
        )

    @api.model
    def _clocks(self, days, partner_ids):
        """The notices of clocks that these people are to be told of, as rows like those of :meth:`_due`.

        They have besides: ``notice_id``, ``stage``, ``name`` of the clock and ``reference`` of the child.
        """
        if not days:
            return []
        query = SQL(  # raw SQL: see _due
            """SELECT person.partner_id, 'clock' AS what, clock.plan_id, notice.company_id, plan.school_name,
                FALSE AS to_parent, TRUE AS to_staff, 1 AS number, 0 AS returned, clock.due_date AS due,
                notice.id AS notice_id, notice.stage, clock.name, notice.child_reference AS reference
            %s AND person.partner_id IN %s
            ORDER BY person.partner_id, clock.due_date, notice.id""",
            self._due_clocks(days),
            tuple(partner_ids),
        )
        return self.env.execute_query_dict(query)  # raw SQL: as above

    @api.model
    def _values(self, days):
        rows = [
            SQL("(%s, %s::date, %s::date)", council.id, *span)  # raw SQL: a list of values
            for council, span in days.items()
        ]
        return SQL(", ").join(rows)  # raw SQL: a list of values

    @api.model
    def _take_turn(self):
        """Of two that tell people at the same moment, let the second begin again and see whom the first one told."""
        self.env.cr.execute(  # raw SQL: a lock that waits; being refused is foreseen, and no error for the log
            SQL("UPDATE pep_mail_text SET write_date = write_date WHERE company_id IS NULL AND code = 'daily'"),
            log_exceptions=False,
        )

    # === People ===

    def _tell_people(self, partner_ids, days):
        """One mail to each of these people who has something due and has not had today's."""
        self._take_turn()
        partners = self.env["res.partner"].browse(partner_ids)
        day_of = self._day_of(partners)
        told = self._told(partners, day_of)
        rows = defaultdict(list)
        for row in [*self._due(days, partner_ids), *self._clocks(days, partner_ids)]:
            rows[row["partner_id"]].append(row)
        councils = self.env["res.company"].browse({row["company_id"] for due in rows.values() for row in due})
        texts = self.env["pep.mail.text"]._of("daily", councils)
        plans = self.env["pep.plan"].browse({row["plan_id"] for due in rows.values() for row in due} - {None})
        references = {plan.id: plan.child_reference for plan in plans}
        made = []
        for partner in partners:
            due = rows.get(partner.id)
            if not due or partner.id in told:
                continue
            council = self._sender(councils, due)
            mail = texts[council]._prepare_mail(
                council, partner.email, self._lines(due, references, day_of[partner]), self._url(council, due)
            )
            if mail:
                told_of = {
                    f"{what}_count": sum(row["number"] for row in due if row["what"] == what)
                    for what in ("part", "action", "clock")
                }
                made.append((partner, day_of[partner], told_of, mail))
        told_today = self._note_and_queue(made)
        for row in told_today:
            clocks = [due["notice_id"] for due in rows[row.partner_id.id] if due["what"] == "clock"]
            notices = self.env["pep.deadline.notice"].browse(clocks)
            notices.write({"told_on": row.day, "daily_mail_id": row.id})

    @api.model
    def _sender(self, councils, due):
        """The council that most of it is for."""
        numbers = defaultdict(int)
        for row in due:
            numbers[row["company_id"]] += row["number"]
        return councils.browse(max(sorted(numbers), key=numbers.get))

    @api.model
    def _url(self, council, due):
        what = {row["what"] for row in due}
        if not all(row["to_staff"] for row in due):
            path = "/my/pep"
        elif what == {"clock"} and all(row["stage"] == "head" for row in due):
            path = "/odoo/pep-late"
        else:
            path = "/odoo/my-pep-actions" if what == {"action"} else "/odoo/my-peps"
        return f"{council.get_base_url()}{path}"

    @api.model
    def _lines(self, due, references, today):
        """What is due in words that name nobody; what reads alike is one line."""
        lines = defaultdict(lambda: [0, 0, 0])
        clocks = [row for row in due if row["what"] == "clock"]
        for row in due:
            if row["what"] == "clock":
                continue
            label = self._label(row, references)
            sums = lines[label, row["due"] or today, row["what"]]
            for index, number in enumerate((row["number"], 1, row["returned"])):
                sums[index] += number
        entries = [
            (day, label, what, self._line(label, day, number, plans, returned, day < today, what))
            for (label, day, what), (number, plans, returned) in lines.items()
        ]
        texts = [text for *_order, text in sorted(entries + self._clock_lines(clocks, today))]
        if len(texts) > MOST_LINES:
            more = len(texts) - MOST_LINES + 1
            texts = [*texts[: MOST_LINES - 1], self.env._("and %(number)s more", number=more)]
        return texts

    @api.model
    def _label(self, row, references):
        council = self.env["res.company"].browse(row["company_id"])
        if council.pep_mail_label == "label" and council.pep_mail_label_text:
            return council.pep_mail_label_text
        if council.pep_mail_label == "school" and row["school_name"] and not row["to_parent"]:
            return row["school_name"]
        return row["reference"] if row["what"] == "clock" else references[row["plan_id"]]

    @api.model
    def _clock_lines(self, rows, today):
        """Clocks in words: each by itself, and those that the head is told of by the kind where there are several.

        :return: list of (day, label, "clock", text)
        """
        alike = defaultdict(list)
        for row in rows:
            label = "" if row["stage"] == "head" else self._label(row, {})
            alike[label, row["name"], row["due"] if label else None].append(row)
        lines = []
        for (label, name, _due), same in alike.items():
            due = min(row["due"] for row in same)
            values = {
                "label": label or self._label(same[0], {}),
                "name": name,
                "number": len(same),
                "day": format_date(self.env, due, date_format="d MMMM y"),
            }
            if len(same) > 1 and not label:
                text = self.env._("%(name)s: %(number)s late, the longest since %(day)s", **values)
            elif len(same) > 1 and due < today:
                text = self.env._("%(label)s: %(name)s (%(number)s), late since %(day)s", **values)
            elif len(same) > 1:
                text = self.env._("%(label)s: %(name)s (%(number)s), due by %(day)s", **values)
            elif due < today:
                text = self.env._("%(label)s: %(name)s, late since %(day)s", **values)
            else:
                text = self.env._("%(label)s: %(name)s, due by %(day)s", **values)
            lines.append((due, values["label"], "clock", text))
        return lines

    @api.model
    def _line(self, label, day, number, plans, returned, late, what="part"):
        if what == "action":
            what = (
                self.env._("1 action that was agreed")
                if number == 1
                else self.env._("%(number)s actions that were agreed", number=number)
            )
        else:
            what = self.env._("1 part") if number == 1 else self.env._("%(number)s parts", number=number)
        if plans > 1:
            what = self.env._("%(parts)s of %(plans)s PEPs", parts=what, plans=plans)
        values = {"label": label, "what": what, "day": format_date(self.env, day, date_format="d MMMM y")}
        if late:
            line = self.env._("%(label)s: %(what)s, late since %(day)s", **values)
        else:
            line = self.env._("%(label)s: %(what)s, due by %(day)s", **values)
        if returned:
            line = self.env._("%(line)s (returned to you: %(number)s)", line=line, number=returned)
        return line

    # === Shared mailboxes of schools ===

    @api.model
    def _schools_due(self, days):
        """Ids of the schools with a shared mailbox that have something due and have not been told today."""
        schools = self.env["res.partner"].browse(row["school_id"] for row in self._due_at_schools(days))
        told = self._told(schools, self._day_of(schools))
        return [school.id for school in schools if school.id not in told]

    @api.model
    def _due_at_schools(self, days):
        """How much is due at each school that has a shared mailbox and the pupil today, by council."""
        if not days:
            return []
        self.env.flush_all()
        query = SQL(  # raw SQL: see _due
            """SELECT part.school_id, part.company_id, COUNT(*) AS number,
                COUNT(*) FILTER (WHERE part.due_date < day.today) AS late,
                COUNT(*) FILTER (WHERE part.state = 'returned') AS returned
            FROM pep_contribution part
                JOIN (VALUES %(days)s) AS day (company_id, today, until) ON day.company_id = part.company_id
                JOIN pep_child child ON child.id = part.child_id AND child.active
                JOIN res_partner school ON school.id = part.school_id AND school.pep_shared_mailbox <> ''
            WHERE part.is_live IS TRUE AND part.state IN %(open)s AND part.owner_role = 'teacher'
                AND (part.state = 'returned' OR part.due_date <= day.until)
                AND EXISTS (SELECT FROM pep_enrolment place WHERE place.active AND place.child_id = part.child_id
                    AND place.school_id = part.school_id AND place.date_from <= day.today
                    AND (place.date_to IS NULL OR place.date_to >= day.today))
            GROUP BY part.school_id, part.company_id
            ORDER BY part.school_id, COUNT(*) DESC, part.company_id""",
            days=self._values(days),
            open=OPEN,
        )
        return self.env.execute_query_dict(query)  # raw SQL: as in _due

    def _tell_schools(self, school_ids, days):
        """One mail to the shared mailbox of each of these schools: how much, and nothing else."""
        self._take_turn()
        schools = self.env["res.partner"].browse(school_ids)
        day_of = self._day_of(schools)
        told = self._told(schools, day_of)
        rows = defaultdict(list)
        for row in self._due_at_schools(days):
            rows[row["school_id"]].append(row)
        councils = self.env["res.company"].browse({row["company_id"] for due in rows.values() for row in due})
        texts = self.env["pep.mail.text"]._of("mailbox", councils)
        made = []
        for school in schools:
            due = rows.get(school.id)
            if not due or school.id in told:
                continue
            council = self._sender(councils, due)
            number, late, returned = (sum(row[name] for row in due) for name in ("number", "late", "returned"))
            lines = [self.env._("Parts of PEPs to hand in: %(number)s", number=number)]
            if late:
                lines.append(self.env._("Late: %(number)s", number=late))
            if returned:
                lines.append(self.env._("Returned: %(number)s", number=returned))
            url = f"{council.get_base_url()}/my/pep"
            mail = texts[council]._prepare_mail(council, school.pep_shared_mailbox, lines, url)
            if mail:
                made.append((school, day_of[school], {"part_count": number}, mail))
        self._note_and_queue(made)

    @api.model
    def _note_and_queue(self, made):
        """Rows of the day and mails, together: the database refuses a second row of a day, and its mail with it."""
        rows = self.create([{"partner_id": partner.id, "day": day, **told_of} for partner, day, told_of, _mail in made])
        self.flush_model()
        mails = self.env["pep.mail.text"]._queue([mail for _partner, _day, _told_of, mail in made])
        for row, mail in zip(rows, mails, strict=True):
            row.mail_id = mail.id
        return rows
