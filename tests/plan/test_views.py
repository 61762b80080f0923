from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestPlanForm(PepCase):
    """The form of a PEP, filled in as a VSEO does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.as_user(cls.make_plan(cls.child), "vseo")
        cls.area = cls.env["pep.target.area"].search(
            [("company_id", "=", cls.council.id), ("is_academic", "=", True)], limit=1
        )

    def form(self, plan=None):
        return Form(plan or self.plan, "pep_module.pep_plan_view_form")

    def test_a_target_with_money_in_one_go(self):
        self.plan.action_start()
        with self.form() as form, form.target_ids.new() as target:
            self.assertEqual(target.company_id, self.council, "the pickers know the council before the first save")
            target.name = "Knows the times tables"
            target.area_id = self.area
            self.assertIn("Aim", target.missing)
            with target.request_ids.new() as request:
                self.assertEqual(request.fund_id.code, "ppp")
                request.name = "Times table club"
                request.quantity = 3
                request.unit_cost = 20
        target = self.plan.target_ids
        self.assertRecordValues(target, [{"name": "Knows the times tables", "child_id": self.child.id}])
        self.assertEqual(target.amount_asked, 60)
        self.assertEqual(target.request_ids.funding_ids.amount_asked, 60)

    def test_a_finished_plan_is_read_only(self):
        self.plan._take_step("cancel", "Adopted")
        form = self.form()
        for name in ("summary", "due_date", "next_meeting_note", "kind_id"):
            with self.subTest(name), self.assertRaisesRegex(AssertionError, "readonly"):
                form[name] = False
        with self.assertRaisesRegex(AssertionError, "not editable"):
            form.target_ids.new()

    def test_reviewing_a_previous_target(self):
        self.plan.action_start()
        self.plan.action_ready()
        self.smart_target(self.plan)
        self.plan.kind_id = self.env["pep.kind"].search(
            [("company_id", "=", self.council.id), ("code", "=", "interim")], limit=1
        )
        self.plan.action_process()
        self.plan.next_meeting_note = "May"
        self.plan.action_complete()
        following = self.as_user(self.make_plan(self.child, self.next_term()), "vseo")
        following.action_start()
        with self.form(following) as form, form.review_ids.edit(0) as review:
            review.outcome = "partly"
            review.impact = "Reads more"
            review.carry_forward = True
        self.assertEqual(following.review_ids.outcome, "partly")
        self.assertEqual(following.target_ids.continues_id, self.plan.target_ids)

    def test_a_plan_by_hand(self):
        other = self.make_children()
        with Form(self.plan.browse(), "pep_module.pep_plan_view_form") as form:
            form.child_id = other
            form.kind_id = self.env["pep.kind"].search(
                [("company_id", "=", self.council.id), ("code", "=", "desk")], limit=1
            )
        self.assertRecordValues(
            form.record, [{"child_id": other.id, "state": "not_started", "school_id": self.school.id}]
        )
        self.assertEqual(form.record.kind_id.code, "desk")

    def test_going_on_without(self):
        self.plan.action_start()
        self.plan.action_ready()
        question = self.plan.action_process()
        wizards = self.plan.env[question["res_model"]].with_context(**question["context"])
        with Form(wizards, "pep_module.pep_plan_go_on_view_form") as form:
            for index in range(len(form.line_ids)):
                with form.line_ids.edit(index) as line:
                    self.assertTrue(line.message[0].isupper())
                    line.reason_id = self.env["pep.gate.reason"].search(
                        [
                            ("company_id", "=", self.council.id),
                            ("gate", "=", line.gate),
                            ("head_only", "in", [False, line.may_use_all]),
                        ],
                        limit=1,
                    )
        form.record.action_go_on()
        self.assertEqual(self.plan.state, "processing")
        self.assertEqual(len(self.plan.pass_ids), 2)

    def test_planning_and_holding_the_meeting(self):
        action = self.plan.action_plan_meeting()
        with Form(self.plan.env[action["res_model"]].browse(action["res_id"])) as form:
            form.start = fields.Datetime.now() - timedelta(hours=1)
            form.send_now = False
        action = form.record.action_plan()
        meeting = self.plan.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(meeting.chair_id, self.users["vseo"])
        self.assertEqual(self.plan.action_plan_meeting()["res_id"], meeting.id)
        with Form(meeting, "pep_module.pep_meeting_view_form") as form, form.attendee_ids.edit(0) as attendee:
            attendee.attended = True
        question = meeting.action_hold()
        wizards = self.plan.env[question["res_model"]].with_context(**question["context"])
        with Form(wizards, "pep_module.pep_meeting_hold_view_form") as form:
            self.assertIn("Nobody on the list as", form.absent)
            form.reason = "Nobody is known around the child yet"
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.message, "There is no academic target")
                line.reason_id = self.env["pep.gate.reason"].search(
                    [("company_id", "=", self.council.id), ("gate", "=", line.gate), ("head_only", "=", False)], limit=1
                )
        form.record.action_confirm()
        self.assertEqual((self.plan.meeting_state, self.plan.state), ("held", "processing"))
        self.assertEqual(meeting.action_open_plan()["res_id"], self.plan.id)

    def test_the_meeting_of_a_plan_picked_by_name(self):
        meetings = self.plan.env["pep.meeting"]
        with Form(meetings, "pep_module.pep_meeting_view_form") as form:
            form.plan_id = self.plan
            self.assertEqual(form.child_id, self.child)
            form.start = fields.Datetime.now()
        self.assertEqual(form.record.child_id, self.child)

    # === Names ===

    def test_pickers_show_the_name_to_those_who_may_see_it(self):
        plans = self.plan.with_context(pep_show_name=True)
        self.assertEqual(plans.display_name, f"{self.child.full_name} ({self.child.reference}), {self.term.name}")
        self.assertEqual(plans.name_search(self.child.last_name)[0][0], self.plan.id)
        self.assertFalse(self.plan.name_search(self.child.last_name))
        self.assertEqual(self.plan.display_name, self.child.reference)
        self.assertEqual(plans.sudo().display_name, self.child.reference)
        self.assertFalse(self.as_user(plans, "other_vseo").name_search(self.child.last_name))

    def test_a_page_opened_from_a_picker_is_titled_with_the_reference(self):
        for record in (self.plan, self.plan.child_id):
            with self.subTest(record._name):
                action = record.with_context(pep_show_name=True).get_formview_action()
                opened = record.with_context(**{"pep_show_name": None, **action["context"]})
                self.assertEqual(opened.display_name, self.child.reference)


@tagged("post_install", "-at_install")
class TestBoard(PepCase):
    """The board says what to do next, also when it is empty."""

    def help_for(self, role):
        action = self.as_user(self.env.ref("pep_module.pep_plan_action_my"), role).sudo()  # as Odoo reads actions
        return action.read(["help", "res_model", "context"])[0]["help"]

    def test_before_the_term_is_opened(self):
        for role in ("head", "admin"):
            self.assertIn('data-method="action_open_current"', self.help_for(role))
        self.assertNotIn("action_open_current", self.help_for("vseo"))
        self.assertIn(f"{self.term.name} has not been opened yet", self.help_for("vseo"))

    def test_the_head_opens_the_term_from_the_empty_board(self):
        child = self.make_children()
        self.as_user(self.env["pep.term"], "head").action_open_current()
        self.assertEqual(child.plan_ids.term_id, self.term)
        self.assertNotIn("not been opened", self.help_for("vseo"))

    def test_who_may_not_open_a_term(self):
        for role in ("vseo", "support", "finance", "employee", "teacher"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(self.env["pep.term"], role).action_open_current()

    def test_stages_stand_side_by_side(self):
        plan = self.make_plan()
        plans = self.as_user(plan, "vseo")
        plans = plans.with_context(read_group_expand=True)
        groups = plans.web_read_group([("term_id.is_current", "=", True)], ["state"])["groups"]
        self.assertEqual(
            [group["state"] for group in groups], ["not_started", "gathering", "ready", "processing", "complete"]
        )

    def test_filters(self):
        late, planned, homeless = (self.make_plan(self.make_children(school=school)) for school in (1, 1, 0))
        late.due_date = self.today - timedelta(days=1)
        self.env["pep.meeting"].create(
            {"plan_id": planned.id, "start": fields.Datetime.now() + timedelta(days=10)}  # so that no part is late
        )
        plans = self.as_user(late | planned | homeless, "vseo")
        arch = self.env.ref("pep_module.pep_plan_view_search")
        view = plans.get_view(arch.id, "search")["arch"]
        for name, expected in (
            ("late", late),
            ("no_meeting", late | homeless),
            ("not_on_roll", homeless),
            ("this_term", late | planned | homeless),
            ("last_term", plans.browse()),
            ("mine", late | planned | homeless),
        ):
            with self.subTest(name):
                self.assertEqual(plans.search(self.domain_of(view, name)), expected.sorted("id"))

    def domain_of(self, arch, name):
        (node,) = etree.fromstring(arch).xpath(f"//filter[@name='{name}']")
        return safe_eval(node.get("domain"), {"uid": self.users["vseo"].id})
