"""A complete PEP and every method that a call from outside can name: the app's own, its forms', and Odoo's."""

import warnings

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from tests.access.table import ROLES, TABLE

from .freeze_common import FrozenCase

# Methods about the child that are not refused on a complete PEP. They leave what was agreed as it was.
GOES_ON = {
    "opens or shows something": {
        "pep.action": "action_ask_not_done action_ask_give action_ask_carry action_open_plan",
        "pep.child": "action_view_plans",
        "pep.concern": "action_open_plan",
        "pep.contribution": "action_fill",
        "pep.deadline": "action_open late_figures",
        "pep.document": "action_download",
        "pep.funding": "action_open_plan",
        "pep.meeting": "action_replies action_open_plan action_chair chair_load",
        "pep.meeting.attendee": "action_open",
        "pep.meeting.reply": "action_open_meeting",
        "pep.network.change": "action_dismiss action_open_plan action_open_child",
        "pep.plan": "action_correct action_open_child board_figures action_chair action_file_document "
        "action_open_concerns action_extra_meeting action_open_network_change action_print action_review "
        "action_send_copies",
        "pep.plan.copy": "action_open action_pdf",
        "pep.plan.issue": "action_read action_pdf",
        "pep.review": "action_open review_load",
    },
    "what becomes of an action": {"pep.action": "action_done action_not_done action_reopen action_give action_carry"},
    "money": {
        "pep.funding": "action_approve action_approve_part action_decline",
        "pep.funding.request": "action_withdraw",
    },
    "an extra meeting that is still to come": {"pep.meeting.option": "action_withdraw action_confirm_option"},
    "somebody who is not on the list of a meeting that was held": {"pep.meeting.attendee": "action_put_back"},
    "mails that come later": {"pep.meeting.reply": "action_seen"},
    "the child wanted to tell someone": {"pep.concern": "action_seen"},
    "who is around the child now": {
        "pep.delegation": "action_delegate action_end",
        "pep.network.change": "action_confirm",
        "pep.network.member": "action_invite",
    },
    "figures of the year": {"pep.attendance": "action_import_file"},
}
MAY_GO_ON = {
    (model, method)
    for methods_of in GOES_ON.values()
    for model, methods in methods_of.items()
    for method in methods.split()
}
FORM_ROLES = ("vseo", "support", "head", "admin")


@tagged("post_install", "-at_install")
class TestTheAppsMethods(FrozenCase):
    """docs/access_methods.csv, line by line: each is refused, or leaves what was agreed as it was."""

    def call(self, record, method):
        return getattr(record, method)(*self.arguments(record, method))

    def test_methods_about_the_child(self):
        called = 0
        for model, method in TABLE.methods:
            if TABLE.kind.get(model) != "child":
                continue
            for person in ROLES:
                called += 1
                record = self.of(model, person)
                with self.subTest(model, method=method, person=person):
                    error = self.attempt(lambda record=record, method=method: self.call(record, method))
                    self.assertTrue(error or (model, method) in MAY_GO_ON, "say in GOES_ON why this may go on")
        self.assertGreater(called, 1000)

    def test_methods_of_forms_and_of_what_the_council_sets(self):
        """Whatever forms, imports, hand-overs, terms and questions do, it does nothing to a complete PEP."""
        values = self.form_values()
        called, refused = 0, set()
        for model, method in TABLE.methods:
            if TABLE.kind.get(model) == "child" or model not in self.env:
                continue
            for person in FORM_ROLES:

                def fill_in_and_press(model=model, method=method, person=person):
                    mine = self.as_person(model, person)
                    if model in values:
                        made = self.env[model].with_user(self.users[person]).sudo().create(values[model])
                        form = mine.browse(made.id)
                    else:
                        form = mine.search(
                            [("company_id", "=", self.council.id)] if model != "res.company" else [], limit=1
                        )
                    self.call(form, method)

                called += 1
                with self.subTest(model, method=method, person=person):
                    if self.attempt(fill_in_and_press):
                        refused.add((model, method, person))
        self.assertGreater(called, 200)
        for model in ("pep.plan.go.on", "pep.plan.next", "pep.contribution.reason", "pep.document.withdraw"):
            methods = [method for name, method in TABLE.methods if name == model]
            self.assertLessEqual({(model, method, "head") for method in methods}, refused)

    def test_the_way_forward_starts_from_its_own_stage(self):
        for person in ("vseo", "support", "head"):
            for step in ("action_start", "action_ready", "action_process", "action_complete", "action_return"):
                plan = self.of("pep.plan", person)
                with self.subTest(person, step=step):
                    self.assertTrue(self.attempt(getattr(plan, step)))
            for step in ("return", "cancel"):
                reasons = self.as_person("pep.plan.reason", person)
                values = {"plan_id": self.plan.id, "step": step, "reason": "Forged"}
                with self.subTest(person, reason=step):
                    self.assertTrue(
                        self.attempt(lambda reasons=reasons, values=values: reasons.create(values).action_confirm())
                    )

    def test_without_a_reason_no_correction(self):
        for reason in ("", "   ", False):
            for person in ("vseo", "support", "head"):
                plan = self.of("pep.plan", person)
                with self.subTest(person, reason=reason):
                    self.assertTrue(self.attempt(lambda plan=plan, reason=reason: plan._take_step("correct", reason)))


@tagged("post_install", "-at_install")
class TestMethodsOfOdoo(FrozenCase):
    """Whatever else a call from outside can name on a part of the PEP: what Odoo's own mixins bring."""

    def arguments_of(self, name):
        return {
            "message_post": {"body": "Forged"},
            "message_notify": {"body": "Forged", "partner_ids": self.users["vseo"].partner_id.ids},
            "message_change_thread": {
                "new_thread": self.as_person("pep.plan", "head").browse(self.records["pep.plan"]["other"].id)
            },
            "update_field_translations": {"field_name": "summary", "translations": {"en_US": "Forged"}},
            "activity_schedule": {"act_type_xmlid": "mail.mail_activity_data_todo"},
            "message_subscribe": {"partner_ids": self.users["vseo"].partner_id.ids},
        }.get(name, {})

    def test_nothing_changes_by_them(self):
        called = 0
        for record in self.frozen_records():
            for name in dir(type(record)):
                try:
                    method = get_public_method(record, name)
                except (AccessError, AttributeError):
                    continue
                if (record._name, name) in TABLE.methods or isinstance(getattr(type(record), name), type):
                    continue
                mine = self.as_person(record._name, "head").browse(record.id)
                arguments = self.arguments_of(name)
                with self.subTest(record._name, method=name), warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)
                    called += 1
                    with mute_logger("odoo.addons.mail.models.mail_thread"):
                        self.attempt(lambda method=method, mine=mine, arguments=arguments: method(mine, **arguments))
        self.assertGreater(called, 500)
