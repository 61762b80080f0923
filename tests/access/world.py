"""Two councils, a child for each way in which access can stand, and a person for each role."""

from collections import namedtuple
from datetime import date, datetime, timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .records import RecordCase
from .table import AUDIENCE, OWNED, ROLES, TABLE

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
# Whom the rows of a model under ``pep.audience`` are for: roles, one colleague by name, and the person kept from them.
# And where each reads their own: whose it is.
Readers = namedtuple("Readers", "roles delegate kept_from owner", defaults=[None])
READERS = {
    "everybody": Readers(AUDIENCE, "delegate", None),
    "nobody": Readers((), None, None),
    **{role: Readers((role,), None, None) for role in AUDIENCE},
    "a colleague": Readers((), "delegate", None),
    "another colleague": Readers((), "delegate_and_carer", None),
    "who is no delegate any more": Readers((), "parent", None),
    "all but one VSEO": Readers(AUDIENCE, "delegate", "vseo"),
    "all but the carer": Readers(AUDIENCE, "delegate", "carer"),
}
# Whose own a row can be: of each role, of people with several, and of some who are nothing to the child.
OWNERS = ("delegate", *NETWORK, "teacher", "teacher_and_carer", "vseo_and_social_worker", "unlisted", "employee")
OWN_READERS = {
    "nobody": READERS["nobody"],
    **{f"own of {name}": Readers((), None, None, name) for name in OWNERS},
}
SORTS = READERS | OWN_READERS


def on(cases, *roles):
    """These roles on the child of each of these cases."""
    return {case: set(roles) for case in cases}


@tagged("post_install", "-at_install")
class AccessCase(RecordCase):
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
        for name in ("delegate", "delegate_and_carer", "teacher_and_carer"):
            cls.users[name] = new_test_user(cls.env, f"{name}.test", groups="base.group_portal")
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
            "delegate_and_carer": on(OWN, "delegate") | on(["other"], "carer"),
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
        staff = {"teacher": "designated_teacher", "teacher_and_carer": "delegate"}
        staff |= dict.fromkeys(("delegate", "delegate_and_carer"), "colleague")
        cls.env["pep.school.staff"].create(
            [
                {"user_id": users[name].id, "school_id": cls.school.id, "role": role, "date_from": cls.last_year}
                for name, role in staff.items()
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
        for name in ("teacher_and_carer", "delegate_and_carer"):
            cls._join(children["other"], "carer", users[name], cls.last_year)
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
        cls.nobody = cls.env["res.partner"].create({"name": "Somebody without a login"})
        cls._make_form()
        for case, child in cls.children.items():
            for model, record in cls._records_of(case, child).items():
                cls.records[model][case] = record
        cls.children["archived"].active = False

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
        for model in cls.records:
            if cls.readers_of(model):
                cls.set_readers(model, "nobody" if TABLE.for_one(model) else "everybody")
        cls.env.invalidate_all()

    @classmethod
    def readers_of(cls, model):
        """Names of the sorts of readers that a row of this model can have; none where all rows are alike."""
        if TABLE.for_one(model):
            return list(OWN_READERS)
        if TABLE.for_some(model):
            return list(READERS)
        return ["everybody", "all but one VSEO"] if "hidden_from_id" in cls.env[model]._fields else []

    @classmethod
    def set_readers(cls, model, name):
        """Let all records of a model be for these people, whoever its own logic would have read them."""
        readers = SORTS[name]
        if TABLE.for_one(model):
            cls.set_owner(model, readers.owner)
            return
        values = {
            **{f"for_{role}": role in readers.roles for role in AUDIENCE},
            "delegate_id": cls.users[readers.delegate].id if readers.delegate else None,
            "hidden_from_id": cls.users[readers.kept_from].id if readers.kept_from else None,
        }
        fields_of = cls.env[model]._fields
        columns = [SQL("%s = %s", SQL.identifier(key), values[key]) for key in values if key in fields_of]
        ids = tuple(record.id for record in cls.records[model].values())
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL("UPDATE %s SET %s WHERE id IN %s", SQL.identifier(cls.env[model]._table), SQL(", ").join(columns), ids)
        )
        cls.env.invalidate_all()

    @classmethod
    def set_owner(cls, model, name):
        """Let all records of a model be this person's own, or nobody's who has a login."""
        *path, column = OWNED[model].split(".")
        owned = cls.env[model].union(*cls.records[model].values())
        for step in path:
            owned = owned[step]
        partner = cls.users[name].partner_id if name else cls.nobody
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                "UPDATE %s SET %s = %s WHERE id IN %s",
                SQL.identifier(owned._table),
                SQL.identifier(column),
                partner.id,
                tuple(owned.ids),
            )
        )
        cls.env.invalidate_all()
