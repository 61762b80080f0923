import base64
import contextlib
import json

from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import limited_field_access_token

from .document_common import OUTSIDERS, PDF, DocumentCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.http")
INSIDERS = ("vseo", "other_vseo", "head", "finance", "admin", "employee")


class AttachmentCase(DocumentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        content = base64.b64encode(PDF).decode()
        documents = cls.as_user(cls.env["pep.document"], "teacher")
        kind = cls.types["support_plan"]
        cls.document = cls.env["pep.document"].browse(
            documents.action_file(cls.plan.id, kind.id, "Zebedee.pdf", content)
        )
        cls.attachment = cls.env["ir.attachment"].search(
            [("res_model", "=", "pep.document"), ("res_id", "=", cls.document.id), ("res_field", "=", "file")]
        )
        message = cls.plan.with_user(cls.users["vseo"]).message_post(
            body="See this", attachments=[("notes.txt", b"Words about Zebedee"), ("page.html", b"<script>1</script>")]
        )
        cls.under_message, cls.page = message.attachment_ids.sorted("name", reverse=True).sorted("id")
        cls.env.flush_all()

    def mine(self, role, attachment=None):
        return self.as_user(self.env["ir.attachment"], role).browse((attachment or self.attachment).id)

    def refused(self, action, kind=UserError):
        with self.assertRaises(kind), mute_logger(*QUIET), self.env.cr.savepoint():
            action()


@tagged("post_install", "-at_install")
class TestGuard(AttachmentCase):
    def test_of_what_belongs_to_a_child_nothing_is_indexed(self):
        self.assertFalse(self.attachment.index_content)
        self.assertFalse(self.under_message.index_content)
        text = self.file(name="words.txt", data=b"Searchable words about a child")
        self.assertFalse(self.attachment_of(text).index_content)
        other = self.env["ir.attachment"].create({"name": "a.txt", "raw": b"Words about nobody"})
        self.assertIn("Words", other.index_content)

    def test_never_public_and_no_token(self):
        for role in ("vseo", "head"):
            for attachment in (self.attachment, self.under_message):
                mine = self.mine(role, attachment)
                self.refused(lambda mine=mine: mine.write({"public": True}))
                self.refused(lambda mine=mine: mine.write({"access_token": "x"}))
                self.refused(lambda mine=mine: mine.sudo().write({"public": True}))
                self.refused(lambda mine=mine: mine.sudo().write({"access_token": "x"}))
                self.assertEqual(mine.generate_access_token(), [False])
                self.assertFalse(mine.access_token)
                self.assertFalse(mine._get_raw_access_token() or mine._get_thumbnail_token())
                self.assertFalse(mine._get_ownership_token())

    def test_tokens_of_others_are_given_as_ever(self):
        other = self.env["ir.attachment"].create({"name": "a.txt", "raw": b"x"})
        tokens = (other | self.attachment).generate_access_token()
        self.assertEqual(tokens, [other.access_token, False])
        self.assertTrue(other._get_raw_access_token() and other._has_attachments_ownership([False]))

    def test_it_stays_with_its_record(self):
        other = self.make_plan(self.make_children())
        for attachment in (self.attachment, self.under_message):
            for vals in (
                {"res_model": "res.partner", "res_id": self.users["vseo"].partner_id.id},
                {"res_model": "pep.plan", "res_id": other.id},
                {"res_id": other.id},
                {"res_model": False, "res_id": False},
                {"res_field": "image_1920"},
                {"res_model": "res.partner"},
            ):
                for records in (self.mine("vseo", attachment), attachment):
                    with self.subTest(attachment.name, vals=vals):
                        self.refused(lambda records=records, vals=vals: records.write(vals))
            self.refused(lambda attachment=attachment: self.mine("vseo", attachment).copy({"res_model": False}))
        self.under_message.write({"res_model": "pep.plan", "res_id": self.plan.id})  # where it is already

    def test_it_stays_as_it_is(self):
        for attachment in (self.attachment, self.under_message):
            for vals in (
                {"raw": b"x"},
                {"datas": "eA=="},
                {"type": "url", "url": "https://example.com"},
                {"raw": False},
            ):
                for records in (self.mine("vseo", attachment), attachment):
                    with self.subTest(attachment.name, vals=vals):
                        self.refused(lambda records=records, vals=vals: records.write(vals))
        where = {"res_model": "pep.document", "res_id": self.document.id}
        for vals in ({"name": "Zebedee.pdf"}, {"mimetype": "text/html"}, {**where, "name": "Zebedee.pdf"}):
            self.refused(lambda vals=vals: self.mine("vseo").write(vals))

    def test_all_files_can_move_to_another_storage(self):
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        (self.attachment | self.under_message)._migrate()
        self.assertEqual(self.attachment.db_datas, PDF)
        self.assertFalse(self.under_message.index_content)

    def test_it_is_never_deleted(self):
        for attachment in (self.attachment, self.under_message):
            for records in (self.mine("vseo", attachment), attachment):
                with self.subTest(attachment.name):
                    self.refused(records.unlink)
        self.refused(lambda: self.document.with_user(self.users["vseo"]).write({"file": False}))
        self.refused(lambda: self.document.write({"file": False}))

    def test_a_document_has_one_file(self):
        attachments = self.as_user(self.env["ir.attachment"], "vseo")
        vals = {"name": "x", "raw": b"x", "res_model": "pep.document", "res_id": self.document.id}
        for more in ({}, {"res_field": "file"}, {"res_field": "note"}):
            with self.subTest(more):
                self.refused(lambda more=more: attachments.create({**vals, **more}))
        self.refused(lambda: self.env["ir.attachment"].create(vals))
        with mute_logger("odoo.sql_db"):
            self.refused(lambda: self.env["ir.attachment"].create({**vals, "res_field": "file"}), Exception)
        loose = attachments.create({"name": "x", "raw": b"x"})
        self.refused(lambda: loose.write({"res_model": "pep.document", "res_id": self.document.id}))
        context = {f"default_{name}": vals.pop(name) for name in ("res_model", "res_id")}
        self.refused(lambda: attachments.with_context(**context, default_res_field="file").create(vals))

    def test_the_callers_context_puts_nothing_on_a_record(self):
        """Odoo asks for access to the record that the values name; its defaults could name another."""
        context = {"default_res_model": "pep.plan", "default_res_id": self.plan.id}
        for role in ("employee", "other_vseo"):
            attachments = self.as_user(self.env["ir.attachment"], role).with_context(**context)
            self.refused(lambda attachments=attachments: attachments.create({"name": "x", "raw": b"x"}), AccessError)
        mine = self.as_user(self.env["ir.attachment"], "vseo").with_context(**context)
        made = mine.create(
            [{"name": "a.txt", "raw": b"Words of a child"}, {"name": "b", "res_model": False, "raw": b"x"}]
        )
        self.assertEqual(made.mapped("res_model"), ["pep.plan", False])
        self.assertFalse(made[0].index_content)

    def test_who_may_not_read_the_record_finds_no_file(self):
        other_child = [role for role in INSIDERS if role not in ("vseo", "head")]
        for attachment in (self.attachment, self.under_message):
            for role in (*other_child, *OUTSIDERS):
                mine = self.mine(role, attachment)
                domain = [("id", "=", attachment.id)]
                model = [("res_model", "=", attachment.res_model), ("res_field", "in", (attachment.res_field, False))]
                with self.subTest(role, of=attachment.name), mute_logger(*QUIET):
                    for look in (
                        lambda mine=mine, domain=domain: mine.search(domain),
                        lambda mine=mine, model=model, of=attachment: mine.search(model) & of,
                        lambda mine=mine: mine.read(["name", "datas"]),
                        lambda mine=mine, domain=domain: mine.search_read(domain, ["raw"]),
                        lambda mine=mine: mine.export_data(["name", "datas"])["datas"],
                        lambda mine=mine, domain=domain: mine.search_count(domain),
                    ):
                        with contextlib.suppress(UserError):  # AccessError is one; exporting is for few
                            self.assertFalse(look())
        self.assertEqual(self.mine("head").read(["name"])[0]["name"], self.document.file_name)


@tagged("post_install", "-at_install")
class TestMessages(AttachmentCase):
    """Files under messages come from the composer, where they belong to nobody yet."""

    def pending(self, role, **vals):
        attachments = self.as_user(self.env["ir.attachment"], role)
        return attachments.create(
            {
                "name": "draft.txt",
                "raw": b"Words of the draft",
                "res_model": "mail.compose.message",
                "res_id": 0,
                **vals,
            }
        )

    def test_a_draft_can_be_thrown_away(self):
        self.pending("vseo").unlink()

    def test_what_is_posted_belongs_to_the_record_from_then_on(self):
        draft = self.pending("vseo")
        draft.sudo().write({"public": True, "access_token": "known"})
        token = draft._get_ownership_token()
        plan = self.as_user(self.plan, "vseo")
        message = plan.message_post(body="See this", attachment_ids=draft.ids)
        self.assertEqual(message.attachment_ids, draft)
        self.assertEqual((draft.res_model, draft.res_id), ("pep.plan", self.plan.id))
        self.assertFalse(draft.public or draft.access_token or draft.index_content)
        outsider = self.mine("employee", draft)
        self.assertFalse(outsider._has_attachments_ownership([token]))
        self.refused(draft.unlink)

    def test_a_message_moves_no_file_of_a_child(self):
        """Whoever names the number of a file in a message gets neither the file nor the record."""
        for role in ("employee", "other_vseo", "finance"):
            partner = self.as_user(self.users[role].partner_id, role)
            for attachment in (self.attachment, self.under_message):
                with self.subTest(role, of=attachment.name):
                    try:
                        with mute_logger(*QUIET), self.env.cr.savepoint():
                            partner.message_post(body="Mine", attachment_ids=attachment.ids)
                    except AccessError:
                        pass
                    self.env.invalidate_all()
                    self.assertEqual(
                        attachment.res_model, "pep.document" if attachment == self.attachment else "pep.plan"
                    )
                    self.refused(lambda role=role, of=attachment: self.mine(role, of).read(["raw"]), AccessError)

    def test_a_message_with_a_file_is_not_emptied(self):
        message = self.under_message.env["mail.message"].search([("attachment_ids", "in", self.under_message.ids)])
        plan = self.as_user(self.plan, "vseo")
        self.refused(lambda: plan._message_update_content(message, body="", attachment_ids=[], strict=False))
        plain = plan.message_post(body="Plain", message_type="comment").sudo()
        plan._message_update_content(plain, body="", attachment_ids=[], strict=False)

    def test_a_pasted_picture_is_shown_to_readers_without_a_token(self):
        body = '<img src="data:image/png;base64,iVBORw0KGgo=" alt="x"/>'
        message = self.env["mail.message"].create({"model": "pep.plan", "res_id": self.plan.id, "body": body})
        [made] = message.attachment_ids
        self.assertFalse(made.access_token)
        self.assertIn(f"/web/image/{made.id}", message.body)

    def test_a_mail_carries_no_file_of_a_child(self):
        other = self.env["ir.attachment"].create({"name": "terms.txt", "raw": b"Terms"})
        mail = self.env["mail.mail"].create(
            {
                "body_html": "<p>Hello</p>",
                "email_to": "someone@example.com",
                "attachment_ids": [(6, 0, (self.attachment | self.under_message | other).ids)],
            }
        )
        [outgoing] = mail._prepare_outgoing_list()
        self.assertEqual([name for name, _content, _kind in outgoing["attachments"]], ["terms.txt"])
        self.assertIn(f"/web/content/{self.attachment.id}?download=1", outgoing["body"])
        self.assertNotIn("access_token", outgoing["body"])
        self.assertNotIn("Zebedee", outgoing["body"])


@tagged("post_install", "-at_install")
class TestAddresses(AttachmentCase, HttpCase):
    """Odoo's own addresses for files, as everybody."""

    def login(self, role):
        self.authenticate(self.users[role].login, self.users[role].login)

    def addresses(self):
        attachment, document = self.attachment.id, self.document.id
        return [
            f"/web/content/{attachment}",
            f"/web/content/{attachment}?download=1",
            f"/web/content/{attachment}/x.html?mimetype=text/html",
            f"/web/content?id={attachment}",
            f"/web/content?model=pep.document&id={document}&field=file",
            f"/web/content/pep.document/{document}/file",
            f"/web/content/pep.document/{document}/file/x.html?mimetype=text/html&filename_field=original_name",
        ]

    def test_readers_get_a_file_to_save(self):
        for role in ("teacher", "carer", "vseo"):
            self.login(role)
            for address in self.addresses():
                if role != "vseo" and "pep.document" not in address:
                    continue  # Odoo gives a portal login no attachment by its number
                with self.subTest(role, address=address):
                    response = self.url_open(address)
                    self.assertEqual((response.status_code, response.content), (200, PDF))
                    self.assertEqual(response.headers["Content-Type"], "application/pdf")
                    self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
                    disposition = response.headers["Content-Disposition"]
                    self.assertEqual(disposition, f"attachment; filename={self.document.file_name}")

    def test_others_get_what_they_would_get_of_no_file(self):
        strangers = ["parent", "other_vseo", "finance", "admin", "employee", None]
        raw = limited_field_access_token(self.attachment, "raw", scope="binary")
        file = limited_field_access_token(self.document, "file", scope="binary")
        addresses = self.addresses() + [
            f"/web/content/{self.attachment.id}?access_token={raw}",
            f"/web/content/pep.document/{self.document.id}/file?access_token={file}",
        ]
        for role in strangers:
            self.login(role) if role else self.authenticate(None, None)
            for address in addresses:
                with self.subTest(role, address=address), mute_logger(*QUIET):
                    response = self.url_open(address, allow_redirects=False)
                    self.assertEqual(response.status_code, 404)
                    self.assertNotIn(b"%PDF", response.content)

    def test_pictures(self):
        raw = limited_field_access_token(self.attachment, "raw", scope="binary")
        for role in ("parent", "employee"):
            self.login(role)
            for address in (
                f"/web/image/{self.attachment.id}",
                f"/web/image/{self.attachment.id}?access_token={raw}",
                f"/web/image/pep.document/{self.document.id}/file",
                f"/mail/attachment/pdf_first_page/{self.attachment.id}",
            ):
                with self.subTest(role, address=address), mute_logger(*QUIET):
                    self.assertNotIn(b"%PDF", self.url_open(address).content)

    def test_a_page_under_a_message_is_never_shown(self):
        self.login("vseo")
        for attachment in (self.page, self.under_message):
            response = self.url_open(f"/web/content/{attachment.id}?mimetype=text/html")
            self.assertNotIn("html", response.headers["Content-Type"])
        self.login("employee")
        with mute_logger(*QUIET):
            self.assertEqual(self.url_open(f"/web/content/{self.under_message.id}").status_code, 404)

    def test_a_page_that_an_administrator_put_there_is_saved_not_shown(self):
        page = self.env["ir.attachment"].create(
            {
                "name": "a.html",
                "raw": b"<p>x</p>",
                "res_model": "pep.plan",
                "res_id": self.plan.id,
                "mimetype": "text/html",
            }
        )
        page.sudo().write({"mimetype": "text/html"})
        self.login("vseo")
        self.assertIn("attachment", self.url_open(f"/web/content/{page.id}").headers["Content-Disposition"])

    def test_uploads_of_odoo_put_nothing_on_a_document(self):
        self.login("vseo")
        token = Request.csrf_token(self)
        response = self.url_open(
            "/web/binary/upload_attachment",
            data={"model": "pep.document", "id": str(self.document.id), "csrf_token": token},
            files={"ufile": ("x.pdf", PDF)},
        )
        self.assertIn("error", json.loads(response.text)[0])
        self.assertEqual(self.attachment_of(self.document), self.attachment)
        with mute_logger(*QUIET):
            self.url_open(
                "/mail/attachment/upload",
                data={"thread_model": "pep.document", "thread_id": self.document.id, "csrf_token": token},
                files={"ufile": ("x.pdf", PDF)},
            )
            response = self.url_open("/mail/attachment/delete", json={"params": {"attachment_id": self.attachment.id}})
        self.assertIn("error", response.json())
        self.assertTrue(self.attachment.exists())
        self.assertEqual(
            self.env["ir.attachment"].search_count(
                [("res_model", "=", "pep.document"), ("res_id", "=", self.document.id), ("id", "!=", False)]
            ),
            1,
        )
