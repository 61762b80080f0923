from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .action_common import ActionCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
OUTSIDE = ("teacher", "social_worker", "carer", "parent", "iro")


@tagged("post_install", "-at_install")
class TestAgreeing(ActionCase):
    def test_what_is_kept_of_it(self):
        action = self.agree("carer", meeting_id=self.meeting.id)
        self.assertRecordValues(
            action,
            [
                {
                    "child_id": self.child.id,
                    "company_id": self.council.id,
                    "term_id": self.term.id,
                    "owner": self.contact("carer").name,
                    "agreed_name": self.contact("carer").name,
                    "agreed_role": "carer",
                    "state": "open",
                    "is_agreed": False,
                    "display_name": self.child.reference,
                }
            ],
        )
        self.assertEqual(self.plan.action_ids, action)
        self.assertEqual(self.meeting.action_ids, action)

    def test_a_role_without_a_person(self):
        child = self.agree("child")
        self.assertEqual(child.owner, "Child")
        school = self.agree("teacher", partner_id=False)
        self.assertEqual((school.owner, school.owner_gap), ("Designated teacher", "tell"))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.agree("child", partner_id=self.contact("carer").id)

    def test_who_may_be_asked(self):
        owners = self.as_user(self.plan, "vseo")._action_owners()[self.plan.id]
        self.assertEqual(owners[0], ("child", False, "The child"))
        self.assertEqual(
            [(role, partner) for role, partner, _name in owners[1:]],
            [(role, self.contact(role).id) for role in ("vseo", "teacher", "social_worker", "carer", "parent", "iro")],
        )

    def test_the_role_follows_from_the_person(self):
        with Form(self.as_user(self.env["pep.action"], "vseo").with_context(default_plan_id=self.plan.id)) as form:
            form.name = "Reads with the child every night"
            form.partner_id = self.contact("social_worker")
            self.assertEqual(form.role, "social_worker")
            self.assertEqual(form.due_date, self.term.date_to)

    def test_in_the_chairs_view(self):
        meeting = self.as_user(self.meeting, "vseo")
        card = meeting.chair_add_action({"name": " Rings   the school ", "partner_id": self.contact("iro").id})
        self.assertEqual((card["name"], card["role"], card["state"]), ("Rings the school", "iro", "open"))
        self.assertEqual(card["owner"], self.contact("iro").name)
        self.assertEqual(meeting.action_ids.id, card["id"])
        with self.assertRaises(UserError):
            meeting.chair_add_action({"name": "x", "state": "done"})
        cards = meeting._action_cards()
        self.assertEqual([row["id"] for row in cards["actions"]], [card["id"]])
        self.assertEqual(cards["earlier"], [])
        for role in (*OUTSIDE, "other_vseo", "employee"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger(*QUIET):
                self.as_user(self.meeting, role).chair_add_action({"name": "x"})

    def test_refusals(self):
        with self.assertRaises(ValidationError):
            self.agree("carer", partner_id=self.school.id)
        other = self.make_meeting(self.make_plan(self.make_children()))
        with self.assertRaises(UserError):
            self.agree("carer", meeting_id=other.id)
        following = self.make_meeting(self.next_plan())
        with self.assertRaises(ValidationError):
            self.agree("carer", meeting_id=following.id)
        self.child.network_ids.filtered(lambda member: member.role == "parent").must_not_contact = True
        with self.assertRaises(ValidationError):
            self.agree("parent")
        self.assertNotIn(
            self.contact("parent").id,
            [partner for _role, partner, _name in self.plan._action_owners()[self.plan.id]],
        )
        action = self.agree("carer")
        for deed in (
            action.unlink,
            action.copy,
            lambda: self.as_user(action, "vseo").write({"state": "done"}),
            lambda: self.as_user(action, "vseo").write({"agreed_name": "Somebody"}),
        ):
            with self.assertRaises(UserError):
                deed()
        made = self.agree("carer", state="done", agreed_name="Forged", remark="Forged")
        self.assertEqual((made.state, made.remark), ("open", False))
        self.assertEqual(made.agreed_name, self.contact("carer").name)

    def test_many_at_once(self):
        def queries(number):
            plans = self.make_plan(self.make_children(number))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            actions = self.env["pep.action"].create(
                [
                    {"plan_id": plan.id, "name": "x", "partner_id": self.contact("iro").id, "role": "iro"}
                    for plan in plans
                ]
            )
            actions.mapped("owner_gap")
            actions.mapped("is_late")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(2)
        self.assertEqual(queries(3), queries(60))


@tagged("post_install", "-at_install")
class TestWhoReads(ActionCase):
    """The own action while there is a live role on the child; everybody's for the child's staff."""

    def seen(self, role):
        actions = self.as_user(self.env["pep.action"], role)
        return actions.search([("id", "in", self.actions.ids)]).with_env(self.env) if actions.has_access("read") else []

    def setUp(self):
        super().setUp()
        self.of = {role: self.agree(role) for role in OUTSIDE}
        self.of["child"] = self.agree("child")
        self.actions = self.env["pep.action"].union(*self.of.values())

    def test_the_own_ones(self):
        for role in OUTSIDE:
            with self.subTest(role):
                self.assertEqual(self.seen(role), self.of[role])
                self.assertEqual(self.as_user(self.of[role], role).name, "Finds a reading tutor")
        for role in ("vseo", "head"):
            self.assertEqual(self.seen(role), self.actions)
        for role in ("other_vseo", "support", "finance", "admin", "employee"):
            self.assertFalse(self.seen(role), role)

    def test_an_internal_contributor(self):
        worker = new_test_user(
            self.env,
            "worker.test",
            groups="pep_module.group_pep_contributor",
            company_id=self.council.id,
            company_ids=[(6, 0, self.council.ids)],
        )
        self.users["worker"] = worker
        self.child.network_ids.create(
            {"child_id": self.child.id, "partner_id": worker.partner_id.id, "role": "social_worker"}
        )
        own = self.agree("social_worker", "worker")
        self.actions |= own
        self.assertEqual(self.seen("worker"), own)
        self.as_user(own, "worker").action_done("Rang them")
        self.assertEqual((own.state, own.done_by_id), ("done", worker))

    def test_who_leaves_sees_it_no_more(self):
        self.leave("carer")
        self.assertFalse(self.seen("carer"))
        with self.assertRaises(AccessError), mute_logger(*QUIET):
            self.as_user(self.of["carer"], "carer").action_done()
        self.assertEqual(self.of["carer"].owner_gap, "left")
        self.assertFalse(self.of["social_worker"].owner_gap)

    def test_who_must_not_have_contact_any_more(self):
        self.child.network_ids.filtered(lambda member: member.role == "parent").must_not_contact = True
        self.assertFalse(self.seen("parent"))
        self.env.invalidate_all()
        self.assertEqual(self.of["parent"].owner_gap, "left")

    def test_the_child_of_another_vseo(self):
        self.child.vseo_id = self.users["other_vseo"]
        self.assertFalse(self.seen("vseo"))
        self.assertEqual(self.seen("other_vseo"), self.actions)

    def test_outsiders_read_neither_who_wrote_it_nor_whom_to_look_after(self):
        action = self.as_user(self.of["carer"], "carer")
        for name in ("create_uid", "write_uid", "done_by_id", "given_by_id", "owner_gap", "owner_ids"):
            with self.subTest(name), self.assertRaises(AccessError), mute_logger(*QUIET):
                action.read([name])

    def test_outsiders_write_nothing(self):
        for role in OUTSIDE:
            action = self.as_user(self.of[role], role)
            for deed in (
                lambda action=action: action.write({"name": "Nothing"}),
                lambda action=action: action.action_give(self.contact("vseo").id),
                lambda action=action: action.action_carry(),
                lambda action=action: action.action_ask_not_done(),
                lambda action=action: action.create({"plan_id": self.plan.id, "name": "x"}),
            ):
                with self.subTest(role), self.assertRaises(AccessError), mute_logger(*QUIET):
                    deed()


@tagged("post_install", "-at_install")
class TestWhatBecomesOfIt(ActionCase):
    def test_the_owner_says_that_it_is_done(self):
        action = self.agree("carer")
        self.as_user(action, "carer").action_done("  Every  Tuesday ")
        self.assertEqual((action.state, action.remark), ("done", "Every Tuesday"))
        self.assertEqual(action.done_by_id, self.users["carer"])
        moment = action.done_on
        with freeze_time("2099-01-01"):
            self.as_user(action, "carer").action_done("Again")
        self.assertEqual((action.done_on, action.remark), (moment, "Every Tuesday"), "said twice it counts once")
        with self.assertRaises(UserError):
            self.as_user(action, "carer").action_not_done("No")

    def test_why_not(self):
        action = self.agree("carer")
        for reason in ("", "   ", None):
            with self.assertRaises(UserError):
                self.as_user(action, "carer").action_not_done(reason)
        with self.assertRaises(UserError):
            self.as_user(action, "carer").action_not_done("x" * 501)
        self.as_user(action, "carer").action_not_done("No tutor lives near")
        self.assertEqual((action.state, action.remark), ("not_done", "No tutor lives near"))

    def test_staff_say_so_for_others(self):
        action = self.agree("child") | self.agree("parent")
        self.as_user(action, "vseo").action_done()
        self.assertEqual(set(action.mapped("state")), {"done"})
        self.assertEqual(action.done_by_id, self.users["vseo"])

    def test_somebody_elses_is_nobodys_business(self):
        action = self.agree("carer")
        for role in ("teacher", "parent", "other_vseo", "finance", "employee"):
            for deed in ("action_done", "action_reopen"):
                with self.subTest(role, deed=deed), self.assertRaises(AccessError), mute_logger(*QUIET):
                    getattr(self.as_user(action, role), deed)()
        self.assertEqual(action.state, "open")

    def test_taking_it_back(self):
        action = self.agree("carer")
        self.as_user(action, "carer").action_done("Done")
        self.as_user(action, "carer").action_reopen()
        self.assertRecordValues(action, [{"state": "open", "remark": False, "done_on": False}])
        self.as_user(action, "carer").action_reopen()
        self.as_user(action, "vseo").action_not_done("Not needed any more")
        with self.assertRaises(AccessError):
            self.as_user(action, "carer").action_reopen()
        self.as_user(action, "vseo").action_reopen()
        self.assertEqual(action.state, "open")

    def test_giving_it_to_somebody_else(self):
        action = self.agree("carer")
        self.leave("carer")
        with self.assertRaises(UserError):
            self.as_user(action, "vseo").action_give()
        self.as_user(action, "vseo").action_give(self.contact("social_worker").id)
        self.assertEqual((action.role, action.owner), ("social_worker", self.contact("social_worker").name))
        self.assertEqual(action.given_by_id, self.users["vseo"])
        self.assertFalse(action.owner_gap)
        self.assertEqual(self.as_user(action, "social_worker").name, action.name)
        self.as_user(action, "vseo").action_give(False, "child")
        self.assertEqual(action.owner, "Child")
        self.as_user(action, "vseo").action_done()
        with self.assertRaises(UserError):
            self.as_user(action, "vseo").action_give(self.contact("iro").id)

    def test_the_form_that_asks(self):
        action = self.agree("carer")
        officer = self.as_user(action, "vseo")
        for step, values in (("not_done", {"reason": "Too far"}), ("give", {"partner_id": self.contact("iro")})):
            ask = getattr(officer, f"action_ask_{step}")()
            with Form(officer.env[ask["res_model"]].with_context(**ask["context"])) as form:
                for name, value in values.items():
                    form[name] = value
            form.record.action_confirm()
            if step == "not_done":
                self.assertEqual((action.state, action.remark), ("not_done", "Too far"))
                officer.action_reopen()
        self.assertEqual((action.partner_id, action.role), (self.contact("iro"), "iro"))

    def test_late(self):
        action = self.agree("carer", due_date=self.today)
        actions = self.env["pep.action"]
        late = [("id", "=", action.id), ("is_late", "=", True)]
        self.assertFalse(action.is_late or actions.search(late))
        with freeze_time(self.council._pep_midnight_utc(self.today + timedelta(days=1)) + timedelta(minutes=1)):
            self.env.invalidate_all()
            self.assertTrue(action.is_late)
            self.assertEqual(actions.search(late), action)
            self.assertFalse(actions.search([("id", "=", action.id), ("is_late", "=", False)]))
        action.action_done()
        with freeze_time("2099-01-01"):
            self.env.invalidate_all()
            self.assertFalse(action.is_late or actions.search(late))

    def test_mine(self):
        own, others = self.agree("vseo"), self.agree("carer")
        actions = self.as_user(self.env["pep.action"], "vseo")
        among = [("id", "in", (own | others).ids)]
        self.assertEqual(actions.search([*among, ("is_mine", "=", True)]).ids, own.ids)
        self.assertEqual(actions.search([*among, ("is_mine", "=", False)]).ids, others.ids)
        self.assertTrue(self.as_user(own, "vseo").is_mine)


@tagged("post_install", "-at_install")
class TestLookingAfterOwners(ActionCase):
    def assert_gap(self, action, gap):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(action.owner_gap, gap)
        actions = self.as_user(self.env["pep.action"], "vseo")
        for word in ("left", "tell", False):
            found = actions.search([("id", "=", action.id), ("owner_gap", "=", word)])
            self.assertEqual(bool(found), word == gap, word)
        found = actions.search([("id", "=", action.id), ("owner_gap", "!=", False)])
        self.assertEqual(bool(found), bool(gap))

    def test_somebody_without_a_login(self):
        aunt = self.env["res.partner"].create({"name": "Aunt Vera"})
        self.child.network_ids.create({"child_id": self.child.id, "partner_id": aunt.id, "role": "other"})
        action = self.agree("other", partner_id=aunt.id)
        self.assert_gap(action, "tell")
        self.child.network_ids.filtered(lambda member: member.partner_id == aunt).write(
            {"date_from": self.today - timedelta(days=9), "date_to": self.today - timedelta(days=1)}
        )
        self.assert_gap(action, "left")

    def test_somebody_who_was_just_at_the_meeting(self):
        psychologist = self.env["res.partner"].create({"name": "Dr Minds"})
        self.assert_gap(self.agree("other", partner_id=psychologist.id), "tell")
        visitor = new_test_user(self.env, "visitor.test", groups="base.group_portal").partner_id
        self.assert_gap(self.agree("other", partner_id=visitor.id), "tell")

    def test_a_teacher_whose_pupil_moves(self):
        action = self.agree("teacher")
        self.assert_gap(action, False)
        self.child.enrolment_ids.date_to = self.today - timedelta(days=1)
        self.assert_gap(action, "left")

    def test_a_colleague_who_hands_the_caseload_over(self):
        action = self.agree("vseo")
        self.assert_gap(action, False)
        self.child.vseo_id = self.users["other_vseo"]
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(action.owner_gap, "left")

    def test_what_is_done_needs_nobody(self):
        action = self.agree("carer")
        self.leave("carer")
        self.as_user(action, "vseo").action_done()
        self.assert_gap(action, False)

    def test_the_last_day_counts_on_the_councils_clock(self):
        action = self.agree("carer")
        member = self.child.network_ids.filtered(lambda member: member.role == "carer")
        member.date_to = self.today
        self.assert_gap(action, False)
        with freeze_time(self.council._pep_midnight_utc(self.today + timedelta(days=1))):
            self.assert_gap(action, "left")


@tagged("post_install", "-at_install")
class TestBesideTheFreeze(ActionCase):
    def test_what_was_agreed_stays(self):
        action = self.agree("carer")
        self.finish(self.plan)
        officer = self.as_user(action, "vseo")
        self.assertTrue(officer.is_agreed)
        for vals in (
            {"name": "Something else"},
            {"due_date": self.soon + timedelta(days=1)},
            {"partner_id": self.contact("iro").id},
            {"role": "other"},
            {"meeting_id": self.meeting.id},
        ):
            with self.subTest(vals), self.assertRaises(UserError):
                officer.write(vals)
        for vals in ({"name": "x"}, {"due_date": self.today}, {"agreed_name": "x"}, {"agreed_role": "vseo"}):
            with self.subTest(vals), self.assertRaises(UserError):
                action.sudo().write(vals)
        officer.write({"name": action.name, "due_date": action.due_date})
        with self.assertRaises(UserError):
            self.agree("carer")

    def test_what_becomes_of_it_runs_on(self):
        own, given, dropped = self.agree("carer"), self.agree("carer"), self.agree("child")
        self.finish(self.plan)
        self.as_user(own, "carer").action_done("Done")
        self.as_user(dropped, "vseo").action_not_done("Has moved")
        self.as_user(given, "vseo").action_give(self.contact("iro").id)
        self.assertEqual((own.state, dropped.state), ("done", "not_done"))
        self.assertRecordValues(
            given,
            [
                {
                    "partner_id": self.contact("iro").id,
                    "role": "iro",
                    "agreed_name": self.contact("carer").name,
                    "agreed_role": "carer",
                }
            ],
        )
        self.assertTrue(self.plan.issue_ids.is_intact)

    def test_an_extra_meeting_after_it(self):
        self.finish(self.plan)
        extra = self.make_meeting(self.plan, is_extra=True, purpose="A new school")
        card = self.as_user(extra, "vseo").chair_add_action({"name": "Visits the school"})
        action = self.env["pep.action"].browse(card["id"])
        self.assertFalse(action.is_agreed)
        self.as_user(action, "vseo").write({"name": "Visits the new school"})
        extra.attendee_ids.attended = True
        extra.sudo().write({"state": "held"})
        self.env.invalidate_all()
        self.assertTrue(action.is_agreed)
        with self.assertRaises(UserError):
            self.as_user(action, "vseo").write({"name": "Visits nobody"})

    def test_a_cancelled_pep(self):
        """The child leaves care: nothing more is agreed; what was can still be said to be done."""
        action = self.agree("carer")
        extra = self.make_meeting(self.plan, is_extra=True, start=self.env.cr.now() - timedelta(hours=5))
        self.plan._take_step("cancel", "Adopted")
        with self.assertRaises(UserError):
            self.agree("carer")
        with self.assertRaises(UserError):
            self.agree("carer", meeting_id=extra.id)
        self.as_user(action, "carer").action_done()
        self.assertEqual(action.state, "done")
        self.child.active = False
        self.as_user(action, "vseo").action_reopen()
        self.assertEqual(action.state, "open")

    @mute_logger(*QUIET)
    def test_who_does_it_now_is_not_told_who_had_it_before(self):
        """What was a foster carer's can be given to a parent."""
        action = self.agree("carer")
        self.finish(self.plan)
        self.as_user(action, "vseo").action_give(self.contact("parent").id, "parent")
        self.assertEqual(action.agreed_name, self.contact("carer").name)
        own = self.as_user(action, "parent")
        self.assertEqual(own.read(["owner"])[0]["owner"], self.contact("parent").name)
        for name in ("agreed_name", "agreed_role"):
            with self.subTest(name), self.assertRaises(AccessError):
                own.read([name])
            with self.subTest(name), self.assertRaises(AccessError):
                own.search([(name, "!=", False)])

    def test_a_correction(self):
        action = self.agree("carer")
        self.finish(self.plan)
        self.as_user(action, "vseo").action_give(self.contact("iro").id)
        self.plan._take_step("correct", "Mistyped")
        self.env.invalidate_all()
        self.as_user(action, "vseo").write({"name": "Finds a maths tutor"})
        self.assertEqual(action.agreed_role, "carer", "until the owner is agreed anew")
        self.as_user(action, "vseo").write({"partner_id": self.contact("teacher").id, "role": "teacher"})
        self.assertEqual((action.agreed_role, action.agreed_name), ("teacher", self.contact("teacher").name))


@tagged("post_install", "-at_install")
class TestNextTime(ActionCase):
    def earlier(self, plan):
        self.env.invalidate_all()
        return self.as_user(plan, "vseo").earlier_action_ids.with_env(self.env)

    def test_listed_in_the_next_pep(self):
        still, done = self.agree("carer"), self.agree("iro")
        self.as_user(done, "iro").action_done()
        self.finish(self.plan)
        following = self.next_plan()
        self.assertEqual(self.earlier(following), still | done)
        self.assertFalse(self.earlier(self.plan))
        cards = self.as_user(self.make_meeting(following), "vseo")._action_cards()
        self.assertEqual({card["id"] for card in cards["earlier"]}, set((still | done).ids))
        self.assertFalse(cards["actions"])

    def test_older_ones_only_while_they_are_open(self):
        still, done = self.agree("carer"), self.agree("iro")
        done.action_done()
        self.finish(self.plan)
        self.next_plan()
        third = self.make_plan(self.child, self.next_term(self.next_term()))
        self.env.cr.execute("UPDATE pep_action SET done_on = done_on - interval '9 days' WHERE id = %s", [done.id])
        self.assertEqual(self.earlier(third), still)
        self.as_user(still, "vseo").action_done()
        self.assertEqual(self.earlier(third), still, "what was closed since stays in sight")

    def test_carried_on(self):
        action = self.agree("carer")
        self.finish(self.plan)
        with self.assertRaises(UserError):
            self.as_user(action, "vseo").action_carry()
        following = self.next_plan()
        made = self.as_user(action, "vseo").action_carry()
        self.assertEqual(action.state, "carried")
        self.assertRecordValues(
            made.with_env(self.env),
            [
                {
                    "plan_id": following.id,
                    "name": action.name,
                    "partner_id": action.partner_id.id,
                    "agreed_role": "carer",
                    "continues_id": action.id,
                    "due_date": following.term_id.date_to,
                    "state": "open",
                }
            ],
        )
        self.assertFalse(self.as_user(action, "vseo").action_carry(), "run again: nothing new")
        self.assertEqual(len(following.action_ids), 1)
        self.assertIn(action, self.earlier(following))
        with self.assertRaises(UserError):
            self.as_user(action, "vseo").action_reopen()
        with self.assertRaises(UserError):
            self.as_user(action, "carer").action_done()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["pep.action"].create({"plan_id": following.id, "name": "x", "continues_id": action.id})

    def test_with_a_day_by_the_form(self):
        action = self.agree("carer")
        self.next_plan()
        officer = self.as_user(action, "vseo")
        ask = officer.action_ask_carry()
        with Form(officer.env[ask["res_model"]].with_context(**ask["context"])) as form:
            self.assertEqual(form.due_date, self.next_term().date_to)
            form.due_date = self.next_term().date_from + timedelta(days=20)
        form.record.action_confirm()
        self.assertEqual(
            self.env["pep.action"].search([("continues_id", "=", action.id)]).due_date,
            self.next_term().date_from + timedelta(days=20),
        )

    def test_not_into_a_pep_of_the_same_or_an_earlier_term(self):
        following = self.next_plan()
        action = self.agree("carer", plan=following)
        with self.assertRaises(UserError):
            self.as_user(action, "vseo").action_carry()

    def test_opening_a_pep_costs_the_same_for_many_actions(self):
        following = self.next_plan()

        def queries():
            self.env.flush_all()
            plan = self.as_user(following, "vseo")
            plan.mapped("state")
            before = self.env.cr.sql_log_count
            earlier = plan.earlier_action_ids
            for name in ("owner", "owner_gap", "is_late", "state", "term_id"):
                earlier.mapped(name)
            plan._action_owners()
            return self.env.cr.sql_log_count - before

        self.agree("carer")
        self.agree("carer")
        queries()
        few = queries()
        for _number in range(12):
            self.agree("iro")
        self.assertEqual(queries(), few)
