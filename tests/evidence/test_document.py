import base64
import re
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .document_common import OUTSIDERS, PDF, DocumentCase, docx, picture, zipped

MEGABYTE = 1024 * 1024
WHO_FILES = {
    "support_plan": {"teacher", "social_worker", "carer", "iro"},
    "achievement": {"teacher", "social_worker", "carer", "parent", "iro"},
    "ehcp": {"teacher", "social_worker", "iro"},
    "other": {"teacher", "social_worker", "carer", "parent", "iro"},
}


@tagged("post_install", "-at_install")
class TestFiling(DocumentCase):
    def test_each_outsider_files_what_is_theirs_or_for_them(self):
        for code, roles in WHO_FILES.items():
            for role in OUTSIDERS:
                with self.subTest(code, role=role):
                    if role in roles:
                        document = self.file(role, code)
                        self.assertEqual((document.owner_role, document.filed_by_id), (role, self.users[role]))
                        self.assertEqual(document.child_id, self.child)
                    else:
                        with self.assertRaises(AccessError):
                            self.file(role, code)

    def test_staff_file_for_their_children(self):
        for role in ("vseo", "head"):
            document = self.file(role, "support_plan", data=PDF + role.encode())
            self.assertEqual(document.owner_role, "vseo")
            self.assertFalse(document.school_id)

    def test_nobody_else_files(self):
        for role in ("other_vseo", "finance", "admin", "employee"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.file(role)
        with self.assertRaises(AccessError), mute_logger("odoo.http"):
            self.documents_of("teacher").with_user(self.env.ref("base.public_user")).action_file(
                self.plan.id, self.types["other"].id, "a.pdf", base64.b64encode(PDF).decode()
            )

    def test_what_is_kept_of_it(self):
        document = self.file(name="C:\\Users\\dt\\Zebedee Unsaid, plan.pdf", note=" The spring one ")
        self.assertEqual(document.original_name, "Zebedee Unsaid, plan.pdf")
        self.assertEqual(document.note, "The spring one")
        self.assertEqual((document.mimetype, document.extension, document.size), ("application/pdf", "pdf", len(PDF)))
        self.assertEqual(document.size_label, "1 KB")
        self.assertEqual(document.school_id, self.school)
        self.assertEqual(document.term_id, self.plan.term_id)
        self.assertEqual(document.display_name, self.child.reference)
        self.assertEqual(base64.b64decode(document.file), PDF)

    def test_the_download_name_carries_the_reference_only(self):
        day = self.today.isoformat()
        document = self.file(name="Zebedee Unsaid.PDF")
        self.assertEqual(document.file_name, f"{self.child.reference}-support-plan-{day}.pdf")
        self.assertEqual(self.attachment_of(document).name, document.file_name)
        self.types["support_plan"].name = "Über-Plan / „neu“"
        self.assertEqual(document.file_name, f"{self.child.reference}-uber-plan-neu-{day}.pdf")

    def test_the_name_it_came_with_is_not_for_everybody(self):
        document = self.file(name="Zebedee Unsaid.pdf")
        for role in ("teacher", "vseo"):
            self.assertEqual(self.documents_of(role).browse(document.id).original_name, "Zebedee Unsaid.pdf")
        self.assertNotIn("original_name", self.documents_of("finance").fields_get())
        self.assertNotIn("original_name", self.documents_of("employee").fields_get())

    def test_a_script_in_a_name_is_only_text(self):
        document = self.file(name='"><script>alert(1)</script>\n.pdf')
        self.assertNotIn("<", document.file_name)
        self.assertEqual(document.original_name, "script>.pdf")
        long = self.file(name="x" * 5000 + ".pdf", data=PDF + b" ")
        self.assertEqual(len(long.original_name), 200)

    def test_names_of_other_kinds(self):
        self.assertEqual(self.file(name="a.jpeg", data=picture()).extension, "jpg")
        self.assertEqual(self.file(name="marks.csv", data=b"a;b\n").mimetype, "text/csv")
        self.assertEqual(self.file(name="photo", data=picture("PNG")).extension, "png")

    def test_a_photograph_loses_its_place_and_nothing_else(self):
        data = picture(place=True, size=(2500, 1500))
        document = self.file(name="work.jpg", data=data, code="example_of_work")
        kept = base64.b64decode(document.file)
        self.assertNotIn(b"Secret Street", kept)
        self.assertEqual(document.size, len(kept))
        self.assertEqual(self.attachment_of(document).file_size, len(kept))
        self.assertGreater(len(kept), 0.9 * len(data))  # nor does Odoo make it smaller

    def test_the_callers_context_sets_nothing(self):
        context = {
            "default_state": "withdrawn",
            "default_hidden_from_id": self.users["vseo"].id,
            "default_owner_role": "vseo",
            "default_public": True,
            "default_res_model": "res.partner",
            "default_version": 7,
            "tracking_disable": True,
        }
        documents = self.documents_of("teacher").with_context(**context)
        document_id = documents.action_file(
            self.plan.id, self.types["support_plan"].id, "a.pdf", base64.b64encode(PDF).decode()
        )
        document = self.env["pep.document"].browse(document_id)
        self.assertEqual((document.state, document.owner_role, document.version), ("filed", "teacher", 1))
        self.assertFalse(document.hidden_from_id)
        self.assertFalse(self.attachment_of(document).public)

    def test_two_roles_in_one_person_file_as_who_is_asked(self):
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": self.users["teacher"].partner_id.id,
                "role": "carer",
                "date_from": self.today,
            }
        )
        self.assertEqual(self.file("teacher", "support_plan").owner_role, "teacher")
        self.types["support_plan"].owner_role = "carer"
        self.assertEqual(self.file("teacher", "support_plan", data=PDF + b" ").owner_role, "carer")


