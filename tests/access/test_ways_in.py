import base64
from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .table import AUDIENCE, ROLES, TABLE
from .world import AccessCase

QUIET_DENIAL = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class WaysInCase(AccessCase):
    def of(self, model, person, case="own"):
        """The record of a case as a person has it, from a cold cache."""
        return self.as_person(model, person).browse(self.records[model][case].id)

    def as_called_by(self, person):
        """As in a call from outside: it is this person's rights that Odoo goes back to, not the test's own."""
        self.env.transaction.default_env = self.env(user=self.users[person], su=False)
        self.addCleanup(setattr, self.env.transaction, "default_env", self.env)

    def assert_refused(self, action, error=UserError):
        with self.assertRaises(error), mute_logger(*QUIET_DENIAL, "odoo.sql_db"), self.env.cr.savepoint():
            action()
            self.env.flush_all()


# What these methods are called with, whatever the child.
ARGUMENTS = {
    ("pep.action", "action_not_done"): ("Said so",),
    ("pep.contribution", "action_enter_on_behalf"): ("Somebody", "phone", "2024-01-01"),
    ("pep.funding", "action_approve_part"): (1.0,),
    ("pep.meeting", "chair_add_action"): ({"name": "Forged"},),
    ("pep.meeting", "chair_add_point"): ("Forged",),
    ("pep.meeting", "chair_save"): ([{"kind": "note", "field": "text", "value": "Forged"}],),
    ("pep.meeting", "chair_set_next"): ("none", None, None, "Forged"),
    ("pep.meeting.attendee", "action_answer"): ("accepted",),
    ("pep.meeting.attendee", "action_save_written"): ("Forged",),
    ("pep.meeting.attendee", "action_write_part"): ("Forged",),
    ("pep.plan", "action_set_next"): ("none", None, None, "Forged"),
    ("pep.plan", "action_interim"): ("Forged",),
    ("pep.review", "review_save"): ([{"kind": "review", "field": "feedback", "was": "", "value": "Forged"}],),
    ("pep.target.proposal", "action_change"): ({"name": "Forged"},),
}


