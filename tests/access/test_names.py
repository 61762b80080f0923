import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .table import PORTAL, TABLE
from .world import AccessCase

NAME_FIELDS = ("first_name", "middle_names", "last_name", "known_as", "full_name")
SHOW = {"pep_show_name": True}
# Who has no access to the child of the case "other".
OUTSIDERS = ("vseo", "support", "finance", "admin", "employee", "system", *PORTAL, "public")
QUIET_DENIAL = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class NameCase(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.children["own"]
        cls.words = ("Zebedee", "Unsaid")

    def of(self, model, person, case="own", **context):
        return self.as_person(model, person).with_context(**context).browse(self.records[model][case].id)

    def assert_nameless(self, text, message=None):
        for word in self.words:
            self.assertNotIn(word, str(text), message)


@tagged("post_install", "-at_install")
class TestDisplayName(NameCase):
    def test_is_the_reference_everywhere(self):
        for model, records in self.records.items():
            for case, record in records.items():
                with self.subTest(model, case=case):
                    self.assertEqual(record.display_name, self.children[case].reference)
        for model in self.records:
            if TABLE[model]["read"]["head"] != "no":
                with self.subTest(model):
                    self.assertEqual(self.of(model, "head").display_name, self.child.reference)

    def test_shown_when_asked_for_by_who_may_see_the_child(self):
        self.assertIn("Unsaid", self.of("pep.child", "vseo", **SHOW).display_name)
        self.assertIn("Unsaid", self.of("pep.child", "teacher", **SHOW).display_name)
        self.assert_nameless(self.of("pep.child", "vseo").display_name)

    def test_never_under_sudo_whatever_was_shown_before(self):
        for model in ("pep.child", "pep.plan"):
            record = self.of(model, "vseo", **SHOW)
            self.assertIn("Unsaid", record.display_name + self.child.full_name)
            self.assertEqual(record.sudo().display_name, self.child.reference)
            self.assertEqual(record.sudo().with_user(self.env.ref("base.user_root")).display_name, self.child.reference)

    def test_not_for_others_whatever_they_ask_for(self):
        for model in self.records:
            for person in OUTSIDERS:
                with self.subTest(model, person=person), mute_logger(*QUIET_DENIAL):
                    try:
                        told = self.of(model, person, "other", **SHOW).read(["display_name"])
                    except AccessError as error:
                        told = error
                    self.assert_nameless(told)

    def test_two_roles_in_one_person_show_the_name_of_the_own_child_alone(self):
        money = self.as_person("pep.funding", "vseo_and_finance").with_context(**SHOW)
        spec = {"child_id": {"fields": {"display_name": {}}, "context": SHOW}, "child_name": {}, "display_name": {}}
        own, other = self.records["pep.funding"]["own"], self.records["pep.funding"]["other"]
        self.assertIn("Unsaid", money.browse(own.id).web_read(spec)[0]["child_name"])
        self.assert_nameless(money.browse(other.id).web_read(spec))
        found = money.search([("child_name", "ilike", "Unsaid")])
        self.assertIn(own, found.sudo())
        self.assertNotIn(other, found.sudo())
        self.assertNotIn(other.id, [row[0] for row in money.name_search("Unsaid")])

    def test_pickers(self):
        children = self.as_person("pep.child", "vseo")
        self.assertFalse(children.name_search("Unsaid"))
        found = [row[0] for row in children.with_context(**SHOW).name_search("Unsaid", limit=None)]
        self.assertIn(self.child.id, found)
        self.assertNotIn(self.children["other"].id, found)


@tagged("post_install", "-at_install")
class TestNameFields(NameCase):
    """Not by fields_get, read, search, order, group or export; in no error message."""

    def test_fields_are_not_even_listed(self):
        for person in ("finance", "admin", "employee", "system"):
            listed = self.as_person("pep.child", person).fields_get()
            self.assertFalse(set(NAME_FIELDS) & set(listed), person)
            for model in self.records:
                if model != "pep.child":
                    self.assertNotIn("child_name", self.as_person(model, person).fields_get(), (model, person))

    def test_finance_by_any_way(self):
        money = self.as_person("pep.funding", "finance").with_context(**SHOW)
        one = money.browse(self.records["pep.funding"]["own"].id)
        ways = {
            "read": lambda: one.read(["child_id", "child_name"]),
            "read all": one.read,
            "web_read": lambda: one.web_read({"child_id": {"fields": {"display_name": {}, "last_name": {}}}}),
            "web_read name": lambda: one.web_read({"child_id": {"fields": {"display_name": {}}, "context": SHOW}}),
            "request": lambda: one.web_read({"request_id": {"fields": {"display_name": {}, "name": {}}}}),
            "group by child": lambda: money.formatted_read_group([], ["child_id"], ["__count"]),
            "group by name": lambda: money.formatted_read_group([], ["child_id.last_name"], ["__count"]),
            "export": lambda: one.with_user(self._exporter()).export_data(["display_name", "child_id/full_name"]),
            "search panel": lambda: money.search_panel_select_range("child_id"),
            "name_search": lambda: money.name_search(""),
        }
        for way, action in ways.items():
            with self.subTest(way), mute_logger(*QUIET_DENIAL):
                try:
                    told = action()
                except UserError as error:
                    told = error
                self.assert_nameless(told)
        groups = money.formatted_read_group([("id", "in", one.ids)], ["child_id"], ["__count"])
        self.assertEqual(groups[0]["child_id"][1], self.child.reference, "finance groups by reference")

    def _exporter(self):
        groups = "pep_module.group_pep_finance,base.group_allow_export"
        return new_test_user(self.env, "exporter.test", groups=groups, company_id=self.council.id)

    def test_finance_finds_nobody_by_what_it_can_not_read(self):
        money = self.as_person("pep.funding", "finance")
        for domain in (
            [("child_name", "ilike", "Unsaid")],
            [("child_id.last_name", "ilike", "Unsaid")],
            [("child_id.date_of_birth", ">", "2000-01-01")],
            [("child_id.access_ids.user_id", "=", self.users["vseo"].id)],
            [("request_id.name", "ilike", "Secret")],
            [("plan_id.target_ids.name", "ilike", "Secret")],
            [("company_id.pep_access_ids.user_id", "=", self.users["vseo"].id)],
        ):
            with self.subTest(domain), self.assertRaises(AccessError), mute_logger(*QUIET_DENIAL):
                money.search(domain)

    def test_the_order_of_names_tells_nothing(self):
        last_names = ["Aalto", "Zysk", "Mills", "Brown", "Young", "Abbot", "Nash"]
        for child, last_name in zip(self.children.values(), last_names, strict=True):
            child.last_name = last_name
        money = self.as_person("pep.funding", "finance")
        ours = [record.id for case, record in self.records["pep.funding"].items() if case != "foreign"]
        found = money.search([("id", "in", ours)], order="child_id")
        references = found.mapped("child_reference")
        self.assertEqual(references, sorted(references))

    def test_nobody_finds_by_the_name_of_a_child_they_can_not_see(self):
        name = self.children["other"].last_name
        children = self.as_person("pep.child", "vseo")
        for domain in ([("last_name", "=", name)], [("full_name", "ilike", name)]):
            self.assertFalse(children.search(domain))
        plans = self.as_person("pep.plan", "vseo")
        for domain in ([("child_id.last_name", "=", name)], [("child_name", "ilike", name)]):
            self.assertFalse(plans.search(domain))

    def test_what_a_portal_role_may_not_read_is_not_found_by_either(self):
        child = self.as_person("pep.child", "teacher")
        self.assertFalse(child.search([("network_ids.partner_name", "ilike", "Aunt")]))
        self.assertFalse(child.search([("care_episode_ids.date_from", "!=", False)]))
        with self.assertRaises(AccessError), mute_logger(*QUIET_DENIAL):
            child.search([("access_ids.user_id", "=", self.users["vseo"].id)])

    def test_errors_name_nobody(self):
        self.users["employee"].write({"group_ids": [(4, self.env.ref("base.group_no_one").id)]})
        for person in ("vseo", "employee"):
            for model in self.records:
                record = self.of(model, person, "other", **SHOW)
                with self.subTest(model, person=person), mute_logger(*QUIET_DENIAL):
                    with self.assertRaises(AccessError) as caught:
                        record.read(["display_name"])
                    self.assert_nameless(caught.exception)


@tagged("post_install", "-at_install")
class TestMail(NameCase):
    """Chatter, activities and followers: they carry no name, and open nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls.users["third_vseo"]

    def assert_opens_nothing(self):
        for model in ("pep.child", "pep.plan"):
            record = self.as_user(self.env[model], "third_vseo").browse(self.records[model]["own"].id)
            self.assertFalse(record.has_access("read"))
        messages = self.as_user(self.env["mail.message"], "third_vseo")
        self.assertFalse(messages.search([("model", "=like", "pep.%"), ("res_id", "=", self.child.id)]))

    def followers(self, record):
        return record.sudo().message_follower_ids.partner_id

    def test_a_task_goes_only_to_people_with_access(self):
        for model in ("pep.child", "pep.plan"):
            record = self.of(model, "vseo", **SHOW)
            with self.subTest(model), self.assertRaises(UserError), self.env.cr.savepoint():
                record.activity_schedule("mail.mail_activity_data_todo", user_id=self.stranger.id)
            task = self.of(model, "vseo", **SHOW).activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.users["head"].id, summary="Ring the school"
            )
            self.assertEqual(task.res_name, self.child.reference)
            with self.subTest(model), self.assertRaises(UserError), self.env.cr.savepoint():
                task.user_id = self.stranger
        self.assertNotIn(self.stranger.partner_id, self.followers(self.child))
        self.assert_opens_nothing()

    def test_a_new_vseo_does_not_follow(self):
        child = self.of("pep.child", "vseo").with_context(tracking_disable=False)
        child.vseo_id = self.stranger
        self.env.flush_all()
        self.assertNotIn(self.stranger.partner_id, self.followers(self.child))
        plan = self.records["pep.plan"]["other"].with_context(tracking_disable=False)
        plan.vseo_id = self.stranger
        self.env.flush_all()
        self.assertNotIn(self.stranger.partner_id, self.followers(plan))

    def test_nobody_without_access_follows_or_is_told(self):
        record = self.of("pep.child", "vseo")
        record.message_subscribe((self.stranger | self.users["head"]).partner_id.ids)
        self.assertIn(self.users["head"].partner_id, self.followers(self.child))
        self.assertNotIn(self.stranger.partner_id, self.followers(self.child))
        outside = self.env["res.partner"].create({"name": "Outside", "email": "outside@example.com"})
        for partner in (self.stranger.partner_id, outside):
            for post in (record.message_post, record.message_notify):
                with self.subTest(partner.name), self.assertRaises(UserError), self.env.cr.savepoint():
                    post(body="Please ring", partner_ids=partner.ids)
        self.assert_opens_nothing()

    def test_a_message_carries_the_reference(self):
        record = self.of("pep.child", "vseo", **SHOW).with_context(tracking_disable=False)
        self.assertIn("Unsaid", record.display_name)
        head = self.users["head"]
        head.notification_type = "email"
        message = record.message_post(body="Please ring", partner_ids=head.partner_id.ids)
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        self.assertTrue(mails)
        for told in (message.sudo().record_name, message.subject, *mails.mapped("subject"), *mails.mapped("body_html")):
            self.assert_nameless(told)

    def test_tracked_values_name_nobody(self):
        self.flush_tracking()  # what is new in this transaction is not tracked
        child = self.of("pep.child", "vseo").with_context(tracking_disable=False)
        child.write({"last_name": "Unsaidmore", "known_as": "Zebedee", "sen_provision": "E"})
        self.flush_tracking()
        values = self.child.message_ids.tracking_value_ids
        self.assertIn("sen_provision", values.field_id.mapped("name"))
        self.assertFalse(set(values.field_id.mapped("name")) & set(NAME_FIELDS))
        for message in self.child.message_ids:
            self.assert_nameless((message.body, message.subject, message.record_name))

    def flush_tracking(self):
        self.env.cr.flush()  # tracking is written then
        self.env.invalidate_all()

    def test_attachments_follow_the_record(self):
        attachment = self.env["ir.attachment"].create(
            {
                "name": "letter.txt",
                "raw": b"Secret",
                "res_model": "pep.plan",
                "res_id": self.records["pep.plan"]["own"].id,
            }
        )
        for person in ("third_vseo", "employee", "finance", "admin", "parent"):
            files = self.as_user(self.env["ir.attachment"], person)
            with self.subTest(person), mute_logger(*QUIET_DENIAL):
                self.assertFalse(files.search([("id", "=", attachment.id)]))
                with self.assertRaises(AccessError):
                    files.browse(attachment.id).read(["raw"])
        self.assertEqual(self.as_user(attachment, "vseo").raw, b"Secret")

    def test_what_staff_write_beside_a_record_is_not_for_its_readers_outside(self):
        """School, carer and parent read the child and the PEP, not the messages there and the files of those."""
        for model in ("pep.child", "pep.plan"):
            record = self.of(model, "vseo").with_context(tracking_disable=False)
            file = ("letter.txt", b"Secret letter")
            message = record.message_post(
                body="Secret talk", attachments=[file], subtype_xmlid="mail.mt_comment", message_type="comment"
            )
            attachment = message.sudo().attachment_ids
            self.assertEqual(attachment.res_model, model)
            for person in PORTAL:
                messages = self.as_user(self.env["mail.message"], person)
                with self.subTest(model, person=person), mute_logger(*QUIET_DENIAL):
                    self.assertFalse(messages.search([("id", "=", message.id)]))
                    self.assertFalse(messages.search([("model", "=", model), ("res_id", "=", record.id)]))
                    for told in (messages.browse(message.id), self.as_user(attachment, person)):
                        with self.assertRaises(AccessError):
                            told.read(["create_date"])
            self.assertIn("Secret talk", self.as_user(message, "contributor").body)
            self.assertEqual(self.as_user(attachment, "contributor").raw, b"Secret letter")

    def test_a_message_to_one_of_them_is_read_by_that_one(self):
        record = self.of("pep.plan", "vseo")
        message = record.message_post(
            body="Please ring", partner_ids=self.users["teacher"].partner_id.ids, subtype_xmlid="mail.mt_comment"
        )
        for person, told in (("teacher", True), ("carer", False)):
            with self.subTest(person):
                messages = self.as_user(self.env["mail.message"], person)
                self.assertEqual(bool(messages.search([("id", "=", message.id)])), told)

    def test_files_of_documents_follow_their_row(self):
        """Not the model, not the child: this document, for this role, by each way to its file."""
        document = self.records["pep.document"]["own"]
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "pep.document"), ("res_id", "=", document.id), ("res_field", "=", "file")]
        )
        self.assertEqual(len(file), 1)
        self.assert_nameless((file.name, file.display_name, document.file_name, file.index_content))
        self.assertIn(self.child.reference, file.name)
        for readers in ("everybody", "nobody", "teacher", "carer", "all but one VSEO"):
            self.set_readers("pep.document", readers)
            for person in (*PORTAL, "vseo", "contributor"):
                wanted = readers in ("everybody", "all but one VSEO", person) and (readers, person) != (
                    "all but one VSEO",
                    "vseo",
                )
                wanted = wanted or person == "vseo" and readers != "all but one VSEO"
                with self.subTest(readers, person=person), mute_logger(*QUIET_DENIAL):
                    self.assertEqual(self.content(document, "file", person), b"Secret page of own" if wanted else None)
                    if person not in PORTAL:  # whom Odoo lets read no attachment by itself
                        self.assertEqual(self.content(file, "datas", person) is not None, wanted)

    def content(self, record, field, person):
        """The file, for a person who gets at it."""
        try:
            return base64.b64decode(self.as_user(record, person).read([field])[0][field])
        except AccessError:
            return None


@tagged("post_install", "-at_install")
class TestToldOutside(NameCase):
    """Mails, tasks and addresses that gathering makes: the reference or less."""

    def assert_mails_nameless(self, before):
        mails = self.env["mail.mail"].search([]) - before
        self.assertTrue(mails)
        for mail in mails:
            message = mail.mail_message_id
            self.assert_nameless(
                (mail.subject, mail.body_html, mail.email_from, mail.email_to, mail.headers, message.record_name)
            )
            for word in ("Secret", *self.records["pep.child"]["own"].mapped("upn")):
                if word:
                    self.assertNotIn(word, f"{mail.subject} {mail.body_html}")
        return mails

    def test_a_child_who_wants_to_tell_someone(self):
        before = self.env["mail.mail"].search([])
        tasks = self.env["mail.activity"].search([])
        visit = self.records["pep.voice.session"]["own"]
        self.env["pep.concern"]._raise(visit, "Secret worry of Zebedee")
        self.assert_mails_nameless(before)
        for task in self.env["mail.activity"].search([]) - tasks:
            self.assert_nameless((task.summary, task.note, task.res_name, task.display_name))
            self.assertNotIn("Secret", f"{task.summary} {task.note}")

    def test_pages_are_opened_by_number(self):
        """Addresses and titles that buttons open hold ids and the app's own words."""
        part = self.of("pep.contribution", "vseo", **SHOW)
        copy = self.of("pep.plan.copy", "vseo", **SHOW)
        document = self.of("pep.document", "vseo", **SHOW)
        for action in (part.action_fill(), copy.action_open(), document.action_download()):
            self.assert_nameless(action)
        for model in ("pep.contribution", "pep.document", "pep.target.proposal", "pep.voice.session"):
            self.assert_nameless(self.of(model, "vseo", **SHOW).get_formview_action(), model)


@tagged("post_install", "-at_install")
class TestContacts(NameCase):
    """Carers and relatives are known only to those who share a child with them; schools to everybody."""

    def finds(self, person, record):
        model = self.as_person(record._name, person)
        with mute_logger(*QUIET_DENIAL):
            try:
                read = bool(model.browse(record.id).read(["display_name"]))
            except AccessError:
                read = False
        ways = {
            bool(model.search([("id", "=", record.id)])),
            bool(model.name_search(record.name, [("id", "=", record.id)])),
            bool(model.search_count([("name", "=", record.name), ("id", "=", record.id)])),
            read,
        }
        self.assertEqual(len(ways), 1, f"{person}: some ways find {record} and some don't")
        return ways.pop()

    def test_hidden_from_who_has_no_child_in_common(self):
        for role in ("carer", "parent"):
            person = self.users[role]
            self.assertTrue(person.partner_id.pep_confidential)
            for record in (person.partner_id, person):
                for outsider in ("employee", "finance", "admin", "foreign_vseo", "foreign_head"):
                    with self.subTest(role, outsider=outsider, record=record):
                        self.assertFalse(self.finds(outsider, record))
            for insider in ("vseo", "support", "head", "contributor"):
                with self.subTest(role, insider=insider):
                    self.assertTrue(self.finds(insider, person.partner_id))
            # with a portal login Odoo shows no one's contact but the own; the network's members show the names then
            for outsider in ("teacher", "social_worker", "iro", {"carer": "parent", "parent": "carer"}[role]):
                with self.subTest(role, outsider=outsider):
                    self.assertFalse(self.finds(outsider, person.partner_id))
            self.assertTrue(self.finds(role, person.partner_id), "everybody knows themselves")

    def test_a_former_officer_knows_the_relatives_no_more(self):
        member = self.env["pep.network.member"].search(
            [("child_id", "=", self.children["former"].id), ("role", "=", "other")]
        )
        self.assertTrue(member.partner_id.pep_confidential)
        self.assertFalse(self.finds("vseo", member.partner_id))

    def test_no_address_and_no_tag(self):
        tag = self.env["res.partner.category"].create({"name": "Foster carer"})
        partner = self.env["res.partner"].create(
            {
                "name": "Someone",
                "street": "12 Elm Road",
                "city": "Ely",
                "category_id": [(4, tag.id)],
                "comment": "Carer",
            }
        )
        self.as_person("pep.network.member", "vseo").create(
            {"child_id": self.child.id, "partner_id": partner.id, "role": "carer"}
        )
        self.assertRecordValues(
            partner, [{"pep_confidential": True, "street": False, "city": False, "category_id": [], "comment": False}]
        )

    def test_confidential_is_not_set_by_hand(self):
        self.users["employee"].write({"group_ids": [(4, self.env.ref("base.group_partner_manager").id)]})
        partners = self.as_person("res.partner", "employee")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            partners.create({"name": "x", "pep_confidential": True})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            partners.browse(self.school.id).write({"pep_confidential": True})

    def test_organisations_are_in_no_network(self):
        for partner in (self.council.partner_id, self.school):
            with self.subTest(partner.name), self.assertRaises(UserError), self.env.cr.savepoint():
                self.as_person("pep.network.member", "vseo").create(
                    {"child_id": self.child.id, "partner_id": partner.id, "role": "other"}
                )
        self.assertFalse(self.council.partner_id.pep_confidential)

    def test_staff_and_schools_are_seen(self):
        self.assertFalse(self.users["contributor"].partner_id.pep_confidential)
        for person in ("employee", "finance", "admin", "vseo", "foreign_vseo"):
            with self.subTest(person):
                self.assertTrue(self.finds(person, self.school))
                self.assertTrue(
                    self.as_person("res.partner", person).browse(self.school.id).read(["pep_urn"])[0]["pep_urn"]
                )
        self.assertTrue(self.finds("employee", self.users["contributor"].partner_id))
