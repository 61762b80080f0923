"""A PEP with a word of its own in every piece, to be issued."""

import base64
from datetime import timedelta

from odoo import fields

from tests.plan.gathering_common import GatheringCase

ROLES = ("teacher", "social_worker", "carer", "parent", "iro", "child")
EVERYBODY = {"staff", *ROLES}
# The word that stands for each piece, and in whose document it is: the whole version is that of staff.
WORDS = {
    "Wordschool": {"staff", "teacher", "social_worker", "carer", "iro"},
    "Wordcarer": {"staff", "social_worker", "carer", "iro"},
    "Wordsocial": {"staff", "teacher", "social_worker", "iro"},
    "Wordvoice": {"staff", "teacher", "social_worker", "child"},
    "Wordprivate": {"staff"},
    "Wordoffice": {"staff"},
    "Wordnarrow": {"staff", "teacher", "iro"},  # narrower than its section, answered by the school
    "Wordsummary": {"staff", "teacher", "social_worker", "carer", "iro"},
    "Wordmeeting": {"staff", "teacher", "social_worker", "iro"},
    "Wordremark": {"staff", "social_worker", "iro"},
    "Wordtarget": {"staff", "teacher", "social_worker", "carer", "iro", "child"},
    "Wordbaseline": {"staff", "teacher", "social_worker", "carer", "iro"},
    "Wordmoney": {"staff", "teacher"},
    "Wordlegal": {"staff", "social_worker", "iro"},
    "Wordnext": {"staff", "teacher", "social_worker", "carer", "iro", "child"},
    "Worddocument": {"staff", "teacher", "social_worker"},
    "Wordreason": {"staff"},
    "cause for concern": {"staff", "social_worker", "iro"},  # SDQ
    "Wordsuspended": {"staff", "teacher", "social_worker", "carer", "iro"},
    "Art and design": {"staff", "teacher", "social_worker", "carer", "iro"},  # attainment
    "91.7": {"staff", "teacher", "social_worker", "carer", "iro"},  # attendance
}


class IssueCase(GatheringCase):
    """:attr:`plan` is ready to be completed: :meth:`issue` does it and gives the version."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill(cls.plan)

    @classmethod
    def fill(cls, plan):
        cls.add_question("narrow", "school", "text", for_social_worker=False, for_carer=False)
        cls.add_question("unanswered", "school", "text", required=True)
        part = cls.parts["school"].sudo()
        part.opened_on = fields.Datetime.now() + timedelta(seconds=2)  # these questions belong to it
        cls.save(cls.parts["school"], "teacher", well="Wordschool", narrow="Wordnarrow", unanswered="for now")
        cls.as_user(cls.parts["school"], "teacher").action_submit()
        answer = part.answer_ids.filtered(lambda answer: answer.question_id == cls.questions["unanswered"])
        answer.write({"is_given": False, "value_text": False})
        cls.save(cls.parts["carer"], "carer", reading="Wordcarer")
        cls.as_user(cls.parts["carer"], "carer").action_submit()
        cls.save(cls.parts["social"], "social_worker", contact="Wordsocial")
        cls.as_user(cls.parts["social"], "social_worker").action_submit()
        cls.as_user(cls.parts["voice"], "vseo").action_enter_on_behalf("Grandma Moses", "paper", cls.today)
        cls.save(cls.parts["voice"], "vseo", hopes="Wordvoice", safe="Wordprivate")
        private = (
            cls.parts["voice"].sudo().answer_ids.filtered(lambda answer: answer.question_id == cls.questions["safe"])
        )
        private.kept_private = True
        cls.as_user(cls.parts["voice"], "vseo").action_submit()
        cls.save(cls.parts["office"], "vseo", check="Wordoffice")
        cls.as_user(cls.parts["office"], "vseo").action_submit()
        cls.add_evidence(plan)
        cls.talk(plan)

    @classmethod
    def add_evidence(cls, plan):
        env, child = cls.env, plan.child_id
        day = cls.today - timedelta(days=20)
        env["pep.attendance"].create(
            {
                "child_id": child.id,
                "school_id": cls.school.id,
                "date_from": day,
                "date_to": cls.today - timedelta(days=10),
                "possible": 12,
                "present": 11,
                "authorised": 1,
                "unauthorised": 0,
            }
        )
        env["pep.attainment"].create(
            {"child_id": child.id, "school_id": cls.school.id, "date": day, "subject": "art", "level": "on"}
        )
        env["pep.suspension"].create(
            {
                "child_id": child.id,
                "school_id": cls.make_school("Wordsuspended School", "100009").id,
                "date_from": day,
                "date_to": day,
                "sessions": 2,
            }
        )
        env["pep.sdq"].create({"child_id": child.id, "date": day, "score": "20"})
        kind = env["pep.document.type"].create(
            {
                "name": "Worddocument",
                "company_id": cls.council.id,
                "owner_role": "teacher",
                "for_social_worker": True,
            }
        )
        content = base64.b64encode(b"What the school wrote.").decode()
        documents = cls.as_user(env["pep.document"], "teacher")
        cls.document = env["pep.document"].browse(
            documents.action_file(plan.id, kind.id, "Zebedee Unsaid.txt", content)
        )

    @classmethod
    def talk(cls, plan):
        env = cls.env
        plan.sudo().legal_status = "Wordlegal"
        officer = cls.as_user(plan, "vseo")
        officer.action_ready()
        meeting = officer.env["pep.meeting"].create(
            {"plan_id": plan.id, "start": fields.Datetime.now() - timedelta(hours=1), "notes": "Wordmeeting"}
        )
        meeting.attendee_ids.attended = True
        meeting.attendee_ids[:1].written_part = "Wordremark"
        target = cls.smart_target(plan, name="Wordtarget", baseline="Wordbaseline")
        officer.env["pep.funding.request"].create(
            {"target_id": target.id, "name": "Wordmoney", "unit_cost": 40, "quantity": 10}
        )
        officer.summary = "Wordsummary"
        reason = env["pep.gate.reason"].create(
            {"company_id": cls.council.id, "name": "Wordreason", "gate": "next_date"}
        )
        officer.env["pep.gate.pass"].create({"plan_id": plan.id, "gate": "next_date", "reason_id": reason.id})
        meeting.action_hold()
        officer.next_meeting_note = "Wordnext"

    @classmethod
    def issue(cls, role="vseo", plan=None):
        plan = plan or cls.plan
        before = plan.issue_ids
        cls.as_user(plan, role).action_complete()
        cls.env.invalidate_all()
        return plan.issue_ids - before

    @classmethod
    def copy_for(cls, issue, role):
        return issue.copy_ids.filtered(lambda copy: copy.role == role)
