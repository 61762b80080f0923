from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from benchmarks import screens
from tests.common import PepCase


class LateCase(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["pep.deadline"].flush_model()

    @classmethod
    def clock(cls, plan, days, kind="meeting", **values):
        """A running clock of a PEP, due in so many days."""
        rule = cls.env["pep.deadline.rule"].search([("company_id", "=", cls.council.id), ("code", "=", kind)], limit=1)
        clocks = cls.env["pep.deadline"].search([("plan_id", "=", plan.id), ("kind", "=", kind)])
        clocks = clocks or cls.env["pep.deadline"].create(
            {
                "child_id": plan.child_id.id,
                "plan_id": plan.id,
                "of_plan": True,
                "rule_id": rule.id,
                "kind": kind,
                "name": rule.name,
                "series": rule.series,
                "start_date": cls.today,
                "due_date": cls.today,
                "why": "Said so.",
                "vseo_id": plan.vseo_id.id,
                "term_id": plan.term_id.id,
                "school_id": plan.school_id.id,
            }
        )
        clocks.write({"due_date": cls.today + timedelta(days=days), **values})
        plan._follow_clocks()
        return clocks

    @classmethod
    def alone(cls, plan, days, kind="meeting", **values):
        """The PEP has this clock running and no other."""
        clock = cls.clock(plan, days, kind, **values)
        (plan.deadline_ids - clock).write({"state": "met", "met_on": cls.today, "outcome": "on_time"})
        plan._follow_clocks()
        return clock

    def figures(self, role):
        return {
            figure["key"]: figure["number"] for figure in self.as_user(self.env["pep.deadline"], role).late_figures()
        }


@tagged("post_install", "-at_install")
class TestLate(LateCase):
    """What is late and what comes next, in words, by the council's own day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.plan = cls.make_plan(cls.child)

    def test_in_words(self):
        clock = self.clock(self.plan, 0)
        far = self.today + timedelta(days=30)
        expected = {
            -12: ("12 days late", "late"),
            -1: ("1 day late", "late"),
            0: ("due today", "soon"),
            1: ("due tomorrow", "soon"),
            7: ("due in 7 days", "soon"),
            8: (None, "later"),
            30: (f"by {far.day} {far:%b}", "later"),
        }
        for days, (words, level) in expected.items():
            with self.subTest(days=days):
                self.clock(self.plan, days)
                self.assertEqual((clock.level, clock.is_soon, clock.is_late), (level, level == "soon", days < 0))
                if words:
                    self.assertEqual(clock.when, words)

    def test_the_year_is_said_of_a_day_far_away(self):
        clock = self.clock(self.plan, 400)
        self.assertTrue(clock.when.endswith(str(clock.due_date.year)))

    def test_how_it_ended(self):
        clock = self.clock(self.plan, 0, state="met", outcome="on_time", met_on=self.today)
        self.assertEqual((clock.when, clock.level), ("Met", False))
        self.clock(self.plan, -3, outcome="late", days_late=3)
        self.assertEqual(clock.when, "Met, 3 days late")
        self.clock(self.plan, -3, state="stopped", outcome="pending")
        self.assertEqual(clock.when, "Stopped")

    def test_the_day_is_that_of_the_council(self):
        """Whether it is late is asked of the council's clock, in its own zone, and of no other."""
        clock = self.clock(self.plan, 0)
        with patch.object(type(self.council), "_pep_today", lambda council: self.today + timedelta(days=1)):
            self.env.invalidate_all()
            self.assertEqual(clock.when, "1 day late")
            self.assertIn(clock, self.env["pep.deadline"].search([("is_late", "=", True)]))

    def test_search(self):
        deadlines = self.env["pep.deadline"]
        plans = self.make_children(3).plan_ids
        for child in self.make_children(3):
            plans |= self.make_plan(child)
        late, soon, later = (self.alone(plan, days) for plan, days in zip(plans, (-1, 7, 8), strict=True))
        three = [("id", "in", (late | soon | later).ids)]
        self.assertEqual(deadlines.search([*three, ("is_soon", "=", True)]), soon)
        self.assertEqual(deadlines.search([*three, ("is_soon", "=", False)]), late | later)
        self.assertEqual(deadlines.search([*three, ("is_late", "=", True)]), late)
        soon.state = "met"
        self.assertFalse(deadlines.search([*three, ("is_soon", "=", True)]))

    # === Cards ===

    def chips(self, role="vseo", plan=None):
        return [(chip["level"], chip["text"]) for chip in self.as_user(plan or self.plan, role).clocks or ()]

    def test_chips(self):
        """All that is late, then what is due within a week; if neither, what comes next."""
        self.alone(self.plan, -3)
        self.assertEqual(self.chips(), [("late", "Meeting: 3 days late")])
        self.clock(self.plan, -8, "school_part", state="open", met_on=False, outcome="pending")
        self.clock(self.plan, 2, "social_work_part", state="open", met_on=False, outcome="pending")
        self.clock(self.plan, 40, "termly", state="open", met_on=False, outcome="pending")
        self.assertEqual(
            self.chips(),
            [
                ("late", "School's part: 8 days late"),
                ("late", "Meeting: 3 days late"),
                ("soon", "Social worker's part: due in 2 days"),
            ],
        )
        self.alone(self.plan, 40, "termly")
        ((level, text),) = self.chips()
        self.assertEqual(level, "later")
        self.assertIn("This term's PEP: by ", text)

    def test_a_card_says_how_it_was_worked_out(self):
        self.alone(self.plan, -3, why="On the day itself.")
        self.assertEqual(self.as_user(self.plan, "vseo").clocks[0]["why"], "On the day itself.")

    def test_no_chip_when_nothing_runs(self):
        self.plan.deadline_ids.write({"state": "met", "outcome": "on_time"})
        self.plan._follow_clocks()
        self.assertFalse(self.chips())

    def test_a_councils_own_clock_goes_by_its_name(self):
        clock = self.alone(self.plan, -1)
        clock.write({"kind": "own", "name": "Shared with the new school"})
        self.assertEqual(self.chips(), [("late", "Shared with the new school: 1 day late")])

    def test_a_clock_of_the_child_is_on_the_card_of_the_open_pep(self):
        self.alone(self.plan, 40)
        rule = self.plan.deadline_ids[:1].rule_id
        self.env["pep.deadline"].create(
            {
                "child_id": self.child.id,
                "rule_id": rule.id,
                "kind": "care_review",
                "name": "PEP with the reviewing officer",
                "series": "care_review",
                "start_date": self.today,
                "due_date": self.today - timedelta(days=1),
                "why": "Said so.",
            }
        )
        self.assertEqual(self.chips(), [("late", "Reviewing officer's copy: 1 day late")])
        self.plan.sudo().write({"state": "complete"})
        self.assertNotIn("late", [level for level, _text in self.chips()])

    def test_face_to_face_has_a_line_of_its_own(self):
        self.alone(self.plan, -3, "face")
        self.assertFalse(self.chips())

    def test_whoever_reads_no_clocks_is_told_what_is_next(self):
        """Council staff in the network, such as a social worker, see the board too: what the PEP itself says."""
        self.users["contributor"] = self.users["employee"]
        self.users["contributor"].group_ids += self.env.ref("pep_module.group_pep_contributor")
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["contributor"].partner_id.id,
                "role": "social_worker",
            }
        )
        self.alone(self.plan, -3)
        self.assertEqual(self.chips("contributor"), [("late", "Meeting: 3 days late")])
        with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
            self.as_user(self.plan, "contributor").deadline_ids.read(["why"])

    # === Figures ===

    def test_figures(self):
        before = self.figures("vseo")
        self.assertIn("meeting", before)
        self.alone(self.plan, -3)
        self.assertEqual(self.figures("vseo"), {**before, "meeting": before["meeting"] + 1})
        self.assertEqual(self.figures("head"), self.figures("vseo"))
        self.assertFalse(any(self.figures("other_vseo").values()))
        for role in ("finance", "admin", "employee"):
            with self.subTest(role):
                self.assertFalse(self.figures(role))

    def test_every_figure_opens_its_screen(self):
        for figure in self.as_user(self.env["pep.deadline"], "vseo").late_figures():
            action = self.env.ref(figure["action"])
            self.assertEqual(action.res_model, "pep.deadline")
            self.assertIn(f"'{figure['key']}'", action.domain)

    def test_a_rule_that_is_not_used_has_no_figure(self):
        rules = self.env["pep.deadline.rule"].search([("company_id", "=", self.council.id), ("code", "=", "copies")])
        self.assertIn("copies", self.figures("vseo"))
        rules.active = False
        self.assertNotIn("copies", self.figures("vseo"))

    def test_the_board_counts_what_is_late(self):
        self.alone(self.plan, -3)
        figures = {figure["key"]: figure for figure in self.as_user(self.env["pep.plan"], "vseo").board_figures()}
        self.assertEqual(figures["late"]["number"], sum(self.figures("vseo").values()))
        self.assertEqual(self.env.ref(figures["late"]["action"]).res_model, "pep.deadline")

    def test_share_on_time(self):
        """Of decided clocks alone: by kind, term, VSEO and school, as the screen asks for it."""
        plans = self.plan
        for child in self.make_children(3):
            plans |= self.make_plan(child)
        for plan, days_late in zip(plans, (0, 0, 4, 0), strict=True):
            self.alone(plan, -days_late)._meet(self.today)
        self.clock(plans[3], 5, state="open", met_on=False, outcome="pending", share_on_time=0)
        action = self.env.ref("pep_module.pep_deadline_action_share")
        domain = [("outcome", "!=", "pending"), ("kind", "=", "meeting"), ("plan_id", "in", plans.ids)]
        self.assertEqual(action.domain, "[('outcome', '!=', 'pending')]")
        deadlines = self.as_user(self.env["pep.deadline"], "vseo")
        for group in ("kind", "term_id", "vseo_id", "school_id"):
            with self.subTest(group):
                ((_value, share, number),) = deadlines._read_group(domain, [group], ["share_on_time:avg", "__count"])
                self.assertEqual((round(share, 1), number), (66.7, 3))

    # === Speed ===

    def test_queries_do_not_grow(self):
        """A list of clocks, and the cards of a board, cost as many queries for forty as for ten."""
        plans = self.plan
        for child in self.make_children(39):
            plans |= self.make_plan(child)
        for number, plan in enumerate(plans):
            self.clock(plan, number % 20 - 10)
        deadlines = self.as_user(self.env["pep.deadline"], "vseo")
        columns = screens.specification(deadlines, "list")
        meetings = deadlines.search([("plan_id", "in", plans.ids), ("kind", "=", "meeting")])
        self.assertEqual(len(meetings), 40)
        works = {
            "list": lambda clocks: screens.listing(clocks.browse(), [("id", "in", clocks.ids)], columns),
            "figures": lambda clocks: clocks.browse().late_figures(),
            "chips": lambda clocks: clocks.plan_id.mapped("clocks"),
        }
        for name, work in works.items():
            with self.subTest(name):
                few, many = (self.queries(work, clocks) for clocks in (meetings[:10], meetings))
                self.assertEqual(few, many)

    def queries(self, work, records):
        for _turn in range(2):
            self.env.invalidate_all()
            user = records.env.user.sudo()
            (user.fetch(), (user.partner_id | user.company_id.partner_id).fetch())
            before = self.env.cr.sql_log_count
            work(records)
        return self.env.cr.sql_log_count - before

    def test_chips_are_one_query_more(self):
        plan = self.as_user(self.plan, "vseo")
        plan._running_clocks()
        plan.env["pep.deadline"].invalidate_model()
        with self.assertQueryCount(1):
            plan._running_clocks()


