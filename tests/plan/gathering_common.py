"""A council with a small question bank: one question of each kind, and a part for each sort of person."""

from tests.common import PepCase

READERS = ("teacher", "social_worker", "carer", "parent", "iro")


class GatheringCase(PepCase):
    """``self.sections`` and ``self.questions`` by short names; ``self.plan`` is being gathered, everyone around."""

    gathering = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["pep.section"].search([("company_id", "=", cls.council.id)]).active = False
        cls.env["pep.document.type"].search([("company_id", "=", cls.council.id)]).active = False
        cls.sections, cls.questions = {}, {}
        cls.add_section("school", "teacher", per_setting=True, readers=("teacher", "social_worker", "carer", "iro"))
        cls.add_section("carer", "carer", readers=("social_worker", "iro"))
        cls.add_section("social", "social_worker", readers=("teacher", "iro"))
        cls.add_section("voice", "child", readers=("social_worker", "teacher"))
        cls.add_section("office", "vseo", readers=(), required=False)
        cls.add_question("well", "school", "text", required=True)
        cls.add_question("age", "school", "number", number_min=4, number_max=18, unit="years")
        cls.add_question("since", "school", "date")
        cls.add_question("tuition", "school", "yesno")
        cls.add_question("level", "school", "choice", options="Below\nOn\nAbove")
        cls.add_question("happy", "school", "scale", scale_min=1, scale_max=5)
        cls.add_question("talk", "school", "prompt")
        cls.add_question("where", "school", "text", starts="fact", fact="school")
        cls.add_question("plans", "school", "text", starts="carry")
        cls.add_question("reading", "carer", "text", required=True)
        cls.add_question("contact", "social", "text", required=True)
        cls.add_question("safe", "voice", "text")
        cls.add_question("hopes", "voice", "text")
        cls.add_question("check", "office", "text")
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.plan.action_start()
        cls.parts = cls.parts_of(cls.plan)

    @classmethod
    def add_section(cls, key, owner, readers=READERS, required=True, **values):
        cls.sections[key] = cls.env["pep.section"].create(
            {
                "name": f"Part {key}",
                "company_id": cls.council.id,
                "owner_role": owner,
                "required": required,
                "sequence": 10 * (len(cls.sections) + 1),
                **{f"for_{role}": role in readers for role in READERS},
                **values,
            }
        )

    @classmethod
    def add_question(cls, key, section, kind, **values):
        cls.questions[key] = cls.env["pep.question"].create(
            {
                "section_id": cls.sections[section].id,
                "name": f"Question {key}?",
                "kind": kind,
                "sequence": 10 * (len(cls.questions) + 1),
                **values,
            }
        )

    @classmethod
    def parts_of(cls, plan):
        """The parts of a PEP by the short name of their section; of a section with several, the first."""
        names = {section: key for key, section in cls.sections.items()}
        return {names[part.section_id]: part for part in plan.contribution_ids.sorted("id", reverse=True)}

    @classmethod
    def save(cls, part, role, version=0, **values):
        """Save answers, by short name, as somebody; returns the results by short name."""
        answers = [
            {"question": cls.questions[key].id, "value": value, "version": version} for key, value in values.items()
        ]
        results = cls.as_user(part, role).action_save_answers(answers)
        names = {question.id: key for key, question in cls.questions.items()}
        return {names[question]: result for question, result in results.items()}

    @classmethod
    def hand_in(cls, plan, *keys):
        """Hand in these parts of a PEP, each as who answers it; the child's by staff, on paper."""
        answers = {"school": {"well": "Maths"}, "carer": {"reading": "Every night"}, "social": {"contact": "Weekly"}}
        owners = {"school": "teacher", "carer": "carer", "social": "social_worker", "voice": "vseo", "office": "vseo"}
        parts = cls.parts_of(plan)
        for key in keys:
            if key == "voice":
                cls.as_user(parts[key], "vseo").action_enter_on_behalf("The child", "paper", cls.today)
            if answers.get(key):
                cls.save(parts[key], owners[key], **answers[key])
            cls.as_user(parts[key], owners[key]).action_submit()
