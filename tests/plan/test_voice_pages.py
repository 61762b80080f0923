import json
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tests.common import HOST
from odoo.tools import mute_logger

from .voice_common import VoicePageCase

CSRF = "odoo.http"


@tagged("post_install", "-at_install")
class TestOpeningThePage(VoicePageCase):
    def path(self, part=None):
        return f"/my/pep/voice/{(part or self.part).id}"

    def test_the_adult_is_told_first(self):
        self.enter("carer")
        words = self.words(self.page(self.path()))
        for said in (
            "logged out on this device first",
            "after 10 minutes",
            "your school, your social worker",
            "Zebedee",
        ):
            self.assertIn(said, words)
        title = self.page(self.path()).xpath("//title")[0].text
        self.assertNotIn("Zebedee", title)
        self.assertFalse(self.visit(), "nothing is opened by looking")

    def test_the_adults_login_is_gone(self):
        self.enter("teacher")
        before = self.opener.cookies["session_id"]
        self.assertEqual(self.get("/my").status_code, 200)
        response = self.post(self.path(), at=self.path())
        self.assertEqual(response.headers["Location"], "/voice")
        self.assertEqual(response.headers["Clear-Site-Data"], '"cache"')
        self.assertNotEqual(self.opener.cookies["session_id"], before)
        for path in ("/my", "/my/pep", "/odoo", self.path()):
            response = self.get(path)
            self.assertEqual(response.status_code, 303, path)
            self.assertIn("/web/login", response.headers["Location"])
        self.assertIn("Hello Zebedee!", self.words(self.page()))
        # nor does the number that the session had open anything
        self.opener.cookies.clear()
        self.opener.cookies.set("session_id", before, domain=HOST, path="/")
        self.assertIn("/web/login", self.get("/my").headers["Location"])
        self.assertEqual(self.get("/voice").headers["Location"], "/voice/code")

    def test_no_such_page(self):
        other = self.make_children()
        other_plan = self.make_plan(other)
        other_plan.action_start()
        foreign = self.parts_of(other_plan)["voice"]
        self.env["pep.enrolment"].search([("child_id", "=", other.id)]).date_to = self.today - timedelta(days=1)
        self.enter("teacher")
        token = self.token(self.path())
        nothing = self.get("/my/pep/voice/2000000000")
        self.assertEqual(nothing.status_code, 404)
        for number in (foreign.id, self.parts["school"].id, self.parts["carer"].id, 0, 10**12):
            for path in (f"/my/pep/voice/{number}", f"/my/pep/voice/{number}/hand-in"):
                with self.subTest(path):
                    asked = [self.url_open(path, data={"csrf_token": token}, allow_redirects=False)]
                    asked += [] if path.endswith("hand-in") else [self.get(path)]
                    for response in asked:
                        self.assertEqual((response.status_code, response.text), (404, nothing.text))
        self.assertFalse(self.env["pep.voice.session"].search([]))
        self.enter("employee")
        self.assertEqual(self.get(self.path()).status_code, 404)

    def test_not_without_a_login(self):
        self.authenticate(None, None)
        self.assertIn("/web/login", self.get(self.path()).headers["Location"])

    def test_handing_in_by_the_adult(self):
        self.say(self.open_voice("teacher"), "safe", "Yes")
        self.enter("teacher")
        self.assertIn("1 of 5 answered", self.words(self.page(self.path())))
        response = self.post(f"{self.path()}/hand-in", at=self.path())
        self.assertEqual(response.headers["Location"], self.path())
        self.assertEqual(self.part.state, "submitted")
        self.assertIn("handed in", self.words(self.page(self.path())))
        response = self.url_open(self.path(), data={"csrf_token": self.token("/web/login")}, allow_redirects=False)
        self.assertNotEqual(response.status_code, 303)

    def test_no_token_no_opening(self):
        self.enter("teacher")
        with mute_logger(CSRF):
            self.assertEqual(self.url_open(self.path(), data={"x": "1"}, allow_redirects=False).status_code, 400)
        self.assertFalse(self.visit())


