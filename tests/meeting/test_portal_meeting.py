from datetime import timedelta
from urllib.parse import urlsplit

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .portal_meeting_common import ROLES, MeetingPortalCase

DENIAL = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.http")
SCRIPT = "<script>alert(1)</script><b>bold</b>"


@tagged("post_install", "-at_install")
class TestOwnInvitation(MeetingPortalCase):
    def test_each_sees_their_own(self):
        for role in ROLES:
            with self.subTest(role):
                self.enter(role)
                page = self.page(self.path(role))
                words = self.words(page)
                local = self.council._pep_local(self.start)
                for text in (
                    self.child.reference,
                    local.strftime("%A %-d %B"),
                    local.strftime("%H:%M to ") + (local + timedelta(hours=1)).strftime("%H:%M"),
                    "London time",
                    "Face to face, or online",
                    "Room 4 of the school",
                    "Are you coming?",
                ):
                    self.assertIn(text, words)
                self.assertTrue(page.xpath("//a[@href='https://meet.example/secret-link']"))
                for secret in ("Secretname", "Secret notes"):
                    self.assertNotIn(secret, words)
                title = page.findtext(".//title")
                self.assertIn(self.child.reference, title)
                for name in (self.child.first_name, self.child.last_name):
                    self.assertNotIn(name, title)

    def test_the_chair_sees_their_own(self):
        self.enter("vseo")
        self.assertIn("Are you coming?", self.words(self.page(self.path("vseo"))))

    def test_only_roles_are_told_and_not_to_a_parent(self):
        told = {}
        for role in (*ROLES, "vseo"):
            self.enter(role)
            words = self.words(self.page(self.path(role)))
            told[role] = words.split("Who else is asked ")[1].split(" Put it")[0] if "Who else" in words else ""
        self.assertEqual(told["parent"], "")
        self.assertEqual(told["teacher"], "VSEO, Social worker, Carer, Parent, Reviewing officer")
        for role in ("teacher", "social_worker", "carer", "iro", "vseo"):
            with self.subTest(role):
                self.assertIn("Designated teacher" if role != "teacher" else "Social worker", told[role])
                self.assertNotIn("Secretname", told[role])

    def test_nothing_of_others_where_that_is_withheld(self):
        self.quietly(self.rows["carer"]).withhold_people = True
        self.enter("carer")
        self.assertNotIn("Who else", self.words(self.page(self.path("carer"))))
        self.quietly(self.rows["iro"]).own_start = self.start - timedelta(hours=3)
        self.enter("iro")
        self.assertNotIn("Who else", self.words(self.page(self.path("iro"))))
        self.enter("teacher")
        words = self.words(self.page(self.path("teacher")))
        self.assertIn("Who else is asked", words)
        self.assertNotIn("Reviewing officer", words, "who comes at another time is not met")

    def test_place_and_link_withheld(self):
        row = self.quietly(self.rows["parent"])
        row.write({"withhold_place": True, "withhold_link": True})
        self.enter("parent")
        response = self.get(self.path("parent"))
        for secret in ("Room 4", "secret-link"):
            self.assertNotIn(secret, response.text)
        self.assertIn("The virtual school will tell you", response.text)

    def test_own_slot(self):
        row = self.quietly(self.rows["parent"])
        row.write({"own_start": self.start - timedelta(hours=2), "own_duration": 0.5, "withhold_people": True})
        self.enter("parent")
        words = self.words(self.page(self.path("parent")))
        local = self.council._pep_local(self.start - timedelta(hours=2))
        self.assertIn(local.strftime("%H:%M to ") + (local + timedelta(minutes=30)).strftime("%H:%M"), words)
        self.assertIn("This is a time for you", words)

    def test_across_the_change_of_clocks(self):
        summer = fields.Datetime.to_datetime("2031-06-10 09:00:00")
        winter = fields.Datetime.to_datetime("2031-11-11 10:00:00")
        self.enter("teacher")
        for start in (summer, winter):
            self.move(self.meeting, start)
            with self.subTest(start):
                self.assertIn("10:00 to 11:00 (London time)", self.words(self.page(self.path())))

    def test_another_zone_is_said(self):
        self.council.pep_tz = "Europe/Lisbon"
        self.enter("teacher")
        self.assertIn("Lisbon time", self.words(self.page(self.path())))

    def test_what_to_prepare(self):
        self.enter("teacher")
        page = self.page(self.path())
        self.assertTrue(page.xpath(f"//a[@href='/my/pep/section/{self.parts['school'].id}#continue']"))
        self.hand_in(self.plan, "school")
        self.assertIn("nothing left for you to fill in", self.words(self.page(self.path())))

    def test_signed_out(self):
        self.authenticate(None, None)
        response = self.get(self.path())
        self.assertEqual(urlsplit(response.headers["Location"]).path, "/web/login")

    def test_fixed_number_of_queries(self):
        self.enter("teacher")
        few = self.queries_of("/my/pep")
        for child in self.make_children(6):
            plan = self.make_plan(child)
            plan.action_start()
            self.make_meeting(plan)
        self.assertEqual(self.queries_of("/my/pep"), few)