@tagged("post_install", "-at_install")
class TestPointingElsewhere(WaysInCase):
    """Odoo checks a rule on the row as it was. So what the rules stand on can't be written, by any way in."""

    def test_the_child_the_council_and_the_parent_stay(self):
        for model, records in self.records.items():
            if model == "pep.child":
                continue
            parent = self.env[model]._child_parent if "_child_parent" in dir(self.env[model]) else None
            values = [
                {"child_id": self.children["other"].id},
                {"company_id": self.council2.id},
                {"child_reference": "Zebedee"},
            ]
            if parent:
                values.append({parent: records["other"][parent].id})
            for vals in values:
                if not vals.keys() <= self.env[model]._fields.keys():
                    continue
                with self.subTest(model, vals=vals):
                    self.assert_refused(lambda vals=vals, model=model: self.of(model, "vseo").write(vals))
                    self.assert_refused(lambda vals=vals, model=model: self.of(model, "head").write(vals))

    def makes_link(self, model, new, name):
        """Whether a new record has this link. What the app alone sets may be left out of a call instead of refused."""
        savepoint = self.env.cr.savepoint()
        try:
            with mute_logger(*QUIET_DENIAL):
                return self.as_person(model, "vseo").create(new).sudo()[name].id == new[name]
        except UserError:
            return False
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)

    def test_no_record_of_another_child_is_linked(self):
        """Through any many2one, when written or made; the ids of other records are easy to guess."""
        bound = self.env.registry["pep.child.bound"]
        tried = 0
        for model in self.records:
            for field in self.env[model]._fields.values():
                comodel = field.comodel_name if field.type == "many2one" and field.store else None
                if model == "pep.child" or comodel not in self.records or not isinstance(self.env[comodel], bound):
                    continue
                vals = {field.name: self.records[comodel]["other"].id}
                with self.subTest(model, field=field.name):
                    tried += 1
                    self.assert_refused(lambda vals=vals, model=model: self.of(model, "vseo").write(vals))
                    new = {**self.create_values(model, "own"), **vals}
                    if field.name in self.env[model]._made_by_app() | self.env[model]._set_by_app():
                        self.assertFalse(self.makes_link(model, new, field.name))
                    else:
                        self.assert_refused(lambda new=new, model=model: self.as_person(model, "vseo").create(new))
                    # even the app itself makes no such link
                    self.assert_refused(lambda vals=vals, model=model: self.records[model]["own"].sudo().write(vals))
        self.assertGreater(tried, 10)

    def test_a_child_in_the_context_does_not_count_against_the_parent(self):
        context = {"default_child_id": self.children["other"].id, "default_company_id": self.council2.id}
        targets = self.as_person("pep.target", "vseo").with_context(**context)
        target = targets.create(self.create_values("pep.target", "own"))
        self.assertEqual((target.child_id, target.company_id), (self.children["own"], self.council))
        self.assertEqual(target.child_reference, self.children["own"].reference)
        episodes = self.as_person("pep.care.episode", "vseo").with_context(**context)
        self.assert_refused(lambda: episodes.create({"date_from": self.today}), AccessError)
        plans = self.as_person("pep.target", "vseo").with_context(default_plan_id=self.records["pep.plan"]["other"].id)
        new = {name: value for name, value in self.create_values("pep.target", "own").items() if name != "plan_id"}
        self.assert_refused(lambda: plans.create(new), AccessError)

    def test_another_child_beside_the_own_parent_is_refused(self):
        new = {**self.create_values("pep.target", "own"), "child_id": self.children["other"].id}
        self.assert_refused(lambda: self.as_person("pep.target", "vseo").create(new))

    def test_commands_reach_no_record_of_another_child(self):
        fields = {
            "pep.child": ("enrolment_ids", "network_ids", "plan_ids", "care_episode_ids", "access_ids"),
            "pep.plan": (
                "target_ids",
                "review_ids",
                "meeting_ids",
                "request_ids",
                "pass_ids",
                "issue_ids",
                "contribution_ids",
                "document_ids",
            ),
            "pep.contribution": ("answer_ids",),
            "pep.target": ("request_ids", "review_ids"),
            "pep.meeting": ("attendee_ids",),
            "pep.funding.request": ("funding_ids",),
        }
        self.as_called_by("vseo")
        for model, names in fields.items():
            for name in names:
                foreign = self.records[self.env[model]._fields[name].comodel_name]["other"]
                own = self.records[self.env[model]._fields[name].comodel_name]["own"]
                for command in (
                    Command.link(foreign.id),
                    Command.set(foreign.ids),
                    Command.update(foreign.id, {"active": False}),
                    Command.delete(foreign.id),
                    Command.delete(own.id),
                    Command.unlink(own.id),
                    Command.clear(),
                ):
                    if command[0] != Command.LINK and not self.records[model]["own"][name]:
                        continue  # nothing there that could go
                    with self.subTest(model, field=name, command=command):
                        self.assert_refused(
                            lambda model=model, name=name, command=command: self.of(model, "vseo").write(
                                {name: [command]}
                            ),
                            Exception if command[0] == Command.UPDATE else UserError,
                        )

    def test_nobody_widens_who_reads_a_row(self):
        """The flags that the rule reads are the app's own: not written, not made, not by a default."""
        flags = {f"for_{role}": True for role in AUDIENCE}
        others = {"delegate_id": self.users["third_vseo"].id, "hidden_from_id": self.users["head"].id}
        for model in filter(TABLE.for_some, self.records):
            for name, value in (flags | others).items():
                for person in ("vseo", "head", "teacher", "delegate"):
                    with self.subTest(model, field=name, person=person):
                        self.assert_refused(
                            lambda model=model, person=person, name=name, value=value: self.of(model, person).write(
                                {name: value}
                            )
                        )
            if TABLE[model]["create"]["vseo"] == "no":
                continue
            with self.subTest(model, made=True):
                new = {**self.create_values(model, "own"), **flags, **others}
                context = {f"default_{name}": value for name, value in (flags | others).items()}
                made = self.as_person(model, "vseo").with_context(**context).create(new).sudo()
                self.assertFalse(made.delegate_id | made.hidden_from_id)
                meant = self.env[model].browse(made.id)
                kept = [meant[name] for name in flags]
                meant._compute_audience()
                self.assertEqual([meant[name] for name in flags], kept)

    def test_nothing_is_told_of_a_child_out_of_sight(self):
        """What is there already of another's child is not what a new record of it is refused by."""
        for model in self.records:
            if TABLE[model]["create"]["vseo"] != "child" or model == "pep.child":
                continue
            twin = self.create_values(model, "other")
            savepoint = self.env.cr.savepoint()
            try:
                self.as_person(model, "other_vseo").create(twin)
                self.env.flush_all()
                with self.subTest(model):
                    self.assert_refused(
                        lambda model=model, twin=twin: self.as_person(model, "vseo").create(twin), AccessError
                    )
            finally:
                self.env.invalidate_all(flush=False)
                savepoint.close(rollback=True)

    def test_council_rows_are_not_given_away(self):
        templates = self.env.registry["pep.template.mixin"]
        for model in [*filter(lambda name: isinstance(self.env[name], templates), TABLE.models("council")), "pep.term"]:
            row = self._of_council(model, self.council)
            for council in (self.council2.id, False):
                with self.subTest(model, council=council):
                    self.assert_refused(
                        lambda model=model, row=row, council=council: (
                            self.as_person(model, "admin").browse(row.id).write({"company_id": council})
                        )
                    )


