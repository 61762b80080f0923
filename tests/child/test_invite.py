"""One click gives a person around a child, or at school, a way in; nobody gets two, and no mail names a child."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from tests.common import PepCase

QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class InviteCase(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls.make_children()
        cls.council.email = "school@testshire.example"

    @classmethod
    def person(cls, name="Sam Carer", email="sam@home.example", role="carer", **values):
        partner = cls.env["res.partner"].create({"name": name, "email": email})
        return cls.env["pep.network.member"].create(
            {"child_id": cls.child.id, "partner_id": partner.id, "role": role, **values}
        )

    def invite(self, member, by="vseo"):
        return self.as_user(member, by).action_invite()

    def mails(self, email):
        return self.env["mail.mail"].search([("email_to", "=", email)])

    def logins(self, email):
        return self.env["res.users"].with_context(active_test=False).search([("login", "=", email)])

    def refused(self, error, action):
        with self.assertRaises(error), mute_logger(*QUIET), self.env.cr.savepoint():
            action()

    def assert_names_nobody(self, mail):
        everything = " ".join(str(mail[name]) for name in ("subject", "body_html", "email_from", "email_to", "headers"))
        everything += f"{mail.reply_to} {mail.email_cc}"
        for word in ("Zebedee", "Unsaid", self.child.reference, "Sam", "Carer"):
            self.assertNotIn(word, everything)


@tagged("post_install", "-at_install")
class TestInvite(InviteCase):
    def test_a_new_login(self):
        member = self.person()
        self.assertEqual(self.as_user(member, "vseo").login_state, "none")
        self.invite(member)
        user = self.logins("sam@home.example")
        self.assertTrue(user.share and user.active)
        self.assertEqual((user.partner_id, user.company_id), (member.partner_id, self.council))
        self.assertEqual(user.group_ids, self.env.ref("base.group_portal"))
        self.assertEqual(self.as_user(member, "vseo").login_state, "invited")
        self.assertTrue(self.as_user(member, "vseo").login_date)
        seen = self.env["pep.child"].with_user(user).search([])
        self.assertEqual(seen, self.child, "sees the child at once")
        mail = self.mails("sam@home.example")
        self.assertEqual((len(mail), mail.state), (1, "outgoing"))
        self.assertIn("/web/signup?", mail.body_html)
        self.assertIn("school@testshire.example", mail.email_from)
        self.assertTrue(mail.auto_delete, "a way in is not kept")
        self.assertFalse(mail.model or mail.recipient_ids or mail.partner_ids)
        self.assert_names_nobody(mail)

    def test_who_invites_can_not_read_the_link(self):
        self.invite(self.person())
        message = self.mails("sam@home.example").mail_message_id
        self.refused(AccessError, lambda: self.as_user(message, "vseo").read(["body"]))

    def test_pressed_twice(self):
        member = self.person()
        for _time in range(2):
            self.invite(member)
        self.assertEqual(len(self.mails("sam@home.example")), 1)
        self.assertEqual(len(self.logins("sam@home.example")), 1)
        with freeze_time(self.env["res.users"].search([], limit=1).create_date + timedelta(days=2)):
            self.invite(member)
        self.assertEqual(len(self.mails("sam@home.example")), 2, "a mail that was lost can be sent again")

    def test_who_has_signed_in(self):
        member = self.person()
        self.invite(member)
        user = self.logins("sam@home.example")
        self.env["res.users.log"].with_user(user).sudo().create({})
        user.pep_invited_on = False
        self.assertEqual(self.as_user(member, "vseo").login_state, "active")
        self.invite(member)
        mail = self.mails("sam@home.example").sorted("id")[-1]
        self.assertIn("/my/pep", mail.body_html)
        self.assertNotIn("token", mail.body_html)

    def test_a_login_that_is_there_is_linked(self):
        """Of another council, by its login name: the record in the network becomes the one that signs in."""
        other = self.env["res.company"].create({"name": "Farshire"})
        of_other = {"company_id": other.id, "company_ids": [(6, 0, other.ids)]}
        user = new_test_user(self.env, "sam@home.example", groups="base.group_portal", **of_other)
        member = self.person(email="Sam@Home.example")
        self.invite(member)
        self.assertEqual(member.partner_id, user.partner_id)
        self.assertEqual(member.partner_name, user.partner_id.name)
        self.assertEqual(self.logins("sam@home.example"), user)
        self.assertEqual(self.env["pep.child"].with_user(user).search([]), self.child)
        self.assertEqual(user.company_id, other)

    def test_an_address_alone_makes_nobody_somebody_else(self):
        """Portal users can change their address; that must not get them what is meant for whoever has it."""
        self.users["parent"].partner_id.email = "sam@home.example"
        member = self.person()
        self.invite(member)
        self.assertNotEqual(member.partner_id, self.users["parent"].partner_id)
        self.assertFalse(self.env["pep.child"].with_user(self.users["parent"]).search([]))
        add = self.as_user(self.env["pep.person.add"], "vseo").create(
            {"child_id": self.child.id, "name": "Sam", "email": "sam2@home.example", "role": "iro"}
        )
        self.users["parent"].partner_id.email = "sam2@home.example"
        add.action_add()
        self.assertFalse(self.env["pep.child"].with_user(self.users["parent"]).search([]))

    def test_an_internal_user_stays_internal(self):
        worker = self.users["employee"]
        worker.partner_id.email = "worker@testshire.example"
        member = self.person("Wilma Worker", "worker@testshire.example", "social_worker")
        self.invite(member)
        self.assertEqual(member.partner_id, worker.partner_id)
        self.assertFalse(worker.share)
        self.assertNotIn("/web/signup", self.mails("worker@testshire.example").body_html)

    def test_a_person_whose_own_record_has_the_login(self):
        member = self.env["pep.network.member"].create(
            {"child_id": self.child.id, "partner_id": self.users["carer"].partner_id.id, "role": "carer"}
        )
        self.invite(member)
        self.assertEqual(member.partner_id, self.users["carer"].partner_id)
        self.assertEqual(len(self.mails(self.users["carer"].partner_id.email)), 1)

    def test_refusals(self):
        no_address = self.person(email=False)
        wrong = self.person(email="nowhere")
        barred = self.person(must_not_contact=True)
        gone = self.person(date_from=self.today - timedelta(days=9), date_to=self.today - timedelta(days=1))
        mistake = self.person(active=False)
        nobody = self.person(role="other")
        for member in (no_address, wrong, barred, gone, mistake, nobody):
            self.refused(UserError, lambda member=member: self.invite(member))
        self.assertFalse(self.logins("sam@home.example"))
        self.assertFalse(self.mails("sam@home.example"))

    def test_barred_in_another_role_or_by_the_login(self):
        member = self.person()
        self.env["pep.network.member"].create(
            {
                "child_id": self.child.id,
                "partner_id": member.partner_id.id,
                "role": "parent",
                "must_not_contact": True,
            }
        )
        self.refused(UserError, lambda: self.invite(member))
        user = new_test_user(self.env, "kim@home.example", groups="base.group_portal")
        self.env["pep.network.member"].create(
            {"child_id": self.child.id, "partner_id": user.partner_id.id, "role": "parent", "must_not_contact": True}
        )
        other = self.person("Kim", "kim@home.example")
        self.refused(UserError, lambda: self.invite(other))
        self.assertNotEqual(other.partner_id, user.partner_id)

    def test_a_login_that_is_switched_off(self):
        user = new_test_user(self.env, "sam@home.example", groups="base.group_portal")
        user.active = False
        member = self.person()
        self.refused(UserError, lambda: self.invite(member))
        self.assertFalse(user.active)
        self.assertEqual(user.partner_id._pep_login_states(), {user.partner_id.id: ("off", False)})

    def test_who_may_invite(self):
        member = self.person()
        for role in ("other_vseo", "admin", "finance", "employee", "carer", "teacher"):
            with self.subTest(role):
                self.refused(AccessError, lambda role=role: self.invite(member, by=role))
        self.invite(member, by="head")

    def test_state_is_for_the_virtual_school(self):
        member = self.person()
        self.surround(self.child)
        for role in ("social_worker", "iro"):
            names = self.as_user(member, role).fields_get()
            self.assertNotIn("login_state", names)
            self.assertNotIn("login_date", names)
        self.assertNotIn("pep_invited_on", self.as_user(self.env["res.users"], "carer").fields_get())

    def test_states_of_many_cost_the_same(self):
        members = self.env["pep.network.member"]
        for number in range(12):
            members |= self.person(email=f"p{number}@home.example")
        self.env.flush_all()

        def queries(rows):
            rows = rows.with_env(self.env(user=self.users["vseo"], su=False))
            self.env.invalidate_all()
            rows.mapped("partner_id")
            before = self.env.cr.sql_log_count
            rows.mapped("login_state")
            return self.env.cr.sql_log_count - before

        queries(members[:1])
        self.assertEqual(queries(members[:2]), queries(members))


@tagged("post_install", "-at_install")
class TestAddAndInvite(InviteCase):
    def add(self, **values):
        form = Form(self.as_user(self.env["pep.person.add"], "vseo").with_context(default_child_id=self.child.id))
        form.name, form.email, form.role = "Sam Carer", "sam@home.example", "carer"
        for name, value in values.items():
            form[name] = value
        return form.save().action_add()

    def test_invite_now(self):
        self.add(invite=True)
        self.assertEqual(self.child.network_ids.partner_id.user_ids, self.logins("sam@home.example"))
        self.assertEqual(len(self.mails("sam@home.example")), 1)

    def test_or_not(self):
        self.add()
        self.assertFalse(self.logins("sam@home.example"))
        self.assertTrue(self.child.network_ids)

    def test_barred_and_invited_is_refused_whole(self):
        wizard = self.as_user(self.env["pep.person.add"], "vseo").create(
            {
                "child_id": self.child.id,
                "name": "Sam",
                "email": "sam@home.example",
                "role": "carer",
                "must_not_contact": True,
                "invite": True,
            }
        )
        self.refused(UserError, wizard.action_add)
        self.assertFalse(self.child.network_ids)


@tagged("post_install", "-at_install")
class TestSchoolStaff(InviteCase):
    def add(self, by="support", **values):
        wizard = self.as_user(self.env["pep.school.staff.add"], by).create(
            {"school_id": self.school.id, "name": "Dee Tea", "email": "dt@elm.example", **values}
        )
        return wizard.action_add()

    def staff(self, **values):
        return self.env["pep.school.staff"].search([("school_id", "=", self.school.id)])

    def test_by_name_and_address(self):
        self.add(lead=True)
        member = self.staff()
        self.assertEqual((member.user_id.login, member.lead, member.user_name), ("dt@elm.example", True, "Dee Tea"))
        self.assertEqual(self.as_user(member, "vseo").login_state, "invited")
        self.assertEqual(self.env["pep.child"].with_user(member.user_id).search([]), self.child)
        mail = self.mails("dt@elm.example")
        self.assertIn("/web/signup?", mail.body_html)
        self.assert_names_nobody(mail)

    def test_twice_is_once(self):
        for _time in range(2):
            self.add()
        self.assertEqual(len(self.staff()), 1)
        self.assertEqual(len(self.mails("dt@elm.example")), 1)

    def test_a_login_of_another_council(self):
        other = self.env["res.company"].create({"name": "Farshire"})
        user = new_test_user(
            self.env, "dt@elm.example", groups="base.group_portal", company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        self.add(invite=False)
        self.assertEqual(self.staff().user_id, user)
        self.assertFalse(self.mails("dt@elm.example"))
        self.assertEqual(self.as_user(self.staff(), "support").login_state, "invited")

    def test_a_colleague_becomes_the_teacher_from_that_day(self):
        self.add(role="colleague", date_from=self.today - timedelta(days=9))
        old = self.staff()
        self.add(role="designated_teacher", lead=True)
        self.assertEqual(old.date_to, self.today - timedelta(days=1))
        self.assertEqual((self.staff() - old).mapped("lead"), [True])

    def test_again_by_the_button(self):
        self.add(invite=False)
        self.as_user(self.staff(), "support").action_invite()
        self.assertEqual(len(self.mails("dt@elm.example")), 1)
        self.staff().date_to = self.today
        self.as_user(self.staff(), "support").action_invite()
        with freeze_time(self.today + timedelta(days=2)):
            self.refused(UserError, lambda: self.as_user(self.staff(), "support").action_invite())

    def test_refusals(self):
        self.refused(UserError, lambda: self.add(email="nowhere"))
        new_test_user(self.env, "clerk@testshire.example", groups="base.group_user")
        self.refused(UserError, lambda: self.add(email="clerk@testshire.example"))
        for role in ("admin", "finance", "employee", "teacher"):
            with self.subTest(role):
                self.refused(AccessError, lambda role=role: self.add(by=role))
        self.add(invite=False)
        self.refused(AccessError, lambda: self.as_user(self.staff(), "admin").action_invite())

    def test_shared_mailbox(self):
        action = {"active_model": "res.partner", "active_id": self.school.id}
        form = Form(self.as_user(self.env["pep.school.mailbox"], "support").with_context(**action))
        form.email = " office@elm.example "
        form.save().action_save()
        self.assertEqual(self.school.pep_shared_mailbox, "office@elm.example")
        self.assertFalse(self.school.user_ids)
        wizards = self.as_user(self.env["pep.school.mailbox"], "support")
        wrong = wizards.create({"school_id": self.school.id, "email": "nowhere"})
        self.refused(ValidationError, wrong.action_save)
        person = wizards.create({"school_id": self.users["carer"].partner_id.id, "email": "office@elm.example"})
        self.refused(ValidationError, person.action_save)
        wizards.create({"school_id": self.school.id, "email": ""}).action_save()
        self.assertFalse(self.school.pep_shared_mailbox)
        for role in ("finance", "employee", "teacher"):
            with self.subTest(role):
                self.refused(
                    AccessError,
                    lambda role=role: self.as_user(self.env["pep.school.mailbox"], role).create(
                        {"school_id": self.school.id, "email": "x@elm.example"}
                    ),
                )
        manager = new_test_user(self.env, "contacts.test", groups="base.group_user,base.group_partner_manager")
        self.refused(AccessError, lambda: self.school.with_user(manager).write({"pep_shared_mailbox": "x@elm.example"}))


@tagged("post_install", "-at_install")
class TestTexts(InviteCase):
    def text(self, code="invite", by="admin"):
        text = self.env["pep.mail.text"].search([("code", "=", code), ("company_id", "=", self.council.id)])
        return self.as_user(text, by)

    def test_each_council_has_all(self):
        codes = self.env["pep.mail.text"].search([("company_id", "=", self.council.id)]).mapped("code")
        self.assertEqual(set(codes), set(dict(self.env["pep.mail.text"]._fields["code"].selection)))
        self.assertEqual(len(codes), len(set(codes)))
        self.council._pep_load_templates()
        self.assertEqual(self.env["pep.mail.text"].search_count([("company_id", "=", self.council.id)]), len(codes))

    def test_a_council_s_words(self):
        words = {"subject": "Come in", "intro": "Welcome <b>you</b>\n\nSecond", "button": "Go", "closing": False}
        self.text().write(words)
        self.invite(self.person())
        mail = self.mails("sam@home.example")
        self.assertEqual(mail.subject, "Come in")
        self.assertIn("&lt;b&gt;you&lt;/b&gt;", mail.body_html, "words, not markup")
        self.assertIn("Testshire", mail.body_html)

    def test_nothing_is_filled_in(self):
        for name in ("subject", "intro", "closing", "button"):
            for words in ("Dear {{ object.name }}", "${object.name}", "<t t-out='x'/>", "{% x %}"):
                with self.subTest(name, words=words):
                    self.refused(ValidationError, lambda name=name, words=words: self.text().write({name: words}))

    def test_who_changes_them(self):
        for role in ("vseo", "head", "support", "finance", "employee"):
            with self.subTest(role):
                self.refused(AccessError, lambda role=role: self.text(by=role).write({"subject": "x"}))
        template = self.env.ref("pep_module.pep_mail_text_invite")
        self.refused(AccessError, lambda: self.as_user(template, "admin").write({"subject": "x"}))
        self.refused(AccessError, lambda: self.text().copy())
        self.refused(AccessError, lambda: self.text().unlink())
        other = self.env["res.company"].create({"name": "Farshire"})
        foreign = self.env["pep.mail.text"].search([("company_id", "=", other.id)], limit=1)
        self.refused(AccessError, lambda: self.as_user(foreign, "admin").write({"subject": "x"}))

    def test_a_council_without_a_text_has_the_app_s(self):
        self.env["pep.mail.text"].search([("code", "=", "concern"), ("company_id", "=", self.council.id)]).unlink()
        mail = self.env["pep.mail.text"]._send("concern", self.council, self.users["carer"].partner_id)
        self.assertTrue(mail.subject)
        self.assertFalse(mail.auto_delete)

    def test_no_address_no_mail(self):
        nobody = self.env["res.partner"].create({"name": "Nobody"})
        self.assertFalse(self.env["pep.mail.text"]._send("concern", self.council, nobody))

    def test_list_and_form_open_for_the_administrator(self):
        with Form(self.text(), "pep_module.pep_mail_text_view_form") as form:
            form.subject = "Other words"
        self.assertEqual(self.text().subject, "Other words")


@tagged("post_install", "-at_install")
class TestSigningUp(HttpCase):
    def test_the_link_of_an_invitation_lets_its_person_choose_a_password(self):
        council = self.env["res.company"].create({"name": "Testshire", "email": "school@testshire.example"})
        users = self.env["res.users"]
        user = users._pep_portal_login("Sam", "sam@home.example", council)
        user._pep_send_invitation(council)
        body = self.env["mail.mail"].search([("email_to", "=", "sam@home.example")]).body_html
        url = body.split('href="')[1].split('"')[0].replace("&amp;", "&")
        page = self.url_open(url[url.index("/web/") :])
        self.assertEqual(page.status_code, 200)
        self.assertIn("sam@home.example", page.text)
        self.assertIn('name="password"', page.text)
        self.assertIn("/my/pep", page.text)
