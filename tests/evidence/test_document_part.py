from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .document_common import PDF, DocumentCase


@tagged("post_install", "-at_install")
class TestForAPart(DocumentCase):
    """A document that is filed for a part of the PEP, and one that stands for a whole part."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sections = cls.env["pep.section"].search([("company_id", "=", cls.council.id)])
        sections.active = False
        cls.section = sections.create(
            {"name": "Provision", "company_id": cls.council.id, "owner_role": "teacher", "may_be_document": True}
        )
        cls.env["pep.question"].create(
            {"section_id": cls.section.id, "name": "What is in place?", "kind": "text", "required": True}
        )
        cls.other_section = sections.create(
            {"name": "At home", "company_id": cls.council.id, "owner_role": "carer", "may_be_document": True}
        )
        cls.plan.action_update_parts()
        cls.part = cls.plan.contribution_ids.filtered(lambda part: part.section_id == cls.section)
        cls.other_part = cls.plan.contribution_ids.filtered(lambda part: part.section_id == cls.other_section)
        cls.env.flush_all()

    def submit(self):
        self.as_user(self.part, "teacher").action_submit()

    def test_it_stands_for_the_part_that_it_was_filed_for(self):
        document = self.file(contribution_id=self.part.id)
        self.assertEqual((document.contribution_id, self.part.document_id), (self.part, document))
        self.submit()
        self.assertEqual(self.part.state, "submitted")

    def test_only_where_the_section_allows_it_and_of_the_right_type(self):
        self.section.document_type_id = self.types["provision_map"]
        self.file(contribution_id=self.part.id)
        self.assertFalse(self.part.document_id)
        self.section.write({"document_type_id": False, "may_be_document": False})
        self.file(contribution_id=self.part.id, data=PDF + b" ")
        self.assertFalse(self.part.document_id)

    def test_not_for_a_part_of_others_or_of_another_pep(self):
        other = self.make_plan(self.make_children())
        other.action_start()
        for part in (self.other_part, other.contribution_ids[:1]):
            with self.assertRaises(AccessError):
                self.file(contribution_id=part.id)

    def test_withdrawn_before_the_part_is_handed_in_and_not_after(self):
        document = self.file(contribution_id=self.part.id)
        mine = self.documents_of("teacher").browse(document.id)
        mine.action_withdraw("Wrong one")
        self.assertFalse(self.part.document_id)
        document = self.file(contribution_id=self.part.id)
        self.submit()
        for role in ("teacher", "vseo"):
            with self.assertRaisesRegex(UserError, "handed in"):
                self.documents_of(role).browse(document.id).action_withdraw("Wrong one")
            with self.assertRaisesRegex(UserError, "handed in"), self.env.cr.savepoint():
                self.file(role, data=PDF + b" ", replaces_id=document.id)
        self.assertEqual(self.part.document_id, document)

    def test_also_when_it_was_chosen_later(self):
        document = self.file()
        self.as_user(self.part, "teacher").action_use_document(document.id)
        self.submit()
        with self.assertRaisesRegex(UserError, "handed in"):
            self.documents_of("vseo").browse(document.id).action_withdraw("Wrong one")

    def test_the_next_version_stands_for_what_the_last_did(self):
        first = self.file(contribution_id=self.part.id)
        second = self.file(data=PDF + b" ", replaces_id=first.id)
        self.assertEqual((second.contribution_id, self.part.document_id), (self.part, second))

    def test_a_colleague_to_whom_the_part_was_delegated(self):
        colleague = self.users["colleague"] = self.users["parent"].copy({"login": "colleague.test"})
        with self.assertRaises(AccessError):
            self.file("colleague", contribution_id=self.part.id)
        self.part.sudo().delegate_id = colleague
        self.env.cr.execute(
            """INSERT INTO pep_access (user_id, child_id, company_id, role, source, valid_from, valid_to)
            VALUES (%s, %s, %s, 'delegate', 'test', '2000-01-01', '9999-01-01')""",
            [colleague.id, self.child.id, self.council.id],
        )
        document = self.file("colleague", contribution_id=self.part.id)
        self.assertEqual((document.owner_role, document.delegate_id), ("teacher", colleague))
        self.assertTrue(self.documents_of("colleague").search([("id", "=", document.id)]))
        for more in ({}, {"contribution_id": self.other_part.id}):
            with self.assertRaises(AccessError):
                self.file("colleague", data=PDF + b" ", **more)
        of_the_teacher = self.file()
        self.assertFalse(self.documents_of("colleague").search([("id", "=", of_the_teacher.id)]))
        self.documents_of("colleague").browse(document.id).action_withdraw("Wrong one")
        self.assertEqual(document.state, "withdrawn")
