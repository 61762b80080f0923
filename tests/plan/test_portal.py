from datetime import timedelta
from urllib.parse import urlsplit

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.controllers import portal, portal_section

from tests.child import ssda903_common as ssda903

from .portal_common import PortalCase

# What each sort of person answers in the small question bank.
OWN = {"teacher": "school", "carer": "carer", "social_worker": "social"}
SCRIPT = "<script>alert(1)</script><b>bold</b>"


@tagged("post_install", "-at_install")
class TestList(PortalCase):
    def test_each_sees_what_is_due(self):
        for role, key in OWN.items():
            with self.subTest(role):
                self.enter(role)
                page = self.page("/my/pep")
                words = self.words(page)
                self.assertIn("My pupils" if role == "teacher" else "My children", words)
                self.assertIn(self.child.full_name, words)
                self.assertIn(self.child.reference, words)
                self.assertIn("1 part to do", words)
                (button,) = page.xpath("//a[contains(@class, 'o_pep_go')]")
                self.assertEqual(button.get("href"), f"/my/pep/section/{self.parts[key].id}#continue")
                self.assertNotIn(self.child.full_name, page.findtext(".//title"))

    def test_home_card(self):
        self.enter("teacher")
        self.assertIn("1 part to do", self.words(self.page_of_odoo("/my")))
        self.users["stranger"] = new_test_user(self.env, "stranger.test", groups="base.group_portal")
        self.enter("stranger")
        self.assertNotIn("My pupils", self.words(self.page_of_odoo("/my")))

    def page_of_odoo(self, path):
        response = self.get(path)
        self.assertEqual(response.status_code, 200)
        return self.parse(response)

    def test_late_first_then_due_then_nothing(self):
        quiet, late = self.make_children(2)
        self.env.cr.execute("UPDATE pep_child SET last_name = 'Aaaa' WHERE id = %s", [quiet.id])
        plan = self.make_plan(late)
        plan.action_start()
        plan.due_date = self.today
        self.enter("teacher")
        page = self.page("/my/pep")
        titles = [self.flat(title) for title in page.xpath("//main//h2")]
        self.assertEqual(titles, ["Late (1)", "Due later (1)", "Nothing to do now (1)"])
        self.assertIn("Late:", self.flat(page.xpath("//section")[0]))

    def test_what_is_not_required_is_offered_and_never_late(self):
        self.add_section("more", "teacher", per_setting=True, required=False)
        self.add_question("more", "more", "text")
        self.as_user(self.plan, "vseo").action_update_parts()
        more = self.parts_of(self.plan)["more"]
        self.enter("teacher")
        self.assertIn("1 part to do, and 1 more if you have something to say", self.words(self.page("/my/pep")))
        self.hand_in(self.plan, "school")
        self.plan.due_date = self.today
        page = self.page("/my/pep")
        self.assertEqual([self.flat(title) for title in page.xpath("//main//h2")], ["Nothing to do now (1)"])
        self.assertIn("1 part open, if you have something to say", self.words(page))
        (button,) = page.xpath("//a[contains(@class, 'o_pep_go')]")
        self.assertEqual(button.get("href"), f"/my/pep/section/{more.id}#continue")
        self.assertNotIn("Late", self.words(self.page(f"/my/pep/{self.plan.id}")).replace("Later", ""))
        self.assertIn("Nothing to do now", self.words(self.page_of_odoo("/my")))

    def test_thirty_a_page_and_search(self):
        self.make_children(34, last_name="Many")
        self.enter("teacher")
        page = self.page("/my/pep")
        self.assertEqual(len(page.xpath("//li[contains(@class, 'o_pep_card')]")), portal.PAGE)
        self.assertIn("Page 1 of 2", self.words(page))
        second = self.page("/my/pep/page/2")
        self.assertEqual(len(second.xpath("//li[contains(@class, 'o_pep_card')]")), 5)
        for words, number in ((self.child.reference, 1), ("Elm Prim", 1), ("Many", 34), ("Unsaid", 1)):
            with self.subTest(words):
                found = self.parse(self.post("/my/pep", search=words))
                self.assertEqual(len(found.xpath("//li[contains(@class, 'o_pep_card')]")), number)
        self.assertIn("Nobody fits", self.words(self.parse(self.post("/my/pep", search="<script>xyz"))))
        self.assertEqual(self.get("/my/pep/page/99").status_code, 200)

    def test_what_is_looked_for_stays_out_of_addresses(self):
        """Addresses end up in logs and histories, and what is looked for may be a child's name."""
        self.make_children(34, last_name="Many")
        self.enter("teacher")
        for page in (self.page("/my/pep"), self.parse(self.post("/my/pep", search="Many"))):
            (form,) = page.xpath("//form[@role='search']")
            self.assertEqual(form.get("method"), "post")
            self.assertFalse([link for link in page.xpath("//a/@href") if "search" in link or "Many" in link])
        shown = self.page("/my/pep?search=nobody-at-all")
        self.assertEqual(len(shown.xpath("//li[contains(@class, 'o_pep_card')]")), portal.PAGE)

    def test_nobody_yet(self):
        self.users["stranger"] = new_test_user(self.env, "stranger.test", groups="base.group_portal")
        self.enter("stranger")
        self.assertIn("There is nobody here yet", self.words(self.page("/my/pep")))

    def test_pupils_of_several_councils_in_one_list(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        child = self.make_children(company_id=other.id, vseo_id=False, last_name="Elsewhere")
        self.enter("teacher")
        words = self.words(self.page("/my/pep"))
        self.assertIn(child.reference, words)
        self.assertIn("Othershire", words)
        self.assertIn("Testshire", words)

    def test_a_teacher_who_is_also_foster_carer_sees_on_each_child_that_roles_part(self):
        fostered = self.make_children(school=False)
        self.env["pep.network.member"].create(
            {
                "child_id": fostered.id,
                "partner_id": self.users["teacher"].partner_id.id,
                "role": "carer",
                "date_from": self.today - timedelta(days=9),
            }
        )
        plan = self.make_plan(fostered)
        plan.action_start()
        parts = self.parts_of(plan)
        self.enter("teacher")
        page = self.page("/my/pep")
        self.assertIn("My pupils and children", self.words(page))
        links = {link.get("href") for link in page.xpath("//a[contains(@class, 'o_pep_go')]")}
        self.assertEqual(
            links, {f"/my/pep/section/{part.id}#continue" for part in (self.parts["school"], parts["carer"])}
        )
        self.assertNoPage(self.get(f"/my/pep/section/{self.parts['carer'].id}"))
        self.assertNoPage(self.get(f"/my/pep/section/{parts['social'].id}"))
        self.assertEqual(self.get(f"/my/pep/section/{parts['carer'].id}").status_code, 200)

    def test_staff_see_the_virtual_schools_own_parts(self):
        self.enter("vseo")
        page = self.page("/my/pep")
        (button,) = page.xpath("//a[contains(@class, 'o_pep_go')]")
        self.assertIn(str(self.parts["office"].id), button.get("href"))

    def test_who_sees_no_child_has_an_empty_list(self):
        for role in ("finance", "admin", "employee"):
            with self.subTest(role):
                self.enter(role)
                self.assertIn("There is nobody here", self.words(self.page("/my/pep")))

    def test_signed_out(self):
        self.authenticate(None, None)
        response = self.get("/my/pep")
        self.assertEqual(urlsplit(response.headers["Location"]).path, "/web/login")


@tagged("post_install", "-at_install")
class TestPlanPage(PortalCase):
    def test_what_is_on_it(self):
        self.hand_in(self.plan, "social")
        target = self.smart_target(self.plan)
        self.enter("teacher")
        page = self.page(f"/my/pep/{self.plan.id}")
        words = self.words(page)
        for text in (self.child.full_name, self.child.reference, self.plan.term_id.name, target.name, "Part school"):
            self.assertIn(text, words)
        self.assertNotIn(self.child.full_name, page.findtext(".//title"))
        self.assertNotIn(self.child.last_name, page.findtext(".//title"))
        self.assertTrue(page.xpath(f"//a[@href='/my/pep/section/{self.parts['social'].id}']"))
        self.assertFalse(page.xpath(f"//a[starts-with(@href, '/my/pep/section/{self.parts['voice'].id}')]"))
        self.assertTrue(page.xpath(f"//a[@href='/my/pep/voice/{self.parts['voice'].id}']"))

    def test_a_parent_sees_the_parts_meant_for_parents_and_no_more(self):
        self.add_section("home", "parent", readers=("social_worker",))
        self.add_question("evening", "home", "text", required=True)
        self.as_user(self.plan, "vseo").action_update_parts()
        self.smart_target(self.plan)
        home = self.parts_of(self.plan)["home"]
        self.enter("parent")
        words = self.words(self.page(f"/my/pep/{self.plan.id}"))
        self.assertIn("Part home", words)
        for hidden in ("Part social", "Reads a page aloud", "Elm Primary"):
            self.assertNotIn(hidden, words)
        self.assertEqual(
            self.send(home, evening="Reads to me")["results"][str(self.questions["evening"].id)]["version"], 1
        )

    def test_returned_on_top_with_the_reason(self):
        self.hand_in(self.plan, "school")
        self.as_user(self.parts["school"], "vseo")._take_step("return", "Which book was it?")
        self.enter("teacher")
        self.assertIn("Which book was it?", self.words(self.page(f"/my/pep/{self.plan.id}")))
        self.assertIn("Which book was it?", self.words(self.page(f"/my/pep/section/{self.parts['school'].id}")))
        self.assertIn("1 came back with a question", self.words(self.page("/my/pep")))

    def test_nothing_of_it_for_others(self):
        other = self.make_plan(self.make_children(school=False))
        paths = [f"/my/pep/{other.id}", "/my/pep/0", f"/my/pep/{10**12}", f"/my/pep/section/{10**30}"]
        for role in (
            "teacher",
            "social_worker",
            "carer",
            "parent",
            "iro",
            "other_vseo",
            "finance",
            "admin",
            "employee",
        ):
            self.enter(role)
            for path in paths:
                with self.subTest(role, path=path):
                    self.assertNoPage(self.get(path))

    def test_a_former_pupil(self):
        self.enter("teacher")
        self.assertEqual(self.get(f"/my/pep/{self.plan.id}").status_code, 200)
        enrolment = self.env["pep.enrolment"].search([("child_id", "=", self.child.id)])
        enrolment.date_to = self.today - timedelta(days=1)
        self.assertNoPage(self.get(f"/my/pep/{self.plan.id}"))
        self.assertNoPage(self.get(f"/my/pep/section/{self.parts['school'].id}"))
        self.assertNoPage(self.post(f"/my/pep/section/{self.parts['school'].id}/save", **{"answer-1": "x"}))

    def test_an_archived_child(self):
        self.child.active = False
        self.enter("teacher")
        self.assertNoPage(self.get(f"/my/pep/{self.plan.id}"))
        self.assertNoPage(self.get(f"/my/pep/section/{self.parts['school'].id}"))

    def test_finished(self):
        self.hand_in(self.plan, "school", "carer", "social", "voice")
        self.env.cr.execute("UPDATE pep_plan SET state = 'complete' WHERE id = %s", [self.plan.id])
        self.env.invalidate_all()
        self.plan.contribution_ids._compute_audience()
        self.enter("teacher")
        self.assertEqual(self.get(f"/my/pep/{self.plan.id}").status_code, 200)
        self.assertNoPage(self.get(f"/my/pep/section/{self.parts['school'].id}"))

    def test_documents(self):
        kind = self.env["pep.document.type"].create(
            {"name": "Provision map", "company_id": self.council.id, "for_social_worker": True}
        )
        self.enter("teacher")
        page = self.page(f"/my/pep/{self.plan.id}")
        (form,) = page.xpath("//form[contains(@class, 'o_pep_upload')]")
        token = self.token()
        response = self.url_open(
            form.get("action"),
            data={"csrf_token": token, "type_id": kind.id, "note": "This term"},
            files={"file": ("Zebedee plan.txt", b"What the school provides", "text/plain")},
            allow_redirects=False,
        )
        self.assertEqual(self.where(response), (f"/my/pep/{self.plan.id}", "said=filed"))
        self.env.invalidate_all()
        document = self.env["pep.document"].search([("plan_id", "=", self.plan.id)])
        words = self.words(self.page(f"/my/pep/{self.plan.id}?said=filed"))
        self.assertIn("The document has been filed.", words)
        self.assertIn("Provision map", words)
        self.assertNotIn("Zebedee plan", words)
        self.enter("social_worker")
        page = self.page(f"/my/pep/{self.plan.id}")
        self.assertTrue(page.xpath(f"//a[@href='/my/pep/document/{document.id}']"))
        self.assertFalse(page.xpath(f"//form[@action='/my/pep/document/{document.id}/withdraw']"))
        self.assertIn("by: school", self.words(page))
        self.enter("carer")
        self.assertNotIn("This term", self.words(self.page(f"/my/pep/{self.plan.id}")))
        self.enter("teacher")
        self.post(f"/my/pep/document/{document.id}/withdraw", reason="Wrong one")
        self.assertEqual(document.state, "withdrawn")

    def test_fixed_number_of_queries(self):
        self.enter("teacher")
        path = f"/my/pep/{self.plan.id}"
        self.smart_target(self.plan)
        few = self.queries_of(path)
        for number in range(4):
            self.add_section(f"more{number}", "teacher", per_setting=True)
            self.add_question(f"more{number}", f"more{number}", "text")
        self.as_user(self.plan, "vseo").action_update_parts()
        for _number in range(3):
            self.smart_target(self.plan)
        self.past_peps(3)
        self.assertEqual(self.queries_of(path), few)

    def test_fixed_number_of_queries_of_the_list(self):
        self.enter("teacher")
        few = self.queries_of("/my/pep")
        for child in self.make_children(12):
            self.make_plan(child).action_start()
        self.assertEqual(self.queries_of("/my/pep"), few)


@tagged("post_install", "-at_install")
class TestSection(PortalCase):
    def path(self, key="school", more=""):
        return f"/my/pep/section/{self.parts[key].id}{more}"

    def form(self, page):
        """The fields of the form as a browser without JavaScript sends them."""
        values = {}
        for field in page.xpath("//form[contains(@class, 'o_pep_form')]//*[@name]"):
            kind = field.get("type")
            if field.tag == "button" or kind == "radio" and field.get("checked") is None:
                continue
            value = field.text_content() if field.tag == "textarea" else field.get("value")
            values[field.get("name")] = (value or "").removeprefix("\n")
        return values

    def test_each_answers_their_own(self):
        keys = {"teacher": "well", "carer": "reading", "social_worker": "contact"}
        for role, key in keys.items():
            with self.subTest(role):
                self.enter(role)
                self.assertIn(self.questions[key].name, self.words(self.page(self.path(OWN[role]))))
                self.send(self.parts[OWN[role]], **{key: "Very well"})
                self.assertEqual(self.parts[OWN[role]].answer_ids.value, "Very well")
                self.assertEqual(self.parts[OWN[role]].state, "in_progress")
                response = self.post(self.path(OWN[role], "/submit"))
                self.assertEqual(self.where(response), (self.path(OWN[role]), "said=handed_in"))
                self.assertEqual(self.parts[OWN[role]].state, "submitted")
                page = self.page(self.path(OWN[role]))
                self.assertIn("Very well", self.words(page))
                self.assertFalse(page.xpath("//textarea"))

    def test_one_of_each_kind(self):
        self.enter("teacher")
        answer = self.send(
            self.parts["school"], well="Maths", age="9", since="2026-02-28", tuition="yes", level="On", happy="4"
        )
        self.assertEqual({result["status"] for result in answer["results"].values()}, {"saved"})
        self.assertEqual((answer["answered"], answer["missing"]), (6, []))
        self.assertRegex(answer["saved"], r"^\d\d:\d\d$")
        form = self.form(self.page(self.path()))
        names = {question.id: key for key, question in self.questions.items()}
        values = {names[int(name.split("-")[1])]: value for name, value in form.items() if name.startswith("answer-")}
        self.assertEqual(
            values,
            {
                "well": "Maths", "age": "9", "since": "2026-02-28", "tuition": "yes", "level": "On", "happy": "4",
                "plans": "",
            },
        )  # fmt: skip

    def test_accessible_by_its_marks(self):
        self.questions["well"].help = "In a sentence or two."
        self.enter("teacher")
        page = self.page(self.path())
        ids = [element.get("id") for element in page.xpath("//*[@id]")]
        self.assertEqual(len(ids), len(set(ids)))
        for field in page.xpath("//form//textarea | //form//input[@type='text' or @type='date']"):
            self.assertTrue(page.xpath(f"//label[@for='{field.get('id')}']"), field.get("name"))
        for described in page.xpath("//*[@aria-describedby]"):
            for target in described.get("aria-describedby").split():
                self.assertIn(target, ids)
        for radio in page.xpath("//input[@type='radio']"):
            self.assertTrue(radio.xpath("ancestor::fieldset/legend"))
        self.assertIn("must be answered", self.words(page))
        self.assertIn("From the record, not asked", self.words(page))

    def test_what_is_refused_comes_back_at_the_field(self):
        self.enter("teacher")
        result = self.send(self.parts["school"], age="forty", well="Maths")["results"]
        self.assertEqual(result[str(self.questions["age"].id)]["status"], "refused")
        self.assertEqual(result[str(self.questions["well"].id)]["status"], "saved")
        form = self.form(self.page(self.path()))
        form[f"answer-{self.questions['age'].id}"] = "99"
        page = self.parse(self.post(self.path(more="/keep"), **form))
        (field,) = page.xpath(f"//input[@name='answer-{self.questions['age'].id}']")
        self.assertEqual((field.get("value"), field.get("aria-invalid")), ("99", "true"))
        (error,) = page.xpath(f"//*[@id='e-{self.questions['age'].id}']")
        self.assertIn("from 4 to 18", error.text_content())

    def test_a_hundred_thousand_characters(self):
        self.enter("teacher")
        result = self.send(self.parts["school"], well="x" * 100_000)["results"][str(self.questions["well"].id)]
        self.assertEqual(result["status"], "refused")
        self.assertIn("100,000", result["message"])
        self.assertFalse(self.parts["school"].answer_ids)

    def test_a_script_is_text(self):
        self.enter("teacher")
        self.send(self.parts["school"], well=SCRIPT)
        text = self.get(self.path()).text
        self.assertNotIn(SCRIPT, text)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", text)
        self.post(self.path(more="/submit"))
        self.assertNotIn(SCRIPT, self.get(self.path()).text)
        self.enter("social_worker")
        page = self.page(self.path())
        self.assertIn(SCRIPT, self.words(page))
        self.assertNotIn(SCRIPT, self.get(self.path()).text)
        self.assertNotIn("<script>", str(self.as_user(self.parts["school"], "vseo").answers_view))

    def test_another_persons_answer_is_not_written_over(self):
        second = new_test_user(self.env, "second.teacher.test", groups="base.group_portal", name="Second Teacher")
        self.env["pep.school.staff"].create(
            {"user_id": second.id, "school_id": self.school.id, "date_from": self.today - timedelta(days=9)}
        )
        self.users["second"] = second
        self.enter("teacher")
        before = self.form(self.page(self.path()))
        self.save(self.parts["school"], "second", well="Theirs")
        result = self.send(self.parts["school"], well="Mine")["results"][str(self.questions["well"].id)]
        self.assertEqual((result["status"], result["value"], result["by"]), ("conflict", "Theirs", "Second Teacher"))
        with self.subTest("without JavaScript"):
            name = f"answer-{self.questions['well'].id}"
            page = self.parse(self.post(self.path(more="/keep"), **{**before, name: "Mine"}))
            self.assertIn("Theirs", self.words(page))
            self.assertEqual(self.parts["school"].answer_ids.value, "Theirs")
            again = self.form(page)
            self.assertEqual(again[name], "Mine")
            self.post(self.path(more="/keep"), **again)
            self.assertEqual(self.parts["school"].answer_ids.value, "Mine")
        with self.subTest("a field that was not touched is no conflict"):
            other = f"answer-{self.questions['plans'].id}"
            response = self.post(self.path(more="/keep"), **{**before, other: "Reads"})
            self.assertEqual(response.status_code, 303)
            self.assertEqual(self.parts["school"].answered_count, 2)
        with self.subTest("taking theirs"):
            self.save(self.parts["school"], "second", version=2, well="Theirs again")
            page = self.parse(self.post(self.path(more="/keep"), **{**again, name: "Mine again"}))
            self.post(self.path(more="/keep"), take=self.questions["well"].id, **self.form(page))
            answer = self.parts["school"].answer_ids.filtered(lambda a: a.question_id == self.questions["well"])
            self.assertEqual(answer.value, "Theirs again")

    def test_hand_in_says_what_is_missing(self):
        self.enter("teacher")
        page = self.parse(self.post(self.path(more="/submit"), **self.form(self.page(self.path()))))
        (link,) = page.xpath("//*[@id='summary']//a")
        self.assertEqual(link.get("href"), f"#q-{self.questions['well'].id}")
        self.assertEqual(self.parts["school"].state, "not_started")

    def test_without_javascript(self):
        self.enter("teacher")
        form = self.form(self.page(self.path()))
        form[f"answer-{self.questions['well'].id}"] = "Two\r\nlines"
        response = self.post(self.path(more="/keep"), **form)
        self.assertEqual(self.where(response), (self.path(), "said=saved"))
        self.assertEqual(self.parts["school"].answer_ids.value_text, "Two\nlines")
        again = self.form(self.page(self.path()))
        self.post(self.path(more="/keep"), **{**again, f"answer-{self.questions['well'].id}": "Two\r\nlines"})
        self.assertEqual(self.parts["school"].answer_ids.version, 1)
        self.assertEqual(len(self.parts["school"].answer_ids), 1)
        self.assertEqual(self.where(self.post(self.path(more="/submit"), **again))[1], "said=handed_in")

    def test_as_last_time(self):
        now = self.plan_of_next_term()
        part = self.parts_of(now)["school"]
        question = self.questions["plans"]
        self.enter("teacher")
        path = f"/my/pep/section/{part.id}"
        page = self.page(path)
        words = self.words(page)
        self.assertIn("From last time: confirm or change", words)
        self.assertIn("As last term", words)
        form = self.form(page)
        self.assertEqual(form[f"answer-{question.id}"], "")
        changing = self.form(self.page(f"{path}?change={question.id}"))
        self.assertEqual(changing[f"answer-{question.id}"], "As last term")
        self.post(f"{path}/keep", **form)
        self.assertFalse(part.answer_ids)
        self.post(f"{path}/keep", confirm=question.id, **form)
        self.assertEqual(part.answer_ids.value, "As last term")
        self.assertNotIn("From last time", self.words(self.page(path)))

    def plan_of_next_term(self):
        """The child's PEP of the next term, of which the one of this term says “As last term”."""
        self.save(self.parts["school"], "teacher", well="Maths", plans="As last term")
        self.as_user(self.parts["school"], "teacher").action_submit()
        plan = self.make_plan(self.child, self.next_term())
        plan.action_start()
        return plan

    def test_go_on_where_one_left_off(self):
        self.enter("teacher")
        self.send(self.parts["school"], well="Maths")
        (anchor,) = self.page(self.path()).xpath("//*[@id='continue']")
        self.assertEqual(anchor.getparent().get("id"), f"q-{self.questions['age'].id}")

    def test_sections_of_others(self):
        for role, key in (
            ("teacher", "carer"),
            ("teacher", "social"),
            ("carer", "school"),
            ("social_worker", "office"),
        ):
            self.enter(role)
            with self.subTest(role, key=key):
                self.assertNoPage(self.get(self.path(key)))
                self.assertNoPage(self.post(self.path(key, "/save"), **{"answer-1": "x", "version-1": 0}))
                self.assertNoPage(self.post(self.path(key, "/keep")))
                self.assertNoPage(self.post(self.path(key, "/submit")))
                self.assertNoPage(self.post(self.path(key, "/behalf"), name="x", how="phone", date="2026-01-01"))
                self.assertNoPage(self.post(self.path(key, "/document"), document_id=""))

    def test_read_when_handed_in_by_whom_it_is_meant_for(self):
        self.questions["contact"].for_teacher = False
        self.hand_in(self.plan, "social")
        self.enter("teacher")
        words = self.words(self.page(self.path("social")))
        self.assertNotIn("Weekly", words)
        self.assertNotIn(self.questions["contact"].name, words)
        self.enter("iro")
        self.assertIn("Weekly", self.words(self.page(self.path("social"))))
        self.enter("carer")
        self.assertNoPage(self.get(self.path("social")))

    def test_a_part_that_is_handed_in_can_not_be_changed(self):
        self.hand_in(self.plan, "school")
        self.enter("teacher")
        self.assertIn("closed", self.send(self.parts["school"], version=1, well="Later"))
        page = self.parse(self.post(self.path(more="/keep"), **{f"answer-{self.questions['well'].id}": "Later"}))
        self.assertIn("has been handed in", self.words(page))
        self.post(self.path(more="/submit"))
        self.assertEqual(self.parts["school"].answer_ids.value, "Maths")
        self.assertEqual(len(self.parts["school"].history), 1)

    def test_a_changed_hidden_field(self):
        self.enter("teacher")
        foreign = self.questions["reading"]
        for more in ("/save", "/keep", "/submit"):
            with self.subTest(more):
                data = {
                    f"answer-{self.questions['well'].id}": "Mine",
                    f"version-{self.questions['well'].id}": "0",
                    f"answer-{foreign.id}": "Not mine",
                    f"version-{foreign.id}": "0",
                }
                self.assertNoPage(self.post(self.path(more=more), **data))
                self.assertFalse(self.env["pep.answer"].search([("plan_id", "=", self.plan.id)]))
        for value in ("x", "-1", "9" * 30):
            with self.subTest(value):
                data = {f"answer-{self.questions['well'].id}": "Mine", f"version-{self.questions['well'].id}": value}
                self.assertNoPage(self.post(self.path(more="/save"), **data))
        self.assertNoPage(self.post(self.path(more="/keep"), confirm="777"))

    def test_no_token_no_write(self):
        self.enter("teacher")
        data = {f"answer-{self.questions['well'].id}": "Mine", f"version-{self.questions['well'].id}": "0"}
        for path in ("/save", "/keep", "/submit", "/document", "/behalf"):
            with self.subTest(path), mute_logger("odoo.http"):
                response = self.url_open(self.path(more=path), data=data, allow_redirects=False)
                self.assertEqual(response.status_code, 400)
        self.env.invalidate_all()
        self.assertFalse(self.parts["school"].answer_ids)

    def test_writing_takes_a_post(self):
        self.enter("teacher")
        for path in ("/save", "/keep", "/submit", "/document", "/behalf"):
            self.assertIn(self.get(self.path(more=path)).status_code, (404, 405))

    def test_on_behalf(self):
        self.enter("vseo")
        page = self.page(self.path("carer"))
        self.assertIn("On behalf of: Carer", self.words(page))
        self.assertFalse(page.xpath("//textarea"))
        self.assertIn("closed", self.send(self.parts["carer"], reading="Too early"))
        page = self.parse(self.post(self.path("carer", "/behalf"), name="Ms Foster", how="", date=str(self.today)))
        self.assertIn("Say whose words they are", self.words(page))
        self.assertTrue(page.xpath("//input[@value='Ms Foster']"))
        for day in ("2999-01-01", "never", ""):
            self.assertEqual(
                self.post(self.path("carer", "/behalf"), name="Ms Foster", how="phone", date=day).status_code, 200
            )
        self.assertFalse(self.parts["carer"].behalf_name)
        self.post(self.path("carer", "/behalf"), name="Ms Foster", how="phone", date=str(self.today))
        self.assertIn("You enter what Ms Foster said (by phone", self.words(self.page(self.path("carer"))))
        page = self.page(self.path("carer", "?who=1"))
        self.assertTrue(page.xpath("//input[@value='Ms Foster']"))
        self.assertTrue(page.xpath("//input[@value='phone' and @checked]"))
        self.send(self.parts["carer"], reading="Every night")
        self.post(self.path("carer", "/submit"))
        self.assertEqual(
            (self.parts["carer"].state, self.parts["carer"].answer_ids.author_name), ("submitted", "Ms Foster")
        )
        self.enter("social_worker")
        self.assertIn("What Ms Foster said (by phone", self.words(self.page(self.path("carer"))))

    def test_who_answers_goes_on_in_person(self):
        part = self.parts["carer"]
        self.add_question("sleep", "carer", "text")
        self.as_user(part, "vseo").action_enter_on_behalf("Ms Foster", "phone", self.today)
        self.save(part, "vseo", reading="Every night")
        self.as_user(part, "vseo").action_submit()
        self.as_user(part, "vseo")._take_step("return", "Which book?")
        self.enter("carer")
        self.send(part, version=1, reading="Every night, The Gruffalo")
        self.assertEqual(part.answer_ids.author_name, self.users["carer"].name)
        self.assertFalse(part.behalf_name)
        self.post(self.path("carer", "/submit"))
        self.assertEqual(part.submitted_by_id, self.users["carer"])

    def test_an_internal_social_worker(self):
        worker = new_test_user(
            self.env,
            "internal.sw.test",
            groups="pep_module.group_pep_contributor",
            company_id=self.council.id,
            company_ids=[(6, 0, self.council.ids)],
        )
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": worker.partner_id.id,
                "role": "social_worker",
                "date_from": self.today - timedelta(days=9),
            }
        )
        self.users["internal"] = worker
        self.enter("internal")
        self.assertIn("1 part to do", self.words(self.page("/my/pep")))
        self.send(self.parts["social"], contact="Weekly")
        self.assertEqual(self.where(self.post(self.path("social", "/submit")))[1], "said=handed_in")
        self.assertNoPage(self.get(self.path("carer")))
        self.assertNoPage(self.post(self.path("carer", "/behalf"), name="x", how="phone", date=str(self.today)))

    def test_staff_of_another_caseload(self):
        self.enter("other_vseo")
        self.assertNoPage(self.get(self.path("carer")))
        self.assertNoPage(self.post(self.path("carer", "/behalf"), name="x", how="phone", date=str(self.today)))

    def test_a_document_instead(self):
        self.sections["school"].may_be_document = True
        kind = self.env["pep.document.type"].create({"name": "Report", "company_id": self.council.id})
        other = self.make_plan(self.make_children())
        other.action_start()
        documents = self.as_user(self.env["pep.document"], "teacher")
        mine, foreign = (
            documents.browse(documents.action_file(plan.id, kind.id, "r.txt", "VGhlIHJlcG9ydA=="))
            for plan in (self.plan, other)
        )
        self.enter("teacher")
        self.assertIn("A document instead", self.words(self.page(self.path())))
        self.assertNoPage(self.post(self.path(more="/document"), document_id=foreign.id))
        self.assertNoPage(self.post(self.path(more="/document"), document_id="x"))
        self.post(self.path(more="/document"), document_id=mine.id)
        self.assertEqual((self.parts["school"].document_id.id, self.parts["school"].progress), (mine.id, 100))
        self.assertFalse(self.page(self.path()).xpath("//textarea"))
        self.post(self.path(more="/document"), document_id="")
        self.assertFalse(self.parts["school"].document_id)
        self.post(self.path(more="/document"), document_id=mine.id)
        self.post(self.path(more="/submit"))
        self.assertEqual(self.parts["school"].state, "submitted")

    def test_uploading_a_document_instead(self):
        self.sections["school"].may_be_document = True
        kind = self.env["pep.document.type"].create({"name": "Report", "company_id": self.council.id})
        self.enter("teacher")
        (form,) = self.page(self.path()).xpath("//form[contains(@class, 'o_pep_upload')]")
        data = {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}
        response = self.url_open(
            form.get("action"),
            data={**data, "type_id": kind.id},
            files={"file": ("r.txt", b"The report", "text/plain")},
            allow_redirects=False,
        )
        self.assertEqual(self.where(response), (self.path(), "said=filed"))
        self.env.invalidate_all()
        self.assertEqual(self.parts["school"].document_id.type_id, kind)
        self.assertIn("The document has been filed.", self.words(self.page(self.path(more="?said=filed"))))

    def test_a_document_can_not_stand_for_every_part(self):
        kind = self.env["pep.document.type"].create({"name": "Report", "company_id": self.council.id})
        documents = self.as_user(self.env["pep.document"], "teacher")
        document_id = documents.action_file(self.plan.id, kind.id, "r.txt", "VGhlIHJlcG9ydA==")
        self.enter("teacher")
        page = self.parse(self.post(self.path(more="/document"), document_id=document_id))
        self.assertIn("can't stand for this part", self.words(page))
        self.assertFalse(self.parts["school"].document_id)

    def test_a_dual_registered_childs_other_school(self):
        second = self.make_school("Ash Centre", "100003")
        self.env["pep.enrolment"].create(
            {"child_id": self.child.id, "school_id": second.id, "kind": "subsidiary", "date_from": self.today}
        )
        self.as_user(self.plan, "vseo").action_update_parts()
        theirs = self.plan.contribution_ids.filtered(lambda part: part.school_id == second)
        self.enter("teacher")
        self.assertNoPage(self.get(f"/my/pep/section/{theirs.id}"))
        self.assertEqual(self.get(self.path()).status_code, 200)

    def test_fixed_number_of_queries(self):
        self.enter("teacher")
        first = self.make_plan(self.make_children())
        first.action_start()
        self.past_peps(2, first.child_id)
        few = self.queries_of(f"/my/pep/section/{self.parts_of(first)['school'].id}")
        for number in range(15):
            self.add_question(f"more{number}", "school", "text", starts="carry" if number % 2 else "empty")
        plan = self.make_plan(self.make_children())
        plan.action_start()
        self.past_peps(3, plan.child_id)
        more = self.queries_of(f"/my/pep/section/{self.parts_of(plan)['school'].id}")
        self.assertEqual(more, few)

    def test_saving_costs_a_fixed_number_of_queries(self):
        self.enter("teacher")
        for number in range(12):
            self.add_question(f"more{number}", "school", "text")
        plan = self.make_plan(self.make_children())
        plan.action_start()
        part = self.parts_of(plan)["school"]
        with self.counting() as one:
            self.send(part, well="One")
        with self.counting() as two:
            self.send(part, more1="One")
        self.assertLessEqual(two.number, one.number)