@tagged("post_install", "-at_install")
class TestTheAppsOwnFields(WaysInCase):
    """What screens show as read-only can be named by a call from outside; it is refused there too."""

    def test_what_follows_from_other_fields_is_not_written(self):
        for model in self.records:
            if model == "pep.child" or not isinstance(self.env[model], self.env.registry["pep.child.bound"]):
                continue
            for name in self.env[model]._made_by_app() - {"company_id"}:
                with self.subTest(model, field=name):
                    self.assert_refused(lambda model=model, name=name: self.of(model, "vseo").write({name: False}))

    def test_nobody_asks_in_the_name_of_another(self):
        requests = self.as_person("pep.funding.request", "vseo")
        head = self.users["head"].id
        new = self.create_values("pep.funding.request", "own")
        request = requests.with_context(default_asked_by_id=head).create({**new, "asked_by_id": head})
        self.assertEqual(request.asked_by_id, self.users["vseo"])
        self.assert_refused(lambda: request.write({"asked_by_id": head}))

    def test_nothing_is_approved_by_a_default(self):
        context = {
            "default_state": "approved",
            "default_amount_approved": 1.0,
            "default_decided_by_id": self.users["head"].id,
        }
        requests = self.as_person("pep.funding.request", "vseo").with_context(**context)
        money = requests.create(self.create_values("pep.funding.request", "own")).sudo().funding_ids
        self.assertEqual((money.state, money.amount_approved), ("asked", 0.0))

    def test_no_stage_by_a_default(self):
        context = {"default_state": "complete", "default_completed_on": "2020-01-01", "default_issue_version": 4}
        plans = self.as_person("pep.plan", "vseo").with_context(**context)
        plan = plans.create(self.create_values("pep.plan", "own"))
        self.assertRecordValues(plan, [{"state": "not_started", "completed_on": False, "issue_version": 0}])
        meetings = self.as_person("pep.meeting", "vseo").with_context(default_state="held")
        self.assertEqual(meetings.create(self.create_values("pep.meeting", "own")).state, "planned")

    def test_what_hangs_on_a_new_child_is_made_with_the_persons_rights(self):
        self.as_called_by("vseo")
        children = self.as_person("pep.child", "vseo")
        new = self.create_values("pep.child", "own")
        plan = {"term_id": self.term.id, "state": "complete", "issue_version": 3}
        child = children.create({**new, "plan_ids": [Command.create(plan)]} | {"date_into_care": self.yesterday})
        self.assertEqual(child.plan_ids.mapped("state"), ["not_started"])
        forged = {"access_ids": [Command.create(self.create_values("pep.access", "own"))]}
        self.assert_refused(lambda: children.create({**new, "la_person_id": "forged", **forged}), AccessError)
        self.assertFalse(self.env["pep.access"].search([("source", "=", "forged")]))
        context = {"default_access_ids": forged["access_ids"]}
        made = children.with_context(**context).create({**new, "la_person_id": "by default"})
        self.assertNotIn("forged", made.sudo().access_ids.mapped("source"))