@tagged("post_install", "-at_install")
class TestRefusals(DocumentCase):
    def refused(self, why, *args, **kwargs):
        number = self.env["pep.document"].search_count([])
        with self.assertRaises(UserError) as caught:
            self.file(*args, **kwargs)
        self.assertEqual(caught.exception.code, why)
        self.assertEqual(self.env["pep.document"].search_count([]), number)
        self.assertNotIn("Zebedee", str(caught.exception))
        return str(caught.exception)

    def test_each_says_why(self):
        self.assertIn("empty", self.refused("empty", data=b""))
        self.assertIn("something else than its name", self.refused("wrong_name", name="Zebedee.docx"))
        self.assertIn(".pdf", self.refused("wrong_name", name="plan.exe"))
        self.assertIn("is not taken", self.refused("unknown", data=b"MZ\x00\x01" * 50, name="plan.pdf"))
        self.assertIn("is not taken", self.refused("unknown", data=b"<html>", name="plan.txt"))
        self.assertIn("macros", self.refused("macros", data=docx("word/vbaProject.bin"), name="plan.docx"))
        self.refused("unknown", data=zipped("plan.pdf"), name="plan.zip")

    def test_a_type_says_what_it_may_be(self):
        kind = self.types["support_plan"]
        kind.write({"allow_pdf": False, "allow_office": False, "allow_text": False})
        self.assertIn("Picture", self.refused("kind"))
        self.file(data=picture(), name="a.jpg")

    def test_too_big(self):
        self.council.pep_document_max_mb = 1
        big = PDF + b" " * MEGABYTE
        self.assertIn("1 MB", self.refused("too_big", data=big))
        self.file(data=PDF + b" " * (MEGABYTE - len(PDF)))
        self.council.pep_document_max_mb = 10
        self.file(data=big)
        self.types["achievement"].max_mb = 1
        self.refused("too_big", code="achievement", data=big)

    def test_far_too_big_is_not_even_decoded(self):
        payload = "A" * (41 * MEGABYTE)  # 30 MB as base64
        documents, kind = self.documents_of("teacher"), self.types["support_plan"]
        with (
            patch.object(base64, "b64decode", side_effect=AssertionError("decoded")),
            self.assertRaises(UserError) as caught,
        ):
            documents.action_file(self.plan.id, kind.id, "a.pdf", payload)
        self.assertEqual(caught.exception.code, "too_big")

    def test_no_base64(self):
        for payload in ("", "é€", "abc", False, None):
            with self.assertRaises(UserError):
                self.documents_of("teacher").action_file(self.plan.id, self.types["support_plan"].id, "a.pdf", payload)

    def test_twice_the_same(self):
        self.file()
        self.refused("twice")
        self.file(code="achievement")  # as something else
        self.file("social_worker")  # by somebody else
        document = self.file(data=PDF + b" ")
        self.documents_of("teacher").browse(document.id).action_withdraw("Wrong one")
        self.file(data=PDF + b" ")  # after the first was taken back

    def test_twice_at_the_same_moment_stands_in_the_database(self):
        self.file()
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            patch.object(self.env.registry["pep.document"], "_same", lambda *_args: [(0, "=", 1)]),
            self.env.cr.savepoint(),
        ):
            self.file()

    def test_a_type_of_another_council_or_retired(self):
        foreign = self.env["res.company"].create({"name": "Farshire"})
        other = self.env["pep.document.type"].search([("company_id", "=", foreign.id)], limit=1)
        template = self.env["pep.document.type"].search([("company_id", "=", False)], limit=1)
        self.types["support_plan"].active = False
        for kind in (other, template, self.types["support_plan"]):
            for role in ("teacher", "vseo"):
                with self.subTest(kind.name, role=role), self.assertRaises(AccessError):
                    self.documents_of(role).action_file(self.plan.id, kind.id, "a.pdf", base64.b64encode(PDF).decode())

    def test_another_child_and_no_child_are_answered_alike(self):
        other = self.make_plan(self.make_children(school=False))
        other.action_start()
        sentences = set()
        for plan_id in (other.id, 999_999_999, 0, False):
            with self.assertRaises(AccessError) as caught:
                self.documents_of("teacher").action_file(
                    plan_id, self.types["support_plan"].id, "a.pdf", base64.b64encode(PDF).decode()
                )
            sentences.add(str(caught.exception))
        self.assertEqual(len(sentences), 1)

    def test_after_leaving(self):
        staff = self.env["pep.school.staff"].search([("user_id", "=", self.users["teacher"].id)])
        document = self.file()
        staff.date_to = self.today - timedelta(days=1)
        with self.assertRaises(AccessError):
            self.file(data=PDF + b" ")
        self.assertFalse(self.documents_of("teacher").search([("id", "=", document.id)]))
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.documents_of("teacher").browse(document.id).action_withdraw("Mine")

    def test_stages(self):
        plan = self.make_plan(term=self.next_term())
        self.env["pep.enrolment"].search([("child_id", "=", plan.child_id.id)]).date_to = False
        self.assertEqual(plan.state, "not_started")
        self.refused("closed", plan=plan)
        self.file("vseo", plan=plan)
        self.finish()
        self.refused("closed")
        with self.assertRaisesRegex(UserError, "finished"):
            self.file("vseo")
        self.plan._take_step("correct", "Put right")
        self.file()

    def test_what_a_page_offers(self):
        types = self.env["pep.document.type"]
        for role in OUTSIDERS:
            offered = self.as_user(types, role)._fileable(self.child)
            may = {code for code, roles in WHO_FILES.items() if role in roles}
            self.assertEqual({code for code in WHO_FILES if self.types[code] in offered}, may, role)
        self.assertEqual(self.as_user(types, "vseo")._fileable(self.child), types.union(*self.types.values()))
        self.assertFalse(self.as_user(types, "teacher")._fileable(self.make_children(school=False)))
        self.types["achievement"].write({"allow_pdf": False, "allow_office": False, "allow_text": False})
        self.assertEqual(self.types["achievement"]._accept(), ".jpg,.jpeg,.jpe,.jfif,.png,.gif,.webp")
        first, second = self.file(), self.file("carer")
        both = self.documents_of("teacher").browse([first.id, second.id])
        self.assertEqual(both._withdrawable(), first)


