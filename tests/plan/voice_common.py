"""The child's page with a question of each kind, asked for as nobody: without a login."""

import re
from datetime import date, timedelta

from lxml import html

from odoo.tests import HttpCase

from .gathering_common import GatheringCase


class VoiceCase(GatheringCase):
    """``self.part`` is the child's part: *safe* and *hopes* in words, *feel* on a scale, *adult* yes or no, *come* to
    choose from.

    Carers do not read the section; of what is said to *hopes* the school does not either.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.pep_safeguarding_id = cls.env["res.partner"].create(
            {"name": "Safeguarding team", "email": "safeguarding@testshire.example"}
        )
        cls.users["vseo"].partner_id.email = "vseo@testshire.example"
        cls.users["head"].partner_id.email = "head@testshire.example"
        cls.part = cls.parts["voice"]

    @classmethod
    def add_question(cls, key, section, kind, **values):
        super().add_question(key, section, kind, **values)
        if key == "hopes":
            super().add_question("feel", "voice", "scale", scale_low="Very sad", scale_high="Very happy")
            super().add_question("adult", "voice", "yesno", wording_young="Is there a kind grown-up?")
            super().add_question("come", "voice", "choice", options="All of it\nPart of it\nNot this time")
            cls.questions["hopes"].for_teacher = False

    @classmethod
    def open_voice(cls, role="teacher", part=None):
        """The visit that an adult opens, as the app sees it."""
        part = part or cls.part
        key = cls.as_user(part, role)._open_voice()
        visit, _over = cls.env["pep.voice.session"]._enter(key)
        return visit

    @classmethod
    def say(cls, visit, key, value="", words="", private=False, version=None):
        """Go to a question by short name, and answer it."""
        question = cls.questions[key]
        visit._look_at(question)
        answer = visit._answer_to(question)
        version = (answer.version if answer else 0) if version is None else version
        typed = {"question": question.id, "value": value, "words": words, "private": private, "version": version}
        return visit._save(typed)

    @classmethod
    def answer(cls, key, part=None):
        """The answer to a question by short name, past all rules."""
        part = part or cls.part
        return part.sudo().answer_ids.filtered(lambda answer: answer.question_id == cls.questions[key])

    @classmethod
    def make_code(cls, role="vseo"):
        """A code for the child's part, as typed."""
        return cls.as_user(cls.part, role).action_make_voice_code()["params"]["code"]

    @classmethod
    def grow_up(cls, years=15):
        """Born so many years and a day ago."""
        yesterday = cls.today - timedelta(days=1)
        cls.child.date_of_birth = date(yesterday.year - years, yesterday.month, min(yesterday.day, 28))


class VoicePageCase(VoiceCase, HttpCase):
    """The pages over HTTP, as one browser."""

    def enter(self, role):
        user = self.users[role]
        self.authenticate(user.login, user.login)
        self.env.invalidate_all()

    def get(self, path):
        response = self.url_open(path, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def page(self, path="/voice"):
        response = self.get(path)
        self.assertEqual(response.status_code, 200, f"{path}: {response.headers.get('Location')}")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        return html.fromstring(response.text)

    def words(self, page):
        (main,) = page.xpath("//main")
        return re.sub(r"\s+", " ", main.text_content()).strip()

    def token(self, path):
        fields = html.fromstring(self.get(path).text).xpath("//input[@name='csrf_token']/@value")
        return fields[0]

    def post(self, path, at="/voice", **values):
        """Send a form with the token of the page on which it stands."""
        data = {"csrf_token": self.token(at), **values}
        response = self.url_open(path, data=data, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def open_page(self, role="teacher", part=None):
        """Log in as somebody and open the child's page."""
        path = f"/my/pep/voice/{(part or self.part).id}"
        self.enter(role)
        response = self.post(path, at=path)
        self.assertEqual((response.status_code, response.headers["Location"]), (303, "/voice"))
        return self.visit()

    def visit(self):
        return self.env["pep.voice.session"].search([("contribution_id", "=", self.part.id)], limit=1)

    def go(self, step, **values):
        """One step on the page where the child is, with what stands in its form."""
        (form,) = self.page().forms
        return self.post("/voice/go", **{**dict(form.form_values()), **values, "step": step})

    def assertGone(self, response, how):
        self.assertEqual(response.status_code, 303)
        self.assertIn(f"/voice/end?how={how}", response.headers["Location"])