@tagged("post_install", "-at_install")
class TestAccessItself(WaysInCase):
    def test_nobody_makes_changes_or_deletes_access(self):
        """By a call, by import, by commands through any record that points there. Cells: TestCells."""
        row = self.records["pep.access"]["own"]
        values = self.create_values("pep.access", "own")
        for person in ("vseo", "head", "admin", "system", "finance", "support"):
            model = self.as_person("pep.access", person)
            council = self.as_user(self.council, person)
            with self.subTest(person):
                self.assert_refused(lambda model=model: model.create(values), AccessError)
                self.assert_refused(lambda model=model: model.browse(row.id).write({"role": "head"}), AccessError)
                self.assert_refused(lambda model=model: model.browse(row.id).unlink(), AccessError)
                self.assert_refused(
                    lambda council=council: council.write({"pep_access_ids": [Command.create(values)]}), AccessError
                )
        self.assertFalse(self.env["pep.access"]._allow_sudo_commands)

    def test_commands_through_what_the_app_opens_by_sudo_are_refused(self):
        """``_allow_sudo_commands``: the rights of the person who called count, not those of the parent record."""
        self.as_called_by("vseo")
        child = self.of("pep.child", "vseo")
        command = Command.create({**self.create_values("pep.access", "own")})
        self.assert_refused(lambda: child.sudo().write({"access_ids": [command]}), AccessError)

    def test_import_of_rows_is_refused(self):
        result = self.as_person("pep.access", "head").load(
            ["user_id/.id", "child_id/.id", "role"],
            [[str(self.users["employee"].id), str(self.children["own"].id), "vseo"]],
        )
        self.assertFalse(result["ids"])