@tagged("post_install", "-at_install")
class TestReaders(DocumentCase):
    def test_whom_the_type_is_for_and_who_filed_it(self):
        everyone = set(OUTSIDERS)
        for role, code, readers in (
            ("teacher", "support_plan", everyone - {"parent"}),
            ("carer", "achievement", everyone),
            ("social_worker", "ehcp", {"teacher", "social_worker", "iro"}),
            ("parent", "other", {"parent", "social_worker"}),
            ("carer", "other", {"carer", "social_worker"}),
            ("vseo", "other", {"social_worker"}),
        ):
            with self.subTest(code, role=role):
                self.assertEqual(self.readers(self.file(role, code)), readers)

    def test_nobody_outside_learns_who_the_carer_is(self):
        document = self.file("carer", "achievement")
        name = self.users["carer"].name
        for role in OUTSIDERS:
            mine = self.documents_of(role).browse(document.id)
            self.assertNotIn(name, str(mine.read()))
            self.assertEqual(mine.filed_by_me, role == "carer")
            for field in ("filed_by_id", "filed_by_name", "create_uid", "write_uid"):
                with self.assertRaises(AccessError):
                    mine.read([field])
                with self.assertRaises(AccessError):
                    mine.search([(field, "=", name)])
        self.assertIn(name, str(self.documents_of("vseo").browse(document.id).read(["filed_by_name"])))

    def test_staff_read_it_and_others_of_the_council_do_not(self):
        document = self.file()
        for role, sees in (("vseo", 1), ("head", 1), ("other_vseo", 0)):
            self.assertEqual(self.documents_of(role).search_count([("id", "=", document.id)]), sees, role)
        for role in ("finance", "admin", "employee"):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.documents_of(role).search([("id", "=", document.id)])

    def test_widening_a_type_opens_nothing_that_was_there_and_narrowing_closes_it(self):
        document = self.file()
        kind = self.types["support_plan"]
        kind.for_parent = True
        self.assertNotIn("parent", self.readers(document))
        self.assertIn("parent", self.readers(self.file(data=PDF + b" ")))
        kind.for_carer = False
        self.assertNotIn("carer", self.readers(document))

    def test_what_was_filed_as_the_wrong_type_is_put_right(self):
        document = self.file("teacher", "achievement")
        self.documents_of("vseo").browse(document.id).type_id = self.types["ehcp"]
        self.assertEqual(self.readers(document), {"teacher", "social_worker", "iro"})
        self.types["register"].allow_pdf = False
        with self.assertRaisesRegex(UserError, "may be"), self.env.cr.savepoint():
            self.documents_of("vseo").browse(document.id).type_id = self.types["register"]
        template = self.env["pep.document.type"].search([("company_id", "=", False)], limit=1)
        with self.assertRaisesRegex(UserError, "own types"), self.env.cr.savepoint():
            self.documents_of("vseo").browse(document.id).type_id = template

    def test_a_finished_pep_is_closed_to_outsiders_save_what_stays(self):
        document, plan_of_care = self.file(), self.file(code="ehcp")
        self.finish()
        self.assertEqual(self.readers(document), set())
        self.assertEqual(self.readers(plan_of_care), {"teacher", "social_worker", "iro"})
        self.assertTrue(self.documents_of("vseo").search([("id", "=", document.id)]))
        self.types["ehcp"].stays = False
        self.assertEqual(self.readers(plan_of_care), set())


