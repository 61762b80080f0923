"""A council with committed data, for tests with processes of their own."""

import textwrap

CHILDREN = """
from datetime import date, timedelta
council = env.ref("base.main_company")
today = council._pep_today()
terms = env["pep.term"]
term = terms._term_on(council, today)
previous = terms._term_on(council, term.date_from - timedelta(days=1))
users = env["res.users"].with_context(no_reset_password=True)
def staff(login, group):
    return users.create({
        "name": login, "login": login, "password": login + ".password", "company_id": council.id,
        "company_ids": [(6, 0, council.ids)], "group_ids": [(4, env.ref(group).id)],
    })
head = staff("head", "pep_module.group_pep_head")
vseo = staff("vseo", "pep_module.group_pep_vseo")
school = env["res.partner"].create({
    "name": "Elm Primary School", "is_company": True, "pep_is_school": True, "pep_urn": "100001",
})
children = env["pep.child"].create([
    {
        "company_id": council.id, "vseo_id": vseo.id, "la_person_id": f"P{number}",
        "first_name": "Zebedee", "last_name": f"Unsaid{number}",
        "date_of_birth": date(today.year - 10, 1, 15), "date_into_care": date(today.year - 2, 1, 15),
    }
    for number in range(%(children)d)
])
env["pep.enrolment"].create([
    {"child_id": child.id, "school_id": school.id, "date_from": date(today.year - 1, 9, 1)} for child in children
])
# every third child has a finished PEP of the term before, with a target that was not reviewed yet
plans = env["pep.plan"].create(previous._prepare_plans(children[::3]))
area = env["pep.target.area"].search([("company_id", "=", council.id), ("is_academic", "=", True)], limit=1)
env["pep.target"].create([{"plan_id": plan.id, "area_id": area.id, "name": "Reads a page aloud"} for plan in plans])
plans._move("complete")
env.cr.commit()
print(term.id)
"""

# What opening a term makes, without what differs between two runs of the same.
PLANS = """
SELECT p.child_id, p.term_id, p.kind_id, p.variant, p.state, p.vseo_id, p.school_id, p.school_name, p.setting_kind,
       p.year_group, p.key_stage, p.sen_provision, p.date_into_care, p.legal_status, p.rules::text, p.due_date,
       p.next_due, p.company_id, p.child_reference, p.issue_version
FROM pep_plan p ORDER BY p.child_id, p.term_id
"""
REVIEWS = """
SELECT r.child_id, p.term_id, r.target_id, r.outcome
FROM pep_target_review r JOIN pep_plan p ON p.id = r.plan_id ORDER BY r.child_id, p.term_id, r.target_id
"""


def settle(db, children):
    """Give the main company staff, a school and children whose PEPs of this term are not open yet.

    :return: id of the term
    """
    return int(db.shell(textwrap.dedent(CHILDREN) % {"children": children}))


def opened(db):
    """What opening the terms has made so far, as rows that can be compared between databases."""
    return db.sql(PLANS), db.sql(REVIEWS)