@tagged("post_install", "-at_install")
class TestColleagues(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["colleague"] = new_test_user(
            cls.env, "colleague.test", groups="base.group_portal", name="Colleague Smith"
        )
        cls.env["pep.school.staff"].create(
            {
                "user_id": cls.users["colleague"].id,
                "school_id": cls.school.id,
                "role": "colleague",
                "date_from": cls.today - timedelta(days=9),
            }
        )

    def delegations(self):
        return self.env["pep.delegation"].search([("child_id", "=", self.child.id), ("ended_on", "=", False)])

    def test_a_part(self):
        school = self.parts["school"]
        self.enter("colleague")
        self.assertNoPage(self.get(f"/my/pep/section/{school.id}"))
        self.enter("teacher")
        page = self.page(f"/my/pep/{self.plan.id}/delegate")
        self.assertIn("Colleague Smith", self.words(page))
        response = self.post(f"/my/pep/{self.plan.id}/delegate", user_id=self.users["colleague"].id, what=school.id)
        self.assertEqual(self.where(response)[0], f"/my/pep/{self.plan.id}")
        self.assertIn("Colleague Smith: Part school", self.words(self.page(f"/my/pep/{self.plan.id}")))
        self.enter("colleague")
        self.assertIn("1 part to do", self.words(self.page("/my/pep")))
        words = self.words(self.page(f"/my/pep/{self.plan.id}"))
        self.assertIn("Part school", words)
        self.assertNotIn("Part social", words)
        self.send(school, well="By a colleague")
        self.assertEqual(school.answer_ids.value, "By a colleague")
        self.assertNoPage(self.get(f"/my/pep/{self.plan.id}/delegate"))
        row = self.delegations()
        self.assertNoPage(self.post(f"/my/pep/{self.plan.id}/delegate/{row.id}/end"))
        self.enter("teacher")
        self.post(f"/my/pep/{self.plan.id}/delegate/{row.id}/end")
        self.assertFalse(self.delegations())
        self.enter("colleague")
        self.assertNoPage(self.get(f"/my/pep/section/{school.id}"))

    def test_the_child(self):
        self.enter("teacher")
        self.post(f"/my/pep/{self.plan.id}/delegate", user_id=self.users["colleague"].id)
        self.enter("colleague")
        self.assertEqual(self.get(f"/my/pep/section/{self.parts['school'].id}").status_code, 200)
        self.assertIn("everything the school does", self.words(self.page(f"/my/pep/{self.plan.id}")))

    def test_whom_and_what(self):
        other = self.make_plan(self.make_children())
        other.action_start()
        stranger = new_test_user(self.env, "stranger.test", groups="base.group_portal")
        path = f"/my/pep/{self.plan.id}/delegate"
        self.enter("teacher")
        for what in (self.parts["carer"].id, self.parts_of(other)["school"].id, 999999999, "x"):
            with self.subTest(what):
                response = self.post(path, user_id=self.users["colleague"].id, what=what)
                self.assertTrue(response.status_code == 404 or not self.delegations())
        page = self.parse(self.post(path, user_id=stranger.id))
        self.assertIn("Choose a colleague who works at the same school", self.words(page))
        self.assertIn("Choose a colleague.", self.words(self.parse(self.post(path))))
        self.assertFalse(self.delegations())

    def test_no_page_for_others(self):
        for role in ("social_worker", "carer", "parent", "colleague", "vseo"):
            with self.subTest(role):
                self.enter(role)
                self.assertNoPage(self.get(f"/my/pep/{self.plan.id}/delegate"))
                self.assertNoPage(self.post(f"/my/pep/{self.plan.id}/delegate", user_id=self.users["colleague"].id))
                self.assertNoPage(
                    self.post(f"/my/pep/{self.plan.id}/invite", school_id=self.school.id, name="X", email="x@y.example")
                )

    def test_inviting(self):
        self.council.pep_colleague_any_domain = True
        self.enter("teacher")
        path = f"/my/pep/{self.plan.id}/invite"
        elsewhere = self.make_school("Ash Centre", "100003")
        self.assertNoPage(self.post(path, school_id=elsewhere.id, name="New", email="new@elm.example"))
        page = self.parse(self.post(path, school_id=self.school.id, name="", email="new@elm.example"))
        self.assertIn("Say your colleague's name", self.words(page))
        self.assertTrue(page.xpath("//input[@value='new@elm.example']"))
        response = self.post(path, school_id=self.school.id, name="New Person", email="new@elm.example")
        self.assertEqual(self.where(response)[0], f"/my/pep/{self.plan.id}/delegate")
        self.assertIn("New Person", self.words(self.page(f"/my/pep/{self.plan.id}/delegate")))


@tagged("post_install", "-at_install")
class TestAttendance(PortalCase):
    def test_of_one_pupil(self):
        path = f"/my/pep/{self.plan.id}/attendance"
        days = {"date_from": str(self.today - timedelta(days=13)), "date_to": str(self.today - timedelta(days=9))}
        self.enter("teacher")
        self.page(path)
        numbers = {"possible": 8, "present": 7, "authorised": 1, "unauthorised": 0}
        for wrong in (
            {"present": "x"},
            {"present": ""},
            {"present": 9},
            {"date_from": ""},
            {"date_from": "2026-99-99"},
        ):
            with self.subTest(wrong=wrong):
                page = self.parse(self.post(path, **{**days, **numbers, **wrong}))
                self.assertTrue(page.xpath("//*[@role='alert'][normalize-space()]"))
        self.assertFalse(self.env["pep.attendance"].search([("child_id", "=", self.child.id)]))
        response = self.post(path, **days, **numbers, label="First half")
        self.assertEqual(self.where(response)[0], f"/my/pep/{self.plan.id}")
        words = self.words(self.page(f"/my/pep/{self.plan.id}"))
        self.assertIn("87.5%", words)
        self.assertIn("First half", words)

    def test_of_all_pupils(self):
        upn = ssda903.upn(1)
        self.child.upn = upn
        self.enter("teacher")
        head = "UPN,from,to,possible,present,authorised,unauthorised\n"
        first, last = self.today - timedelta(days=13), self.today - timedelta(days=9)
        row = f"{upn},{first},{last},8,7,1,0\n"
        self.assertIn("Choose a file first", self.upload(b""))
        self.assertIn("Nothing has been taken in", self.upload((head + row + "X,,,,,,\n").encode()))
        self.assertFalse(self.env["pep.attendance"].search([("child_id", "=", self.child.id)]))
        whole = (head + row).encode()
        self.assertIn("This file is too large", self.upload(whole + b"\n" * (6 * 1024 * 1024)), "and not cut short")
        self.assertFalse(self.env["pep.attendance"].search([("child_id", "=", self.child.id)]))
        self.assertIn("Taken in. 1 rows: 1 new", self.upload((head + row).encode()))

    def upload(self, content):
        response = self.url_open(
            "/my/pep/attendance",
            data={"csrf_token": self.token()},
            files={"file": ("a.csv", content, "text/csv")},
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return self.words(self.parse(response))

    def test_no_page_for_others(self):
        for role in ("social_worker", "carer", "parent", "employee"):
            with self.subTest(role):
                self.enter(role)
                self.assertNoPage(self.get("/my/pep/attendance"))
                self.assertNoPage(self.get(f"/my/pep/{self.plan.id}/attendance"))
                self.assertNoPage(self.post(f"/my/pep/{self.plan.id}/attendance", date_from="2026-01-01"))


@tagged("post_install", "-at_install")
class TestHelpers(PortalCase):
    def test_fingerprint_is_the_same_for_either_line_end(self):
        self.assertEqual(portal_section.fingerprint("a\r\nb"), portal_section.fingerprint("a\nb"))
        self.assertNotEqual(portal_section.fingerprint("a"), portal_section.fingerprint(""))

    def test_to_do_and_mine(self):
        contributions = self.env["pep.contribution"]
        for role, key in OWN.items():
            self.assertEqual(self.as_user(contributions, role)._to_do(), self.parts[key])
        self.assertEqual(self.as_user(contributions, "vseo")._to_do(), self.parts["office"])
        self.assertFalse(self.as_user(contributions, "other_vseo")._to_do())

    def test_left_off(self):
        self.add_section("second", "teacher", per_setting=True)
        self.add_question("second", "second", "text", required=True)
        self.as_user(self.plan, "vseo").action_update_parts()
        second = self.parts_of(self.plan)["second"]
        mine = self.parts["school"] | second
        self.assertEqual(mine._left_off(), self.parts["school"])
        self.save(second, "teacher", second="Begun")
        self.assertEqual(mine._left_off(), second)
        self.hand_in(self.plan, "school")
        self.as_user(self.parts["school"], "vseo")._take_step("return", "Say more")
        self.assertEqual(mine._left_off(), self.parts["school"])

    def test_a_readable_rendering_for_the_backend(self):
        self.save(self.parts["school"], "teacher", well="Line one\nLine two")
        view = str(self.as_user(self.parts["school"], "vseo").answers_view)
        self.assertIn("Line one<br/>Line two", view)
        self.assertIn("Not answered", view)
