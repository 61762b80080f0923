"""A complete PEP over HTTP: with an API key at /json/2, by the older calls, and on the pages of the portal."""

import inspect
import json
import re
from datetime import timedelta
from xmlrpc.client import Fault

from odoo import fields
from odoo.http import Request, _generate_routing_rules
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from tests.access.table import INTERNAL, PORTAL, ROLES, TABLE

from .freeze_common import QUIET, FrozenCase

WRITERS = ("vseo", "support", "head")
# What a page of the portal sends, whatever page it is.
FORM = {
    "answer": "accepted",
    "answer-0": "Forged",
    "version-0": "",
    "name": "Forged",
    "note": "Forged",
    "reason": "Forged",
    "text": "Forged",
    "value": "Forged",
    "how": "phone",
    "date": "2024-01-01",
    "what": "child",
    "email": "forged@school.example",
    "back": "",
}


class HttpFrozenCase(FrozenCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.quiet = mute_logger(*QUIET, "odoo.addons.rpc.controllers.xmlrpc", "odoo.addons.web.controllers.dataset")
        self.quiet.__enter__()
        self.addCleanup(self.quiet.__exit__, None, None, None)

    def text_field(self, record):
        return next(
            name
            for name, field in record._fields.items()
            if field.type in ("char", "text") and field.store and name not in ("child_reference",)
        )


@tagged("post_install", "-at_install")
class TestJson2(HttpFrozenCase):
    def key(self, person):
        keys = self.env["res.users.apikeys"].with_user(self.users[person])
        return keys._generate("rpc", "test", fields.Datetime.now() + timedelta(hours=12))

    def call(self, key, model, method, ids=(), **arguments):
        body = {"ids": list(ids), **arguments} if ids else arguments
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body, default=str),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
        )

    def test_the_key_opens_what_its_owner_may_read(self):
        """Or the refusals below would prove nothing."""
        for person in WRITERS:
            told = self.call(self.key(person), "pep.plan", "read", self.plan.ids, fields=["summary"])
            with self.subTest(person):
                self.assertEqual(told.status_code, 200)
                self.assertEqual(told.json()[0]["summary"], "Secret summary")
        told = self.call(
            self.key("vseo"), "pep.plan", "write", self.records["pep.plan"]["archived"].ids, vals={"summary": "x"}
        )
        self.assertEqual(told.status_code, 200, "an open PEP is written")

    def test_writing_as_each_role(self):
        tried = 0
        for person in ROLES:
            key = self.key(person)
            for record in self.frozen_records():
                vals = {self.text_field(record): "Forged"}
                for method, arguments in (
                    ("write", {"vals": vals}),
                    ("web_save", {"vals": vals, "specification": {}}),
                    ("unlink", {}),
                    ("copy", {}),
                ):
                    if method != "write" and person not in WRITERS:
                        continue
                    tried += 1
                    with self.subTest(person, model=record._name, method=method):
                        told = self.call(key, record._name, method, record.ids, **arguments)
                        self.assertIn(told.status_code, (403, 404, 422))
            with self.subTest(person):
                self.assert_frozen()
        self.assertGreater(tried, 300)

    def test_adding_and_importing(self):
        for person in (*WRITERS, "teacher"):
            key = self.key(person)
            for model in self.parts().keys() - {"pep.plan", "pep.meeting.option", "pep.meeting.option.answer"}:
                values = self.create_values(model, "own")
                values = {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}
                with self.subTest(person, model=model):
                    told = self.call(key, model, "create", vals_list=[values])
                    self.assertIn(told.status_code, (403, 404, 422))
            told = self.call(key, "pep.plan", "load", fields=[".id", "summary"], data=[[str(self.plan.id), "Forged"]])
            self.assertFalse(told.status_code == 200 and told.json()["ids"])
            self.assert_frozen()

    def test_the_apps_methods(self):
        """Each public method about the child, by name, as staff and as those around the child."""
        called = 0
        for person in (*WRITERS, "teacher", "social_worker", "carer"):
            key = self.key(person)
            for model, method in TABLE.methods:
                if TABLE.kind.get(model) != "child":
                    continue
                record = self.of(model, person)
                arguments = self.arguments(record, method)
                names = list(inspect.signature(getattr(record, method)).parameters)[: len(arguments)]
                with self.subTest(person, model=model, method=method):
                    called += 1
                    told = self.call(key, model, method, record.ids, **dict(zip(names, arguments, strict=True)))
                    self.assertLess(told.status_code, 500)
            with self.subTest(person):
                self.assert_frozen()
        self.assertGreater(called, 400)

    def test_private_methods_and_the_table_of_access(self):
        for person in WRITERS:
            key = self.key(person)
            for model, method, arguments in (
                ("pep.plan", "_move", {"state": "processing"}),
                ("pep.plan", "_take_step", {"step": "correct", "reason": "Forged"}),
                ("pep.plan", "_write", {"vals": {"state": "processing"}}),
                ("pep.plan.issue", "_issue", {"plan": self.plan.id}),
            ):
                with self.subTest(person, method=method):
                    told = self.call(key, model, method, self.plan.ids, **arguments)
                    self.assertIn(told.status_code, (403, 404, 422))
            self.assert_frozen()


