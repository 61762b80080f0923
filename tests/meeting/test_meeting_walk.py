from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from tests.browser import BrowserCase, expect
from tests.meeting.mail_common import MailCase

NAMES = ("Ash", "Birch", "Cedar", "Damson")
ROLES = ("vseo", "teacher", "social_worker", "carer", "parent", "iro")


@tagged("post_install", "-at_install")
class TestMeetingWalk(BrowserCase):
    """A school day of four children: planned together, one held to the end, one dragged, one cancelled."""

    deliver = MailCase.deliver

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["calendar.filters"].search([]).unlink()
        domain = cls.env["mail.alias.domain"].create({"name": "testshire.example"})
        cls.council.write({"alias_domain_id": domain.id, "email": "office@testshire.example"})
        for role in ROLES:
            cls.users[role].partner_id.write({"email": f"{role}@people.example", "tz": False})
        cls.users["vseo"].tz = "Europe/London"
        cls.children = cls.make_children(4)
        for child, name in zip(cls.children, NAMES, strict=True):
            child.first_name = name
        cls.surround(cls.children[0])
        for child in cls.children[1:]:
            for member in cls.children[0].network_ids:
                member.copy({"child_id": child.id})
        cls.plans = cls.term._open(cls.children)
        cls.plans.due_date = cls.today + timedelta(days=60)
        cls.as_user(cls.plans, "vseo").action_start()

    def test_a_school_day(self):
        self.plan_the_day()
        meetings = self.env["pep.meeting"].search([("plan_id", "in", self.plans.ids)], order="start")
        self.assertEqual(len(meetings), 4)
        held, moved, cancelled, kept = meetings
        invited = self.env["mail.mail"].search([("pep_ical_method", "=", "REQUEST")])
        self.assertEqual(len(invited), 4 * len(ROLES))
        begun, ends = moved.start, moved.stop
        self.drag(moved)
        self.assertEqual((moved.start, moved.stop), (begun + timedelta(hours=2), ends + timedelta(hours=2)))
        self.cancel(cancelled)
        self.assertEqual((cancelled.state, cancelled.cancel_reason), ("cancelled", "The school is closed that day"))
        # its day has come
        held.with_context(pep_meeting_quiet=True).start = fields.Datetime.now() - timedelta(minutes=20)
        self.hold(held)
        self.assertEqual((held.state, held.plan_id.state), ("held", "processing"))
        self.assertEqual(held.plan_id.processing_due, held.date + timedelta(days=14))
        self.assertEqual(held.plan_id.next_meeting_date, self.today + timedelta(days=84))
        self.assertEqual(held.plan_id.target_ids.agreed_with_child, "yes")
        self.assertEqual(kept.state, "planned")
        self.check_mails({held: [], kept: [], moved: ["REQUEST"], cancelled: ["CANCEL"]})

    # === At the screen ===

    def plan_the_day(self):
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/my-peps")
            cards = page.locator(".o_kanban_record:not(.o_kanban_ghost)")
            expect(cards).to_have_count(4)
            page.keyboard.down("Alt")
            for number in range(4):
                cards.nth(number).click(position={"x": 5, "y": 5})
            page.keyboard.up("Alt")
            self.settle(page)
            self.press(page, "Plan the meetings")
            page.locator(".modal-dialog").get_by_label("Face to face").check()
            self.settle(page)
            self.picture(page, "day-1-four")
            self.press(page, "Plan all and invite", within=".modal-dialog")
            expect(page.locator(".o_data_row")).to_have_count(4)
            self.picture(page, "day-2-planned")

    def drag(self, meeting):
        """Two hours later, by the mouse, in Odoo's own calendar."""
        name, day = meeting.child_id.full_name, meeting.date
        last = self.today + timedelta(days=6 - self.today.weekday())
        with self.page_of("vseo") as page:
            self.visit(page, "/odoo/calendar")
            for _week in range((day - last + timedelta(days=6)).days // 7):
                page.locator(".o_calendar_button_next, .o_next").first.click()
                self.settle(page)
            event = page.locator(".fc-event", has_text=name).first
            event.scroll_into_view_if_needed()
            box = event.bounding_box()
            lanes = [
                page.locator(f".fc-timegrid-slot-lane[data-time='{hour}:00:00']").first.bounding_box()
                for hour in (10, 12)
            ]
            height = lanes[1]["y"] - lanes[0]["y"] - 2
            x, y = box["x"] + box["width"] / 2, box["y"] + 8
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x, y + height / 2, steps=6)
            page.mouse.move(x, y + height, steps=6)
            page.mouse.up()
            self.settle(page)
            self.picture(page, "day-3-dragged")

    def cancel(self, meeting):
        path = f"/odoo/pep-meetings/{meeting.id}"
        with self.page_of("vseo") as page:
            self.visit(page, path)
            self.press(page, "Cancel the meeting")
            self.fill(page, "reason", "The school is closed that day")
            self.picture(page, "day-4-cancel")
            self.press(page, "Cancel the meeting", within=".modal-dialog")
            expect(page.locator(".modal-dialog")).to_have_count(0)
            self.picture(page, "day-5-cancelled")

    def hold(self, meeting):
        path, area = f"/odoo/pep-meetings/{meeting.id}", self.academic_area().name
        by_when = self.term.date_to.strftime("%d/%m/%Y")
        next_day = (self.today + timedelta(days=84)).strftime("%d/%m/%Y")
        with self.page_of("vseo") as page:
            self.visit(page, path)
            self.press(page, "Chair the meeting")
            page.locator(".o_pep_chair").wait_for()
            self.settle(page)
            boxes = page.locator(".o_pep_chair_people input[type=checkbox]")
            for number in range(boxes.count()):
                boxes.nth(number).check()
            page.get_by_label("What was said").first.fill("Went through it together")
            page.get_by_role("button", name="Discussed").click()
            self.add_target(page, area, by_when)
            page.get_by_role("button", name="Add an action").click()
            page.get_by_label("What is to be done").fill("Ring the bus company")
            page.get_by_label("Who", exact=True).select_option(label="The child")
            page.locator(".o_pep_chair_side").get_by_role("button", name="Add", exact=True).click()
            expect(page.locator(".o_pep_chair_side")).to_contain_text("Ring the bus company")
            page.locator(".o_pep_chair_targets").get_by_label("Does the child agree?").last.select_option(label="Yes")
            page.locator("#o_pep_chair_next_date").fill(next_day)
            page.locator("#o_pep_chair_next_date").press("Tab")
            page.get_by_role("button", name="Set it").click()
            expect(page.locator("#o_pep_chair_next")).not_to_contain_text("Not set yet")
            expect(page.locator(".o_pep_chair_sign")).to_have_text("Saved")
            self.picture(page, "day-6-chair")
            page.get_by_role("button", name="End the meeting").click()
            expect(page.locator(".o_pep_chair_head")).to_contain_text("Held")
            self.picture(page, "day-7-held")

    def academic_area(self):
        areas = self.env["pep.target.area"]
        return areas.search([("company_id", "=", self.council.id), ("is_academic", "=", True)], limit=1)

    def add_target(self, page, area, by_when):
        page.get_by_role("button", name="Add a target").click()
        page.locator(".modal .o_form_view").wait_for()
        self.fill(page, "name", "Knows the times tables")
        self.pick(page, "area_id", area)
        for name, words in (
            ("baseline", "Up to five"),
            ("target_value", "Up to twelve"),
            ("measure", "A quiz"),
            ("by_whom", "Teacher and carer"),
            ("strategies", "Five minutes a day"),
            ("realistic", "Learned five since autumn"),
            ("by_when", by_when),
        ):
            self.fill(page, name, words)
        page.keyboard.press("Alt+c")
        page.locator(".modal").wait_for(state="detached")
        expect(page.locator(".o_pep_chair_targets")).to_contain_text("Knows the times tables")

    # === What left ===

    def check_mails(self, after):
        """Each meeting's mails: an invitation of everybody with an address, then what ``after`` says, and no more."""
        mails = self.env["mail.mail"].search([("pep_ical_method", "!=", False)], order="id")
        letters = {meeting.uid: {} for meeting in after}
        for mail in mails:
            ((address, letter),) = self.deliver(mail).items()
            letters[str(letter.event["UID"])].setdefault(address, []).append(letter)
        names = [*NAMES, *(child.last_name for child in self.children)]
        for meeting, more in after.items():
            by_person = letters[meeting.uid]
            self.assertEqual(set(by_person), {f"{role}@people.example" for role in ROLES})
            for address, told in by_person.items():
                self.assertEqual([str(letter.calendar["METHOD"]) for letter in told], ["REQUEST", *more])
                numbers = [int(letter.event["SEQUENCE"]) for letter in told]
                self.assertEqual(numbers, sorted(set(numbers)))
                for letter in told:
                    self.assertEqual(str(letter.event["ATTENDEE"]).lower(), f"mailto:{address}")
                    self.assertEqual(letter.event["DTSTART"].params["TZID"], "Europe/London")
                    self.assertFalse([name for name in names if name in letter.whole])
                if "REQUEST" in more:
                    start = self.council._pep_local(meeting.start).replace(tzinfo=None)
                    self.assertEqual(told[-1].event["DTSTART"].dt.replace(tzinfo=None), start)