@tagged("post_install", "-at_install")
class TestRuleScreens(LateCase):
    """The council's rules in words, and their next version from a day on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.rule_of("start")

    @classmethod
    def rule_of(cls, code):
        return cls.env["pep.deadline.rule"].search([("company_id", "=", cls.council.id), ("code", "=", code)])

    def change(self, role="admin", **values):
        rule = self.as_user(self.rule, role)
        wizard = rule.env["pep.deadline.rule.version"].with_context(default_rule_id=rule.id).create(values)
        wizard.action_confirm()
        return self.rule_of("start") - self.rule

    def test_in_words(self):
        for code, words in {
            "start": "10 working days after the day of coming into care",
            "meeting": "the term's last day for meetings",
            "school_part": "5 days before the PEP meeting",
            "processing": "14 days after the PEP meeting was held",
            "care_review": "3 working days before the next care review",
        }.items():
            with self.subTest(code):
                self.assertEqual(self.rule_of(code).in_words, words)

    def test_every_event_and_unit_has_words(self):
        fields = self.env["pep.deadline.rule"]._fields
        for trigger, _label in fields["trigger"].selection:
            for unit, _label in fields["unit"].selection:
                for direction, _label in fields["direction"].selection:
                    rule = self.env["pep.deadline.rule"].new(
                        {"trigger": trigger, "unit": unit, "direction": direction, "number": 3}
                    )
                    self.assertTrue(rule.in_words.startswith("3 "))

    def test_next_version(self):
        day = self.today + timedelta(days=1)
        following = self.change(valid_from=day, number=15)
        self.assertEqual(
            (following.number, following.valid_from, following.unit, following.series),
            (15, day, self.rule.unit, self.rule.series),
        )
        self.assertEqual((self.rule.number, self.rule.valid_to), (10, self.today))
        self.assertEqual(following.version_ids, following | self.rule)

    def test_the_form_is_filled_in_with_what_holds_now(self):
        wizard = self.as_user(self.env["pep.deadline.rule.version"], "admin")
        values = wizard.with_context(default_rule_id=self.rule.id).default_get(list(wizard._fields))
        self.assertEqual((values["number"], values["unit"], values["valid_from"]), (10, "working", self.today))

    def test_nothing_different(self):
        with self.assertRaisesRegex(UserError, "Nothing is different"):
            self.change(valid_from=self.today)

    def test_twice(self):
        """Not two versions from the same day, and not a version in the middle."""
        self.change(valid_from=self.today, number=15)
        with self.assertRaisesRegex(UserError, "later version"):
            self.change(valid_from=self.today + timedelta(days=1), number=16)

    def test_for_the_administrator_alone(self):
        for role in ("vseo", "head", "support", "employee", "finance"):
            with self.subTest(role), mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
                self.change(role, valid_from=self.today, number=15)

    def test_who_reads_the_rules(self):
        for role in ("vseo", "head", "support", "admin"):
            self.assertTrue(self.as_user(self.rule, role).in_words)


@tagged("post_install", "-at_install")
class TestMetByHand(LateCase):
    """A clock that nothing else ends is ended by whoever says when it happened."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.make_plan()
        cls.rule = cls.env["pep.deadline.rule"].create(
            {
                "name": "Shared with the new school",
                "company_id": cls.council.id,
                "trigger": "window_start",
                "met_by": "hand",
                "number": 3,
            }
        )
        began = cls.today - timedelta(days=5)
        cls.deadline = cls.clock(cls.plan, -2, "own", rule_id=cls.rule.id, series=cls.rule.series, start_date=began)

    def say(self, role="vseo", **values):
        deadline = self.as_user(self.deadline, role)
        wizard = deadline.env["pep.deadline.meet"].with_context(default_deadline_id=deadline.id).create(values)
        wizard.action_confirm()

    def test_on_which_day(self):
        self.say(day=self.today - timedelta(days=3))
        self.assertEqual((self.deadline.state, self.deadline.outcome), ("met", "on_time"))
        self.assertEqual(self.deadline.met_by_id, self.users["vseo"])

    def test_today_by_default(self):
        self.say()
        self.assertEqual(
            (self.deadline.met_on, self.deadline.outcome, self.deadline.days_late), (self.today, "late", 2)
        )

    def test_refused(self):
        with self.assertRaisesRegex(UserError, "still to come"):
            self.say(day=self.today + timedelta(days=1))
        with self.assertRaisesRegex(UserError, "before the one from which"):
            self.say(day=self.today - timedelta(days=6))
        self.assertEqual(self.deadline.state, "open")
        self.deadline.state = "met"
        with self.assertRaisesRegex(UserError, "not by hand"):
            self.say(day=date(2026, 1, 1))

    def test_by_whom(self):
        for role in ("other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), mute_logger("odoo.addons.base.models"), self.assertRaises(AccessError):
                self.say(role)


@tagged("post_install", "-at_install")
class TestGoLive(LateCase):
    """An empty screen says from which day on clocks are kept."""

    def help(self):
        deadlines = self.as_user(self.env["pep.deadline"], "vseo")
        return deadlines.get_empty_list_help("Nothing is late.")

    def test_empty_screen(self):
        self.council.pep_go_live = False
        self.assertEqual(self.help(), "Nothing is late.")
        self.council.pep_go_live = date(2026, 9, 1)
        self.assertIn("No clock starts for what happened before", self.help())
