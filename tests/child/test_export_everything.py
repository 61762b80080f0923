import csv
import hashlib
import io
import json
import logging
import re
import zipfile
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pep_module.tools.spreadsheet import neutralise, restore

from tests.common import PORTAL, STAFF, PepCase

LOGGER = "odoo.addons.pep_module.wizards.common.pep_export_everything"


class Exporting:
    """Ways to export and to read what was exported, for a :class:`PepCase`."""

    @classmethod
    def wizard(cls, role="head"):
        wizards = cls.as_user(cls.env["pep.export.everything"], role)
        return wizards.with_context(allowed_company_ids=[cls.council.id]).create({})

    def export(self, wizard=None):
        """The archive as it would be downloaded."""
        file = io.BytesIO()
        (wizard or self.wizard())._write_archive(file)
        return zipfile.ZipFile(file)

    def rows(self, archive, name):
        text = archive.read(f"{name}.csv").decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def code(self, archive):
        return re.search(r"Code to confirm with: (\w{8})", archive.read("READ ME.txt").decode())[1]

    def unconfirmed(self):
        return self.env["pep.export.confirmation"]._unconfirmed().get(self.council)

    def confirm(self):
        wizard = self.wizard()
        wizard.write({"typed_code": self.code(self.export(wizard)), "stored_safely": True})
        wizard.action_confirm()


