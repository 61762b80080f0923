"""What the tests of the watch share: clocks on days of one's choice, and the nightly runs."""

from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class WatchCase(PepCase):
    """A child whose PEP has one clock that is looked at: the meeting, due by today unless a test moves it.

    The rule reminds 5 days before, tells the VSEO 1 day and the head 5 days after. Mails go out on any day.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.write({"pep_mail_weekends": True, "email": "school@testshire.example"})
        for role in ("vseo", "other_vseo", "support", "head"):
            cls.users[role].partner_id.email = f"{role}@people.example"
        cls.rule = cls.env["pep.deadline.rule"].search([("company_id", "=", cls.council.id), ("code", "=", "meeting")])
        cls.rule.write({"remind_days": 5, "owner_days": 1, "head_days": 5})
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child)
        cls.clock = cls.clocks_of(cls.plan)
        cls.set_due(cls.clock, 0)

    @classmethod
    def clocks_of(cls, plans, code="meeting"):
        return plans.deadline_ids.filtered(lambda clock: clock.kind == code)

    @classmethod
    def set_due(cls, clocks, days):
        """Let these clocks be due so many days from today; nobody looks at any other clock of these children.

        When a meeting is due can be set by hand; other clocks stay so until something else happens to them.
        """
        due = cls.today + timedelta(days=days)
        meetings = clocks.filtered(lambda clock: clock.kind == "meeting")
        meetings.plan_id.write({"due_date": due})
        for clock in clocks - meetings:
            clock.write({"due_date": due, "watch_on": clock.rule_id._stages(due)[0][0]})
        others = cls.env["pep.deadline"].search(
            [("child_id", "in", clocks.child_id.ids), ("kind", "!=", clocks[0].kind)]
        )
        others.write({"watch_on": False})

    def run_watch(self, day=0, hour=5):
        """The to-dos that a run of some day makes."""
        to_dos = self.env["mail.activity"]
        before = to_dos.search([])
        self._run(self.env["pep.deadline"]._cron_watch, day, hour)
        return to_dos.search([]) - before

    def run_daily(self, day=0, hour=6):
        """The mails that a run of some day makes."""
        mails = self.env["mail.mail"]
        before = mails.search([])
        self._run(self.env["pep.daily.mail"]._cron_daily, day, hour)
        return mails.search([]) - before

    def _run(self, work, day, hour):
        """Access counts from the moment it is given: today is run as it is, other days in their morning."""
        moment = self.council._pep_midnight_utc(self.today + timedelta(days=day)) + timedelta(hours=hour)
        with (
            patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0),
            freeze_time(moment) if day else nullcontext(),
        ):
            work()

    def notices(self, clocks=None):
        return self.env["pep.deadline.notice"].search([("deadline_id", "in", (clocks or self.clock).ids)], order="id")

    def said(self, clocks=None):
        """Who was told of what: list of (stage, role)."""
        roles = {user: role for role, user in self.users.items()}
        return [(notice.stage, roles[notice.user_id]) for notice in self.notices(clocks)]

    def to_dos(self, record=None):
        record = record or self.plan
        return self.env["mail.activity"].search([("res_model", "=", record._name), ("res_id", "=", record.id)])

    def told(self, mails):
        return sorted(mail.email_to.split("@")[0] for mail in mails)

    def body(self, mails, role):
        return mails.filtered(lambda mail: mail.email_to == f"{role}@people.example").body_html or ""

    def in_words(self, days):
        day = self.today + timedelta(days=days)
        return f"{day.day} {day:%B %Y}"
