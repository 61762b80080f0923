"""Planning the meetings of the peak week, and a VSEO's week among years of past meetings, beside plain calendar events.

The plain events are Odoo's own, with as many people, and Odoo mails those as it always does.
"""

import random
import uuid
from datetime import timedelta

from odoo import fields

from . import screens
from .cloning import clone, link
from .measuring import Clock, Line, medians

# The peak week of a large council.
PEAK_WEEK = 250
PAST = 20_000
BOUND = 1.5
# Meetings in the week that is looked at.
THIS_WEEK = 10


def lines(bench, repetitions):
    """Planning and inviting, then the week in Odoo's calendar and in the app's own."""
    prepare(bench)
    yield from planning(bench, max(repetitions // 3, 3))
    yield from week(bench, repetitions)


def prepare(bench):
    """Addresses for everybody, and past meetings up to :data:`PAST`. Kept: these databases are made for measuring."""
    with bench.registry.cursor() as cr:
        cr.execute("UPDATE res_partner SET email = 'person' || id || '@example.com', tz = 'Europe/London'")
        cr.commit()
    with bench.env() as env:
        History(bench, env).make()
        env.cr.execute("ANALYZE")
        env.cr.commit()


class History:
    """Past meetings of PEPs, and as many plain events: the same people at the same times."""

    def __init__(self, bench, env):
        self.bench, self.env, self.cr = bench, env, env.cr
        self.random = random.Random(7)

    def make(self):
        env, authority = self.env, self.bench.authority
        if env["calendar.event"].search_count([("name", "=", "Plain")], limit=1):
            return
        meetings = env["pep.meeting"].search([("event_id", "!=", False)], order="id")
        number = max(PAST - len(meetings), 0)
        pattern = meetings.filtered(lambda meeting: meeting.state == "held")[:1]
        children = env["pep.child"].browse(authority.children)
        monday = this_monday(env.company)
        mine = children.filtered(lambda child: child.vseo_id.id == authority.vseos[0])
        # no PEP has two meetings at one time
        places = [(self.random.choice(children), self.past(monday, index)) for index in range(number)]
        places += [
            (child, monday + timedelta(days=index % 5, hours=9 + index // 5, minutes=7))
            for index, child in enumerate(mine[:THIS_WEEK])
        ]
        self.plant(pattern, places)
        officer = env["res.users"].browse(authority.vseos[0])
        colleague = env["res.users"].create(
            {"name": "Plain colleague", "login": "plain", "group_ids": [(6, 0, env.ref("base.group_user").ids)]}
        )
        plain = env["calendar.event"].with_context(no_mail_to_attendees=True)
        plain = plain.create(
            {
                "name": "Plain",
                "privacy": "private",
                "start": monday,
                "stop": monday + timedelta(hours=1),
                "user_id": colleague.id,
                "partner_ids": [(6, 0, colleague.partner_id.ids)],
            }
        )
        env.flush_all()
        self.cr.execute(
            """SELECT event.start, event.user_id = %s FROM calendar_event event
               WHERE event.pep_child_id IS NOT NULL AND event.active ORDER BY event.id""",
            (officer.id,),
        )
        rows = self.cr.fetchall()
        others = [user for user in authority.vseos[1:]] or [officer.id]
        users = [colleague.id if own else others[index % len(others)] for index, (_start, own) in enumerate(rows)]
        self.plant_plain(plain, [row[0] for row in rows], users)

    def past(self, monday, index):
        days = self.random.randint(14, 6 * 365)
        return monday - timedelta(days=days) + timedelta(hours=9 + index % 7, seconds=index // 7 % 3600)

    def plant(self, pattern, places):
        """A meeting with its event and its people for each of these children and times."""
        stops = [start + timedelta(hours=1) for _child, start in places]
        users = [child.vseo_id for child, _start in places]
        bound = [
            {"child_id": child.id, "child_reference": child.reference, "plan_id": child.plan_ids[:1].id}
            for child, _start in places
        ]
        events = clone(
            pattern.event_id,
            [
                {
                    "pep_child_id": child.id,
                    "name": f"{child.company_id.pep_meeting_title} {child.reference}",
                    "start": start,
                    "stop": stop,
                    "user_id": user.id,
                }
                for (child, start), stop, user in zip(places, stops, users, strict=True)
            ],
        )
        self.people_of(pattern.event_id, events, users, [child.id for child, _start in places])
        meetings = clone(
            pattern,
            [
                {
                    **row,
                    "start": start,
                    "stop": stop,
                    "date": start.date(),
                    "chair_id": user.id,
                    "event_id": event,
                    "uid": str(uuid.UUID(int=self.random.getrandbits(128))),
                    "is_extra": True,
                }
                for row, (_child, start), stop, user, event in zip(bound, places, stops, users, events, strict=True)
            ],
        )
        for attendee in pattern.attendee_ids:
            clone(
                attendee,
                [{**row, "meeting_id": meeting} for row, meeting in zip(bound, meetings, strict=True)],
            )

    def plant_plain(self, pattern, starts, users):
        users = self.env["res.users"].browse(users)
        events = clone(
            pattern,
            [
                {"start": start, "stop": start + timedelta(hours=1), "user_id": user.id}
                for start, user in zip(starts, users, strict=True)
            ],
        )
        self.people_of(pattern, events, users, None)

    def people_of(self, pattern, events, users, children):
        """The one person in each event, as in the pattern."""
        partners = [user.partner_id.id for user in users]
        pairs = list(zip(events, partners, strict=True))
        link(self.cr, "calendar_event_res_partner_rel", ("calendar_event_id", "res_partner_id"), pairs)
        rows = [{"event_id": event, "partner_id": partner} for event, partner in pairs]
        if children:
            rows = [{**row, "pep_child_id": child} for row, child in zip(rows, children, strict=True)]
        clone(pattern.attendee_ids[:1], rows)


def this_monday(company):
    today = company._pep_today()
    return company._pep_midnight_utc(today - timedelta(days=today.weekday()))


# === Planning ===


def planning(bench, repetitions):
    """Meetings of so many PEPs at once, made and everybody invited, beside plain events that invite as many."""
    ours, plain = medians(
        lambda: plan_meetings(bench, True), lambda: plan_meetings(bench, False), repetitions=repetitions
    )
    with bench.env() as env:
        number = len(plans_to_meet(bench, env))
    mails = {f"mails{name}": plan_meetings(bench, own)[1] for name, own in (("", True), ("_plain", False))}
    yield Line(
        f"{number} meetings planned and everybody invited: against as many plain events with as many people",
        ours / plain,
        BOUND,
        ms=ours,
        baseline_ms=plain,
        aside={"meetings": number, **mails},
    )


def plans_to_meet(bench, env):
    authority = bench.authority
    return env["pep.plan"].search(
        [("term_id", "=", authority.term), ("state", "in", ("not_started", "gathering", "ready"))],
        limit=PEAK_WEEK,
        order="id",
    )


def plan_meetings(bench, own):
    """Milliseconds of planning as the head, and how many mails that made."""
    with bench.env(bench.authority.heads[0]) as env:
        bench.begin_request(env)
        plans = plans_to_meet(bench, env)
        start = fields.Datetime.now() + timedelta(days=30)
        env["pep.meeting"].sudo().search([("plan_id", "in", plans.ids)])
        if not own:
            people = [
                [partner.id for _role, partner in asked]
                for asked in env["pep.meeting"]
                .create([{"plan_id": plan.id, "start": start} for plan in plans])
                ._people_of_today()
                .values()
            ]
            env.flush_all()
            env.invalidate_all()
        clock = Clock(env.cr)
        begun = clock.now()
        if own:
            meetings = env["pep.meeting"].create([{"plan_id": plan.id, "start": start} for plan in plans])
            meetings.action_send_invitations()
        else:
            env["calendar.event"].create(
                [
                    {
                        "name": "Plain",
                        "privacy": "private",
                        "start": start,
                        "stop": start + timedelta(hours=1),
                        "partner_ids": [(6, 0, partners)],
                    }
                    for partners in people
                ]
            )
        env.flush_all()
        taken = clock.now() - begun
        mails = env["mail.mail"].sudo().search_count([("create_date", ">=", env.cr.now())])
        return taken, mails


# === The week ===


def week(bench, repetitions):
    """The week in Odoo's calendar, of a VSEO and of a colleague with plain events; and in the app's own calendar."""
    with bench.env() as env:
        number = env["calendar.event"].search_count([("pep_child_id", "!=", False)])
        colleague = env["res.users"].search([("login", "=", "plain")]).id
    officer = bench.authority.vseos[0]
    shown = {}

    def of(user, model):
        return lambda: bench.time(lambda env: shown.update({(user, model): open_week(env, model)}), user)

    ours, plain = medians(of(officer, "calendar.event"), of(colleague, "calendar.event"), repetitions=repetitions)
    yield Line(
        f"Week in Odoo's calendar, VSEO, among {number:,} meetings: against a colleague with as many plain events",
        ours / plain,
        BOUND,
        slack=3,
        ms=ours,
        baseline_ms=plain,
        aside={"shown": shown[officer, "calendar.event"], "shown_plain": shown[colleague, "calendar.event"]},
    )
    own, plain = medians(of(officer, "pep.meeting"), of(colleague, "calendar.event"), repetitions=repetitions)
    yield Line(
        f"Week of meetings, VSEO, among {number:,}: against a colleague's week of plain events",
        own / plain,
        BOUND,
        slack=3,
        ms=own,
        baseline_ms=plain,
        aside={"shown": shown[officer, "pep.meeting"]},
    )


def open_week(env, model):
    """What the web client asks for when it opens a week; the number of meetings in it."""
    monday = this_monday(env.company)
    span = [("start", "<=", monday + timedelta(days=7)), ("stop", ">=", monday)]
    me = env.user.partner_id.id
    whose = [("partner_ids", "in", [me])] if model == "calendar.event" else [("chair_id", "=", env.uid)]
    names = list(screens.specification(env[model], "calendar"))
    records = env[model].search_read([*span, *whose], names)
    if model == "calendar.event":
        env["res.partner"].browse(me).get_attendee_detail([record["id"] for record in records])
    return len(records)