class ExportCase(Exporting, PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children(last_name="=HYPERLINK(1)")
        cls.surround(cls.child)
        cls.plan = cls.make_plan(cls.child)
        cls.target = cls.smart_target(cls.plan, name="-5 mistakes, no more")


@tagged("post_install", "-at_install")
class TestExportEverything(ExportCase):
    def test_who_may(self):
        for role in (*STAFF, *PORTAL):
            with self.subTest(role):
                if role == "head":
                    self.assertEqual(self.wizard(role).company_id, self.council)
                    continue
                with self.assertRaises(AccessError):
                    self.wizard(role)
        system = self.env.ref("base.user_admin")
        with self.assertRaises(AccessError):
            self.env["pep.export.everything"].with_user(system).create({})

    def test_what_it_holds(self):
        archive = self.export()
        manifest = json.loads(archive.read("manifest.json"))
        files = {entry["file"]: entry for entry in manifest["files"]}
        stored = {
            name
            for name, model in self.env.registry.items()
            if name.startswith("pep.") and not (model._abstract or model._transient)
        }
        self.assertEqual(set(archive.namelist()) - {"manifest.json", "READ ME.txt"}, set(files))
        self.assertFalse({f"{name}.csv" for name in stored} - set(files), "every model is in it")
        for name, entry in files.items():
            self.assertEqual(hashlib.sha256(archive.read(name)).hexdigest(), entry["sha256"], name)
            self.assertEqual(len(self.rows(archive, name.removesuffix(".csv"))), entry["rows"], name)
        row = self.rows(archive, "pep.child")[0]
        self.assertEqual(row["reference"], self.child.reference)
        self.assertEqual(row["first_name"], "Zebedee")
        self.assertEqual(row["date_of_birth"], str(self.child.date_of_birth))
        self.assertEqual((row["vseo_id"], row["vseo_id/id"]), (self.users["vseo"].name, str(self.users["vseo"].id)))
        self.assertEqual((row["sen_provision"], row["sen_provision/code"]), ("No special provision", "N"))
        self.assertEqual(row["active"], "yes")
        self.assertIn(self.school.name, [row["name"] for row in self.rows(archive, "res.partner")])
        self.assertTrue(self.rows(archive, "pep.code"), "shared reference rows are in it")
        self.assertFalse([row for row in self.rows(archive, "pep.kind") if row["company_id"] not in ("Testshire", "")])

    def test_a_spreadsheet_runs_nothing(self):
        archive = self.export()
        name = self.rows(archive, "pep.child")[0]["last_name"]
        self.assertEqual((name, restore(name)), ("'=HYPERLINK(1)", "=HYPERLINK(1)"))
        name = self.rows(archive, "pep.target")[0]["name"]
        self.assertEqual((name, restore(name)), ("'-5 mistakes, no more", "-5 mistakes, no more"))
        for text in ("", "O'Hara", "'tis", "=1", "'=1", "''+1", "@x", "\tx", "-", "a=1"):
            with self.subTest(text):
                self.assertEqual(restore(neutralise(text)), text)
                self.assertNotIn(neutralise(text)[:1], ("=", "+", "-", "@", "\t", "\r"))

    def test_archived_children_and_chatter_and_files_are_in_it(self):
        self.child.message_post(body="A note on paper", attachments=[("of Zebedee.txt", b"the paper")])
        self.env.cr.flush()  # a record is tracked from the end of the transaction that made it
        self.child.with_context(tracking_disable=False).sen_provision = "K"
        self.env.cr.flush()
        self.child.active = False
        archive = self.export()
        self.assertEqual(self.rows(archive, "pep.child")[0]["active"], "no")
        messages = self.rows(archive, "mail.message")
        self.assertIn("A note on paper", [row["body"] for row in messages])
        self.assertIn("SEN provision: No special provision → SEN support", [row["changes"] for row in messages])
        attachment = next(row for row in self.rows(archive, "ir.attachment") if row["name"] == "of Zebedee.txt")
        self.assertEqual(archive.read(attachment["file"]), b"the paper")
        self.assertFalse([name for name in archive.namelist() if "Zebedee" in name])
        wizard = self.wizard()
        wizard.with_files = False
        self.assertNotIn(attachment["file"], self.export(wizard).namelist())

    def test_other_councils_are_not_in_it(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        elsewhere = self.env["pep.child"].create(
            {
                "company_id": other.id,
                "la_person_id": "O1",
                "date_of_birth": self.child.date_of_birth,
                "date_into_care": self.today,
            }
        )
        self.users["head"].company_ids |= other
        archive = self.export()
        for name in archive.namelist():
            for word in (elsewhere.reference, "Othershire"):
                self.assertFalse(word.encode() in archive.read(name), f"{word} in {name}")
        self.confirm()
        self.assertEqual(self.env["pep.export.confirmation"]._unconfirmed().get(other), 1, "each council for itself")

    def test_an_export_that_lacks_something_is_refused(self):
        self.env["pep.access"].search([("child_id", "=", self.child.id), ("role", "=", "head")]).write(
            {"valid_to": self.child.create_date, "valid_from": self.child.create_date}
        )
        wizard = self.wizard()
        with self.assertRaisesRegex(UserError, "Looked-after child: 0 / 1"):
            wizard.action_download()
        with self.assertRaisesRegex(UserError, "0 / 1"):
            self.export(wizard)

    def test_confirming_asks_for_the_code_in_the_file(self):
        wizard = self.wizard()
        wizard.write({"typed_code": "00000000", "stored_safely": True})
        with self.assertRaisesRegex(UserError, "Download the file first"):
            wizard.action_confirm()
        code = self.code(self.export(wizard))
        with self.assertRaisesRegex(UserError, "not the code"):
            wizard.action_confirm()
        wizard.write({"typed_code": code.lower(), "stored_safely": False})
        with self.assertRaisesRegex(UserError, "store it safely"):
            wizard.action_confirm()
        with self.assertRaises(AccessError):
            wizard.code  # noqa: B018 reading it is what is refused
        for vals in ({"exported_on": self.child.create_date}, {"fingerprint": "x"}, {"company_id": 1}):
            with self.assertRaises(AccessError):
                wizard.write(vals)
        wizard.stored_safely = True
        wizard.action_confirm()
        confirmation = self.env["pep.export.confirmation"].search([("company_id", "=", self.council.id)])
        self.assertEqual(confirmation.user_id, self.users["head"])
        self.assertEqual(confirmation.child_count, 1)
        self.assertTrue(confirmation.is_valid)
        self.assertIn("Nothing has changed since", self.wizard().earlier)

    def test_a_confirmation_can_not_be_made_or_changed_by_hand(self):
        self.confirm()
        record = self.env["pep.export.confirmation"].search([("company_id", "=", self.council.id)])
        for role in (*STAFF, *PORTAL):
            own = self.as_user(record, role)
            with self.subTest(role):
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(own.has_access(operation))
                self.assertEqual(own.has_access("read"), role in ("head", "admin"))

    def test_any_change_of_a_record_ends_it(self):
        changes = {
            "a new child": self.make_children,
            "a name": lambda: self.child.write({"first_name": "Florence"}),
            "a target": lambda: self.target.write({"baseline": "None"}),
            "archived": lambda: self.child.write({"active": False}),
        }
        self.assertEqual(self.unconfirmed(), 1)
        later = self.env.cr.now()
        for what, change in changes.items():
            with self.subTest(what):
                self.confirm()
                self.assertIsNone(self.unconfirmed())
                later += timedelta(days=1)
                with patch.object(self.env.cr, "now", lambda later=later: later):
                    change()
                    self.env.flush_all()
                self.assertTrue(self.unconfirmed())
                self.assertIn("Records have changed", self.wizard().earlier)

    def test_the_log_has_counts_and_no_names(self):
        with self.assertLogs(LOGGER, logging.INFO) as caught:
            self.confirm()
        self.assertEqual(len(caught.output), 2)
        self.assertIn("1 children", caught.output[0])
        for line in caught.output:
            self.assertNotIn("Zebedee", line)
            self.assertNotIn(self.child.reference, line)

    def test_uninstalling_the_app_or_what_it_needs_is_refused_until_confirmed(self):
        modules = self.env["ir.module.module"]
        for name in ("pep_module", "account", "calendar", "mail", "portal"):
            module = modules.search([("name", "=", name)])
            with self.subTest(name), self.assertRaisesRegex(UserError, "Testshire: 1 children"):
                module.button_uninstall()
            wizard = self.env["base.module.uninstall"].create({"module_ids": module.ids})
            with (
                self.subTest(name),
                patch.object(self.env.registry["ir.module.module"], "button_immediate_uninstall", module_button),
                self.assertRaisesRegex(UserError, "Testshire"),
            ):
                wizard.action_uninstall()
        app = modules.search([("name", "=", "pep_module")])
        with self.assertRaisesRegex(UserError, "Export everything"):
            app.module_uninstall()
        self.assertEqual(app.state, "installed")
        self.confirm()
        app.button_uninstall()
        self.assertEqual(app.state, "to remove")

    def test_who_does_not_administer_odoo_learns_nothing(self):
        app = self.env["ir.module.module"].search([("name", "=", "pep_module")])
        with self.assertRaises(AccessDenied) as caught, mute_logger("odoo.addons.base.models.ir_module"):
            app.with_user(self.users["employee"]).button_uninstall()
        self.assertNotIn("Testshire", str(caught.exception))


def module_button(modules):
    """What the immediate button does before it loads the modules anew, which a test can't."""
    return modules.button_uninstall()


@tagged("post_install", "-at_install")
class TestDownload(ExportCase, HttpCase):
    def test_download_and_confirm(self):
        self.users["head"].password = "head.test.password"
        self.authenticate("head.test", "head.test.password")
        wizard = self.wizard()
        action = wizard.action_download()
        response = self.url_open(action["url"])
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        name = response.headers["Content-Disposition"]
        self.assertRegex(name, r"virtual-school-\d{4}-\d\d-\d\d\.zip")
        archive = zipfile.ZipFile(io.BytesIO(response.content))
        self.assertFalse(archive.testzip())
        self.assertEqual(wizard.sudo().digest, hashlib.sha256(response.content).hexdigest())
        everywhere = ["|", ("res_field", "=", False), ("res_field", "!=", False), ("mimetype", "like", "zip")]
        self.assertFalse(self.env["ir.attachment"].search(everywhere), "nothing of it stays on the server")
        wizard.write({"typed_code": self.code(archive), "stored_safely": True})
        wizard.action_confirm()
        self.assertIsNone(self.unconfirmed())

    def test_nobody_else_downloads_it(self):
        url = self.wizard().action_download()["url"]
        second = self.env["res.users"].create(
            {
                "name": "Second head",
                "login": "second.head",
                "group_ids": [(4, self.env.ref("pep_module.group_pep_head").id)],
                "company_id": self.council.id,
                "company_ids": [(6, 0, self.council.ids)],
            }
        )
        for user in (second, self.users["vseo"], self.users["admin"], self.users["teacher"]):
            user.password = "test.password.of.user"
            self.authenticate(user.login, "test.password.of.user")
            with self.subTest(user.login), mute_logger("odoo.http"):
                response = self.url_open(url)
                self.assertIn(response.status_code, (403, 404))
                self.assertNotIn(b"PK\x03\x04", response.content)
        self.authenticate(None, None)
        response = self.url_open(url)
        self.assertNotIn(b"PK\x03\x04", response.content)