@tagged("post_install", "-at_install")
class TestWithdrawing(DocumentCase):
    def withdraw(self, document, role, reason="Wrong child's plan"):
        with mute_logger("odoo.addons.base.models.ir_rule"):
            return self.documents_of(role).browse(document.id).action_withdraw(reason)

    def test_by_who_filed_it_or_staff(self):
        document = self.file()
        for role in ("social_worker", "carer", "iro", "parent", "other_vseo", "employee", "finance"):
            with self.subTest(role), self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.withdraw(document, role)
        self.assertTrue(self.withdraw(document, "teacher"))
        self.assertEqual((document.state, document.withdrawn_by_id), ("withdrawn", self.users["teacher"]))
        self.assertEqual(document.withdrawn_reason, "Wrong child's plan")
        self.withdraw(self.file(), "vseo")

    def test_is_kept_and_hidden_from_outsiders(self):
        document = self.file()
        self.withdraw(document, "teacher")
        self.assertEqual(self.readers(document), set())
        self.assertEqual(base64.b64decode(self.documents_of("vseo").browse(document.id).file), PDF)

    def test_a_reason_and_once(self):
        document = self.file()
        for reason in ("", "   ", None):
            with self.assertRaisesRegex(UserError, "why"):
                self.withdraw(document, "teacher", reason)
        self.withdraw(document, "vseo")
        with self.assertRaisesRegex(UserError, "not on file"):
            self.withdraw(document, "vseo")

    def test_not_of_a_finished_pep(self):
        document, plan_of_care = self.file(), self.file(code="ehcp")
        self.finish()
        for role in ("teacher", "vseo"):
            with self.assertRaises(UserError):
                self.withdraw(document, role)
            with self.assertRaisesRegex(UserError, "finished|worked on"):
                self.withdraw(plan_of_care, role)
        self.assertEqual(document.state, "filed")

    def test_the_wizard_asks_why(self):
        document = self.file()
        action = self.documents_of("vseo").browse(document.id).action_ask_withdraw()
        wizard = self.as_user(self.env["pep.document.withdraw"], "vseo").with_context(**action["context"])
        wizard.create({"reason": "Filed twice"}).action_confirm()
        self.assertEqual((document.state, document.withdrawn_reason), ("withdrawn", "Filed twice"))
        other = self.file()
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.as_user(self.env["pep.document.withdraw"], "other_vseo").create(
                {"document_id": other.id, "reason": "Mine"}
            )


