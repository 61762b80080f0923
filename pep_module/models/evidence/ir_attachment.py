from odoo import api, models
from odoo.exceptions import AccessError, UserError

CONTENT = {"raw", "datas", "db_datas", "store_fname", "type", "url"}
WHERE = ("res_model", "res_id", "res_field")
KEPT = ("pep.document", "pep.plan.issue")


class IrAttachment(models.Model):
    """Files that belong to a record about a child.

    Odoo lets an attachment be read by whoever may read its record, unless it is public or somebody has a token. Of a
    child's there is neither, no text index, no copy, and it never moves to another record. What was filed in a
    ``pep.document`` or put under a message is not replaced or deleted either.
    """

    _inherit = "ir.attachment"

    _pep_one_file = models.UniqueIndex(
        "(res_id) WHERE res_model = 'pep.document'", "A document has one file: file the next version."
    )

    @api.model
    def _pep_about_child(self, res_model):
        if not res_model or res_model not in self.env:
            return False
        # a mail that fits no meeting may be about any child
        named = res_model in ("pep.child", "pep.meeting.stray")
        return named or isinstance(self.env[res_model], self.env.registry["pep.child.bound"])

    def _pep_guarded(self):
        """Those of these attachments that belong to a record about a child."""
        attachments = self.sudo()  # sudo: what it belongs to decides how it is treated, readable or not
        return attachments.filtered(lambda attachment: self._pep_about_child(attachment.res_model)).with_env(self.env)

    def _pep_kept(self):
        """Those that stay as they are: of documents and issued versions, and under messages.

        Fields of other models follow those.
        """
        attachments = self._pep_guarded().sudo()  # sudo: the same
        return attachments.filtered(lambda attachment: attachment.res_model in KEPT or not attachment.res_field)

    # === Made and moved ===

    @api.model_create_multi
    def create(self, vals_list):
        # Odoo asks for access to what the values name, not to what the caller's context adds to them
        defaults = {name: self.env.context.get(f"default_{name}") for name in WHERE}
        about = [self._pep_about_child(vals.get("res_model", defaults["res_model"])) for vals in vals_list]
        if not any(about):
            return super().create(vals_list)
        plain = iter(super().create([vals for vals, guarded in zip(vals_list, about, strict=True) if not guarded]))
        quiet = self.with_context(pep_not_indexed=True)
        mine = [self._pep_vals({**defaults, **vals}) for vals, guarded in zip(vals_list, about, strict=True) if guarded]
        kept = iter(super(IrAttachment, quiet).create(mine).with_env(self.env))
        return self.browse([next(kept if guarded else plain).id for guarded in about])

    def _pep_vals(self, vals):
        """Values of a new attachment to a record about a child."""
        if vals.get("public"):
            self._pep_refuse_public()
        model, field = vals.get("res_model"), vals.get("res_field")
        if field and not self.env.su or model == "pep.document" and field != "file":
            raise AccessError(self.env._("A document is filed in its PEP, one file each."))
        vals = {**vals, "public": False, "access_token": False}
        if model == "pep.document":
            document = self.env["pep.document"].browse(vals.get("res_id"))
            vals |= {"name": document.file_name, "mimetype": document.mimetype}
        return vals

    def write(self, vals):
        guarded = self._pep_guarded()
        moves_in = self._pep_about_child(vals.get("res_model"))
        if not guarded and not moves_in:
            return super().write(vals)
        if vals.get("public") or vals.get("access_token"):
            self._pep_refuse_public()
        guarded._pep_refuse_change(vals)
        if moves_in:
            self._pep_refuse_moving_in(vals)
            vals = {**vals, "public": False, "access_token": False, "index_content": False}
        return super(IrAttachment, self.with_context(pep_not_indexed=True)).write(vals)

    def _pep_refuse_change(self, vals):
        """Refuse to move these files of children to another record, and to change what they hold."""
        placed = self._pep_placed()
        if any(attachment[name] != vals[name] for name in WHERE if name in vals for attachment in placed):
            raise UserError(self.env._("A file about a child stays with the record that it belongs to."))
        kept = self._pep_kept()
        if CONTENT & vals.keys() and not kept._pep_same_content(vals):
            raise UserError(self.env._("A file about a child stays as it is. File the next version beside it."))
        if not self.env.su and any(attachment.res_model == "pep.document" for attachment in kept):
            raise UserError(self.env._("A document that has been filed stays as it is. File the next version."))

    def _pep_refuse_moving_in(self, vals):
        """Refuse to link files to a record about a child in another way than by a message, as its composer does."""
        coming = self.sudo() - self._pep_guarded()._pep_placed()  # sudo: what they belong to now
        named = not self.env.su and (vals.get("res_field") or any(attachment.res_field for attachment in coming))
        if coming and (named or vals["res_model"] == "pep.document"):
            raise UserError(self.env._("A document is filed in its PEP, one file each."))

    def _pep_placed(self):
        """Those that belong to one record already, and not only to a kind of record."""
        return self.sudo().filtered("res_id")  # sudo: where they are, readable or not

    def _pep_same_content(self, vals):
        """Whether these values leave the content as it is: moving all files to another storage writes them again."""
        if (CONTENT & vals.keys()) - {"raw"}:
            return not self
        checksum = self._compute_checksum(vals["raw"])
        return all(attachment.checksum == checksum for attachment in self)

    def _pep_refuse_public(self):
        raise UserError(self.env._("A file about a child is never public, and nobody gets a link that needs no login."))

    def copy(self, default=None):
        if self._pep_guarded():
            raise UserError(self.env._("A file about a child stays with the record that it belongs to."))
        return super().copy(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_of_a_child(self):
        if self._pep_kept():
            raise UserError(self.env._("Files about a child are kept. A document can be withdrawn, with a reason."))

    # === Not indexed ===

    def _get_datas_related_values(self, data, mimetype):
        values = super()._get_datas_related_values(data, mimetype)
        if self.env.context.get("pep_not_indexed"):
            values["index_content"] = False
        return values

    # === No tokens ===

    def generate_access_token(self):
        """No token of a file about a child: whoever may read the record follows the link without one."""
        guarded = self._pep_guarded()
        tokens = dict.fromkeys(guarded.ids, False)
        others = self - guarded
        tokens.update(zip(others.ids, super(IrAttachment, others).generate_access_token(), strict=True))
        return [tokens[attachment.id] for attachment in self]

    def _get_raw_access_token(self):
        return False if self._pep_guarded() else super()._get_raw_access_token()

    def _get_thumbnail_token(self):
        return False if self._pep_guarded() else super()._get_thumbnail_token()

    def _get_ownership_token(self):
        return False if self._pep_guarded() else super()._get_ownership_token()

    def _has_attachments_ownership(self, attachment_tokens):
        """A token given for a file before it belonged to a child's record counts no more."""
        guarded = self._pep_guarded()
        mine = guarded.sudo(False)  # asked as the user, whatever Odoo asks it as
        if not all(attachment.has_access("write") for attachment in mine):
            return False
        return super()._has_attachments_ownership(attachment_tokens)

    def _can_return_content(self, field_name=None, access_token=None):
        if self._pep_guarded():
            self.check_access("read")
            return True
        return super()._can_return_content(field_name, access_token)
