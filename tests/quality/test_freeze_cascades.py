"""What goes on around a complete PEP and beside it: none of it reaches what was agreed, and all of it works."""

import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .freeze_common import FrozenCase


class AroundCase(FrozenCase):
    def assert_leaves_it(self, action):
        """It is done, and the PEP is as it was."""
        self.assertIsNone(self.attempt(action))


@tagged("post_install", "-at_install")
class TestAround(AroundCase):
    """The child, the school, the people and the reference data change; an old PEP says what was true then."""

    def test_the_child(self):
        child = self.children["own"]
        other_school = self.make_school("Ash Primary School", "100077")
        for name, change in {
            "name": lambda: child.write({"first_name": "Forged", "last_name": "Forged", "known_as": "Forged"}),
            "birth": lambda: child.write({"date_of_birth": fields.Date.subtract(child.date_of_birth, years=1)}),
            "into care": lambda: child.write({"date_into_care": fields.Date.subtract(child.date_into_care, years=1)}),
            "out of care": lambda: child.write({"date_out_of_care": self.today}),
            "SEN": lambda: child.write({"sen_provision": "E"}),
            "VSEO": lambda: child.write({"vseo_id": self.users["other_vseo"].id}),
            "UPN": lambda: child.write({"upn": "A820200112003"}),
            "archived": child.action_archive,
            "left school": lambda: child.enrolment_ids.write({"date_to": self.yesterday}),
            "new school": lambda: child.write(
                {
                    "enrolment_ids": [
                        Command.create({"school_id": other_school.id, "kind": "alternative", "date_from": self.today})
                    ]
                }
            ),
            "network ends": lambda: child.network_ids.write({"date_to": self.yesterday}),
            "must not have contact": lambda: child.network_ids.write({"must_not_contact": True}),
            "care episode": lambda: self.env["pep.care.episode"].create(
                {"child_id": child.id, "date_from": self.today}
            ),
        }.items():
            with self.subTest(name):
                self.assert_leaves_it(change)

    def test_the_school_and_people(self):
        school = self.school
        partner = self.users["teacher"].partner_id
        for name, change in {
            "renamed": lambda: school.write({"name": "Forged School"}),
            "taken out of the register": lambda: school.write({"pep_urn": "100078", "city": "Forged"}),
            "staff gone": lambda: (
                self.env["pep.school.staff"].search([("school_id", "=", school.id)]).write({"date_to": self.yesterday})
            ),
            "person renamed": lambda: partner.write({"name": "Forged"}),
            "login archived": lambda: self.users["teacher"].write({"active": False}),
            "VSEO archived": lambda: self.users["vseo"].write({"name": "Forged", "active": False}),
        }.items():
            with self.subTest(name):
                self.assert_leaves_it(change)

    def test_reference_data(self):
        """Names change at once on new PEPs; the words of an old one are in its issue."""
        plan = self.plan
        council = self.council
        for name, change in {
            "section": lambda: plan.contribution_ids.section_id.write({"active": False}),
            "question": self.questions[council][0].action_retire,
            "kind": lambda: plan.kind_id.write({"name": "Forged"}),
            "area": lambda: plan.target_ids.area_id.write({"name": "Forged", "is_academic": False}),
            "type of document": lambda: plan.document_ids.type_id.write({"name": "Forged", "for_carer": True}),
            "gate reason": lambda: plan.pass_ids.reason_id.write({"name": "Forged"}),
            "fund": lambda: plan.request_ids.fund_id.write({"name": "Forged"}),
            "settings": lambda: council.write(
                {"pep_attendance_expected": 50, "name": "Forged", "pep_tz": "Asia/Tokyo"}
            ),
            "term": lambda: plan.term_id.write(
                dict.fromkeys(("date_from", "window_from"), plan.term_id.date_from + timedelta(days=1))
            ),
            "templates": council.action_pep_update_from_templates,
        }.items():
            with self.subTest(name):
                self.assert_leaves_it(change)

    def test_scheduled_actions(self):
        """Every scheduled action of the app, as it is started by Odoo."""
        crons = (
            self.env["ir.cron"]
            .search([])
            .filtered(lambda cron: (cron.ir_actions_server_id.model_id.model or "").startswith("pep."))
        )
        self.assertGreater(len(crons), 5)
        without_commit = patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kw: 600.0)
        for cron in crons:
            with self.subTest(cron.name), without_commit:
                self.assert_leaves_it(cron.ir_actions_server_id.run)

    def test_partners_are_not_merged_into_it(self):
        """Odoo's merging of contacts writes past the ORM. Who was at the meeting stays by name, whoever it is now."""
        extra = self.env["res.partner"].create({"name": "Somebody without a login"})
        names = self.meeting.attendee_ids.mapped("partner_name")
        merge = self.env["base.partner.merge.automatic.wizard"].create({})

        def go():
            merge._merge([self.nobody.id, extra.id], extra)
            self.env.invalidate_all()
            self.assertEqual(self.meeting.attendee_ids.mapped("partner_name"), names)
            self.assertTrue(self.plan.issue_ids.filtered(lambda issue: issue.version == 2).is_intact)

        savepoint = self.env.cr.savepoint()
        try:
            go()
        except UserError:
            pass  # refused altogether, which is as good
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def test_its_event_in_the_calendar(self):
        event = self.meeting.event_id
        self.assertTrue(event)
        for person in ("vseo", "head", "support"):
            mine = self.as_user(event, person)
            for vals in (
                {"start": fields.Datetime.now() + timedelta(days=3), "stop": fields.Datetime.now() + timedelta(days=4)},
                {"name": "Forged"},
                {"description": "Forged"},
                {"location": "Forged"},
                {"partner_ids": [Command.clear()]},
                {"active": False},
            ):
                with self.subTest(person, vals=vals):
                    self.attempt(lambda mine=mine, vals=vals: mine.write(vals))
            with self.subTest(person, unlink=True):
                self.attempt(mine.unlink)

    def test_its_files(self):
        document = self.records["pep.document"]["own"]
        files = self.env["ir.attachment"].sudo()
        file = files.search(
            [("res_model", "=", "pep.document"), ("res_id", "=", document.id), ("res_field", "!=", False)]
        )
        self.assertTrue(file)
        content = file.checksum
        for person in ("vseo", "head", "support", "teacher", "system"):
            mine = self.as_user(file, person)
            for vals in (
                {"datas": base64.b64encode(b"Forged")},
                {"name": "Forged"},
                {"res_id": self.records["pep.document"]["other"].id},
                {"public": True},
            ):
                with self.subTest(person, vals=list(vals)):
                    self.attempt(lambda mine=mine, vals=vals: mine.write(vals))
                    self.assertEqual(file.checksum, content)
            with self.subTest(person, unlink=True):
                self.assertTrue(self.attempt(mine.unlink))


