"""Two councils, a child for each way in which access can stand, and a person for each role."""

from datetime import date, datetime, timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from tests.common import PepCase

from .table import ROLES, TABLE

# How a person stands to a child. Each case is a child of its own, with one record of every model.
CASES = {
    "own": "the role is there today",
    "other": "a child of the same council whom others look after",
    "foreign": "a child of another council",
    "former": "the role has ended",
    "future": "the role has not begun",
    "archived": "the role is there today, and the child is archived",
    "barred": "in the network, but must not have contact",
}
OWN = ("own", "archived")
COUNCIL = ("own", "other", "archived", "barred")
NETWORK = ("social_worker", "carer", "parent", "iro", "contributor")


def on(cases, *roles):
    """These roles on the child of each of these cases."""
    return {case: set(roles) for case in cases}


@tagged("post_install", "-at_install")
class AccessCase(PepCase):
    """``self.people`` maps each person to the role that they have on each child, ``{person: {case: {role}}}``.

    One person a role, and some who have several, or none. All rows of ``pep.access`` are derived by the app from the
    records, save those that can't come about by a child's records: a head's right to one child alone that has ended.
    ``self.records`` maps each model to ``{case: record}``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.yesterday, cls.tomorrow = cls.today - timedelta(days=1), cls.today + timedelta(days=1)
        cls.last_year = date(cls.today.year - 1, 9, 1)
        cls._make_people()
        cls._make_children()
        cls._make_records()
        cls._make_rows_by_hand()
        cls.env.flush_all()

    # === People ===

    @classmethod
    def _make_people(cls):
        cls.council2 = cls.env["res.company"].create({"name": "Farshire"})
        cls.users["system"] = cls.env.ref("base.user_admin")
        cls.users["system"].write({"company_ids": [(4, cls.council.id)]})
        cls.users["public"] = cls.env.ref("base.public_user")
        staff = {
            "contributor": "pep_module.group_pep_contributor",
            "third_vseo": "pep_module.group_pep_vseo",
            "vseo_and_finance": "pep_module.group_pep_vseo,pep_module.group_pep_finance",
            "vseo_and_social_worker": "pep_module.group_pep_vseo",
            "vseo_and_admin": "pep_module.group_pep_vseo,pep_module.group_pep_admin",
            "unlisted": "pep_module.group_pep_head",
            "finance_former": "pep_module.group_pep_finance",
            "finance_future": "pep_module.group_pep_finance",
        }
        for name, groups in staff.items():
            cls.users[name] = cls._staff(name, groups, cls.council)
        cls.users["foreign_vseo"] = cls._staff("foreign_vseo", "pep_module.group_pep_vseo", cls.council2)
        cls.users["foreign_head"] = cls._staff("foreign_head", "pep_module.group_pep_head", cls.council2)
        cls.users["teacher_and_carer"] = new_test_user(cls.env, "teacher_and_carer.test", groups="base.group_portal")
        whole_council = [case for case in CASES if case != "foreign"]
        cls.people = {
            **{role: on(OWN, role) for role in ROLES},
            "head": on(COUNCIL, "head"),
            "finance": on(whole_council, "finance"),
            **{name: {} for name in ("admin", "employee", "system", "public", "unlisted")},
            **{name: {} for name in ("finance_former", "finance_future")},
            "foreign_head": on(["foreign"], "head"),
            # several roles in one person: on each child that child's role alone
            "vseo_and_finance": on(whole_council, "finance") | on(OWN, "vseo", "finance"),
            "vseo_and_social_worker": on(OWN, "vseo") | on(["other"], "contributor"),
            "vseo_and_admin": on(OWN, "vseo"),
            "teacher_and_carer": on(OWN, "teacher") | on(["other"], "carer"),
        }

    @classmethod
    def _staff(cls, name, groups, companies):
        return new_test_user(
            cls.env,
            f"{name}.test",
            groups=groups,
            company_id=companies[0].id,
            company_ids=[(6, 0, companies.ids)],
        )

    @classmethod
    def as_person(cls, model, person):
        """A model as this person has it: the client's councils for staff, from a cold cache."""
        return cls.as_user(cls.env[model], person).with_context(active_test=False)

    # === Children ===

    @classmethod
    def _make_children(cls):
        users = cls.users
        cls.school2 = cls.make_school("Oak Primary School", "100002")
        term2 = cls.env["pep.term"]._term_on(cls.council2, cls.today)
        cls.terms = {case: cls.term for case in CASES} | {"foreign": term2}
        vseos = {"own": "vseo", "former": "vseo", "archived": "vseo", "future": "third_vseo", "foreign": "foreign_vseo"}
        cls.children = {
            case: cls.make_children(
                school=False,
                vseo_id=users[vseos.get(case, "other_vseo")].id,
                company_id=(cls.council2 if case == "foreign" else cls.council).id,
            )
            for case in CASES
        }
        cover = {"date_from": cls.today, "date_to": cls.tomorrow + timedelta(days=30), "company_id": cls.council.id}
        later = {**cover, "date_from": cls.tomorrow}
        cls.env["pep.cover"].create(
            [
                {**cover, "user_id": users["vseo"].id, "cover_user_id": users["support"].id, "role": "support"},
                {**later, "user_id": users["third_vseo"].id, "cover_user_id": users["vseo"].id, "role": "vseo"},
                {**later, "user_id": users["third_vseo"].id, "cover_user_id": users["support"].id, "role": "support"},
            ]
        )
        cls._enrol_and_surround()
        for name in ("vseo_and_finance", "vseo_and_social_worker", "vseo_and_admin"):  # all work on the same caseload
            cls.env["pep.cover"].create(
                {**cover, "user_id": users["vseo"].id, "cover_user_id": users[name].id, "role": "vseo"}
            )

    @classmethod
    def _enrol_and_surround(cls):
        """School staff and network: there today, until yesterday, from tomorrow, or barred."""
        children, users = cls.children, cls.users
        spans = {
            "own": (cls.last_year, False),
            "archived": (cls.last_year, False),
            "former": (cls.last_year, cls.yesterday),
            "future": (cls.tomorrow, False),
        }
        cls.env["pep.school.staff"].create(
            [
                {"user_id": users[name].id, "school_id": cls.school.id, "date_from": cls.last_year}
                for name in ("teacher", "teacher_and_carer")
            ]
        )
        for case, child in children.items():
            start, end = spans.get(case, (cls.last_year, False))
            school = cls.school if case in spans else cls.school2
            cls.env["pep.enrolment"].create(
                {"child_id": child.id, "school_id": school.id, "date_from": start, "date_to": end}
            )
            for role in NETWORK if case in spans or case == "barred" else ():
                cls._join(child, role, users[role], start, end, must_not_contact=case == "barred")
            cls._join(child, "other", cls.env["res.partner"].create({"name": f"Aunt of {case}"}), start)
        cls._join(children["other"], "carer", users["teacher_and_carer"], cls.last_year)
        cls._join(children["other"], "social_worker", users["vseo_and_social_worker"], cls.last_year)
        children["former"].vseo_id = users["other_vseo"]

    @classmethod
    def _join(cls, child, role, person, start, end=False, **values):
        partner = person.partner_id if person._name == "res.users" else person
        role = "social_worker" if role == "contributor" else role
        member = {"child_id": child.id, "partner_id": partner.id, "role": role, "date_from": start, "date_to": end}
        return cls.env["pep.network.member"].create({**member, **values})

    # === Records ===

    @classmethod
    def _make_records(cls):
        """One record of every model about every child, with words in it that no one else may read."""
        cls.records = {model: {} for model in TABLE.models("child")}
        for case, child in cls.children.items():
            for model, record in cls._records_of(case, child).items():
                cls.records[model][case] = record
        cls.children["archived"].active = False

    @classmethod
    def _records_of(cls, case, child):
        env, term = cls.env, cls.terms[case]
        plan = cls.make_plan(child, term)
        following = cls.make_plan(child, cls.next_term(term))
        target = cls.smart_target(plan, name=f"Secret aim of {case}", baseline=f"Secret start of {case}")
        meeting = env["pep.meeting"].create(
            {"plan_id": plan.id, "start": fields.Datetime.now(), "notes": f"Secret words of {case}"}
        )
        request = env["pep.funding.request"].create(
            {
                "target_id": target.id,
                "name": f"Secret need of {case}",
                "unit_cost": 40,
                "quantity": 10,
                "fund_id": cls._of_council("pep.fund", child.company_id).id,
                "asked_by_id": cls.users["other_vseo"].id,
            }
        )
        return {
            "pep.child": child,
            "pep.care.episode": env["pep.care.episode"].create({"child_id": child.id, "date_from": cls.last_year}),
            "pep.enrolment": child.enrolment_ids[:1],
            "pep.network.member": child.network_ids[:1],
            "pep.access": child.access_ids[:1],
            "pep.plan": plan,
            "pep.plan.issue": env["pep.plan.issue"].create(cls._issue_values(plan)),
            "pep.gate.pass": env["pep.gate.pass"].create(cls._pass_values(plan, "meeting")),
            "pep.target": target,
            "pep.target.review": env["pep.target.review"].create({"plan_id": following.id, "target_id": target.id}),
            "pep.meeting": meeting,
            "pep.meeting.attendee": meeting.attendee_ids[:1],
            "pep.funding.request": request,
            "pep.funding": request.funding_ids,
        }

    @classmethod
    def _of_council(cls, model, council, **values):
        domain = [("company_id", "=", council.id), *((name, "=", value) for name, value in values.items())]
        return cls.env[model].search(domain, limit=1)

    @classmethod
    def _issue_values(cls, plan, version=1):
        values = {
            "plan_id": plan.id,
            "version": version,
            "data": {"words": "Secret"},
            "document": "<p>Secret</p>",
            "digest": "none",
        }
        return {**values, "issued_on": fields.Datetime.now(), "issued_by_id": cls.env.uid}

    @classmethod
    def _pass_values(cls, plan, gate):
        reason = cls._of_council("pep.gate.reason", plan.company_id, gate=gate, head_only=False)
        return {"plan_id": plan.id, "gate": gate, "reason_id": reason.id}

    @classmethod
    def _make_rows_by_hand(cls):
        """What can't be had by a child's own records: rights to one child or the whole council that end or begin."""
        cls.env.flush_all()
        now = fields.Datetime.now()
        past, ahead = now - timedelta(hours=1), now + timedelta(days=1)
        update = "UPDATE pep_access SET valid_from = %s, valid_to = %s WHERE user_id = %s AND {}"
        long_ago, far_ahead = datetime(2000, 1, 1), datetime(9999, 12, 31)
        children, users = cls.children, cls.users
        for where, args in (
            ("child_id = %s", (long_ago, past, users["head"].id, children["former"].id)),
            ("child_id = %s", (ahead, far_ahead, users["head"].id, children["future"].id)),
            ("child_id IS NULL", (long_ago, past, users["finance_former"].id)),
            ("child_id IS NULL", (ahead, far_ahead, users["finance_future"].id)),
        ):
            cls.env.cr.execute(update.format(where), args)  # rows that the app itself would not make
        cls.env.cr.execute(  # a role that no rule knows, in the hands of a user whom the access list lets everywhere
            "UPDATE pep_access SET role = 'unheard_of' WHERE user_id = %s", [users["unlisted"].id]
        )
        cls.env.invalidate_all()

    # === Values for writing and creating ===

    @classmethod
    def write_values(cls, model):
        """A harmless change of each model; one that a model refuses to anybody shows that access is refused first."""
        return {
            "pep.child": {"home_language": "Welsh"},
            "pep.care.episode": {"placement_urn": "SC123456"},
            "pep.enrolment": {"note": "x"},
            "pep.network.member": {"note": "x"},
            "pep.access": {"why": "x"},
            "pep.plan": {"summary": "x"},
            "pep.plan.issue": {"reason": "x"},
            "pep.gate.pass": {"note": "x"},
            "pep.target": {"strategies": "x"},
            "pep.target.review": {"evidence": "x"},
            "pep.meeting": {"notes": "x"},
            "pep.meeting.attendee": {"note": "x"},
            "pep.funding.request": {"why": "x"},
            "pep.funding": {"decision_note": "x"},
        }[model]

    @classmethod
    def create_values(cls, model, case):
        """Values of a new record about the child of a case that would be accepted from whoever may make it."""
        return getattr(cls, f"_new_{model.removeprefix('pep.').replace('.', '_')}")(case, cls.children[case])

    @classmethod
    def _new_child(cls, case, child):
        vseos = {"own": "vseo", "other": "other_vseo", "foreign": "foreign_vseo"}
        return {
            "company_id": child.company_id.id,
            "la_person_id": f"new-{case}",
            "date_of_birth": date(2015, 1, 1),
            "vseo_id": cls.users[vseos[case]].id,
        }

    @classmethod
    def _new_care_episode(cls, case, child):
        return {"child_id": child.id, "date_from": cls.today}

    @classmethod
    def _new_enrolment(cls, case, child):
        return {"child_id": child.id, "school_id": cls.school2.id, "kind": "alternative", "date_from": cls.today}

    @classmethod
    def _new_network_member(cls, case, child):
        return {"child_id": child.id, "partner_id": cls.env.user.partner_id.id, "role": "other", "date_from": cls.today}

    @classmethod
    def _new_access(cls, case, child):
        return {
            "child_id": child.id,
            "company_id": child.company_id.id,
            "user_id": cls.users["employee"].id,
            "role": "vseo",
            "valid_from": datetime(2000, 1, 1),
            "valid_to": datetime(9999, 1, 1),
            "source": "forged",
        }

    @classmethod
    def _new_plan(cls, case, child):
        term = cls.next_term(cls.next_term(cls.terms[case]))
        return {"child_id": child.id, "term_id": term.id}

    @classmethod
    def _new_plan_issue(cls, case, child):
        return cls._issue_values(cls.records["pep.plan"][case], version=9)

    @classmethod
    def _new_gate_pass(cls, case, child):
        return cls._pass_values(cls.records["pep.plan"][case], "next_date")

    @classmethod
    def _new_target(cls, case, child):
        area = cls._of_council("pep.target.area", child.company_id)
        return {"plan_id": cls.records["pep.plan"][case].id, "area_id": area.id, "name": "x"}

    @classmethod
    def _new_target_review(cls, case, child):
        review = cls.records["pep.target.review"][case]
        return {"plan_id": review.plan_id.id, "target_id": review.target_id.id}

    @classmethod
    def _new_meeting(cls, case, child):
        return {"plan_id": cls.records["pep.plan"][case].id, "start": datetime(2030, 1, 1, 10)}

    @classmethod
    def _new_meeting_attendee(cls, case, child):
        return {"meeting_id": cls.records["pep.meeting"][case].id, "partner_id": cls.env.user.partner_id.id}

    @classmethod
    def _new_funding_request(cls, case, child):
        fund = cls._of_council("pep.fund", child.company_id)
        return {
            "target_id": cls.records["pep.target"][case].id,
            "name": "x",
            "unit_cost": 1,
            "fund_id": fund.id,
        }

    @classmethod
    def _new_funding(cls, case, child):
        request = cls.records["pep.funding.request"][case]
        return {"child_id": child.id, "request_id": request.id, **request._prepare_funding()}