@tagged("post_install", "-at_install")
class TestThePage(VoicePageCase):
    def test_from_hello_to_goodbye(self):
        visit = self.open_page()
        self.go("begin", language="Polish", helper_note="Mrs Nowak interprets")
        page = self.page()
        self.assertIn("Question safe?", self.words(page))
        self.assertIn("Question 1 of 5", page.xpath("//title")[0].text)
        self.go("next", value="Tak. <script>alert(1)</script>")
        self.go("skip", value="not to be saved")
        self.go("next", value="4", words="Because of art")
        self.go("back")
        page = self.page()
        self.assertEqual(page.xpath("//input[@type='radio'][@checked]/@value"), ["4"])
        self.assertEqual(page.xpath("//textarea[@name='words']")[0].text, "Because of art")
        self.go("check")
        self.assertIn("2 of 5 stars", self.words(self.page()))
        response = self.go("finish")
        self.assertGone(response, "finished")
        self.assertIn("Thank you!", self.words(self.page(response.headers["Location"])))
        self.assertRecordValues(
            visit,
            [{"language": "Polish", "helper_note": "Mrs Nowak interprets", "closed_how": "finished"}],
        )
        self.assertEqual(self.part.state, "submitted")
        self.assertEqual(self.answer("safe").value, "Tak. <script>alert(1)</script>")
        self.assertFalse(self.answer("hopes"))
        self.assertEqual(self.get("/voice").headers["Location"], "/voice/code", "it is forgotten")

    def test_what_was_typed_is_never_markup(self):
        self.open_page()
        self.go("begin")
        self.go("next", value="</textarea><script>alert(1)</script>")
        self.go("back")
        self.assertNotIn("<script>alert", self.get("/voice").text)

    def test_it_loads_nothing_from_elsewhere_and_is_kept_nowhere(self):
        self.open_page()
        response = self.get("/voice")
        self.assertIn("default-src 'none'", response.headers["Content-Security-Policy"])
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        page = self.page()
        addresses = page.xpath("//@src | //@href | //@action")
        self.assertFalse([path for path in addresses if not path.startswith(("/", "#", "data:,", "tel:"))])
        self.assertFalse(page.xpath("//script[not(@src)] | //*[@style] | //style"))

    def test_saved_as_it_is_typed(self):
        self.open_page()
        self.go("begin")
        question = self.questions["safe"].id
        first = self.post("/voice/keep", question=question, version=0, value="At lunch I")
        self.assertEqual(first.json(), {"status": "saved", "version": 1})
        second = self.post("/voice/keep", question=question, version=1, value="At lunch I feel safe")
        self.assertEqual(second.json()["version"], 2)
        self.assertEqual(self.answer("safe").value, "At lunch I feel safe")
        self.go("next", value="At lunch I feel safe")
        self.assertEqual(self.answer("safe").version, 2)

    def test_a_refused_answer_stays_on_the_page(self):
        self.add_question("count", "voice", "number", number_min=0, number_max=10)
        self.part.sudo().opened_on = fields.Datetime.now() + timedelta(seconds=2)
        visit = self.open_page()
        visit._look_at(self.questions["count"])
        page = self.go("next", value="lots", words="so many")
        self.assertEqual(page.status_code, 200)
        self.assertIn("is not a number", page.text)
        self.assertIn('value="lots"', page.text)
        self.assertIn("so many</textarea>", page.text)
        self.assertEqual(self.visit().question_id, self.questions["count"])

    def test_kept_from_the_helper(self):
        self.open_page("vseo")
        self.go("begin")
        self.assertIn("Keep this from the person helping me", self.words(self.page()))
        self.go("next", value="Not with you", private="1")
        self.go("back")
        response = self.get("/voice")
        self.assertNotIn("Not with you", response.text)
        self.assertIn("You wrote something here that only your virtual school reads.", response.text)
        self.go("next", value="And more")
        self.assertEqual(self.answer("safe").value_text, "Not with you\nAnd more")
        self.go("check")
        self.assertGone(self.go("close"), "adult")
        # the adult logs in again, and asks by every way there is
        self.enter("vseo")
        answer = self.answer("safe").id
        for method, args in (
            ("search_read", [[["contribution_id", "=", self.part.id]]]),
            ("read", [[answer], ["value_text"]]),
            ("web_read", [[answer], {"value_text": {}}]),
            ("export_data", [[answer], ["value_text"]]),
        ):
            payload = {"params": {"model": "pep.answer", "method": method, "args": args, "kwargs": {}}}
            if method == "web_read":
                payload["params"] |= {"args": [[answer]], "kwargs": {"specification": {"value_text": {}}}}
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"):
                response = self.url_open(
                    f"/web/dataset/call_kw/pep.answer/{method}",
                    data=json.dumps(payload),
                    headers={"Content-Type": "application/json"},
                )
            with self.subTest(method):
                self.assertNotIn("Not with you", response.text)

    def test_the_look(self):
        self.open_page()
        self.go("begin")
        for step, css in (("look-young", "v-young"), ("look-size", "v-large"), ("look-contrast", "v-contrast")):
            self.go(step, value="Half a word")
            self.assertIn(css, self.page().get("class"))
        self.assertEqual(self.answer("safe").value, "Half a word", "nothing that was typed is lost by it")
        self.assertTrue(self.page().xpath("//*[local-name()='svg'][contains(@class, 'v-picture')]"))
        self.go("look-older")
        self.assertFalse(self.page().xpath("//*[local-name()='svg'][contains(@class, 'v-picture')]"))

    # === When it is over ===

    def test_after_the_pause_each_request_finds_it_closed(self):
        paths = [
            ("get", "/voice"),
            ("get", "/voice/tell"),
            ("post", "/voice/go"),
            ("post", "/voice/tell"),
            ("post", "/voice/pause"),
        ]
        for method, path in paths:
            visit = self.open_page()
            token = self.token("/voice")
            visit.last_seen = fields.Datetime.now() - timedelta(minutes=11)
            self.env.flush_all()
            with self.subTest(f"{method} {path}"):
                if method == "get":
                    response = self.get(path)
                else:
                    data = {"csrf_token": token, "step": "next", "value": "late", "words": "late"}
                    response = self.url_open(path, data=data, allow_redirects=False)
                    self.env.invalidate_all()
                self.assertGone(response, "paused")
                self.assertEqual(visit.closed_how, "paused")
                self.assertEqual(self.get("/voice").headers["Location"], "/voice/code")
        self.assertFalse(self.part.answer_ids)
        self.assertFalse(self.env["pep.concern"].search([]))

    def test_after_the_pause_nothing_is_saved_as_it_is_typed(self):
        visit = self.open_page()
        token = self.token("/voice")
        visit.last_seen = fields.Datetime.now() - timedelta(minutes=11)
        self.env.flush_all()
        for path in ("/voice/keep", "/voice/here"):
            response = self.url_open(path, data={"csrf_token": token, "value": "x"})
            self.assertEqual(response.json(), {"status": "gone"})

    def test_still_there(self):
        visit = self.open_page()
        earlier = fields.Datetime.now() - timedelta(minutes=9)
        visit.last_seen = earlier
        self.env.flush_all()
        self.assertEqual(self.post("/voice/here").json(), {"status": "here"})
        self.assertGreater(visit.last_seen, earlier)

    def test_nobody_answers(self):
        visit = self.open_page()
        self.assertGone(self.post("/voice/pause"), "paused")
        self.assertEqual(visit.closed_how, "paused")

    def test_opened_elsewhere(self):
        self.open_page()
        self.open_voice("carer")
        self.env.flush_all()
        self.assertGone(self.get("/voice"), "over")

    def test_an_adult_who_logs_in_beside_it_ends_it(self):
        visit = self.open_page()
        token = self.token("/web/login")
        user = self.users["teacher"]
        login = {"csrf_token": token, "login": user.login, "password": user.login}
        self.url_open("/web/login", data=login, allow_redirects=False)
        self.env.invalidate_all()
        self.assertGone(self.get("/voice"), "adult")
        self.assertEqual(visit.closed_how, "adult")

    def test_goodbye_says_the_same_to_everybody(self):
        self.authenticate(None, None)
        for how in ("finished", "adult", "paused", "ended", "replaced", "over", "<script>", ""):
            page = self.page(f"/voice/end?how={how}&look=%3Cscript%3E")
            self.assertIn("give the device back", self.words(page))

    # === What it reaches ===

    def test_it_reaches_its_own_part_alone(self):
        visit = self.open_page()
        foreign = self.questions["well"]
        self.go("begin")
        token = self.token("/voice")
        for values in (
            {"step": "next", "question": foreign.id, "version": 0, "value": "x"},
            {"step": f"to-{foreign.id}"},
            {"step": "to-x"},
            {"step": "look-x"},
            {"step": "", "contribution_id": self.parts["school"].id, "visit_id": visit.id + 1},
            {"question": "٣", "version": "-1", "value": "x" * 100_000},
        ):
            with self.subTest(values=str(values)[:80]):
                response = self.url_open("/voice/go", data={"csrf_token": token, **values}, allow_redirects=False)
                self.assertIn(response.status_code, (200, 303))
        self.env.invalidate_all()
        self.assertFalse(self.parts["school"].answer_ids)
        for path in (
            f"/my/pep/{self.plan.id}",
            f"/my/pep/section/{self.part.id}",
            f"/my/pep/voice/{self.part.id}",
            "/web/dataset/call_kw/pep.answer/search_read",
        ):
            response = self.url_open(path, allow_redirects=False)
            self.assertNotEqual(response.status_code, 200, path)

    def test_calls_by_rpc_are_nobodys(self):
        self.open_page()
        payload = {"params": {"model": "pep.child", "method": "search_read", "args": [[]], "kwargs": {}}}
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/web/dataset/call_kw", data=json.dumps(payload), headers={"Content-Type": "application/json"}
            )
        self.assertIn("Session expired", response.text)

    def test_no_token_no_step(self):
        self.open_page()
        with mute_logger(CSRF):
            for path in ("/voice/go", "/voice/keep", "/voice/here", "/voice/pause", "/voice/tell", "/voice/code"):
                self.assertEqual(self.url_open(path, data={"step": "begin"}).status_code, 400, path)
        self.assertEqual(self.visit().place, "start")

    # === I want to tell someone ===

    def test_telling(self):
        self.open_page()
        self.go("begin")
        response = self.go("tell", value="Half a sentence")
        self.assertEqual(response.headers["Location"], "/voice/tell")
        self.assertEqual(self.answer("safe").value, "Half a sentence", "what was typed is kept")
        for said in ("You don't have to write anything", "is not told", "0800 1111", "999"):
            self.assertIn(said, self.words(self.page("/voice/tell")))
        response = self.post("/voice/tell", at="/voice/tell", words="It is at home")
        words = self.words(self.page(response.headers["Location"]))
        for said in ("asked somebody from your virtual school", "0800 1111", "999"):
            self.assertIn(said, words)
        self.assertNotIn("It is at home", words)
        concern = self.env["pep.concern"].search([])
        self.assertRecordValues(concern, [{"words": "It is at home", "child_id": self.child.id, "state": "new"}])
        self.assertNotIn("tell", response.headers["Location"].replace("/voice/told", ""))
        self.assertIn("Question safe?", self.words(self.page()), "back where it was")
        self.assertNotIn("It is at home", self.get("/voice").text)
        # the adult finds nothing of it
        self.enter("teacher")
        for path in (f"/my/pep/voice/{self.part.id}", "/my/pep", f"/my/pep/{self.plan.id}", "/my"):
            response = self.get(path)
            self.assertNotIn("It is at home", response.text)

    def test_nobody_there_is_said(self):
        self.child.vseo_id = False
        self.council.pep_safeguarding_id = False
        self.users["head"].active = False
        self.open_page()
        response = self.post("/voice/tell", at="/voice/tell")
        self.assertIn("nobody is there now", self.words(self.page(response.headers["Location"])))


