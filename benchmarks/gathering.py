"""The portal: the list of thirty pupils, the page of a part and saving an answer, beside Odoo's own portal list.

Whole requests, through Odoo's own dispatching and templates, on the wall: what the browser waits for.
"""

import re
import time

from werkzeug.test import Client

from odoo import http

from .measuring import Line, medians

# Odoo's list shows thirty lines of two amounts; ours thirty children with what is due, by whom and how far it is.
LIST_BOUND = 2.5
PAGE_BOUND = 2.0
SAVE_BOUND = 1.0


class Visitor:
    """Somebody with a login, at a browser that keeps its session."""

    def __init__(self, bench, user):
        self.bench = bench
        self.registry = bench.registry
        with bench.env() as env:
            person = env["res.users"].browse(user)
            self.lang = person.lang or "en_US"
            store = http.root.session_store
            session = store.new()
            session.update(http.get_default_session(), db=env.cr.dbname)
            session.uid, session.login = person.id, person.login
            session.context = {"lang": self.lang, "tz": "Europe/London", "uid": person.id}
            session.session_token = person._compute_session_token(session.sid)
            store.save(session)
        self.client = Client(http.root)
        self.client.set_cookie("session_id", session.sid, domain="localhost")

    def get(self, path):
        response = self.client.get(path)
        if response.status_code != 200:
            raise ValueError(f"{path} answers {response.status}")
        return response.get_data(as_text=True)

    def post(self, path, data):
        response = self.client.post(path, data=data)
        if response.status_code != 200:
            raise ValueError(f"{path} answers {response.status}")
        return response.get_json()

    @staticmethod
    def time(work):
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1000


def lines(large, small, repetitions):
    """Three pages of a teacher with thirty pupils."""
    http.root.initialize()
    here, there = (Visitor(bench, bench.authority.busy_teacher) for bench in (large, small))
    pages = {"list": "/my/pep", "part": first_part(large)}
    own = "/my/invoices"
    shown = here.get(pages["list"]).count("/my/pep/section/")
    ours, odoos = medians(
        lambda: here.time(lambda: here.get(pages["list"])),
        lambda: here.time(lambda: here.get(own)),
        repetitions=repetitions,
    )
    yield Line(
        "Portal list of 30 pupils: against Odoo's own portal list of 30 invoices",
        ours / odoos,
        LIST_BOUND,
        ms=ours,
        baseline_ms=odoos,
        aside={"links_to_parts": shown},
    )
    ours, odoos = medians(
        lambda: here.time(lambda: here.get(pages["part"])),
        lambda: here.time(lambda: here.get(own)),
        repetitions=repetitions,
    )
    yield Line(
        "Page of a part: against Odoo's own portal list of 30 invoices",
        ours / odoos,
        PAGE_BOUND,
        ms=ours,
        baseline_ms=odoos,
    )
    typing = Typing(here, pages["part"])
    ours, odoos = medians(
        lambda: here.time(typing.save), lambda: here.time(lambda: here.get(own)), repetitions=repetitions
    )
    yield Line(
        "Saving an answer: against Odoo's own portal list of 30 invoices",
        ours / odoos,
        SAVE_BOUND,
        ms=ours,
        baseline_ms=odoos,
    )
    many, few = medians(
        lambda: here.time(lambda: here.get(pages["part"])),
        lambda: there.time(lambda: there.get(first_part(small))),
        repetitions=repetitions,
    )
    yield Line(
        "Page of a part: against a tenth of the PEPs and answers",
        many / few,
        1.3,
        slack=5,
        ms=many,
        baseline_ms=few,
    )


def first_part(bench):
    """The address of a part that the busy teacher answers now: the one with the most questions."""
    with bench.env(bench.authority.busy_teacher) as env:
        parts = env["pep.contribution"]._to_do().sorted(lambda part: (-part.question_count, part.id))
        return f"/my/pep/section/{parts[0].id}"


class Typing:
    """One text field of a part, typed into again and again."""

    def __init__(self, visitor, path):
        self.visitor, self.path = visitor, path
        page = visitor.get(path)
        self.token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        self.question = re.search(r'<textarea[^>]*name="answer-(\d+)"', page)[1]
        self.version = int(re.search(rf'name="version-{self.question}"[^>]*value="(\d+)"', page)[1])

    def save(self):
        data = {
            "csrf_token": self.token,
            f"answer-{self.question}": f"What was typed, the {self.version}th time.",
            f"version-{self.question}": str(self.version),
        }
        result = self.visitor.post(f"{self.path}/save", data)["results"][self.question]
        if result["status"] != "saved":
            raise ValueError(f"not saved: {result['status']}")
        self.version = result["version"]