@tagged("post_install", "-at_install")
class TestVersions(DocumentCase):
    def test_the_next_replaces_the_last(self):
        first = self.file()
        second = self.file(data=PDF + b" ", replaces_id=first.id)
        self.assertEqual((first.state, second.state), ("replaced", "filed"))
        self.assertEqual((second.version, second.replaces_id), (2, first))
        self.assertTrue(second.file_name.endswith("-v2.pdf"))
        self.assertEqual(self.readers(first), set())
        self.assertIn("carer", self.readers(second))
        self.assertEqual(base64.b64decode(first.file), PDF)

    def test_once_by_who_filed_it_and_in_the_same_pep(self):
        first = self.file()
        with self.assertRaises(AccessError):
            self.file("social_worker", data=PDF + b" ", replaces_id=first.id)
        with self.assertRaises(AccessError):
            self.file(data=PDF + b" ", replaces_id=999_999_999)
        other = self.make_plan(self.make_children())
        other.action_start()
        with self.assertRaises(AccessError):
            self.file(data=PDF + b" ", plan=other, replaces_id=first.id)
        self.file(data=PDF + b" ", replaces_id=first.id)
        with self.assertRaises(UserError):
            self.file(data=PDF + b"  ", replaces_id=first.id)

    def test_staff_replace_what_the_school_filed(self):
        first = self.file()
        second = self.file("vseo", data=PDF + b" ", replaces_id=first.id)
        self.assertEqual(second.owner_role, "vseo")

    def test_a_refused_file_replaces_nothing(self):
        first = self.file()
        with self.assertRaises(UserError):
            self.file(data=b"", replaces_id=first.id)
        self.assertEqual(first.state, "filed")