@tagged("post_install", "-at_install")
class TestTheCode(VoicePageCase):
    def setUp(self):
        super().setUp()
        self.grow_up(15)
        self.authenticate(None, None)

    def use(self, code, **birthday):
        born = self.child.date_of_birth
        return self.post(
            "/voice/code", at="/voice/code", code=code, **{"day": born.day, "month": born.month, **birthday}
        )

    def test_alone(self):
        code = self.make_code()
        self.env.flush_all()
        self.assertEqual(self.use(code).headers["Location"], "/voice")
        words = self.words(self.page())
        self.assertIn("Hello Zebedee!", words)
        self.assertNotIn("is helping you", words)
        self.go("begin")
        self.assertIn("Keep this for my virtual school alone", self.words(self.page()))
        self.go("next", value="On my own")
        self.go("check")
        self.assertGone(self.go("finish"), "finished")
        self.assertEqual(self.part.history[-1]["by"], "The child")

    def test_every_failure_is_answered_alike(self):
        code = self.make_code()
        born = self.child.date_of_birth
        answers = []
        for values in (
            {"code": "BCDF222222"},
            {"code": ""},
            {"code": code, "day": born.day % 28 + 1},
            {"code": code, "month": "x"},
            {"code": "%" * 50},
        ):
            response = self.use(values.pop("code"), **values)
            answers.append((response.status_code, response.text.replace(self.token("/voice/code"), "")))
            self.env["pep.voice.attempt"].search([]).unlink()
        self.as_user(self.env["pep.voice.code"], "vseo").search([]).action_withdraw()
        response = self.use(code)
        answers.append((response.status_code, response.text.replace(self.token("/voice/code"), "")))
        self.assertEqual(len(set(answers)), 1)
        self.assertIn("did not work", answers[0][1])
        self.assertFalse(self.visit())

    def test_throttled_over_http(self):
        code = self.make_code()
        for _attempt in range(5):
            self.use(code[:-1] + "?")
        self.assertEqual(self.use(code).status_code, 200)
        self.assertFalse(self.visit())

    def test_who_was_logged_in_is_not_any_more(self):
        code = self.make_code()
        self.enter("teacher")
        self.assertEqual(self.use(code).headers["Location"], "/voice")
        self.assertIn("/web/login", self.get("/my").headers["Location"])
