import json
import re
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_qweb import QWebError
from odoo.addons.pep_module.tools.plan_extract import READERS, Extract

from tests.access.table import TABLE
from tests.plan.issue_common import EVERYBODY, ROLES, WORDS, IssueCase

OUTSIDE = [role for role in ROLES if role != "child"]
# The model of which each piece of an issued version is taken.
TAKEN_FROM = {
    "school": "pep.enrolment",
    "enrolment": "pep.enrolment",
    "officer": "pep.plan",
    "summary": "pep.plan",
    "interim": "pep.plan",
    "next_meeting": "pep.plan",
    "next_meeting_note": "pep.plan",
    "next_meeting_words": "pep.plan",
    "legal_status": "pep.care.episode",
    "previous_targets": "pep.target.review",
    "targets": "pep.target",
    "funding_asked": "pep.funding.request",
    "attendance": "pep.attendance",
    "attainment": "pep.attainment",
    "suspensions": "pep.suspension",
    "sdq": "pep.sdq",
    "went_on_without": "pep.gate.pass",
    "names": "pep.network.member",
}
# Of a meeting people outside read their own invitation, of actions their own. The rest they read in their copy alone.
IN_COPIES_ALONE = {
    "meetings": {"teacher", "social_worker", "iro"},
    "people": {"social_worker", "iro"},
    "actions": {"teacher", "social_worker", "carer", "iro"},
    "previous_actions": {"teacher", "social_worker", "carer", "iro"},
    "quality": set(),
    "school_feedback": {"teacher"},
}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}<t t-out='1'/>"


@tagged("post_install", "-at_install")
class TestWhatARoleMaySee(IssueCase):
    def test_the_pieces_are_read_as_the_access_table_says(self):
        self.assertEqual(set(READERS), set(TAKEN_FROM) | set(IN_COPIES_ALONE))
        for piece, readers in IN_COPIES_ALONE.items():
            self.assertEqual(READERS[piece], readers)
        for piece, model in TAKEN_FROM.items():
            with self.subTest(piece):
                allowed = {role for role in OUTSIDE if TABLE[model]["read"][role] != "no"}
                self.assertEqual(READERS[piece], allowed)

    def test_each_word_is_in_the_documents_of_its_readers_alone(self):
        self.council.pep_copy_parent = True
        issue = self.issue()
        documents = {"staff": issue.document, **{copy.role: copy.document for copy in issue.copy_ids}}
        self.assertEqual(set(documents), EVERYBODY)
        for word, readers in WORDS.items():
            for role, document in documents.items():
                with self.subTest(word, role=role):
                    self.assertEqual(word.lower() in document.lower(), role in readers)

    def test_names_of_those_around_the_child(self):
        """Who is behind a role is for those who may read the network; the child's placement is told by no name."""
        self.council.pep_copy_parent = True
        issue = self.issue()
        for role in ROLES:
            document = self.copy_for(issue, role).document
            for other in ("teacher", "social_worker", "carer"):
                name = self.users[other].name
                with self.subTest(role, other=other):
                    self.assertEqual(name in document, role in ("social_worker", "iro") or role == other)
        self.assertNotIn(self.school.name, self.copy_for(issue, "parent").document)
        self.assertNotIn("Grandma", self.copy_for(issue, "teacher").document)
        self.assertIn("Grandma", self.copy_for(issue, "social_worker").document)

    def test_no_contact_and_no_file_name_is_in_any_document(self):
        for role in OUTSIDE:
            self.users[role].partner_id.write({"email": f"{role}@secret.example", "phone": "01632 960001"})
        self.council.pep_copy_parent = True
        issue = self.issue()
        for document in (issue.document, *issue.copy_ids.mapped("document")):
            for word in ("secret.example", "960001", "Unsaid.txt", ".txt"):
                self.assertNotIn(word, document)
        self.assertIn(self.document.digest[:16], issue.document)
        self.assertEqual(issue.data["documents"][0]["sha256"], self.document.digest)

    def test_what_is_not_handed_in_is_in_the_whole_version_and_its_owners_copy_alone(self):
        part = self.parts["social"].sudo()
        part.state = "returned"
        issue = self.issue()
        self.assertIn("Wordsocial", issue.document)
        self.assertIn("not handed in (Returned)", issue.document)
        self.assertIn("Wordsocial", self.copy_for(issue, "social_worker").document)
        for role in ("teacher", "carer", "iro"):
            self.assertNotIn("Wordsocial", self.copy_for(issue, role).document)
            self.assertNotIn("Part social", self.copy_for(issue, role).document)

    def test_what_was_withheld_is_counted_for_staff(self):
        issue = self.issue()
        carer = self.copy_for(issue, "carer")
        pieces = ("Legal status", "SDQ", "Meetings", "Funding asked for", "Part voice", "Part school: Question narrow?")
        for name in pieces:
            self.assertIn(name, carer.withheld_names)
        self.assertEqual(carer.withheld, len(carer.withheld_names))
        self.assertNotIn("Word", json.dumps([name for name in carer.withheld_names if name != "Worddocument"]))
        self.assertIn("Part voice: Question safe?", self.copy_for(issue, "teacher").withheld_names)
        self.assertTrue(self.as_user(carer, "vseo").withheld_list)
        with self.assertRaises(AccessError):
            self.as_user(carer, "carer").read(["withheld"])
        self.assertNotIn("withheld_names", self.as_user(carer, "carer").fields_get())

    def test_a_piece_that_nobody_decided_on_is_withheld(self):
        data = {**self.plan.sudo()._snapshot(), "new_piece": "Wordnew"}
        data["child"]["new_fact"] = "Wordnew"
        data["evidence"]["new_figure"] = ["Wordnew"]
        headings = self.env["pep.plan.copy"]._headings()
        for role in ROLES:
            self.assertNotIn("Wordnew", json.dumps(Extract(data, role, headings).data))

    def test_a_fact_reaches_no_role_that_may_not_read_it_elsewhere(self):
        data = self.plan.sudo()._snapshot()
        for part in data["contributions"]:
            for answer in part["answers"]:
                answer |= {"fact": "sdq", "answer": "Wordsdq", "audience": list(OUTSIDE)}
        headings = self.env["pep.plan.copy"]._headings()
        found = {role for role in OUTSIDE if "Wordsdq" in json.dumps(Extract(data, role, headings).data)}
        self.assertEqual(found, {"social_worker", "iro"})

    def test_versions_of_before_can_be_copied_too(self):
        data = self.plan.sudo()._snapshot()
        for name in ("contributions", "evidence", "documents", "actions", "previous_actions", "next_meeting_words"):
            del data[name]
        of_old = ("date", "mode", "state", "chair", "notes", "people")
        data["meetings"] = [{name: meeting[name] for name in of_old} for meeting in data["meetings"]]
        del data["child"]["known_as"]
        data["format"] = 1
        data = json.loads(json.dumps(data))
        issues = self.env["pep.plan.issue"]
        self.assertIn("Wordlegal", issues._render("pep_module.plan_document", data))
        for role in ROLES:
            extract = Extract(data, role, self.env["pep.plan.copy"]._headings())
            template = "plan_copy_of_child" if role == "child" else "plan_document"
            document = issues._render(f"pep_module.{template}", extract.data)
            self.assertEqual("Wordtarget" in document, role != "parent")
            self.assertEqual("Wordlegal" in document, role in ("social_worker", "iro"))


