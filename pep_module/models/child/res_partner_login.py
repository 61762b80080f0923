from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import email_normalize

LOGIN_STATES = [
    ("none", "No login"),
    ("invited", "Invited"),
    ("active", "Signs in"),
    ("off", "Switched off"),
]


class ResPartner(models.Model):
    """A way in for the people around a child and at its school.

    One person has one login, for all councils of the database. A portal login is known by its login name: portal users
    can change the e-mail address of their own contact, so by that alone nobody is taken for somebody else.
    """

    _inherit = "res.partner"

    @api.model
    def _pep_find_by_email(self, email):
        """The contact of the person with this address, who may have a login or not.

        :param str email: normalised
        :return: one ``res.partner`` as superuser, empty for none
        """
        user = self.env["res.users"]._pep_find_by_login(email)
        if user:
            return user.partner_id
        partners = self.sudo()  # sudo: officers need not be allowed to see contacts
        same = partners.search([("email_normalized", "=", email), ("pep_is_school", "=", False)], order="id")
        users = same.with_context(active_test=False).user_ids
        return (same - users.filtered("share").partner_id)[:1]

    def _pep_login_states(self):
        """How far each of these people is: whether there is a login, since when invited, when last signed in.

        :return: dict of partner id -> (one of :data:`LOGIN_STATES`, datetime or False)
        """
        users = self.env["res.users"].sudo().with_context(active_test=False)  # sudo: a state, not the login
        users = users.search_fetch([("partner_id", "in", self.ids)], ["partner_id", "active", "pep_invited_on"])
        logs = self.env["res.users.log"].sudo()  # sudo: when somebody signed in last
        last = {
            user.id: moment
            for user, moment in logs._read_group([("create_uid", "in", users.ids)], ["create_uid"], ["create_date:max"])
        }
        states = dict.fromkeys(self.ids, ("none", False))
        for user in users.sorted(lambda user: (user.active, last.get(user.id) or datetime.min)):
            if not user.active:
                state = ("off", False)
            elif user.id in last:
                state = ("active", last[user.id])
            else:
                state = ("invited", user.pep_invited_on)
            states[user.partner_id.id] = state
        return states

    def _pep_invite(self, company):
        """Give this person a login, or find the one there is, and say so by mail.

        :param company: the council that invites
        :return: the person's contact: another one, where somebody else's record of the person has the login
        :raise UserError: there is no address, or the login is switched off
        """
        self.ensure_one()
        user = self._pep_login(company)
        user._pep_send_invitation(company)
        return user.partner_id

    def _pep_login(self, company):
        person = self.sudo()  # sudo: whoever invites need not be allowed to edit contacts and users
        users = person.with_context(active_test=False).user_ids
        if not users:
            email = email_normalize(person.email or "")
            if not email:
                raise UserError(
                    self.env._("%(name)s has no e-mail address for an invitation. Add one first.", name=person.name)
                )
            users = self.env["res.users"]._pep_find_by_login(email)
            users = users or users._pep_make_portal_login(person, email, company)
        user = users.filtered("active")[:1]
        if not user:
            raise UserError(
                self.env._(
                    "The login of %(name)s is switched off. Whoever administers Odoo can switch it on again.",
                    name=person.name,
                )
            )
        return user


class ResUsers(models.Model):
    _inherit = "res.users"

    pep_invited_on = fields.Datetime(
        string="Invited on", readonly=True, copy=False, groups="pep_module.group_pep_support"
    )

    @api.model
    def _pep_find_by_login(self, email):
        """The login with this address as its name, in any council; staff of a council also by their own address.

        :param str email: normalised
        :return: one ``res.users`` as superuser, empty for none
        """
        users = self.sudo().with_context(active_test=False)  # sudo: one login for all councils, some out of sight
        pattern = email.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        by_name = Domain("login", "=ilike", pattern)
        of_staff = Domain("share", "=", False) & Domain("partner_id.email_normalized", "=", email)
        found = users.search((by_name | of_staff) & Domain("login", "not in", ("__system__", "public")), order="id")
        return found.sorted(lambda user: (user.login.lower() != email, not user.active, user.id))[:1]

    @api.model
    def _pep_make_portal_login(self, partner, email, company):
        """A portal login for this contact. Odoo's own mail is not sent: the council's words are."""
        users = self.sudo().with_context(no_reset_password=True)  # sudo: see ResPartner._pep_login
        return users.create(
            {
                "partner_id": partner.id,
                "login": email,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
            }
        )

    @api.model
    def _pep_portal_login(self, name, email, company):
        """The portal login of a person at a school: the one with this address, or a new one with a contact of its own.

        :return: one ``res.users`` as superuser
        :raise UserError: not an address, no name, or the login of somebody on the council's staff
        """
        address = email_normalize(email or "")
        if not address:
            raise UserError(self.env._("“%(email)s” is not an e-mail address.", email=email or ""))
        user = self._pep_find_by_login(address)
        if not user:
            if not (name or "").strip():
                raise UserError(self.env._("What is the person's name?"))
            partners = self.env["res.partner"].sudo()  # sudo: see ResPartner._pep_login
            user = self._pep_make_portal_login(
                partners.create({"name": name.strip(), "email": address}), address, company
            )
        if not user.share:
            raise UserError(self.env._("This is the address of somebody on a council's staff."))
        if not user.active:
            raise UserError(self.env._("This login is switched off. Whoever administers Odoo can switch it on again."))
        return user

    def _pep_send_invitation(self, company):
        """Send each of these people an invitation; not again within the hour, when a button was pressed twice.

        Who has never signed in gets a link to choose a password, all others one to sign in.

        :return: those to whom one was sent
        """
        now = fields.Datetime.now()
        hour_ago = fields.Datetime.subtract(now, hours=1)
        users = self.sudo().filtered(  # sudo: see ResPartner._pep_login
            lambda user: not user.pep_invited_on or user.pep_invited_on < hour_ago
        )
        texts = self.env["pep.mail.text"]
        for user in users:
            if user.share and not user.login_date:
                user.partner_id.signup_prepare()
                url = user.partner_id._get_signup_url_for_action(url="/my/pep")[user.partner_id.id]
                texts._send("invite", company, user.partner_id, url=url, keep=False)
            else:
                texts._send("linked", company, user.partner_id, url=f"{company.get_base_url()}/my/pep")
        users.write({"pep_invited_on": now})
        return users