@tagged("post_install", "-at_install")
class TestBeside(AroundCase):
    """What the freeze leaves free works, and changes neither the issue nor its digest."""

    def test_money_is_decided_paid_and_withdrawn(self):
        funding = self.records["pep.funding"]["own"]
        self.assert_leaves_it(lambda: self.as_user(funding, "head").action_approve())
        self.assert_leaves_it(lambda: self.as_user(funding, "head").action_approve_part(100.0))
        self.assert_leaves_it(lambda: self.as_user(funding, "head").action_decline("Not this time"))
        self.assert_leaves_it(lambda: self.as_user(funding.request_id, "vseo").action_withdraw())

    def test_a_bill_paid_changes_nothing_in_the_issue(self):
        """Approved, billed to the school's supplier account and paid, in Odoo's own ledger."""
        issue = self.plan.issue_ids.filtered(lambda issue: issue.version == self.plan.issue_version)
        digest, document = issue.digest, issue.document
        funding = self.records["pep.funding"]["own"]
        self.as_user(funding, "head").action_approve()
        company = self.env.company
        self.env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "company_id": company.id,
                "partner_id": self.school.id,
                "invoice_date": self.today,
                "ref": funding.child_reference,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Tuition", "quantity": 1, "price_unit": funding.amount_approved, "tax_ids": False}
                    )
                ],
            }
        )
        bill.action_post()
        payment = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=bill.ids)
        payment.create({})._create_payments()
        self.assertIn(bill.payment_state, ("paid", "in_payment"))
        self.assert_frozen()
        issue.invalidate_recordset()
        self.assertEqual((issue.digest, issue.document, issue.is_intact), (digest, document, True))

    def test_its_targets_are_reviewed_in_the_next_one(self):
        review = self.records["pep.target.review"]["own"]
        self.assertEqual(review.target_id.plan_id, self.plan)

        def go():
            mine = self.as_user(review, "vseo")
            mine.write({"outcome": "achieved", "impact": "Reads on their own", "carry_forward": True})
            self.assertEqual(review.target_id.state, "achieved")
            self.assertEqual(review.continued_as_id.plan_id, review.plan_id)

        self.assert_leaves_it(go)

    def test_actions_are_done_given_and_carried_on(self):
        action = self.records["pep.action"]["own"]
        mine = self.as_user(action, "vseo")
        self.assert_leaves_it(lambda: mine.action_done("Done it"))
        self.assert_leaves_it(lambda: mine.action_not_done("Moved"))
        self.assert_leaves_it(lambda: mine.action_give(self.users["social_worker"].partner_id.id))
        self.assert_leaves_it(mine.action_carry)

    def test_an_extra_meeting_is_planned_and_held(self):
        meeting = self.as_user(self.env["pep.meeting"], "vseo").create(
            {
                "plan_id": self.plan.id,
                "is_extra": True,
                "purpose": "A suspension",
                "start": fields.Datetime.now() + timedelta(minutes=1),
            }
        )
        self.assertFalse(meeting.is_frozen)
        meeting.write({"notes": "What was said", "purpose": "Two suspensions"})
        meeting.env["pep.action"].create(
            {"plan_id": self.plan.id, "meeting_id": meeting.id, "name": "Ring the school", "role": "other"}
        )
        meeting.attendee_ids.attended = True
        meeting.sudo()._hold()
        self.assertFalse(meeting.is_frozen, "it was not there when the PEP was issued")
        meeting.notes = "What was said, and by whom"
        self.assertTrue(self.plan.issue_ids.filtered(lambda issue: issue.version == 2).is_intact)

    def test_one_that_was_held_before_stays_as_it_was_issued(self):
        self.assertTrue(self.extra.is_frozen)
        self.assertTrue(self.meeting.is_frozen)
        for vals in ({"notes": "Forged"}, {"is_extra": False}, {"purpose": "Forged"}):
            self.assertIsInstance(self.attempt(lambda vals=vals: self.extra.write(vals)), UserError)
        words = {"plan_id": self.plan.id, "meeting_id": self.extra.id, "name": "Forged", "role": "other"}
        self.assertIsInstance(self.attempt(lambda: self.env["pep.action"].create(words)), UserError)
        self.assertTrue(self.as_user(self.extra, "vseo").chair_load(["meeting"])["meeting"]["closed"])

    def test_messages_and_to_dos(self):
        plan = self.as_user(self.plan, "vseo")
        self.assert_leaves_it(lambda: plan.message_post(body="A word to a colleague"))
        self.assert_leaves_it(
            lambda: plan.activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.users["vseo"].id, summary="Ring"
            )
        )

    def test_corrected_and_issued_again_the_old_version_stays(self):
        plan = self.plan
        first = plan.issue_ids.filtered(lambda issue: issue.version == plan.issue_version)
        before = (first.digest, first.document, first.data, first.copy_ids.mapped("digest"))
        self.as_user(plan, "vseo")._take_step("correct", "The reading age was mistyped")
        self.assertEqual(plan.state, "processing")
        plan.target_ids[:1].baseline = "A quarter of a page"
        self.extra.notes = "As it was said"
        plan.action_complete()
        second = plan.issue_ids.filtered(lambda issue: issue.version == plan.issue_version)
        self.assertNotEqual(first, second)
        self.assertEqual(second.reason, "The reading age was mistyped")
        first.invalidate_recordset()
        self.assertEqual((first.digest, first.document, first.data, first.copy_ids.mapped("digest")), before)
        self.assertTrue(first.is_intact and second.is_intact)
        self.assertNotEqual(first.digest, second.digest)
