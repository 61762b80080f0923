"""The portal pages asked for as somebody, over HTTP."""

import re
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit

from lxml import html

from odoo.tests import HttpCase

from .gathering_common import GatheringCase


class PortalCase(GatheringCase, HttpCase):
    def enter(self, role):
        """Log in as the user of a role."""
        user = self.users[role]
        self.authenticate(user.login, user.login)
        self.env.invalidate_all()

    def get(self, path):
        return self.url_open(path, allow_redirects=False)

    def page(self, path):
        """The page at an address, parsed; it must be there."""
        response = self.get(path)
        self.assertEqual(response.status_code, 200, path)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        return html.fromstring(response.text)

    def parse(self, response):
        """The page that came back from a form."""
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def words(self, page):
        """The text of a page's own part, on one line."""
        (main,) = page.xpath("//main")
        return self.flat(main)

    def flat(self, element):
        return re.sub(r"\s+", " ", element.text_content()).strip()

    @contextmanager
    def counting(self):
        """Count the queries of the requests made meanwhile, those of Odoo's own layout included."""
        counted = SimpleNamespace(number=self.cr.sql_log_count)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        yield counted
        counted.number = self.cr.sql_log_count - before

    def queries_of(self, path):
        """How many queries a page takes, once what Odoo keeps in memory is there."""
        for _turn in range(2):
            with self.counting() as counted:
                self.assertEqual(self.get(path).status_code, 200)
        return counted.number

    def past_peps(self, number, child=None):
        """Finished PEPs of earlier terms, each with a part that was handed in."""
        child = child or self.child
        terms = self.env["pep.term"].search(
            [("company_id", "=", self.council.id), ("date_from", "<", self.term.date_from)], order="date_from desc"
        )[:number]
        self.assertEqual(len(terms), number)
        for term in terms:
            plan = self.make_plan(child, term)
            plan.action_start()
            part = self.parts_of(plan)["school"].sudo()
            part._save_answers(
                [{"question": self.questions["plans"].id, "value": f"In {term.name}", "version": 0}],
                author=self.users["teacher"],
            )
            part.write({"state": "submitted"})
            self.env.cr.execute("UPDATE pep_plan SET state = 'complete' WHERE id = %s", [plan.id])
            self.env.invalidate_all()
            plan.contribution_ids._compute_audience()

    def token(self):
        """A CSRF token of this session, as our own pages hold it."""
        (token,) = html.fromstring(self.get("/my").text).xpath("//script[@id='web.layout.odooscript']")
        return re.search(r'csrf_token: "(\w+)"', token.text)[1]

    def post(self, path, token=None, **values):
        """Send a form with the session's CSRF token."""
        data = {"csrf_token": token or self.token(), **values}
        response = self.url_open(path, data=data, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def send(self, part, role=None, version=0, **values):
        """Save answers by short name as the page does by itself; returns the server's JSON."""
        data = {}
        for key, value in values.items():
            data[f"answer-{self.questions[key].id}"] = value
            data[f"version-{self.questions[key].id}"] = version
        response = self.post(f"/my/pep/section/{part.id}/save", **data)
        self.assertEqual(response.status_code, 200)
        return response.json()

    def assertNoPage(self, response):
        """The same answer as for an address with a number that nothing has."""
        nothing = self.get("/my/pep/section/999999999")
        self.assertEqual((response.status_code, response.text), (404, nothing.text))

    def where(self, response):
        """Where an answer sends the browser to: path, and what stands behind it."""
        parts = urlsplit(response.headers["Location"])
        return parts.path, parts.query