@tagged("post_install", "-at_install")
class TestByHand(DocumentCase):
    """The form of the virtual school's staff, and calls that name any field."""

    def values(self, **more):
        return {
            "plan_id": self.plan.id,
            "type_id": self.types["support_plan"].id,
            "file": base64.b64encode(PDF).decode(),
            "original_name": "Zebedee.pdf",
            **more,
        }

    def test_a_form_is_filed_like_any_other(self):
        document = self.documents_of("vseo").create(self.values(owner_role="parent", state="withdrawn", size=1))
        self.assertEqual((document.owner_role, document.state, document.size), ("vseo", "filed", len(PDF)))
        self.assertEqual(document.original_name, "Zebedee.pdf")
        with self.assertRaisesRegex(UserError, "empty"):
            self.documents_of("vseo").create(self.values(file=False))
        with self.assertRaises(UserError):
            self.documents_of("vseo").create(self.values(file=base64.b64encode(b"<html>")))

    def test_several_at_once(self):
        twice = [self.values(), self.values(file=base64.b64encode(PDF + b" "))]
        self.assertEqual(len(self.documents_of("vseo").create(twice)), 2)

    def test_not_by_others(self):
        for role in (*OUTSIDERS, "other_vseo", "finance", "admin", "employee"):
            with (
                self.subTest(role),
                self.assertRaises(AccessError),
                mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"),
            ):
                self.documents_of(role).create(self.values())

    def test_nobody_else_changes_one(self):
        document = self.file()
        for role in (*OUTSIDERS, "other_vseo", "employee"):
            with (
                self.subTest(role),
                self.assertRaises(AccessError),
                mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"),
            ):
                self.documents_of(role).browse(document.id).write({"note": "x"})

    def test_it_stays_as_it_was_filed(self):
        document = self.file()
        mine = self.documents_of("vseo").browse(document.id)
        mine.note = "For the spring"
        for name, value in (
            ("state", "withdrawn"),
            ("file", base64.b64encode(PDF + b" ")),
            ("file", False),
            ("original_name", "x.pdf"),
            ("mimetype", "text/html"),
            ("owner_role", "parent"),
            ("filed_by_id", self.users["vseo"].id),
            ("meant_for", ["parent"]),
            ("for_parent", True),
            ("hidden_from_id", self.users["head"].id),
            ("child_id", self.make_children().id),
            ("plan_id", self.make_plan(self.make_children()).id),
        ):
            with self.subTest(name), self.assertRaises(UserError), self.env.cr.savepoint():
                mine.write({name: value})
        for name in ("file", "digest", "extension"):
            with self.subTest(name), self.assertRaises(UserError), self.env.cr.savepoint():
                document.write({name: "eA=="})
        with self.assertRaises(UserError):
            document.unlink()
        with self.assertRaises(UserError):
            document.copy()

    def test_not_of_a_finished_pep(self):
        document = self.file()
        self.finish()
        with self.assertRaisesRegex(UserError, "finished"):
            self.documents_of("vseo").browse(document.id).note = "x"

    def test_buttons(self):
        document = self.file()
        mine = self.documents_of("vseo").browse(document.id)
        self.assertEqual(mine.action_download()["url"], f"/my/pep/document/{document.id}")
        action = mine.action_replace()
        self.assertEqual(action["context"]["default_replaces_id"], document.id)
        form = self.documents_of("vseo").with_context(**action["context"])
        next_one = form.create({"file": base64.b64encode(PDF + b" ").decode(), "original_name": "a.pdf"})
        self.assertEqual((next_one.version, next_one.type_id), (2, document.type_id))
        plan = self.as_user(self.plan, "vseo")
        self.assertEqual(plan.action_file_document()["context"]["default_plan_id"], plan.id)
        self.assertEqual(len(plan.document_ids), 2)


