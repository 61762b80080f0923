"""A child who leaves care, reaches the age at which PEPs end, or has short breaks only; and one who comes back."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.addons.pep_module.models.quality import pep_child_end

from tests.common import PepCase

NOW = "2027-10-13 12:00:00"
TODAY = date(2027, 10, 13)


class EndCase(PepCase):
    """It is Wednesday, 13 October 2027, in the autumn term; a PEP of a child with everyone around is being gathered."""

    @classmethod
    def setUpClass(cls):
        frozen = freeze_time(NOW)
        frozen.start()
        cls.addClassCleanup(frozen.stop)
        super().setUpClass()
        cls.council.pep_go_live = date(2027, 9, 1)
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()

    def rule(self, rule, note="The child is not looked after any more."):
        self.council.write({"pep_end_rule": rule, "pep_end_note": note})

    def leave(self, day=TODAY, child=None):
        (child or self.child).write({"date_out_of_care": day})

    def night(self, moment=NOW):
        """What the scheduled action does at a moment, without the commits that a test can't make."""
        progress = patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0)
        with freeze_time(moment), progress:
            self.env["pep.child"]._cron_end()

    def clocks(self, child=None):
        return self.env["pep.deadline"].search([("child_id", "in", (child or self.child).ids)], order="id")

    def tasks(self, record=None):
        return self.env["mail.activity"].search(
            [("res_model", "=", (record or self.plan)._name), ("res_id", "in", (record or self.plan).ids)]
        )

    def said(self, record=None):
        return [str(message.body) for message in (record or self.child).message_ids]

    def picture(self, children):
        """Everything that an end could change, to be compared."""
        children.invalidate_recordset()
        return {
            "children": [(child.ended_on, child.ended_why, len(child.message_ids)) for child in children],
            "plans": [(plan.state, plan.ended_from, plan.stage_reason) for plan in children.plan_ids.sorted("id")],
            "clocks": [
                (row.id, row.state, row.stop_code, row.due_date, row.moves, row.outcome)
                for row in self.clocks(children)
            ],
            "tasks": self.tasks(children.plan_ids).mapped(lambda task: (task.res_id, task.summary, task.user_id.id)),
        }


@tagged("post_install", "-at_install")
class TestFinish(EndCase):
    """The rule as it comes: the PEP is left to be finished."""

    def test_the_pep_stays_and_the_vseo_is_asked_to_finish_it(self):
        self.leave()
        self.assertEqual((self.plan.state, self.plan.ended_from), ("gathering", False))
        task = self.tasks()
        self.assertEqual(len(task), 1)
        self.assertEqual((task.user_id, task.summary), (self.users["vseo"], "Finish this PEP: it is the last one"))
        self.assertEqual(task.date_deadline, TODAY + timedelta(days=14))
        self.assertIn("Left care on 13 October 2027.", task.note)
        self.assertEqual((self.child.ended_on, self.child.ended_why), (TODAY, "out_of_care"))
        self.assertIn("To be finished: Autumn 2027", self.said()[0])
        for words in (task.summary, task.note, task.res_name, *self.said(), *self.said(self.plan)):
            self.assertNotIn("Unsaid", words)
            self.assertNotIn("Zebedee", words)

    def test_nobody_is_mailed(self):
        before = self.env["mail.mail"].search([])
        self.leave()
        self.assertFalse(self.env["mail.mail"].search([]) - before)

    def test_its_clocks_stop_with_the_reason(self):
        running = self.clocks().filtered(lambda row: row.state == "open")
        self.assertTrue(running.filtered("of_plan"))
        self.leave()
        self.assertEqual(set(running.mapped("state")), {"stopped"})
        self.assertEqual(set(running.mapped("stop_code")), {"out_of_care"})
        self.assertFalse(self.plan.next_due and self.plan.is_late)

    def test_finished_after_all_its_clocks_stay_stopped_and_the_task_is_done(self):
        self.leave()
        stopped = self.clocks()
        plan = self.as_user(self.plan, "vseo")
        plan.kind_id.sudo().write({"meeting_required": False, "academic_target_required": False})
        plan.action_ready()
        plan.action_process()
        plan.action_set_next("none", note="Left care")
        plan.action_complete()
        self.assertEqual(plan.state, "complete")
        self.assertFalse(self.tasks())
        self.assertEqual(set(stopped.mapped("state")), {"stopped"})
        self.assertFalse(self.clocks().filtered(lambda row: row.state == "open" and row.kind == "processing"))

    def test_one_of_a_term_that_begins_only_afterwards_is_cancelled(self):
        following = self.make_plan(self.child, self.next_term())
        self.leave()
        self.assertEqual((self.plan.state, following.state), ("gathering", "cancelled"))
        self.assertIn("Left care on 13 October 2027.", following.stage_reason)
        self.assertEqual(following.ended_from, "not_started")

    def test_no_vseo_no_task(self):
        self.child.vseo_id = False
        self.leave()
        self.assertFalse(self.tasks())
        self.assertEqual(self.child.ended_on, TODAY)

    def test_the_task_goes_along_to_another_vseo_or_ends_with_the_pep(self):
        self.leave()
        self.child.vseo_id = self.users["other_vseo"]
        task = self.tasks()
        self.assertEqual((len(task), task.user_id), (1, self.users["other_vseo"]))
        self.as_user(self.plan, "other_vseo")._take_step("cancel", "There is nobody left to meet")
        self.assertFalse(self.tasks())
        self.assertFalse(self.plan.ended_from, "cancelled by hand")

    def test_a_child_without_anything_open_makes_no_noise(self):
        other = self.make_children()
        before = len(other.message_ids)
        other.date_out_of_care = TODAY
        self.assertEqual((other.ended_on, other.ended_why), (TODAY, "out_of_care"))
        self.assertEqual(len(other.message_ids), before)

    def test_entered_with_a_day_in_the_past(self):
        child = self.make_children(date_out_of_care=date(2027, 1, 1))
        self.assertEqual(child.ended_on, date(2027, 1, 1))
        self.assertFalse(child.plan_ids)
        self.assertFalse(self.clocks(child))


