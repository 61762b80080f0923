"""What the tests of the clocks share: a council on a fixed day, and short ways to what makes a clock move."""

from datetime import date, datetime, timedelta

from odoo.tests import freeze_time

from tests.common import PepCase

NOW = "2026-11-10 12:00:00"
TODAY = date(2026, 11, 10)  # a Tuesday, in the middle of the autumn term


class DeadlineCase(PepCase):
    """It is Tuesday, 10 November 2026. The council went live on 1 September; nobody must be at its meetings."""

    @classmethod
    def setUpClass(cls):
        frozen = freeze_time(NOW)
        frozen.start()
        cls.addClassCleanup(frozen.stop)
        super().setUpClass()
        cls.council.pep_go_live = date(2026, 9, 1)
        cls.council.write({f"pep_quorum_{role}": False for role in ("teacher", "social_worker", "carer", "child")})
        cls.env["pep.kind"].search([("company_id", "=", cls.council.id)]).write(
            {"academic_target_required": False, "review_required": False, "next_date_required": False}
        )

    def on(self, day):
        """At noon of another day."""
        return freeze_time(datetime.combine(day, datetime.min.time()) + timedelta(hours=12))

    def rule(self, code):
        rules = self.env["pep.deadline.rule"]
        return rules.search([("company_id", "=", self.council.id), ("code", "=", code), ("valid_to", "=", False)])

    def own_rule(self, **values):
        """A rule of the council's own, added by its administrator."""
        rules = self.as_user(self.env["pep.deadline.rule"], "admin")
        vals = {"name": "Of our own", "trigger": "term_end", "met_by": "hand", "number": 0, "unit": "calendar"}
        return rules.create({**vals, **values}).sudo()

    def clocks(self, record, kind=None):
        """The clocks of a child (its own and its PEPs') or of a PEP, the first round first."""
        name = "plan_id" if record._name == "pep.plan" else "child_id"
        domain = [(name, "in", record.ids)] + ([("kind", "=", kind)] if kind else [])
        return self.env["pep.deadline"].search(domain, order="round, id")

    def states(self, record, kind):
        return [(row.round, row.due_date, row.state) for row in self.clocks(record, kind)]

    def newcomer(self, day=TODAY, **values):
        """A child who comes into care on a day of this term, with the PEP made for it."""
        child = self.make_children(date_into_care=day, **values)
        return child, self.make_plan(child)

    def picture(self):
        """All there is to know of the clocks, to be compared."""
        rows = self.env["pep.deadline"].search([("company_id", "=", self.council.id)], order="id")
        names = [name for name, field in rows._fields.items() if field.store and field.type != "one2many"]
        plans = self.env["pep.plan"].search([("company_id", "=", self.council.id)], order="id")
        kept = ["next_due", "next_due_kind", "due_date", "processing_due", "school_due", "social_work_due"]
        self.env.flush_all()
        self.env.invalidate_all()
        return rows.read([name for name in names if name not in ("write_date", "write_uid")]), plans.read(kept)

    def assert_settled(self):
        """Asked again nothing changes."""
        before = self.picture()
        children = self.env["pep.child"].with_context(active_test=False).search([("company_id", "=", self.council.id)])
        self.env["pep.deadline"]._sync(plans=children.plan_ids, children=children)
        self.assertEqual(self.picture(), before)

    def plan_meeting(self, plan, day, **values):
        start = datetime.combine(day, datetime.min.time()) + timedelta(hours=10)
        return self.env["pep.meeting"].create({"plan_id": plan.id, "start": start, **values})

    def hold(self, plan, day=None, **values):
        """Hold a meeting on a day (default: today), and with it bring the PEP to processing."""
        meeting = self.plan_meeting(plan, day or self.council._pep_today(), **values)
        meeting.attendee_ids[:1].attended = True
        self.assertFalse(meeting.action_hold())
        return meeting

    def complete(self, plan, day=None):
        """From wherever it is to complete, with a meeting where none was held."""
        if plan.state not in ("processing", "complete"):
            self.hold(plan, day)
        self.assertFalse(plan.action_complete())
        self.assertEqual(plan.state, "complete")

    def said(self, record):
        return [str(message.body) for message in record.message_ids if message.body]