@tagged("post_install", "-at_install")
class TestTypes(DocumentCase):
    def test_every_council_gets_its_own_once(self):
        codes = ["provision_map", "support_plan", "achievement", "example_of_work", "termly_report", "ehcp"]
        codes += ["register", "other"]
        kinds = self.env["pep.document.type"].search([("company_id", "=", self.council.id)])
        self.assertEqual(kinds.mapped("code"), codes)
        self.assertEqual(self.types["ehcp"]._audience(), {"teacher", "social_worker", "iro"})
        self.council._pep_load_templates()
        self.assertEqual(self.env["pep.document.type"].search([("company_id", "=", self.council.id)]), kinds)

    def test_an_administrator_adds_the_councils_own(self):
        types = self.as_user(self.env["pep.document.type"], "admin")
        kind = types.create({"name": "Behaviour log", "owner_role": "teacher", "for_iro": True})
        self.assertEqual(kind.company_id, self.council)
        self.types["behaviour"] = kind
        self.assertIn("behaviour-log", self.file(code="behaviour").file_name)
        nothing = dict.fromkeys(("allow_pdf", "allow_image", "allow_office", "allow_text"), False)
        for values in ({"max_mb": -1}, nothing):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                kind.write(values)
        for role in ("vseo", "teacher"):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model"):
                self.as_user(kind, role).write({"for_parent": True})

    def test_the_councils_limit(self):
        for megabytes in (0, -1, 101):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.council.pep_document_max_mb = megabytes

    def missing(self, plans=None):
        found = self.env["pep.document.type"]._missing_for(plans or self.plan)
        return {plan_id: set(kinds.mapped("code")) for plan_id, kinds in found.items()}

    def test_what_the_form_requires_and_is_not_there(self):
        self.assertEqual(self.missing(), {})
        self.types["support_plan"].in_statutory = True
        self.types["termly_report"].in_post16 = True
        self.assertEqual(self.missing(), {self.plan.id: {"support_plan"}})
        document = self.file()
        self.assertEqual(self.missing(), {})
        self.documents_of("vseo").browse(document.id).action_withdraw("Wrong one")
        self.assertEqual(self.missing(), {self.plan.id: {"support_plan"}})

    def test_what_stays_counts_for_later_peps(self):
        self.types["ehcp"].in_statutory = True
        self.types["support_plan"].in_statutory = True
        self.file(code="ehcp")
        self.file(code="support_plan")
        later = self.make_plan(self.child, self.next_term())
        self.assertEqual(self.missing(later), {later.id: {"support_plan"}})
        other = self.make_plan(self.make_children())
        self.assertEqual(self.missing(other), {other.id: {"support_plan", "ehcp"}})

    def test_in_a_fixed_number_of_queries(self):
        for code in ("ehcp", "support_plan", "termly_report"):
            self.types[code].in_statutory = True
        plans = self.plan | self.make_plan(self.make_children())
        children = self.make_children(30)
        self.term._open(children)
        for batch in (plans, plans | children.plan_ids):
            self.env.flush_all()
            self.env.invalidate_all()
            batch.mapped("variant")
            batch.mapped("child_id.active")
            with self.assertQueryCount(3):
                self.env["pep.document.type"]._missing_for(batch)


@tagged("post_install", "-at_install")
class TestQueries(DocumentCase):
    def test_filing_takes_a_fixed_number(self):
        """However many documents the PEP has."""
        self.file()
        counts = []
        for number in (0, 20):
            for index in range(number):
                self.file(data=PDF + b" " * (index + 2))
            self.env.flush_all()
            documents = self.documents_of("teacher")
            content = base64.b64encode(PDF + b"\n" * (number + 1)).decode()
            self.env.cr.cache.clear()
            before = self.env.cr.sql_log_count
            documents.action_file(self.plan.id, self.types["support_plan"].id, "a.pdf", content)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[0], 60)

    def test_reading_a_list_takes_a_fixed_number(self):
        counts = []
        for number in (1, 2, 20):  # the first alone asks what Odoo keeps
            for index in range(number):
                self.file(data=PDF + b"%" * number + b" " * index)
            documents = self.documents_of("teacher")
            before = self.env.cr.sql_log_count
            found = documents.search_fetch([("plan_id", "=", self.plan.id)], ["type_id", "filed_on", "version"])
            self.assertTrue(all(found.mapped("file_name")) and all(found.mapped("size_label")))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLess(counts[2], 10)

    def test_the_download_name_needs_no_sight_of_the_council(self):
        document = self.file()
        name = self.documents_of("teacher").browse(document.id).file_name
        self.assertTrue(re.fullmatch(rf"{self.child.reference}-support-plan-[\d-]+\.pdf", name))
        self.assertLess(document.filed_on, fields.Datetime.now() + timedelta(seconds=5))