@tagged("post_install", "-at_install")
class TestMethods(WaysInCase):
    """docs/access_methods.csv: who is not in a line is refused, and on other children everybody is."""

    def arguments(self, record, method):
        """What a method is called with, about the child of the record; whoever may call it would have it done."""
        if (record._name, method) in ARGUMENTS:
            return ARGUMENTS[record._name, method]
        row = record.sudo()
        plan = row.plan_id if "plan_id" in row._fields else row
        match record._name, method:
            case _, "action_withdraw" | "action_decline" if record._name != "pep.target":
                words = record._name in ("pep.document", "pep.funding") or method == "action_decline"
                return ("Said so",) if words else ()
            case "pep.action", "action_give":
                return (self.users["social_worker"].partner_id.id,)
            case "pep.meeting.attendee", "action_tick_options":
                return ({self.records["pep.meeting.option"]["own"].id: "yes"},)
            case "pep.contribution", "action_save_answers":
                return ([{"question": self.questions[row.company_id][0].id, "value": "Forged", "version": 1}],)
            case "pep.delegation", "action_delegate":
                return (row.contribution_id.plan_id.id, self.users["delegate_and_carer"].id)
            case "pep.delegation", "action_invite_colleague":
                return (row.school_id.id, "New Colleague", "new.colleague@school.example")
            case "pep.document", "action_file":
                content = base64.b64encode(b"Forged").decode()
                return (plan.id, row.type_id.id, "forged.txt", content)
            case "pep.target.proposal", "action_propose":
                return (plan.id, {"area_id": row.area_id.id, "name": "Forged"})
            case "pep.attendance" | "pep.attainment" | "pep.suspension", "action_report":
                values = self.create_values(record._name, "own")
                del values["child_id"]
                values.pop("school_id", None)
                return (row.child_id.id, values)
            case "pep.attendance", "action_import_file":
                return (self.attendance_file(row.child_id),)
        return ()

    def attendance_file(self, child):
        """A week of attendance of a child, by UPN."""
        lines = [
            "UPN,From,To,Possible,Present,Authorised,Unauthorised",
            f"{child.upn},{self.last_year},{self.last_year + timedelta(4)},10,10,0,0",
        ]
        return base64.b64encode("\n".join(lines).encode()).decode()

    def test_a_file_by_upn_reaches_no_child_out_of_sight(self):
        """Known UPNs are no key: what is said of another's child is what is said of one whom nobody knows."""
        known, unknown = self.children["other"], self.make_children(1, upn="A820200112003")
        unknown.upn = False
        before = self.env["pep.attendance"].search_count([])
        told = []
        for number in ("A820200112004", "A820200112003"):
            known.upn = "A820200112004"
            child = known if number == known.upn else unknown.new({"upn": number})
            for person in ("vseo", "teacher", "vseo_and_social_worker"):
                with self.subTest(person=person, number=number):
                    result = self.as_person("pep.attendance", person).action_import_file(self.attendance_file(child))
                    self.assertTrue(result["error_count"])
                    told.append(str(result).replace(number, ""))
        self.assertEqual(told[:3], told[3:])
        self.assertEqual(self.env["pep.attendance"].search_count([]), before)

    def call(self, record, method):
        return getattr(record, method)(*self.arguments(record, method))

    def test_methods_of_records_about_a_child(self):
        number = 0
        for (model, method), row in TABLE.methods.items():
            if TABLE.kind.get(model) != "child" or row["roles"] == "anyone":
                continue
            roles = row["roles"].split()
            people = [(role, "own") for role in ROLES if role not in roles]
            people += [(role, "foreign") for role in roles] + [(role, "other") for role in roles if role != "head"]
            people += [("vseo", "former"), ("vseo", "future")]
            if "contributor" not in roles and method != "action_import_file":
                people.append(("vseo_and_social_worker", "other"))
            for person, case in people:
                number += 1
                with self.subTest(model, method=method, person=person, case=case):
                    record = self.of(model, person, case)
                    self.assert_refused(lambda record=record, method=method: self.call(record, method), AccessError)
        self.assertGreater(number, 100)

    def _form_values(self):
        plan, school = self.records["pep.plan"], self.school2
        outside = self.make_school("Tuition", False, pep_outside_gias=True)
        schedule = {"company_id": self.council.id, "start": "2030-05-07 10:00:00"}
        scheduled = self.env["pep.meeting.schedule"].create(schedule)
        return {
            "pep.meeting.schedule": {**schedule, "line_ids": [Command.create({"plan_id": plan["own"].id})]},
            "pep.meeting.schedule.line": {"wizard_id": scheduled.id, "plan_id": plan["own"].id},
            "pep.meeting.schedule.slot": {"wizard_id": scheduled.id, "start": "2030-05-07 10:00:00"},
            "pep.meeting.schedule.suggestion": {"wizard_id": scheduled.id, "plan_id": plan["own"].id},
            "pep.plan.go.on": {"plan_id": plan["own"].id, "next_state": "ready"},
            "pep.plan.reason": {"plan_id": plan["own"].id, "step": "cancel", "reason": "Moved"},
            "pep.plan.next": {"plan_id": plan["own"].id, "kind": "none", "note": "Moved"},
            "pep.plan.interim": {"plan_id": plan["own"].id, "words": "Moved"},
            "pep.plan.copies.send": {"plan_id": plan["own"].id},
            "pep.moderation": {"term_id": plan["own"].term_id.id, "company_id": self.council.id},
            "pep.action.step": {
                "action_id": self.records["pep.action"]["own"].id,
                "step": "not_done",
                "reason": "Moved",
            },
            "pep.meeting.hold": {"meeting_id": self.records["pep.meeting"]["own"].id, "reason": "Ill"},
            "pep.meeting.reason": {"meeting_id": self.records["pep.meeting"]["own"].id, "reason": "Ill"},
            "pep.meeting.stray": {"company_id": self.council.id, "words": "x"},
            "pep.network.change.dismiss": {"change_id": self.records["pep.network.change"]["own"].id, "reason": "x"},
            "pep.meeting.move": {
                "meeting_id": self.records["pep.meeting"]["own"].id,
                "start": "2030-05-07 10:00:00",
                "duration": 1,
            },
            "pep.funding.decide": {"funding_id": self.records["pep.funding"]["own"].id, "amount": 1.0},
            "pep.deadline.meet": {"deadline_id": self.records["pep.deadline"]["own"].id, "day": self.today},
            "pep.deadline.rule.version": {
                "rule_id": self._of_council("pep.deadline.rule", self.council).id,
                "valid_from": "2030-05-07",
                "direction": "after",
                "unit": "working",
            },
            "pep.settings": self.env["pep.settings"].default_get(self.env["pep.settings"]._setting_names()),
            "pep.export.everything": {},
            "pep.school.academise": {
                "school_id": school.id,
                "date": date(2020, 9, 1),
                "urn": "100009",
                "name": "x",
            },
            "pep.school.setting": {"name": "x"},
            "pep.school.match": {"school_id": outside.id, "urn": "100008"},
            "pep.person.add": {"child_id": self.records["pep.child"]["own"].id, "name": "x", "role": "carer"},
            "pep.gias.import": {},
            "pep.ssda903.import": {"company_id": self.council.id},
            "pep.contribution.reason": {
                "contribution_id": self.records["pep.contribution"]["own"].id,
                "step": "not_needed",
                "reason": "x",
            },
            "pep.document.withdraw": {"document_id": self.records["pep.document"]["own"].id, "reason": "x"},
            "pep.target.proposal.decline": {
                "proposal_id": self.records["pep.target.proposal"]["own"].id,
                "reason": "x",
            },
            "pep.attendance.import": {"file": base64.b64encode(b"UPN\n")},
            "pep.school.staff": {
                "user_id": new_test_user(self.env, "newcomer.test", groups="base.group_portal").id,
                "school_id": school.id,
                "date_from": self.today,
            },
            "pep.school.staff.add": {"school_id": school.id, "name": "x", "email": "x@school.example"},
            "pep.school.mailbox": {"school_id": school.id, "email": "office@school.example"},
            "pep.hand.over": {
                "kind": "social_worker",
                "partner_id": self.users["social_worker"].partner_id.id,
                "to_partner_id": self.users["carer"].partner_id.id,
            },
            "pep.rubric": {"name": "x", "company_id": self.council.id},
            "pep.section": {"name": "x", "company_id": self.council.id},
            "pep.question": {"name": "x", "section_id": self._of_council("pep.section", self.council).id},
        }

    def test_forms_and_imports_in_the_hands_of_the_wrong_role(self):
        """Even a form that the person has filled in, as if the access list had a hole, does nothing."""
        values = self._form_values()
        for (model, method), row in TABLE.methods.items():
            if TABLE.kind.get(model) not in ("form", "council", "shared") or model == "pep.term":
                continue
            for role in ROLES if row["roles"] != "anyone" else ():
                if role in row["roles"].split():
                    continue
                with self.subTest(model, method=method, role=role):
                    forms = self.env[model].with_user(self.users[role]).sudo()
                    with self.env.cr.savepoint() as savepoint:  # some are one of a kind
                        form = self.as_person(model, role).browse(forms.create(values[model]).id)
                        self.assert_refused(lambda form=form, method=method: self.call(form, method), AccessError)
                        savepoint.rollback()

    def test_forms_about_another_child(self):
        for case in ("other", "foreign", "former"):
            plan, money = self.records["pep.plan"][case], self.records["pep.funding"][case]
            for model, values, method in (
                ("pep.plan.go.on", {"plan_id": plan.id, "next_state": "ready"}, "action_go_on"),
                ("pep.plan.reason", {"plan_id": plan.id, "step": "cancel", "reason": "x"}, "action_confirm"),
                (
                    "pep.meeting.schedule",
                    {
                        "company_id": self.council.id,
                        "start": "2030-05-07 10:00:00",
                        "line_ids": [Command.create({"plan_id": plan.id})],
                    },
                    "action_plan",
                ),
                ("pep.plan.next", {"plan_id": plan.id, "kind": "none", "note": "x"}, "action_confirm"),
                ("pep.plan.interim", {"plan_id": plan.id, "words": "x"}, "action_confirm"),
                (
                    "pep.action.step",
                    {"action_id": self.records["pep.action"][case].id, "step": "not_done", "reason": "x"},
                    "action_confirm",
                ),
                ("pep.meeting.hold", {"meeting_id": self.records["pep.meeting"][case].id}, "action_confirm"),
                (
                    "pep.meeting.move",
                    {
                        "meeting_id": self.records["pep.meeting"][case].id,
                        "start": "2030-05-07 10:00:00",
                        "duration": 1,
                    },
                    "action_confirm",
                ),
                ("pep.person.add", {"child_id": plan.child_id.id, "name": "x", "role": "carer"}, "action_add"),
                (
                    "pep.contribution.reason",
                    {
                        "contribution_id": self.records["pep.contribution"][case].id,
                        "step": "not_needed",
                        "reason": "x",
                    },
                    "action_confirm",
                ),
                (
                    "pep.document.withdraw",
                    {"document_id": self.records["pep.document"][case].id, "reason": "x"},
                    "action_confirm",
                ),
                (
                    "pep.target.proposal.decline",
                    {"proposal_id": self.records["pep.target.proposal"][case].id, "reason": "x"},
                    "action_confirm",
                ),
            ):
                forms = self.env[model].with_user(self.users["vseo"]).sudo()
                form = self.as_person(model, "vseo").browse(forms.create(values).id)
                mine = self.as_person(model, "vseo")
                with self.subTest(model, case=case):
                    self.assert_refused(lambda form=form, method=method: getattr(form, method)(), AccessError)
                    self.assert_refused(lambda mine=mine, values=values: mine.create(values), AccessError)
            if case == "other":  # the head sees it
                continue
            forms = self.env["pep.funding.decide"].with_user(self.users["head"]).sudo()
            form = self.as_person("pep.funding.decide", "head").browse(forms.create({"funding_id": money.id}).id)
            with self.subTest("pep.funding.decide", case=case):
                self.assert_refused(form.action_confirm, AccessError)
                self.assert_refused(lambda form=form, money=money: form.create({"funding_id": money.id}), AccessError)
                self.assert_refused(lambda form=form, money=money: form.write({"funding_id": money.id}), AccessError)

    def test_a_form_is_seen_by_who_fills_it_in(self):
        form = self.as_person("pep.plan.reason", "vseo").create(
            {"plan_id": self.records["pep.plan"]["own"].id, "step": "cancel", "reason": "Secret"}
        )
        for person in ("head", "support", "vseo_and_social_worker"):
            with self.subTest(person):
                other = self.as_person("pep.plan.reason", person)
                self.assertFalse(other.search([]))
                self.assert_refused(lambda other=other: other.browse(form.id).read(["reason"]), AccessError)

    def test_opening_a_term(self):
        for role in ROLES:
            term = self.as_person("pep.term", role).browse(self.term.id)
            if role in TABLE.methods["pep.term", "action_open"]["roles"].split():
                term.action_open()
                foreign = self.as_person("pep.term", role).browse(self.terms["foreign"].id)
                self.assert_refused(foreign.action_open, AccessError)
            else:
                with self.subTest(role):
                    self.assert_refused(term.action_open, AccessError)
                    self.assert_refused(term.action_open_current, AccessError)

    def test_settings_and_templates_of_the_own_council_alone(self):
        for role in ROLES:
            if role != "admin":
                with self.subTest(role):
                    council = self.as_user(self.council, role)
                    self.assert_refused(council.action_pep_update_from_templates, AccessError)
        settings = self.as_person("pep.settings", "admin")
        form = settings.create({**settings.default_get(settings._setting_names()), "pep_age_to": 17})
        form.write({"company_id": self.council2.id})
        self.assert_refused(form.action_save, AccessError)
        self.assert_refused(self.as_user(self.council2, "admin").action_pep_update_from_templates, AccessError)