@tagged("post_install", "-at_install")
class TestIssuedVersion(IssueCase):
    def test_everyone_s_part_is_in_it(self):
        issue = self.issue()
        self.assertEqual(issue.data["format"], 4)
        parts = {part["name"]: part for part in issue.data["contributions"]}
        self.assertEqual(set(parts), {f"Part {key}" for key in self.sections})
        voice = parts["Part voice"]
        self.assertEqual((voice["by"], voice["how"]), ("Grandma Moses", "On paper"))
        self.assertEqual(voice["typed_by"], self.users["vseo"].name)
        self.assertEqual(voice["on"], str(self.today))
        questions = [answer["question"] for answer in parts["Part school"]["answers"]]
        self.assertNotIn("Question talk?", questions, "a prompt is nothing that was said")
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", issue.document))
        self.assertIn("said by Grandma Moses", text)
        self.assertIn(f"typed by {self.users['vseo'].name}", text)
        self.assertIn(f"handed in by {self.users['teacher'].name}", text)
        self.assertRegex(text, r"Question unanswered\? Not answered")
        self.assertNotIn("Question talk?", text)
        self.assertIn("Question where?", text)
        self.assertIn("the child kept this for the virtual school alone", text)

    def test_the_evidence_is_that_of_the_year(self):
        self.env["pep.sdq"].create({"child_id": self.child.id, "date": self.today - timedelta(days=900), "score": "3"})
        issue = self.issue()
        evidence = issue.data["evidence"]
        self.assertEqual(set(evidence), {"attendance", "attainment", "suspensions", "sdq"})
        self.assertEqual([len(rows) for rows in evidence.values()], [1, 1, 1, 1])

    def test_a_withdrawn_document_is_not_in_it(self):
        self.as_user(self.document, "teacher").action_withdraw("The wrong file")
        issue = self.issue()
        self.assertEqual(issue.data["documents"], [])
        self.assertNotIn("Worddocument", issue.document)

    def test_what_was_kept_from_one_of_the_staff_is_not_where_that_person_reads_it(self):
        answer = self.parts["voice"].sudo().answer_ids.filtered("kept_private")
        answer.hidden_from_id = self.users["vseo"]
        issue = self.issue()
        self.assertNotIn("Wordprivate", json.dumps(issue.data) + issue.document)
        self.assertIn("Kept private from one of the staff", issue.document)
        self.assertEqual(self.as_user(answer, "head").value, "Wordprivate")

    def test_what_was_kept_from_a_carer_is_in_it_whoever_issues(self):
        answer = self.parts["voice"].sudo().answer_ids.filtered("kept_private")
        answer.hidden_from_id = self.users["carer"]
        self.assertIn("Wordprivate", self.issue("head").document)

    def test_the_whole_version_is_for_the_virtual_school_alone(self):
        issue = self.issue()
        for role in ("vseo", "head"):
            self.assertEqual(self.as_user(issue, role).version, 1)
        for role in (*OUTSIDE, "other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(issue, role).read(["document"])

    def test_hostile_words_are_words(self):
        answers = self.parts["school"].sudo().answer_ids | self.parts["voice"].sudo().answer_ids
        for answer in answers.filtered("is_given"):
            answer.write({"value_text": HOSTILE, "kept_private": False})
        officer = self.as_user(self.plan, "vseo")
        officer.summary = HOSTILE
        officer.target_ids.write({"name": HOSTILE, "strategies": HOSTILE})
        officer.next_meeting_note = HOSTILE
        issue = self.issue()
        for document in (issue.document, *issue.copy_ids.mapped("document")):
            for tag in ("<script", "<img", "<t t-out", ">49<"):
                self.assertNotIn(tag, document)
            self.assertIn("&lt;script&gt;", document)
        self.assertIn("{{7*7}}", issue.document)
        self.assertTrue(issue.is_intact and all(issue.copy_ids.mapped("is_intact")))

    def test_as_many_queries_for_many_questions_as_for_few(self):
        self.issue_again()  # templates are compiled, what is known of the models is read
        few = self.issue_again()
        numbers = range(30)
        for number in numbers:
            self.add_question(f"more{number}", "school", "text")
        part = self.parts["school"].sudo()
        part.opened_on = fields.Datetime.now() + timedelta(seconds=5)  # they belong to it
        self.env["pep.answer"].create(
            [
                {
                    "contribution_id": part.id,
                    "question_id": self.questions[f"more{number}"].id,
                    "value_text": "Word",
                    "is_given": True,
                }
                for number in numbers
            ]
        )
        for number in range(5):
            self.smart_target(self.plan, name=f"Target {number}")
        self.assertLessEqual(self.issue_again(), few)

    def issue_again(self):
        """How many queries the next version takes, with its copies."""
        self.plan.sudo().issue_version += 1
        self.env.flush_all()
        plan = self.as_user(self.plan, "vseo")
        plan.mapped("issue_version")
        start = self.env.cr.sql_log_count
        plan.env["pep.plan.issue"]._issue(plan)
        self.env.flush_all()
        return self.env.cr.sql_log_count - start


@tagged("post_install", "-at_install")
class TestCopies(IssueCase):
    def test_one_a_role_that_the_council_chose(self):
        issue = self.issue()
        self.assertEqual(set(issue.copy_ids.mapped("role")), set(ROLES) - {"parent"})
        self.assertEqual(set(issue.copy_ids.mapped("version")), {1})
        self.assertTrue(all(issue.copy_ids.mapped("is_intact")))
        for copy in issue.copy_ids:
            flags = {role for role in OUTSIDE if copy[f"for_{role}"]}
            self.assertEqual(flags, {copy.role} & set(OUTSIDE))
            self.assertEqual((copy.child_id, copy.plan_id, copy.term_id), (self.child, self.plan, self.term))
        copies = self.env["pep.plan.copy"]
        self.assertFalse(copies._make_for(issue), "run again: nothing new")
        self.council.pep_copy_parent = True
        self.council.pep_copy_carer = False
        self.assertEqual(copies._make_for(issue).mapped("role"), ["parent"])
        self.assertTrue(self.copy_for(issue, "carer"), "what was given stays")

    def test_the_settings_of_the_council(self):
        settings = self.as_user(self.env["pep.settings"], "admin").with_context(allowed_company_ids=self.council.ids)
        wizard = settings.create({**settings.default_get(list(settings._fields)), "pep_copy_iro": False})
        wizard.action_save()
        self.assertEqual(self.council._pep_copy_roles(), ["teacher", "social_worker", "carer", "child"])
        self.assertFalse(self.copy_for(self.issue(), "iro"))

    def test_each_reads_the_own_role_s_copy_alone(self):
        self.council.pep_copy_parent = True
        issue = self.issue()
        copies = issue.copy_ids
        for role in OUTSIDE:
            seen = self.as_user(self.env["pep.plan.copy"], role).search([("id", "in", copies.ids)])
            self.assertEqual(seen.mapped("role"), [role])
            for copy in copies:
                if copy.role != role:
                    with self.assertRaises(AccessError):
                        self.as_user(copy, role).read(["document"])
        for role in ("vseo", "head"):
            seen = self.as_user(self.env["pep.plan.copy"], role).search([("id", "in", copies.ids)])
            self.assertEqual(len(seen), len(ROLES))
        for role in ("other_vseo", "finance", "admin", "employee"):
            model = self.as_user(self.env["pep.plan.copy"], role)
            self.assertFalse(model.has_access("read") and model.search([("id", "in", copies.ids)]), role)

    def test_whoever_leaves_reads_none_and_a_new_school_reads_all(self):
        issue = self.issue()
        copy = self.copy_for(issue, "teacher")
        other = self.make_school("Oak Primary School", "100002")
        newcomer = self.users["parent"].copy({"login": "newcomer.test", "name": "Newcomer"})
        self.users["newcomer"] = newcomer
        self.env["pep.school.staff"].create(
            {
                "user_id": newcomer.id,
                "school_id": other.id,
                "role": "designated_teacher",
                "date_from": self.today - timedelta(days=300),
            }
        )
        self.assertFalse(self.as_user(copy, "newcomer").search([("id", "=", copy.id)]))
        self.child.enrolment_ids.date_to = self.today - timedelta(days=1)
        self.env["pep.enrolment"].create({"child_id": self.child.id, "school_id": other.id, "date_from": self.today})
        self.assertFalse(self.as_user(copy, "teacher").search([("id", "=", copy.id)]))
        self.assertEqual(self.as_user(copy, "newcomer").document, copy.document)

    def test_corrected_the_next_version_has_copies_of_its_own(self):
        first = self.issue()
        before = {copy.role: (copy.document, copy.digest) for copy in first.copy_ids}
        self.as_user(self.plan, "vseo")._take_step("correct", "The target was mistyped")
        self.as_user(self.plan, "vseo").target_ids.name = "Wordcorrected"
        second = self.issue()
        self.assertEqual(second.version, 2)
        self.assertEqual({copy.role: (copy.document, copy.digest) for copy in first.copy_ids}, before)
        self.assertIn("Wordcorrected", self.copy_for(second, "carer").document)
        self.assertNotIn("Wordcorrected", self.copy_for(first, "carer").document)
        [shelf] = self.as_user(self.env["pep.plan.copy"], "carer")._shelf(self.child)
        self.assertEqual((shelf["latest"].version, shelf["earlier"].version), (2, 1))
        [shelf] = self.as_user(self.env["pep.plan.copy"], "vseo")._shelf(self.child)
        self.assertEqual((len(shelf["latest"]), len(shelf["earlier"])), (5, 5))
        self.assertEqual(shelf["term"], self.term)

    def test_never_changed_or_deleted(self):
        copy = self.copy_for(self.issue(), "teacher")
        values = {"issue_id": copy.issue_id.id, "role": "parent", "version": 1, "document": "x", "digest": "x"}
        for number, attempt in enumerate(
            (
                lambda: copy.sudo().write({"document": "<p>Other</p>"}),
                lambda: copy.sudo().write({"role": "parent"}),
                lambda: copy.sudo().unlink(),
                lambda: copy.sudo().copy(),
                lambda: self.as_user(copy, "head").write({"document": "x"}),
                lambda: self.as_user(copy, "teacher").write({"role": "iro"}),
                lambda: self.as_user(copy, "head").create({**values, "issued_on": fields.Datetime.now()}),
            )
        ):
            with self.subTest(number), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["pep.plan.copy"].sudo().create([self.env["pep.plan.copy"]._prepare(copy.issue_id, "teacher")])
        self.env.flush_all()
        self.env.cr.execute("UPDATE pep_plan_copy SET document = document || ' ' WHERE id = %s", [copy.id])
        copy.invalidate_recordset()
        self.assertFalse(copy.is_intact)

    def test_it_is_made_with_its_version_or_not_at_all(self):
        template = self.env.ref("pep_module.plan_copy_of_child")
        template.arch_db = template.arch_db.replace("plan['said']", "plan['not there']")
        with mute_logger("odoo.addons.base.models.ir_qweb"), self.assertRaises(QWebError), self.env.cr.savepoint():
            self.issue()
        self.assertFalse(self.plan.issue_ids)
        self.assertEqual(self.plan.state, "processing")

    def test_the_child_s_copy_is_in_plain_words(self):
        copy = self.copy_for(self.issue(), "child")
        headings = re.findall(r"<h2>([^<]+)</h2>", copy.document)
        self.assertEqual(headings, ["What I said", "What I am working on", "When we meet next"])
        self.assertIn("Zebedee", copy.document)
        self.assertNotIn("<table", copy.document)


@tagged("post_install", "-at_install")
class TestCopyPage(IssueCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.council.pep_copy_parent = True
        self.issued = self.issue()
        self.env.flush_all()

    def get(self, role, copy):
        user = self.users[role] if role in self.users else self.env["res.users"]
        self.authenticate(user.login, user.login) if user else self.authenticate(None, None)
        return self.url_open(f"/my/pep/copy/{copy if isinstance(copy, int) else copy.id}", allow_redirects=False)

    def test_each_opens_the_own_copy_and_no_other(self):
        nothing = self.get("teacher", 999_999_999)
        self.assertEqual(nothing.status_code, 404)
        for role in (*OUTSIDE, "other_vseo", "finance", "admin", "employee"):
            for copy in self.issued.copy_ids:
                with self.subTest(role, copy=copy.role):
                    answer = self.get(role, copy)
                    if copy.role == role:
                        self.assertEqual(answer.status_code, 200)
                        self.assertIn(copy.document, answer.text)
                    else:
                        self.assertEqual(answer.status_code, 404)
                        self.assertNotIn("Word", answer.text)
        for copy in self.issued.copy_ids:
            self.assertEqual(self.get("vseo", copy).status_code, 200)

    def test_it_runs_and_loads_nothing_and_is_kept_nowhere(self):
        copy = self.copy_for(self.issued, "teacher")
        answer = self.get("teacher", copy)
        policy = answer.headers["Content-Security-Policy"]
        for word in ("default-src 'none'", "sandbox", "frame-ancestors 'none'", "form-action 'none'"):
            self.assertIn(word, policy)
        self.assertNotIn("script-src", policy)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        [title] = re.findall(r"<title>(.*?)</title>", answer.text)
        self.assertEqual(title, f"PEP {self.child.reference}, {self.term.name}, version 1")
        self.assertNotIn("<script", answer.text)
        self.assertNotRegex(answer.text, r"""(src|href)=["'](?!/my/pep/)""")

    def test_without_a_login_there_is_the_login_page(self):
        answer = self.get("nobody", self.copy_for(self.issued, "teacher"))
        self.assertIn(answer.status_code, (302, 303))
        self.assertIn("/web/login", answer.headers["Location"])

    def test_after_leaving_it_is_no_page(self):
        copy = self.copy_for(self.issued, "carer")
        self.assertEqual(self.get("carer", copy).status_code, 200)
        self.child.network_ids.filtered(lambda member: member.role == "carer").date_to = self.today - timedelta(days=1)
        self.env.flush_all()
        self.assertEqual(self.get("carer", copy).status_code, 404)

    def test_an_earlier_version_stays_reachable(self):
        first = self.copy_for(self.issued, "teacher")
        self.as_user(self.plan, "vseo")._take_step("correct", "Mistyped")
        second = self.copy_for(self.issue(), "teacher")
        self.env.flush_all()
        for copy in (first, second):
            self.assertEqual(self.get("teacher", copy).status_code, 200)

    def test_the_page_of_a_pep_leads_to_those_before(self):
        """Also to versions of before a correction, and for whoever came to the child since."""
        self.as_user(self.plan, "vseo")._take_step("correct", "Mistyped")
        second = self.issue()
        following = self.make_plan(self.child, self.next_term())
        following.action_start()
        self.env.flush_all()
        for role in ("teacher", "carer"):
            self.authenticate(self.users[role].login, self.users[role].login)
            page = self.url_open(f"/my/pep/{following.id}").text
            links = re.findall(r"/my/pep/copy/(\d+)", page)
            wanted = [self.copy_for(second, role).id, self.copy_for(self.issued, role).id]
            self.assertEqual(links, [str(number) for number in wanted], "the latest first, and no other role's")
            self.assertNotIn("Other PEPs", self.url_open(f"/my/pep/{self.plan.id}").text)