@tagged("post_install", "-at_install")
class TestOlderCalls(HttpFrozenCase):
    def call_kw(self, model, method, args, kwargs=None):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs or {}}
        told = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return told.json()

    def test_as_the_screens_call(self):
        for person in INTERNAL:
            self.authenticate(self.users[person].login, self.users[person].login)
            for record in self.frozen_records():
                vals = {self.text_field(record): "Forged"}
                for method, args in (
                    ("write", [record.ids, vals]),
                    ("web_save", [record.ids, vals, {}]),
                    ("unlink", [record.ids]),
                ):
                    with self.subTest(person, model=record._name, method=method):
                        self.assertIn("error", self.call_kw(record._name, method, args))
            with self.subTest(person):
                self.assert_frozen()

    def test_as_older_programs_call(self):
        for person in WRITERS:
            user = self.users[person]
            account = (self.env.cr.dbname, user.id, user.login)
            told = self.xmlrpc_object.execute_kw(*account, "pep.plan", "read", [self.plan.ids, ["summary"]])
            self.assertEqual(told[0]["summary"], "Secret summary")
            for record in self.frozen_records():
                vals = {self.text_field(record): "Forged"}
                with self.subTest(person, model=record._name), self.assertRaises(Fault):
                    self.xmlrpc_object.execute_kw(*account, record._name, "write", [record.ids, vals])
            self.assert_frozen()


@tagged("post_install", "-at_install")
class TestPortal(HttpFrozenCase):
    def routes(self):
        """Every address of ours that takes a form: (address, names of what is in it)."""
        for url, endpoint in _generate_routing_rules(["pep_module"], nodb_only=False):
            if "POST" in (endpoint.routing.get("methods") or ()):
                yield url, set(re.findall(r"<int:(\w+)>", url))

    def ids(self):
        record = {name: self.records[f"pep.{name}"]["own"] for name in ("plan", "contribution", "document", "action")}
        return {
            "plan_id": record["plan"].id,
            "contribution_id": record["contribution"].id,
            "document_id": record["document"].id,
            "action_id": record["action"].id,
            "attendee_id": self.meeting.attendee_ids[:1].id,
            "proposal_id": self.records["pep.target.proposal"]["own"].id,
            "delegation_id": self.records["pep.delegation"]["own"].id,
            "copy_id": self.plan.issue_ids.copy_ids[:1].id,
        }

    def test_every_form_of_the_portal(self):
        routes = list(self.routes())
        self.assertGreater(len(routes), 20)
        part = self.records["pep.contribution"]["own"]
        question = self.questions[part.company_id][0].id
        known = self.ids()
        form = {
            **FORM,
            f"q-{question}": "Forged",
            f"answer-{question}": "Forged",
            f"version-{question}": "1",
            "question": str(question),
            "type_id": str(self.records["pep.document"]["own"].type_id.id),
            "area_id": str(self.records["pep.target"]["own"].area_id.id),
            "user_id": str(self.users["delegate_and_carer"].id),
            "school_id": str(self.school.id),
        }
        posted = 0
        for person in (*PORTAL, "vseo", "head"):
            self.authenticate(self.users[person].login, self.users[person].login)
            form["csrf_token"] = Request.csrf_token(self)
            for url, names in routes:
                if not names <= known.keys():
                    continue
                path = re.sub(r"<int:(\w+)>", lambda match: str(known[match[1]]), url)
                with self.subTest(person, path=url):
                    posted += 1
                    told = self.url_open(path, data=form, allow_redirects=False)
                    self.assertLess(told.status_code, 500)
            with self.subTest(person):
                self.assert_frozen()
        self.assertGreater(posted, 150)
