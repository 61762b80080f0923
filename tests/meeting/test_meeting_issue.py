"""What an issued version and its copies say of meetings, actions and the next meeting: each role its own."""

import json
import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.pep_module.tools.plan_extract import Extract

from tests.plan.issue_common import ROLES, IssueCase

SCHOOL = {"staff", "teacher", "social_worker", "carer", "iro"}
MEETING = {"staff", "teacher", "social_worker", "iro"}
STAFF = {"staff"}
NOBODY = set()
WORDS = {
    "Wordagenda": MEETING,
    "Wordpurpose": MEETING,
    "Wordwritten": {"staff", "social_worker", "iro"},
    "Wordwithout": STAFF,
    "Wordprivatenote": NOBODY,
    "Wordplace": NOBODY,
    "wordlink.example": NOBODY,
    "Wordstaffremark": NOBODY,
    "Wordwithheld": NOBODY,
    "Wordcarersaction": SCHOOL,
    "Wordparentsaction": SCHOOL | {"parent"},
    "Wordchildsaction": SCHOOL | {"child"},
    "Wordearlieraction": SCHOOL,
    "Worddropped": STAFF,
}


@tagged("post_install", "-at_install")
class TestMeetingIssue(IssueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.pep_copy_parent = True
        cls.held = cls.plan.meeting_ids
        cls.say_more()
        cls.act()

    @classmethod
    def say_more(cls):
        held = cls.held.sudo()
        held.write({"place": "Wordplace", "link_kind": "pasted", "link": "https://wordlink.example/1"})
        cls.env["pep.meeting.point"].sudo().create({"meeting_id": held.id, "name": "A point", "said": "Wordagenda"})
        cls.env["pep.meeting.note"].sudo().create(
            {"meeting_id": held.id, "author_id": cls.users["vseo"].id, "text": "Wordprivatenote"}
        )
        people = {person.role: person for person in held.attendee_ids}
        people["iro"].write({"attended": False, "apologies": True, "note": "Wordstaffremark"})
        people["social_worker"].write({"attended": False, "needed": True, "written_part": "Wordwritten"})
        people["carer"].write({"withhold_place": True, "withhold_reason": "Wordwithheld"})
        held.without_reason = "Wordwithout"
        extra = cls.env["pep.meeting"].create(
            {
                "plan_id": cls.plan.id,
                "start": fields.Datetime.now() - timedelta(hours=3),
                "is_extra": True,
                "purpose": "Wordpurpose",
                "mode": "face",
            }
        )
        extra.attendee_ids.attended = True
        extra.sudo().write({"state": "held"})
        cls.env["pep.meeting"].sudo().create({"plan_id": cls.plan.id, "is_extra": True, "state": "offering"})

    @classmethod
    def act(cls):
        actions = cls.as_user(cls.env["pep.action"], "vseo")
        earlier = cls.env["pep.term"].search(
            [("company_id", "=", cls.council.id), ("date_from", "<", cls.term.date_from)], order="date_from desc"
        )[:1]
        before = cls.make_plan(cls.child, earlier)

        def agree(name, role, plan=cls.plan):
            partner = cls.users[role].partner_id.id if role in cls.users else False
            return actions.create({"plan_id": plan.id, "name": name, "partner_id": partner, "role": role})

        agree("Wordcarersaction", "carer")
        agree("Wordparentsaction", "parent")
        agree("Wordchildsaction", "child")
        agree("Wordearlieraction", "carer", before).action_not_done("Worddropped")
        cls.env.invalidate_all()

    def documents(self):
        issue = self.issue()
        return issue, {"staff": issue.document, **{copy.role: copy.document for copy in issue.copy_ids}}

    def flat(self, document):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", document))

    def test_each_word_is_in_the_documents_of_its_readers_alone(self):
        issue, documents = self.documents()
        self.assertEqual(set(documents), {"staff", *ROLES})
        for word, readers in WORDS.items():
            for role, document in documents.items():
                with self.subTest(word, role=role):
                    self.assertEqual(word in document, role in readers)
        for word in [word for word, readers in WORDS.items() if not readers]:
            self.assertNotIn(word, json.dumps(issue.data))

    def test_how_it_was_held(self):
        _issue, documents = self.documents()
        text = self.flat(documents["staff"])
        self.assertIn("Held without: Social worker (written part is there).", text)
        self.assertIn("Why: Wordwithout", text)
        self.assertRegex(text, r"Extra meeting \(Wordpurpose\): \d+ \w+ \d{4}, face to face, held")
        self.assertRegex(text, r"\(Reviewing officer\): sent apologies")
        self.assertNotIn("Times offered", text)
        teacher = self.flat(documents["teacher"])
        self.assertIn("Held without: Social worker (written part is there).", teacher)
        self.assertNotIn("sent apologies", teacher)

    def test_who_acts_by_role_and_by_name_for_those_who_read_the_network(self):
        _issue, documents = self.documents()
        for role, document in documents.items():
            named = f"Wordcarersaction – Carer, {self.users['carer'].name}, by" in self.flat(document)
            with self.subTest(role):
                self.assertEqual(named, role in ("staff", "social_worker", "iro"))
                if role in ("teacher", "carer"):
                    self.assertIn("Wordcarersaction – Carer, by", self.flat(document))
        self.assertRegex(self.flat(documents["staff"]), r"Actions from last time Wordearlieraction – Carer.*not done")
        self.assertIn("What I said I would do Wordchildsaction", self.flat(documents["child"]))

    def test_what_was_withheld_is_counted(self):
        issue, _documents = self.documents()
        carer, parent = self.copy_for(issue, "carer"), self.copy_for(issue, "parent")
        self.assertNotIn("Actions", carer.withheld_names)
        self.assertIn("Actions", parent.withheld_names)
        self.assertIn("Actions from last time", parent.withheld_names)
        self.assertNotIn("Word", json.dumps([name for name in parent.withheld_names if name != "Worddocument"]))

    def test_an_action_given_away_is_in_it_as_it_was_agreed(self):
        action = self.plan.action_ids.filtered(lambda action: action.name == "Wordcarersaction")
        issue = self.issue()
        self.as_user(action, "vseo").action_give(self.users["iro"].partner_id.id)
        self.plan.sudo()._take_step("correct", "Mistyped")
        second = self.issue()
        for version in (issue, second):
            row = next(row for row in version.data["actions"] if row["what"] == "Wordcarersaction")
            self.assertEqual((row["owner"], row["who"]), ("carer", self.users["carer"].name))

    def test_the_next_meeting_in_words(self):
        may = self.today.replace(year=self.today.year + 1, month=5, day=1)
        self.as_user(self.plan, "vseo").action_set_next("month", month=may)
        _issue, documents = self.documents()
        for role, document in documents.items():
            with self.subTest(role):
                self.assertEqual(f"in May {may.year}" in document, role != "parent")

    def test_no_next_meeting_with_the_reason(self):
        self.as_user(self.plan, "vseo").action_set_next("none", note="leaves care in June")
        _issue, documents = self.documents()
        self.assertIn("Next meeting: none: leaves care in June", self.flat(documents["carer"]))
        self.assertIn("none: leaves care in June", documents["child"])

    def test_what_a_later_version_of_the_app_says_of_a_meeting_is_withheld(self):
        data = self.plan.sudo()._snapshot()
        for meeting in data["meetings"]:
            meeting["new_fact"] = "Wordnew"
        for row in data["actions"]:
            row["new_fact"] = "Wordnew"
        headings = self.env["pep.plan.copy"]._headings()
        for role in ROLES:
            self.assertNotIn("Wordnew", json.dumps(Extract(data, role, headings).data))

    def test_a_point_is_for_the_readers_of_its_question(self):
        self.add_question("quiet", "social", "text", agenda=True, for_teacher=False)
        self.env["pep.meeting.point"].sudo().create(
            {
                "meeting_id": self.held.id,
                "question_id": self.questions["quiet"].id,
                "name": "Question quiet?",
                "said": "Wordquiet",
            }
        )
        _issue, documents = self.documents()
        found = {role for role, document in documents.items() if "Wordquiet" in document}
        self.assertEqual(found, {"staff", "social_worker", "iro"})