@tagged("post_install", "-at_install")
class TestClose(EndCase):
    """The other rule: the PEP is cancelled with the council's note."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.write({"pep_end_rule": "close", "pep_end_note": "A letter of goodbye was sent."})

    def meet(self, plan=None, **values):
        meetings = self.env["pep.meeting"].with_context(pep_meeting_quiet=True)
        return meetings.create({"plan_id": (plan or self.plan).id, "start": fields.Datetime.now(), **values})

    def test_cancelled_with_day_and_note(self):
        self.leave(date(2027, 10, 11))
        self.assertEqual((self.plan.state, self.plan.ended_from), ("cancelled", "gathering"))
        self.assertEqual(self.plan.stage_reason, "Left care on 11 October 2027. A letter of goodbye was sent.")
        self.assertEqual(set(self.clocks().mapped("state")), {"stopped"})
        self.assertEqual(set(self.clocks().filtered("of_plan").mapped("stop_code")), {"cancelled"})
        self.assertFalse(self.tasks())
        self.assertIn("Cancelled by the council's rule: Autumn 2027", self.said()[0])

    def test_its_meeting_is_cancelled_and_those_invited_are_told(self):
        self.env["mail.alias.domain"].create({"name": "testshire.example"})
        for role in ("vseo", "teacher", "social_worker", "carer", "parent", "iro"):
            self.users[role].partner_id.email = f"{role}@people.example"
        meeting = self.meet(start=fields.Datetime.now() + timedelta(days=5))
        meeting.action_send_invitations()
        invited = meeting.attendee_ids.filtered(lambda person: person.invitation == "invited")
        self.assertTrue(invited)
        before = self.env["mail.mail"].search([])
        self.leave()
        self.assertEqual(meeting.state, "cancelled")
        mails = (self.env["mail.mail"].search([]) - before).filtered("pep_ical_method")
        self.assertEqual(len(mails), 6)
        self.assertEqual(set(mails.mapped("pep_ical_method")), {"CANCEL"})
        for mail in mails:
            self.assertNotIn("Unsaid", f"{mail.subject} {mail.body_html}")
            self.assertNotIn("goodbye", f"{mail.subject} {mail.body_html}")

    def test_one_whose_meeting_was_held_is_finished_all_the_same(self):
        self.smart_target(self.plan)
        self.meet(start=fields.Datetime.now() - timedelta(hours=3))._hold()
        self.assertEqual(self.plan.state, "processing")
        self.leave()
        self.assertEqual(self.plan.state, "processing")
        self.assertEqual(len(self.tasks()), 1)

    def test_an_issued_pep_is_untouched_also_while_it_is_corrected(self):
        self.plan.kind_id.write({"meeting_required": False, "academic_target_required": False})
        self.plan.action_ready()
        self.plan.action_process()
        self.plan.action_set_next("none", note="x")
        self.plan.action_complete()
        issue = self.plan.issue_ids
        digest = issue.digest
        self.leave()
        self.assertEqual((self.plan.state, issue.digest, issue.is_intact), ("complete", digest, True))
        self.child.date_out_of_care = False
        self.plan._take_step("correct", "A wrong word")
        self.plan._take_step("return", "The school's part is wrong too")
        self.leave()
        self.assertEqual((self.plan.state, self.plan.issue_version), ("gathering", 1))
        self.assertTrue(issue.is_intact)

    def test_previous_targets_come_again_only_where_there_is_a_next_pep(self):
        self.council.pep_go_live = False
        before = self.env["pep.term"]._term_on(self.council, self.term.date_from - timedelta(days=1))
        child = self.make_children()
        old = self.make_plan(child, before)
        target = self.smart_target(old)
        old._move("complete", {"completed_on": fields.Datetime.now()})
        plan = self.make_plan(child)
        review = plan.review_ids
        self.assertEqual(review.target_id, target)
        self.leave(child=child)
        self.assertEqual(review.outcome, "unreviewed")
        child.date_out_of_care = False
        self.assertEqual((plan.state, plan.review_ids), ("not_started", review))
        self.assertFalse(review.outcome, "to be reviewed again")


@tagged("post_install", "-at_install")
class TestTakenBack(EndCase):
    """The day out of care is wrong, in the future, moved or removed; or the child comes back."""

    def test_a_day_to_come_does_nothing_until_it_comes(self):
        before = self.picture(self.child)
        self.leave(TODAY + timedelta(days=2))
        self.night()
        self.assertEqual(self.picture(self.child), before)
        self.night("2027-10-14 23:30:00")  # half past midnight in London, on the 15th
        self.assertEqual(self.child.ended_on, date(2027, 10, 15))
        self.assertEqual(len(self.tasks()), 1)

    def test_removed_again_the_same_clocks_go_on_once(self):
        before = self.clocks().mapped(lambda row: (row.id, row.state, row.due_date, row.round))
        self.leave()
        self.child.date_out_of_care = False
        after = self.clocks().mapped(lambda row: (row.id, row.state, row.due_date, row.round))
        self.assertEqual(after, before)
        self.assertFalse(self.child.ended_on or self.child.ended_why or self.tasks())
        self.night()
        self.night()
        self.assertEqual(self.clocks().mapped(lambda row: (row.id, row.state, row.due_date, row.round)), before)

    def test_moved_to_the_future_it_is_taken_back_until_then(self):
        self.leave()
        self.leave(TODAY + timedelta(days=30))
        self.assertFalse(self.child.ended_on)
        self.assertFalse(self.tasks())
        self.assertIn("open", self.clocks().mapped("state"))
        self.night("2027-11-20 02:30:00")
        self.assertEqual(self.child.ended_on, TODAY + timedelta(days=30))
        self.assertEqual(len(self.tasks()), 1)

    def test_corrected_to_another_day_in_the_past_it_is_the_same_end(self):
        self.leave()
        task, notes = self.tasks(), len(self.child.message_ids)
        self.leave(date(2027, 10, 1))
        self.assertEqual(self.child.ended_on, date(2027, 10, 1))
        self.assertEqual((self.tasks(), len(self.child.message_ids)), (task, notes))

    def test_cancelled_by_the_rule_it_is_opened_again(self):
        self.rule("close")
        meeting = (
            self.env["pep.meeting"]
            .with_context(pep_meeting_quiet=True)
            .create({"plan_id": self.plan.id, "start": fields.Datetime.now() + timedelta(days=5)})
        )
        before = {row.id for row in self.clocks() if row.state == "open"}
        self.leave()
        self.child.date_out_of_care = False
        self.assertEqual((self.plan.state, self.plan.ended_from, self.plan.stage_reason), ("gathering", False, False))
        self.assertEqual({row.id for row in self.clocks() if row.state == "open"}, before)
        self.assertEqual(meeting.state, "cancelled", "those invited were told")
        task = self.tasks()
        self.assertEqual((len(task), task.user_id), (1, self.users["vseo"]))
        self.assertIn("goes on", task.summary)
        self.assertIn("Looked after again. Goes on: Autumn 2027", self.said()[0])

    def test_cancelled_by_hand_it_stays_so(self):
        self.leave()
        self.plan._take_step("cancel", "Nothing left to do")
        self.child.date_out_of_care = False
        self.assertEqual(self.plan.state, "cancelled")

    def test_cancelled_by_the_rule_in_a_term_that_is_over_it_stays_so(self):
        self.rule("close")
        self.leave()
        with freeze_time("2028-02-02 12:00:00"):
            self.child.date_out_of_care = False
            self.assertEqual((self.plan.state, self.plan.ended_from), ("cancelled", False))

    def test_back_in_care_in_the_same_term(self):
        """A PEP a child and term: the one that the rule had cancelled goes on, with the clocks of coming into care."""
        self.rule("close")
        self.term._open()
        self.leave(date(2027, 10, 1))
        self.child.write({"date_into_care": TODAY, "date_out_of_care": False})
        self.assertFalse(self.child.ended_on)
        self.assertEqual((len(self.child.plan_ids), self.plan.state), (1, "gathering"))
        clocks = self.clocks().filtered(lambda row: row.kind in ("start", "ready") and row.state != "stopped")
        self.assertEqual(set(clocks.mapped("start_date")), {TODAY})

    def test_back_in_a_later_term_the_clocks_of_before_stay_stopped(self):
        child = self.make_children(date_into_care=date(2027, 10, 4))
        self.make_plan(child).action_start()
        before = self.clocks(child).filtered(lambda row: row.kind in ("start", "ready")).ids
        self.leave(child=child)
        with freeze_time("2028-02-02 12:00:00"):
            term = self.env["pep.term"]._term_on(self.council, date(2028, 2, 2))
            term.opened_on = fields.Datetime.now()
            child.write({"date_into_care": date(2028, 2, 1), "date_out_of_care": False})
            self.assertFalse(child.ended_on)
            self.assertIn(term, child.plan_ids.term_id)
            self.assertEqual(self.clocks().browse(before).mapped("state"), ["met", "stopped"])
            new = self.clocks(child).filtered(lambda row: row.kind == "start" and row.start_date == date(2028, 2, 1))
            self.assertEqual(new.mapped("state"), ["open"])

    def test_left_came_back_and_left_again_in_one_go(self):
        self.leave(date(2027, 9, 20))
        self.tasks().action_feedback()
        self.plan._take_step("cancel", "x")
        self.child.write({"date_into_care": date(2027, 9, 25), "date_out_of_care": date(2027, 10, 10)})
        self.assertEqual(self.child.ended_on, date(2027, 10, 10))

    def test_archived_the_clocks_rest_and_the_pep_stays(self):
        self.child.active = False
        self.env["pep.deadline"]._sync(children=self.child)
        self.assertEqual(set(self.clocks().mapped("stop_code")) - {False}, {"archived"})
        self.assertEqual((self.plan.state, self.child.ended_on), ("gathering", False))


@tagged("post_install", "-at_install")
class TestAge(EndCase, CronMixinCase):
    """PEPs end at an age that the council sets, on the birthday."""

    def born(self, *birthday):
        child = self.make_children(date_of_birth=date(*birthday))
        return child, self.make_plan(child)

    def test_on_the_birthday_and_not_before(self):
        child, plan = self.born(2009, 10, 20)
        self.night("2027-10-19 12:00:00")
        self.assertFalse(child.ended_on)
        self.night("2027-10-20 02:30:00")
        self.assertEqual((child.ended_on, child.ended_why), (date(2027, 10, 20), "age"))
        self.assertEqual(child.ended_text, "Reached 18 on 20 October 2027.")
        self.assertEqual(len(self.tasks(plan)), 1)
        self.assertEqual(set(self.clocks(child).mapped("stop_code")), {"age"})

    def test_born_on_29_february(self):
        with freeze_time("2026-02-10 12:00:00"):
            child = self.make_children(date_of_birth=date(2008, 2, 29), date_into_care=date(2024, 5, 1))
        for moment, ended in (("2026-02-28 12:00:00", False), ("2026-03-01 02:30:00", date(2026, 3, 1))):
            self.night(moment)
            self.assertEqual(child.ended_on, ended)

    def test_another_age_is_seen_to_in_the_background(self):
        child, _plan = self.born(2010, 10, 1)
        with self.capture_triggers("pep_module.ir_cron_child_end") as triggers:
            self.council.pep_age_to = 17
        self.assertEqual(len(triggers.records), 1)
        self.night()
        self.assertEqual(child.ended_on, date(2027, 10, 1))
        self.council.pep_age_to = 18
        self.night()
        self.assertFalse(child.ended_on)

    def test_a_corrected_date_of_birth(self):
        child, _plan = self.born(2009, 10, 1)
        self.assertEqual(child.ended_why, "age")
        child.date_of_birth = date(2010, 10, 1)
        self.assertFalse(child.ended_on)
        child.date_of_birth = date(2009, 10, 1)
        self.assertEqual(child.ended_on, date(2027, 10, 1))

    def test_left_care_and_then_18(self):
        child, _plan = self.born(2009, 10, 20)
        self.leave(child=child)
        self.night("2027-10-20 02:30:00")
        self.assertEqual((child.ended_on, child.ended_why), (TODAY, "out_of_care"))


@tagged("post_install", "-at_install")
class TestShortBreaks(EndCase):
    """Children who are looked after for agreed short breaks only (legal status V3, V4) have no PEP."""

    def episode(self, code, day, **values):
        status = self.env["pep.code"].search([("kind", "=", "legal_status"), ("code", "=", code)], limit=1)
        return self.env["pep.care.episode"].create(
            {"child_id": self.child.id, "legal_status_id": status.id, "date_from": day, **values}
        )

    def test_ends_with_the_status_and_goes_on_with_another(self):
        care = self.episode("C2", date(2025, 1, 15), date_to=date(2027, 10, 12))
        self.assertFalse(self.child.ended_on)
        breaks = self.episode("V4", TODAY)
        self.assertEqual((self.child.ended_on, self.child.ended_why), (TODAY, "respite"))
        self.assertEqual(self.child.ended_text, "Looked after for short breaks only since 13 October 2027.")
        self.assertEqual(len(self.tasks()), 1)
        self.assertEqual(set(self.clocks().mapped("stop_code")), {"respite"})
        breaks.legal_status_id = care.legal_status_id
        self.assertFalse(self.child.ended_on or self.tasks())
        self.assertIn("open", self.clocks().mapped("state"))

    def test_one_that_begins_later_by_its_date(self):
        self.episode("V3", TODAY + timedelta(days=3))
        self.assertFalse(self.child.ended_on)
        self.night("2027-10-16 02:30:00")
        self.assertEqual((self.child.ended_on, self.child.ended_why), (date(2027, 10, 16), "respite"))
        self.night("2027-10-17 02:30:00")
        self.assertEqual(len(self.tasks()), 1)

    def test_over_by_its_date(self):
        self.episode("V3", date(2027, 10, 1), date_to=date(2027, 10, 20))
        self.assertTrue(self.child.ended_on)
        self.night("2027-10-21 02:30:00")
        self.assertFalse(self.child.ended_on)

    def test_an_import_is_seen_to_at_night(self):
        self.env = self.env(context={**self.env.context, "pep_defer_opening": True})
        self.episode("V4", TODAY)
        self.assertFalse(self.child.ended_on)
        self.env = self.env(context={**self.env.context, "pep_defer_opening": False})
        self.night()
        self.assertEqual(self.child.ended_why, "respite")


@tagged("post_install", "-at_install")
class TestAtNight(EndCase):
    """The scheduled action: twice, in chunks, killed between them, after a missed week, a council that fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.pep_end_rule = "close"
        cls.many = cls.make_children(7, date_out_of_care=TODAY + timedelta(days=1))
        cls.term._open(cls.many)

    def test_twice(self):
        self.night("2027-10-14 02:30:00")
        wanted = self.picture(self.many)
        self.assertEqual({row[0] for row in wanted["plans"]}, {"cancelled"})
        self.night("2027-10-14 02:30:00")
        self.assertEqual(self.picture(self.many), wanted)

    def test_after_a_missed_week(self):
        self.night("2027-10-21 02:30:00")
        self.assertEqual(set(self.many.mapped("ended_on")), {TODAY + timedelta(days=1)})

    def test_killed_between_chunks(self):
        step = type(self.env["ir.cron"])._pep_step
        steps = []

        class Killed(BaseException):
            pass

        def dies(cron, *arguments, **options):
            if len(steps) == 2:
                raise Killed
            steps.append(arguments)
            return step(cron, *arguments, **options)

        with patch.object(pep_child_end, "CHUNK", 2):
            try:
                with patch.object(type(self.env["ir.cron"]), "_pep_step", dies):
                    self.night("2027-10-14 02:30:00")
            except Killed:
                pass
            self.assertEqual(len(self.many.filtered("ended_on")), 4)
            first = self.picture(self.many.filtered("ended_on"))
            self.night("2027-10-14 02:30:00")
        self.assertEqual(self.picture(self.many[:4]), first)
        self.assertEqual(set(self.many.plan_ids.mapped("state")), {"cancelled"})

    def test_a_council_that_fails_is_passed_over(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        child = self.make_children(
            school=False, company_id=other.id, vseo_id=False, date_out_of_care=TODAY + timedelta(days=1)
        )
        original = type(self.env["pep.child"])._sync_end

        def fails(children, *arguments):
            if children.company_id == self.council:
                raise ValueError("no")
            return original(children, *arguments)

        rollback = patch.object(self.env.cr, "rollback", lambda: None)
        failing = patch.object(type(self.env["pep.child"]), "_sync_end", fails)
        with failing, rollback, self.assertLogs("odoo.addons.pep_module", "ERROR") as log:
            self.night("2027-10-14 02:30:00")
        self.assertNotIn("Unsaid", "".join(log.output))
        self.assertTrue(child.ended_on)
        self.assertFalse(any(self.many.mapped("ended_on")))

    def test_the_queries_do_not_grow_with_the_children(self):
        def leave(children):
            self.env.flush_all()
            self.env.invalidate_all()
            with freeze_time("2027-10-14 02:30:00"):
                before = self.env.cr.sql_log_count
                children._sync_end()
                self.env.flush_all()
                return self.env.cr.sql_log_count - before

        warm = self.many[:1]
        leave(warm)
        one = leave(self.many[1:2])
        five = leave(self.many[2:7])
        self.assertLessEqual(five, one)


@tagged("post_install", "-at_install")
class TestWhoMay(EndCase):
    def test_nobody_writes_by_hand_what_follows(self):
        for role in ("vseo", "support", "head"):
            child = self.as_user(self.child, role)
            for vals in ({"ended_on": TODAY}, {"ended_why": "age"}):
                with self.assertRaises(UserError):
                    child.write(vals)
            plan = self.as_user(self.plan, role)
            with self.assertRaises(UserError):
                plan.write({"ended_from": "gathering"})

    def test_a_vseo_enters_the_day_on_the_form(self):
        with Form(self.as_user(self.child, "vseo")) as form:
            form.date_out_of_care = TODAY
        self.assertEqual(self.child.ended_on, TODAY)
        self.assertEqual(self.as_user(self.plan, "vseo").end_text, "Left care on 13 October 2027.")

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_people_outside_the_virtual_school_read_nothing_of_it(self):
        self.leave()
        for role in ("teacher", "carer", "parent", "social_worker", "iro"):
            with self.assertRaises(AccessError):
                self.as_user(self.child, role).read(["ended_on"])

    def test_settings(self):
        settings = self.as_user(self.env["pep.settings"], "admin").create({})
        self.assertEqual(settings.pep_end_rule, "finish")
        settings.pep_end_rule = "close"
        settings.action_save()
        self.assertEqual(self.council.pep_end_rule, "close")
