"""What staff see of mails about meetings, by clicking."""

from playwright.sync_api import expect

from odoo.tests import tagged

from tests.browser import BrowserCase

from .mail_common import MailCase


@tagged("post_install", "-at_install")
class TestMailsOnScreen(MailCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.meeting.sudo().action_send_invitations()
        replies = cls.env["pep.meeting.reply"].sudo()
        mail = {"meeting_id": cls.meeting.id, "subject": "Re: PEP meeting"}
        replies.create(
            [
                {**mail, "why": "human", "sender": "carer@people.example", "words": "Could we meet after school?"},
                {
                    **mail,
                    "why": "unknown",
                    "sender": "t.eacher@school.example",
                    "attendee_id": cls.meeting.attendee_ids.filtered(lambda row: row.role == "teacher").id,
                    "answer": "accepted",
                },
            ]
        )
        cls.env["pep.meeting.stray"].sudo().create(
            {"company_id": cls.council.id, "sender": "who@where.example", "subject": "Hello", "words": "Please call"}
        )

    def test_the_officer_sees_to_mails(self):
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/pep-meeting-mails")
            expect(page.locator(".o_data_row")).to_have_count(2)
            self.picture(page, "mails-1-list")
            page.locator(".o_data_row", has_text="unknown address").locator("td[name='why']").click()
            self.settle(page)
            self.picture(page, "mails-2-another-address")
            page.get_by_role("button", name="Take it as this person's answer").click()
            self.settle(page)
            self.visit(page, f"/odoo/pep-meetings/{self.meeting.id}")
            expect(page.locator("[name='action_replies']")).to_contain_text("1")
            self.picture(page, "mails-3-meeting")
            page.locator("[name='action_replies']").click()
            self.settle(page)
            page.locator(".o_data_row", has_text="Somebody wrote").get_by_role("button", name="I see to it").click()
            self.settle(page)
            self.visit(page, "/odoo/pep-meeting-mails")
            expect(page.get_by_text("No mail waits for you")).to_be_visible()
            self.picture(page, "mails-4-nothing-left")
        self.assertEqual(self.row("teacher").answer, "accepted")

    def test_the_head_puts_a_mail_to_a_meeting(self):
        reference = self.child.reference
        with self.page_of("head") as page:
            self.visit(page, "/odoo/pep-mails-without-a-meeting")
            page.locator(".o_data_row td[name='sender']").click()
            self.settle(page)
            self.picture(page, "strays-1-mail")
            page.locator("[name='meeting_id'] input").fill(reference)
            page.locator(".o-autocomplete--dropdown-item", has_text=reference).first.click()
            page.get_by_role("button", name="Put it to this meeting").click()
            self.settle(page)
            self.picture(page, "strays-2-filed")
        mails = self.env["pep.meeting.reply"].search([("words", "=", "Please call")])
        self.assertEqual(mails.meeting_id, self.meeting)

    def test_the_address_in_the_settings(self):
        with self.page_of("admin") as page:
            page.goto(self.base_url() + "/odoo/action-pep_module.pep_settings_action")
            name = page.locator(".modal [name='pep_meeting_alias_name'] input")
            expect(name).to_have_value(self.address.split("@")[0])
            expect(page.locator(".modal [name='pep_meeting_alias_domain']")).to_have_text("testshire.example")
            self.picture(page, "settings-meetings")
            name.fill("reviews")
            page.get_by_role("button", name="Save").click()
            expect(page.locator(".modal")).to_have_count(0)
        self.assertEqual(self.council._pep_meeting_address()[1], "reviews@testshire.example")