@tagged("post_install", "-at_install")
class TestCover(WaysInCase):
    """Cover opens a whole caseload: it is given, never taken."""

    def cover(self, person, of, by, role="vseo"):
        return self.as_person("pep.cover", person).create(
            {
                "company_id": self.council.id,
                "user_id": self.users[of].id,
                "cover_user_id": self.users[by].id,
                "role": role,
                "date_from": self.today,
                "date_to": self.tomorrow,
            }
        )

    def sees(self, person, case):
        return bool(self.as_person("pep.child", person).search([("id", "=", self.children[case].id)]))

    def test_given_by_who_has_the_caseload_or_by_the_head(self):
        self.assertFalse(self.sees("third_vseo", "own"))
        self.cover("vseo", "vseo", "third_vseo")
        self.assertTrue(self.sees("third_vseo", "own"))
        self.assertFalse(self.sees("vseo", "other"))
        self.cover("head", "other_vseo", "vseo")
        self.assertTrue(self.sees("vseo", "other"))

    def test_not_taken(self):
        self.assert_refused(lambda: self.cover("vseo", "other_vseo", "vseo"), AccessError)
        own = self.cover("vseo", "vseo", "third_vseo")
        self.assert_refused(lambda: own.write({"user_id": self.users["other_vseo"].id}), AccessError)
        others = self.cover("head", "other_vseo", "third_vseo")
        mine = self.as_person("pep.cover", "vseo").browse(others.id)
        self.assert_refused(lambda: mine.write({"cover_user_id": self.users["vseo"].id}), AccessError)
        self.assert_refused(lambda: self.cover("support", "vseo", "support", "support"), AccessError)
        self.assert_refused(lambda: mine.sudo().write({"company_id": self.council2.id}))
        self.assertFalse(self.sees("vseo", "other"))

    def test_cover_in_one_council_opens_no_child_of_another(self):
        self.users["vseo"].company_ids |= self.council2
        self.users["third_vseo"].company_ids |= self.council2
        child = self.make_children(company_id=self.council2.id, school=False)
        self.cover("vseo", "vseo", "third_vseo")
        self.assertFalse(self.as_person("pep.child", "third_vseo").search([("id", "=", child.id)]))

    def test_an_own_caseload_is_for_a_vseo(self):
        for person in ("employee", "contributor", "finance", "support"):
            with self.subTest(person):
                self.assert_refused(
                    lambda person=person: self.of("pep.child", "vseo").write({"vseo_id": self.users[person].id})
                )


