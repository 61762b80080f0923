"""What the tests share: a council with one user a role, and short ways to make children and PEPs."""

from datetime import date

from odoo.tests import TransactionCase, new_test_user, tagged

STAFF = {
    "support": "pep_module.group_pep_support",
    "vseo": "pep_module.group_pep_vseo",
    "other_vseo": "pep_module.group_pep_vseo",
    "head": "pep_module.group_pep_head",
    "finance": "pep_module.group_pep_finance",
    "admin": "pep_module.group_pep_admin",
    "employee": "base.group_user",
}
PORTAL = ("teacher", "social_worker", "carer", "parent", "iro")


@tagged("post_install", "-at_install")
class PepCase(TransactionCase):
    """A council of its own, staff and outsiders by role, and a child of :attr:`vseo` with everyone around.

    ``self.users`` maps each role to its user. Nobody has access but by what the records say. The council asks for no
    parts and documents before a PEP is ready, unless the class sets :attr:`gathering`, and for no quality review before
    one is finished, unless it sets :attr:`quality`.
    """

    gathering = False
    quality = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "no_reset_password": True})
        cls.council = cls.env["res.company"].create({"name": "Testshire"})
        kinds = cls.env["pep.kind"].search([("company_id", "=", cls.council.id)])
        if not cls.gathering:
            kinds.write({"contributions_required": False, "documents_required": False})
        if not cls.quality:
            kinds.qa_required = False
        cls.users = {
            role: new_test_user(
                cls.env, f"{role}.test", groups=group, company_id=cls.council.id, company_ids=[(6, 0, cls.council.ids)]
            )
            for role, group in STAFF.items()
        }
        for role in PORTAL:
            cls.users[role] = new_test_user(cls.env, f"{role}.test", groups="base.group_portal")
        cls.today = cls.council._pep_today()
        cls.council.pep_go_live = date(cls.today.year - 1, 9, 1)
        cls.term = cls.env["pep.term"]._term_on(cls.council, cls.today)
        cls.school = cls.make_school("Elm Primary School", "100001")
        cls.person_number = 0

    @classmethod
    def as_user(cls, records, role):
        """These records as the user of a role sees them, from a cold cache."""
        cls.env.invalidate_all()
        user = cls.users[role]
        return records.with_env(cls.env(user=user, su=False)).with_context(allowed_company_ids=user.company_ids.ids)

    @classmethod
    def make_school(cls, name, urn, **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, "pep_is_school": True, "pep_urn": urn, **values}
        )

    @classmethod
    def make_children(cls, number=1, *, school=True, **values):
        """Children looked after for a while, 10 years old, on the caseload of the VSEO, at :attr:`school`."""
        vals_list = []
        for _index in range(number):
            cls.person_number += 1
            vals_list.append(
                {
                    "company_id": cls.council.id,
                    "la_person_id": f"T{cls.person_number}",
                    "first_name": "Zebedee",
                    "last_name": f"Unsaid{cls.person_number}",
                    "date_of_birth": date(cls.today.year - 10, 1, 15),
                    "date_into_care": date(cls.today.year - 2, 1, 15),
                    "vseo_id": cls.users["vseo"].id,
                    "sen_provision": "N",
                    **values,
                }
            )
        children = cls.env["pep.child"].create(vals_list)
        if school:
            cls.env["pep.enrolment"].create(
                [
                    {"child_id": child.id, "school_id": cls.school.id, "date_from": date(cls.today.year - 1, 9, 1)}
                    for child in children
                ]
            )
        return children

    @classmethod
    def surround(cls, child):
        """Give the child a teacher, a social worker, a carer, a parent and a reviewing officer, all with logins."""
        cls.env["pep.school.staff"].create(
            {
                "user_id": cls.users["teacher"].id,
                "school_id": cls.school.id,
                "role": "designated_teacher",
                "lead": True,
                "date_from": date(cls.today.year - 1, 9, 1),
            }
        )
        cls.env["pep.network.member"].create(
            [
                {
                    "child_id": child.id,
                    "partner_id": cls.users[role].partner_id.id,
                    "role": role,
                    "date_from": date(cls.today.year - 1, 9, 1),
                }
                for role in ("social_worker", "carer", "parent", "iro")
            ]
        )

    @classmethod
    def make_plan(cls, child=None, term=None):
        child = child or cls.make_children()
        (term or cls.term)._open(child)
        return child.plan_ids.filtered(lambda plan: plan.term_id == (term or cls.term))

    @classmethod
    def smart_target(cls, plan, **values):
        """A complete academic target."""
        area = cls.env["pep.target.area"].search(
            [("company_id", "=", plan.company_id.id), ("is_academic", "=", True)], limit=1
        )
        return cls.env["pep.target"].create(
            {
                "plan_id": plan.id,
                "area_id": area.id,
                "name": "Reads a page aloud without help",
                "baseline": "Half a page",
                "measure": "Page read to the teacher",
                "target_value": "A whole page",
                "realistic": "Gained a third of a page last term",
                "strategies": "Ten minutes a day with a teaching assistant",
                "by_whom": "School and carer",
                "by_when": plan.term_id.date_to,
                "agreed_with_child": "yes",
                **values,
            }
        )

    @classmethod
    def next_term(cls, term=None):
        term = term or cls.term
        return cls.env["pep.term"].search(
            [("company_id", "=", term.company_id.id), ("date_from", ">", term.date_from)], order="date_from", limit=1
        )