@tagged("post_install", "-at_install")
class TestNoPage(MeetingPortalCase):
    """All of these are answered exactly as a number that nothing has."""

    MORE = ("", "/invitation.ics")
    POSTS = {
        "/answer": {"answer": "accepted"},
        "/save": {"answer-0": "x", "version-0": ""},
        "/keep": {"answer-0": "x"},
        "/submit": {"answer-0": "x"},
        "/times": {"time-1": "yes"},
    }

    def assert_hidden(self, row):
        for more in self.MORE:
            self.assertNoPage(self.get(self.path(more=more, row=row)))
        for more, values in self.POSTS.items():
            self.assertNoPage(self.post(self.path(more=more, row=row), **values))
        self.env.invalidate_all()
        self.assertEqual((row.answer, row.written_part), ("none", False))

    def test_somebody_elses(self):
        for role in ("teacher", "parent", "social_worker"):
            self.enter(role)
            for other in ("carer", "vseo", "child"):
                with self.subTest(role, other=other):
                    self.assert_hidden(self.rows[other])

    def test_staff_have_no_page_of_others_invitations(self):
        for role in ("vseo", "head", "support", "other_vseo"):
            self.enter(role)
            with self.subTest(role):
                self.assert_hidden(self.rows["teacher"])

    def test_who_is_not_invited(self):
        stranger = new_test_user(self.env, "stranger.test", groups="base.group_portal")
        self.users["stranger"] = stranger
        for role in ("stranger", "finance", "admin", "employee", "other_vseo"):
            self.enter(role)
            with self.subTest(role):
                self.assert_hidden(self.rows["teacher"])

    def test_guessed_numbers(self):
        self.enter("teacher")
        for number in (0, 10**12, 10**30):
            self.assertNoPage(self.get(f"/my/pep/meeting/{number}"))

    def test_not_invited_yet(self):
        meeting = self.make_meeting(invited=False, start=self.start + timedelta(days=1))
        self.enter("teacher")
        self.assert_hidden(self.rows_of(meeting)["teacher"])
        self.assertNotIn(
            str(self.rows_of(meeting)["teacher"].id),
            [link.rsplit("/", 1)[-1] for link in self.page("/my/pep").xpath("//a/@href") if "/meeting/" in link],
        )

    def test_a_colleague_who_is_a_parent_is_no_staff_here(self):
        """What is not sent yet staff read before; not a VSEO of other children who is this child's parent."""
        user = self.users["other_vseo"]
        self.env["pep.network.member"].create(
            {"child_id": self.child.id, "partner_id": user.partner_id.id, "role": "parent", "date_from": self.today}
        )
        row = self.env["pep.meeting.attendee"].create(
            {"meeting_id": self.meeting.id, "partner_id": user.partner_id.id, "role": "parent"}
        )
        self.assertEqual(self.as_user(row, "vseo").told_place, "Room 4 of the school")
        mine = self.as_user(row, "other_vseo")
        self.assertEqual(mine.invitation, "none")
        self.assertFalse(mine.told_place or mine.told_link or mine.told_start)

    def test_former_pupil(self):
        self.enter("teacher")
        self.assertEqual(self.get(self.path()).status_code, 200)
        enrolment = self.env["pep.enrolment"].search([("child_id", "=", self.child.id)])
        enrolment.date_to = self.today - timedelta(days=1)
        self.assert_hidden(self.rows["teacher"])
        self.assertNotIn("My meetings", self.words(self.page("/my/pep")))

    def test_out_of_the_network(self):
        for role in ("social_worker", "carer", "parent", "iro"):
            member = self.child.network_ids.filtered(lambda member, role=role: member.role == role)
            member.date_to = self.today - timedelta(days=1)
            self.enter(role)
            with self.subTest(role):
                self.assert_hidden(self.rows[role])

    def test_must_not_have_contact(self):
        self.child.network_ids.filtered(lambda member: member.role == "parent").must_not_contact = True
        self.enter("parent")
        self.assert_hidden(self.rows["parent"])

    def test_archived_child(self):
        self.child.active = False
        self.enter("teacher")
        self.assert_hidden(self.rows["teacher"])

    def test_withdrawn_before_it_was_sent_or_long_ago(self):
        row = self.quietly(self.rows["teacher"])
        row.write({"invitation": "withdrawn"})
        self.enter("teacher")
        page = self.page(self.path())
        self.assertIn("You are not asked to this meeting any more", self.words(page))
        for secret in ("Room 4", "secret-link"):
            self.assertNotIn(secret, self.get(self.path()).text)
        self.assertNoPage(self.get(self.path(more="/invitation.ics")))
        self.move(self.meeting, fields.Datetime.now() - timedelta(days=2))
        self.assert_hidden(row)
        self.move(self.meeting, self.start)
        row.write({"invited_on": False})
        self.assert_hidden(row)

    def test_another_councils_vseo(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        self.users["foreign"] = new_test_user(
            self.env,
            "foreign.test",
            groups="pep_module.group_pep_vseo",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.enter("foreign")
        self.assert_hidden(self.rows["vseo"])

    def test_no_token_no_answer(self):
        self.enter("teacher")
        with mute_logger("odoo.http"):
            response = self.url_open(self.path(more="/answer"), data={"answer": "accepted"}, allow_redirects=False)
        self.assertEqual(response.status_code, 400)
        self.assertEqual(self.rows["teacher"].answer, "none")


@tagged("post_install", "-at_install")
class TestAnswer(MeetingPortalCase):
    def test_each_answers_and_changes_it(self):
        for role in ROLES:
            self.enter(role)
            for answer, said in (
                ("accepted", "knows that you are coming"),
                ("tentative", "not sure yet"),
                ("declined", "in writing"),
            ):
                with self.subTest(role, answer=answer):
                    response = self.post(self.path(role, "/answer"), answer=answer, note=f"Because {answer}")
                    self.assertEqual(self.where(response), (self.path(role), "said=answered"))
                    row = self.rows[role]
                    self.assertEqual(
                        (row.answer, row.answered_how, row.answer_note), (answer, "portal", f"Because {answer}")
                    )
                    self.assertIn(said, self.words(self.page(f"{self.path(role)}?said=answered")))

    def test_an_answer_is_one_of_three(self):
        self.enter("teacher")
        for answer in ("none", "", "held", SCRIPT):
            page = self.parse(self.post(self.path(more="/answer"), answer=answer, note="Keep my words"))
            (box,) = page.xpath("//input[@name='note']")
            self.assertEqual(box.get("value"), "Keep my words")
            self.assertIn("yes, perhaps or no", self.words(page))
        self.assertEqual(self.rows["teacher"].answer, "none")

    def test_typed_words_are_shown_as_words(self):
        self.enter("teacher")
        self.post(self.path(more="/answer"), answer="declined", note=SCRIPT)
        response = self.get(self.path())
        self.assertNotIn(SCRIPT, response.text)
        self.assertIn("&lt;script&gt;", response.text)

    def test_not_after_it_was_cancelled_or_held_or_is_over(self):
        self.enter("teacher")
        self.move(self.meeting, fields.Datetime.now() - timedelta(hours=2))
        page = self.page(self.path())
        self.assertFalse(page.xpath("//button[@name='answer']"))
        self.assertIn("This meeting is over", self.words(page))
        self.assertIn("over", self.words(self.parse(self.post(self.path(more="/answer"), answer="accepted"))))
        self.quietly(self.meeting).state = "cancelled"
        page = self.page(self.path())
        self.assertIn("This meeting has been cancelled", self.words(page))
        self.assertFalse(page.xpath("//button[@name='answer']"))
        for secret in ("Room 4", "secret-link"):
            self.assertNotIn(secret, self.get(self.path()).text)
        self.assertEqual(self.rows["teacher"].answer, "none")


@tagged("post_install", "-at_install")
class TestWrittenPart(MeetingPortalCase):
    def send_text(self, text, version="", role="teacher"):
        response = self.post(self.path(role, "/save"), **{"answer-0": text, "version-0": version})
        self.assertEqual(response.status_code, 200)
        return response.json()

    def form(self, page):
        (field,) = page.xpath("//textarea[@name='answer-0']")
        values = {name: page.xpath(f"//input[@name='{name}-0']")[0].get("value") for name in ("version", "was")}
        return field.text_content(), values["version"], values["was"]

    def test_offered_to_who_declined_or_writes(self):
        self.enter("teacher")
        self.assertFalse(self.page(self.path()).xpath("//textarea"))
        self.post(self.path(more="/answer"), answer="declined")
        self.assertTrue(self.page(self.path()).xpath("//textarea"))
        self.quietly(self.rows["parent"]).written = "instead"
        self.enter("parent")
        words = self.words(self.page(self.path("parent")))
        self.assertIn("You take part in writing", words)
        self.assertNotIn("Are you coming?", words)
        for secret in ("Room 4", "secret-link"):
            self.assertNotIn(secret, self.get(self.path("parent")).text)

    def test_saved_as_typed_then_given_in(self):
        self.quietly(self.rows["carer"]).written = "awaited"
        self.enter("carer")
        _text, version, _was = self.form(self.page(self.path("carer")))
        result = self.send_text("He reads", version, "carer")["results"]["0"]
        self.assertEqual(result["status"], "saved")
        self.assertEqual((self.rows["carer"].written_part, self.rows["carer"].written), ("He reads", "awaited"))
        result = self.send_text("He reads\r\nevery night", result["version"], "carer")["results"]["0"]
        self.assertEqual(self.rows["carer"].written_part, "He reads\nevery night")
        response = self.post(
            self.path("carer", "/submit"),
            **{"answer-0": "He reads\nevery night.", "version-0": result["version"], "was-0": "x"},
        )
        self.assertEqual(self.where(response), (self.path("carer"), "said=handed_in"))
        self.assertEqual(
            (self.rows["carer"].written_part, self.rows["carer"].written), ("He reads\nevery night.", "received")
        )

    def test_another_pages_words_are_not_written_over(self):
        self.quietly(self.rows["carer"]).written = "awaited"
        self.enter("carer")
        text, version, was = self.form(self.page(self.path("carer")))
        self.assertEqual(text, "")
        self.quietly(self.rows["carer"]).written_part = "What the virtual school noted"
        self.env.flush_all()
        result = self.send_text("Mine", version, "carer")["results"]["0"]
        self.assertEqual((result["status"], result["value"]), ("conflict", "What the virtual school noted"))
        page = self.parse(
            self.post(self.path("carer", "/keep"), **{"answer-0": "Mine", "version-0": version, "was-0": was})
        )
        typed, new_version, _was = self.form(page)
        self.assertEqual(typed, "Mine")
        self.assertIn("What the virtual school noted", self.words(page))
        mine = {"answer-0": "Mine", "version-0": new_version, "was-0": "", "mine": "0"}
        self.post(self.path("carer", "/keep"), **mine)
        self.assertEqual(self.rows["carer"].written_part, "Mine")

    def test_too_long_or_empty_is_refused_and_comes_back(self):
        self.quietly(self.rows["carer"]).written = "awaited"
        self.enter("carer")
        _text, version, was = self.form(self.page(self.path("carer")))
        long = "x" * 20_001
        page = self.parse(
            self.post(self.path("carer", "/keep"), **{"answer-0": long, "version-0": version, "was-0": was})
        )
        self.assertEqual(self.form(page)[0], long)
        self.assertIn("too long", self.words(page))
        page = self.parse(self.post(self.path("carer", "/submit"), **{"answer-0": "", "was-0": was}))
        self.assertIn("Write something first", self.words(page))

    def test_after_the_meeting_until_the_pep_is_finished(self):
        self.quietly(self.rows["carer"]).written = "awaited"
        self.move(self.meeting, fields.Datetime.now() - timedelta(days=3))
        self.enter("carer")
        self.assertIn("Your written part is still to come", self.words(self.page("/my/pep")))
        _text, version, _was = self.form(self.page(self.path("carer")))
        self.assertEqual(self.send_text("Late", version, "carer")["results"]["0"]["status"], "saved")
        self.env.cr.execute("UPDATE pep_plan SET state = 'complete' WHERE id = %s", [self.plan.id])
        self.env.invalidate_all()
        self.assertIn("finished", self.send_text("Later", "", "carer")["closed"])
        page = self.parse(self.post(self.path("carer", "/keep"), **{"answer-0": "Later", "was-0": "x"}))
        self.assertIn("Later", self.words(page), "what was typed is shown, to be copied")
        self.assertEqual(self.rows["carer"].written_part, "Late")

    def test_not_when_cancelled(self):
        self.quietly(self.rows["carer"]).written = "awaited"
        self.quietly(self.meeting).state = "cancelled"
        self.enter("carer")
        self.assertIn("cancelled", self.send_text("x", "", "carer")["closed"])


@tagged("post_install", "-at_install")
class TestLists(MeetingPortalCase):
    def links(self, page):
        return [link for link in page.xpath("//main//h3//a/@href") if "/meeting/" in link]

    def test_the_next_ones_first(self):
        second = self.make_plan(self.make_children())
        second.action_start()
        early = self.make_meeting(second, start=self.start - timedelta(days=2))
        over = self.make_meeting(second, start=self.start - timedelta(days=1))
        self.move(over, fields.Datetime.now() - timedelta(days=2))
        self.enter("teacher")
        page = self.page("/my/pep")
        self.assertIn("My meetings (2)", self.words(page))
        self.assertEqual(
            self.links(page), [self.path(row=self.rows_of(early)["teacher"]), self.path(row=self.rows["teacher"])]
        )
        self.assertIn("Please answer", self.words(page))
        self.post(self.path(more="/answer"), answer="tentative")
        self.assertIn("You may come", self.words(self.page("/my/pep")))
        self.quietly(early).state = "cancelled"
        self.assertIn("Cancelled", self.words(self.page("/my/pep")))

    def test_each_their_own_alone(self):
        for role in (*ROLES, "vseo"):
            self.enter(role)
            with self.subTest(role):
                self.assertEqual(self.links(self.page("/my/pep")), [self.path(role)])
        for role in ("other_vseo", "finance", "admin", "employee"):
            self.enter(role)
            with self.subTest(role):
                self.assertEqual(self.links(self.page("/my/pep")), [])

    def test_on_the_page_of_the_pep(self):
        self.enter("teacher")
        page = self.page(f"/my/pep/{self.plan.id}")
        self.assertEqual(self.links(page), [self.path()])
        self.assertNotIn("Room 4", self.words(page))

    def test_who_is_not_invited_is_told_the_day_if_they_may_know(self):
        meeting = self.make_plan(self.make_children())
        meeting.action_start()
        for role, told in (("teacher", True), ("social_worker", True), ("iro", True), ("carer", False)):
            self.quietly(self.rows[role]).invitation = "none"
            self.enter(role)
            words = self.words(self.page(f"/my/pep/{self.plan.id}"))
            with self.subTest(role):
                self.assertEqual(self.council._pep_local(self.start).strftime("%A %-d %B") in words, told)
                self.assertNotIn("Room 4", words)


@tagged("post_install", "-at_install")
class TestTimesOffered(MeetingPortalCase):
    """Before a meeting has a time, those who are asked tick what suits them, and see nobody else's ticks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offering = cls.make_meeting(invited=False, start=False, is_extra=True)
        options = cls.as_user(cls.env["pep.meeting.option"], "vseo")
        cls.options = options.create(
            [{"meeting_id": cls.offering.id, "start": cls.start + timedelta(days=days)} for days in (1, 2)]
        ).with_env(cls.env)
        cls.asked = cls.rows_of(cls.offering)
        for role in ("teacher", "carer"):
            cls.quietly(cls.asked[role]).offer_sent = max(cls.options.ids)

    def ticks(self, role):
        return {answer.option_id: answer.suits for answer in self.asked[role].option_answer_ids if answer.suits}

    def test_tick_and_change(self):
        self.enter("teacher")
        self.assertIn("Several times to choose from", self.words(self.page("/my/pep")))
        page = self.page(self.path(row=self.asked["teacher"]))
        words = self.words(page)
        self.assertIn("When could you come?", words)
        self.assertIn("London time", words)
        self.assertEqual(len(page.xpath("//main//fieldset")), 2)
        for secret in ("Room 4", "secret-link", "Secretname"):
            self.assertNotIn(secret, words)
        self.assertNotIn("secret-link", self.get(self.path(row=self.asked["teacher"])).text)
        first, second = self.options
        path = self.path(row=self.asked["teacher"], more="/times")
        response = self.post(path, **{f"time-{first.id}": "yes", f"time-{second.id}": "no"})
        self.assertEqual(self.where(response), (self.path(row=self.asked["teacher"]), "said=ticked"))
        self.assertEqual(self.ticks("teacher"), {first: "yes", second: "no"})
        page = self.page(self.path(row=self.asked["teacher"]))
        checked = {box.get("name"): box.get("value") for box in page.xpath("//input[@checked]")}
        self.assertEqual(checked, {f"time-{first.id}": "yes", f"time-{second.id}": "no"})
        self.post(path, **{f"time-{first.id}": "perhaps"})
        self.assertEqual(self.ticks("teacher"), {first: "perhaps", second: "no"})

    def test_nobody_sees_what_others_ticked(self):
        first = self.options[0]
        self.as_user(self.asked["carer"], "carer").action_tick_options({str(first.id): "no"})
        self.enter("teacher")
        page = self.page(self.path(row=self.asked["teacher"]))
        self.assertFalse(page.xpath("//input[@checked]"))

    def test_what_is_refused(self):
        self.enter("teacher")
        path = self.path(row=self.asked["teacher"], more="/times")
        for values in ({}, {f"time-{self.options[0].id}": "always"}, {"time-999999": "yes"}):
            with self.subTest(values):
                self.assertTrue(self.parse(self.post(path, **values)).xpath("//*[@role='alert']"))
        self.assertFalse(self.ticks("teacher"))

    def test_who_was_not_asked_has_no_page(self):
        for role in ("parent", "iro", "other_vseo"):
            self.enter(role)
            for row in (self.asked["parent"], self.asked["teacher"]):
                self.assertNoPage(self.get(self.path(row=row)))
                self.assertNoPage(self.post(self.path(row=row, more="/times"), **{f"time-{self.options[0].id}": "yes"}))

    def test_when_all_have_passed_or_one_was_chosen(self):
        self.env.cr.execute(
            "UPDATE pep_meeting_option SET start = start - interval '30 days' WHERE id IN %s", [tuple(self.options.ids)]
        )
        self.env.invalidate_all()
        self.enter("teacher")
        self.assertIn("have passed", self.words(self.page(self.path(row=self.asked["teacher"]))))
        self.quietly(self.offering).write({"state": "planned", "start": self.start + timedelta(days=3)})
        self.assertNoPage(self.get(self.path(row=self.asked["teacher"])))
        self.invite(self.asked["teacher"])
        self.assertIn("Are you coming?", self.words(self.page(self.path(row=self.asked["teacher"]))))


@tagged("post_install", "-at_install")
class TestCalendarFile(MeetingPortalCase):
    """The same invitation as in the mail, as a file."""

    def test_each_their_own(self):
        for role in ROLES:
            self.users[role].partner_id.email = f"{role}@people.example"
            self.enter(role)
            response = self.get(self.path(role, "/invitation.ics"))
            with self.subTest(role):
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.headers["Content-Type"], "text/calendar; charset=utf-8")
                self.assertIn(f"{self.child.reference}.ics", response.headers["Content-Disposition"])
                self.assertIn(f"UID:{self.meeting.uid}", response.text)
                self.assertIn("METHOD:REQUEST", response.text)
                unfolded = response.text.replace("\r\n ", "")
                self.assertIn(f"mailto:{role}@people.example", unfolded)
                for secret in (self.child.first_name, self.child.last_name, "Secretname", "Secret notes"):
                    self.assertNotIn(secret, unfolded)
                others = [other for other in ROLES if other != role]
                self.assertFalse([other for other in others if f"{other}@people" in unfolded])

    def test_what_is_withheld_is_not_in_it(self):
        self.users["parent"].partner_id.email = "parent@people.example"
        self.quietly(self.rows["parent"]).write({"withhold_place": True, "withhold_link": True})
        self.enter("parent")
        unfolded = self.get(self.path("parent", "/invitation.ics")).text.replace("\r\n ", "")
        for secret in ("Room 4", "secret-link"):
            self.assertNotIn(secret, unfolded)

    def test_none_when_cancelled(self):
        self.enter("teacher")
        self.quietly(self.meeting).state = "cancelled"
        self.assertNoPage(self.get(self.path(more="/invitation.ics")))


@tagged("post_install", "-at_install")
class TestCalls(MeetingPortalCase):
    """What a person can call without the pages, as over RPC."""

    def as_(self, role, records=None):
        return self.as_user(self.env["pep.meeting.attendee"] if records is None else records, role)

    @mute_logger(*DENIAL)
    def test_nobody_around_the_child_reads_a_meeting(self):
        for role in ROLES:
            meetings = self.as_(role, self.env["pep.meeting"])
            with self.subTest(role):
                self.assertFalse(meetings.search([]))
                self.assertEqual(meetings.search_count([("place", "ilike", "Room")]), 0)
                with self.assertRaises(AccessError):
                    meetings.browse(self.meeting.id).read(["place"])

    @mute_logger(*DENIAL)
    def test_own_row_alone_and_nothing_through_it(self):
        paths = {
            "meeting_id.place": "Room",
            "meeting_id.link": "secret",
            "meeting_id.notes": "Secret",
            "meeting_id.attendee_ids.partner_name": "Secretname of vseo",
            "plan_id.meeting_ids.place": "Room",
        }
        for role in ROLES:
            rows = self.as_(role)
            with self.subTest(role):
                self.assertEqual(rows.search([]), self.rows[role])
                for path, secret in paths.items():
                    for operator in ("ilike", "not ilike"):
                        asked = rows.search([(path, operator, secret)])
                        wrong = rows.search([(path, operator, "no such words")])
                        self.assertEqual(asked, wrong, f"{path} {operator} tells")
                for other in ("vseo", "child"):
                    with self.assertRaises(AccessError):
                        rows.browse(self.rows[other].id).read(["answer"])
                for name in ("note", "withhold_reason", "invited_email"):
                    with self.assertRaises(AccessError):
                        rows.browse(self.rows[role].id).read([name])
                    with self.assertRaises(AccessError):
                        rows.search([(name, "!=", False)])

    @mute_logger(*DENIAL)
    def test_what_is_withheld_can_not_be_read(self):
        row = self.quietly(self.rows["parent"])
        row.write({"withhold_place": True, "withhold_link": True})
        own = self.as_("parent", self.rows["parent"])
        told = own.read(["told_place", "told_link", "told_link_kind", "told_start"])[0]
        self.assertEqual((told["told_place"], told["told_link"], told["told_link_kind"]), (False, False, "none"))
        row.write({"withhold_place": False, "withhold_link": False, "invitation": "none"})
        told = self.as_("parent", self.rows["parent"]).read(["told_place", "told_link", "told_start"])[0]
        self.assertEqual((told["told_place"], told["told_link"], told["told_start"]), (False, False, False))
        row.invitation = "withdrawn"
        told = self.as_("parent", self.rows["parent"]).read(["told_place", "told_link"])[0]
        self.assertEqual((told["told_place"], told["told_link"]), (False, False))

    def test_who_is_asked_no_more_learns_of_no_change(self):
        self.as_user(self.meeting, "vseo").with_context(pep_meeting_quiet=True).action_send_invitations()
        parent = self.rows["parent"]
        self.assertEqual(parent.sent_start, self.start)
        self.as_user(parent, "vseo").with_context(pep_meeting_quiet=True).action_withdraw()
        self.council.pep_mail_label = "school"
        self.as_user(self.meeting, "vseo").with_context(pep_meeting_quiet=True).write(
            {"start": self.start + timedelta(days=3), "mode": "face", "duration": 2}
        )
        told = self.as_("parent", parent).read(["told_start", "told_stop", "told_mode", "told_state", "told_title"])[0]
        self.assertEqual((told["told_start"], told["told_stop"]), (self.start, self.start + timedelta(hours=1)))
        self.assertEqual((told["told_mode"], told["told_state"]), (False, False))
        self.assertNotIn(self.school.name, told["told_title"])
        self.enter("parent")
        words = self.words(self.page(self.path("parent")))
        self.assertIn(f"It was to be on {self.council._pep_local(self.start):%A %-d %B}", words)
        self.assertNotIn(f"{self.start + timedelta(days=3):%-d %B}", words)
        self.as_user(parent, "vseo").action_put_back()
        self.as_user(self.meeting, "vseo").with_context(pep_meeting_quiet=True).action_send_invitations()
        told = self.as_("parent", parent).read(["told_start", "told_mode"])[0]
        self.assertEqual((told["told_start"], told["told_mode"]), (self.start + timedelta(days=3), "face"))

    def test_where_the_place_is_withheld_the_title_is_without_the_school(self):
        self.council.pep_mail_label = "school"
        self.quietly(self.rows["carer"]).withhold_place = True
        told = self.as_("carer", self.rows["carer"]).read(["told_title"])[0]
        self.assertNotIn(self.school.name, told["told_title"])
        self.assertNotIn(self.school.name, self.rows["carer"].told_title, "as the mail has it")
        self.assertNotIn(self.school.name, self.rows["carer"]._calendar_file().replace("\r\n ", ""))
        self.assertIn(self.school.name, self.as_("teacher", self.rows["teacher"]).told_title)

    @mute_logger(*DENIAL)
    def test_who_put_somebody_on_the_list_is_not_told(self):
        for role in ROLES:
            own = self.as_(role, self.rows[role])
            for name in ("create_uid", "write_uid"):
                with self.subTest(role, name=name), self.assertRaises(AccessError):
                    own.read([name])
                with self.subTest(role, name=name), self.assertRaises(AccessError):
                    own.formatted_read_group([], [name], ["__count"])

    @mute_logger(*DENIAL)
    def test_others_invitations_are_not_answered_or_written(self):
        for role in ROLES:
            other = self.as_(role, self.rows["vseo"])
            with self.subTest(role):
                for call in (
                    lambda other=other: other.action_answer("declined"),
                    lambda other=other: other.action_write_part("x"),
                    lambda other=other: other.action_save_written("x"),
                    lambda other=other: other.action_tick_options({}),
                    lambda other=other: other.action_withdraw(),
                ):
                    with self.assertRaises(AccessError):
                        call()
                own = self.as_(role, self.rows[role])
                for vals in (
                    {"attended": True},
                    {"answer": "accepted"},
                    {"own_start": False},
                    {"withhold_link": False},
                ):
                    with self.assertRaises(AccessError):
                        own.write(vals)
                with self.assertRaises(AccessError):
                    own.action_withdraw()
                with self.assertRaises(AccessError):
                    own.action_put_back()

    def test_staff_do_not_save_typing_for_others(self):
        self.quietly(self.rows["carer"]).written = "awaited"
        with self.assertRaises(AccessError):
            self.as_("vseo", self.rows["carer"]).action_save_written("x")
        self.as_("vseo", self.rows["carer"]).action_write_part("Told me on the phone")
        self.assertEqual(self.rows["carer"].written, "received")
        with self.assertRaises(UserError):
            self.as_("vseo", self.rows["carer"]).action_write_part(" ")