@tagged("post_install", "-at_install")
class TestOnchange(WaysInCase):
    """Odoo works out a draft for whoever may edit the model, with related fields read past the rules."""

    WORDS = ("Secret", "Zebedee", "Unsaid", "400.0")

    def test_a_draft_tells_nothing_of_another_child(self):
        tried = 0
        for model in [*self.records, *TABLE.models("form")]:
            for person in ("vseo", "head"):
                form = self.as_person(model, person)
                fields = form.fields_get() if form.has_access("create") or form.has_access("write") else {}
                spec = {
                    name: {"fields": {"display_name": {}}} if field["type"].endswith(("2many", "2one")) else {}
                    for name, field in fields.items()
                }
                for name, field in fields.items():
                    if field["type"] != "many2one" or field["relation"] not in self.records:
                        continue
                    for draft in (form, form.browse(self.records.get(model, {"own": form})["own"].id)):
                        tried += 1
                        with self.subTest(model, field=name, person=person, new=not draft):
                            self.assert_silent(draft, name, self.records[field["relation"]]["foreign"].id, spec)
        self.assertGreater(tried, 40)

    def assert_silent(self, draft, name, foreign_id, spec):
        with mute_logger(*QUIET_DENIAL):
            try:
                told = str(draft.onchange({name: foreign_id}, [name], spec))
            except UserError:
                return
        for word in self.WORDS:
            self.assertNotIn(word, told)
