import base64
import binascii
import hashlib
import re
import unicodedata

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.file_kind import TYPES, NotAccepted, recognise, without_place
from ..common.pep_audience import AUDIENCE, INSIDE
from ..common.pep_child_bound import NAME_GROUPS
from ..plan.pep_contribution import LIVE, OPEN, STAFF
from .pep_document_type import MEGABYTE, PROVIDERS

STATES = [("filed", "Filed"), ("replaced", "Replaced"), ("withdrawn", "Withdrawn")]
LONGEST_NAME = 200
# Who a carer or a parent is, the other people around the child do not learn from a document.
# What staff may still change by hand; everything else stays as it was filed.
BY_HAND = {"note", "type_id"}


class PepDocument(models.Model):
    """One file of one PEP: what it is, who filed it, who reads it.

    Never deleted: withdrawn with a reason, or replaced by its next version, and kept. Outsiders read it by the record
    rule (:class:`pep.audience`): whoever the type was for when it was filed, and who filed it, while the PEP is being
    worked on. They file and withdraw by the methods below alone, each of which looks at the role that the caller has on
    *this* child now.

    The file goes by the child's reference wherever it is sent. What it was called where it came from is kept in a field
    of its own for those who may see the child's name.
    """

    _name = "pep.document"
    _description = "Document"
    _inherit = ["pep.audience"]
    _child_parent = "plan_id"
    _order = "filed_on desc, id desc"
    _check_company_auto = True

    plan_id = fields.Many2one("pep.plan", string="PEP", required=True, index=True, ondelete="restrict")
    term_id = fields.Many2one("pep.term", related="plan_id.term_id", store=True, index=True, precompute=True)
    type_id = fields.Many2one("pep.document.type", required=True, index=True, ondelete="restrict", check_company=True)
    contribution_id = fields.Many2one(
        "pep.contribution", string="For the part", index="btree_not_null", ondelete="restrict", readonly=True
    )
    note = fields.Char(help="What it is, where the type does not say it.")
    file = fields.Binary(attachment=True, required=True)
    file_name = fields.Char(string="Download name", compute="_compute_file_name", help="It has no name in it.")
    original_name = fields.Char(
        string="Name it came with", groups=NAME_GROUPS, help="May hold the child's name, so it stays here."
    )
    extension = fields.Char(readonly=True, required=True)
    mimetype = fields.Char(string="Kind of file", readonly=True, required=True)
    size = fields.Integer(string="Size (bytes)", readonly=True, aggregator=None)
    size_label = fields.Char(string="Size", compute="_compute_size_label")
    digest = fields.Char(string="SHA-256", readonly=True, required=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="filed", index=True)
    version = fields.Integer(readonly=True, required=True, default=1, aggregator=None)
    replaces_id = fields.Many2one("pep.document", ondelete="restrict", index="btree_not_null")
    owner_role = fields.Selection(PROVIDERS, string="Filed as", required=True, readonly=True)
    school_id = fields.Many2one("res.partner", ondelete="restrict", readonly=True, help="Whose staff filed it.")
    filed_by_id = fields.Many2one(
        "res.users", string="Filed by", required=True, readonly=True, ondelete="restrict", groups=INSIDE
    )
    filed_by_name = fields.Char(string="Filed by then", readonly=True, groups=INSIDE)
    filed_by_me = fields.Boolean(compute="_compute_filed_by_me")
    filed_on = fields.Datetime(string="Filed on", required=True, readonly=True, index=True)
    meant_for = fields.Json(readonly=True, help="The roles that the type was for when it was filed.")
    stays = fields.Boolean(string="Stays with the child", readonly=True)
    withdrawn_reason = fields.Char(string="Why withdrawn", readonly=True)
    withdrawn_by_id = fields.Many2one("res.users", string="Withdrawn by", readonly=True, ondelete="restrict")
    withdrawn_on = fields.Datetime(string="Withdrawn on", readonly=True)
    is_closed = fields.Boolean(string="PEP is finished", compute="_compute_is_closed")

    _twice = models.UniqueIndex(
        "(plan_id, type_id, filed_by_id, digest) WHERE state = 'filed'", "This file has been filed already."
    )
    _one_next = models.UniqueIndex(
        "(replaces_id) WHERE replaces_id IS NOT NULL", "This document has been replaced already."
    )

    # === Computes ===

    @api.depends(
        "state",
        "meant_for",
        "stays",
        "owner_role",
        "plan_id.state",
        "type_id.stays",
        *(f"type_id.for_{role}" for role in AUDIENCE),
    )
    def _compute_audience(self):
        """Those whom the type is for and was for when this was filed, and who filed it.

        A type that is widened later opens nothing that was filed before; one that is narrowed closes it.
        """
        for document in self:
            live = document.plan_id.state in LIVE or document.stays and document.type_id.stays
            roles = (set(document.meant_for or ()) & document.type_id._audience()) | {document.owner_role}
            document._set_audience(roles if live and document.state == "filed" else ())

    @api.depends("child_reference", "type_id.name", "filed_on", "version", "extension")
    def _compute_file_name(self):
        """Reference, type and day, never a name: ``CH-7K3QX-support-plan-2026-10-05-v2.pdf``."""
        for document in self.sudo():  # sudo: an outsider has no sight of the council and its clock
            day = document.company_id._pep_local(document.filed_on).date() if document.filed_on else ""
            kind = document.type_id.name or ""
            kind = unicodedata.normalize("NFKD", kind).encode("ascii", "ignore").decode().lower()
            kind = re.sub(r"[^a-z0-9]+", "-", kind).strip("-")[:40]
            version = f"v{document.version}" if document.version > 1 else ""
            parts = filter(None, (document.child_reference, kind or "document", str(day), version))
            document.file_name = f"{'-'.join(parts)}.{document.extension}" if document.extension else False

    @api.depends("filed_by_id")
    @api.depends_context("uid")
    def _compute_filed_by_me(self):
        for document in self:
            document.filed_by_me = document.sudo().filed_by_id == self.env.user  # sudo: whether it is who asks

    @api.depends("size")
    def _compute_size_label(self):
        for document in self:
            size = document.size
            document.size_label = f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else f"{-(-size // 1024)} KB"

    @api.depends("plan_id.state")
    def _compute_is_closed(self):
        for document in self:
            state = document.plan_id.sudo().state  # sudo: the stage of a PEP whose document the user reads
            document.is_closed = state in ("complete", "cancelled")

    # === Filing ===

    @api.model
    def action_file(self, plan_id, type_id, name, content_base64, contribution_id=False, replaces_id=False, note=False):
        """File a document in a PEP, as whatever the caller is to this child now.

        :param plan_id: the PEP
        :param type_id: one of the council's types of document
        :param name: what the file was called; kept for those who may see the child's name
        :param content_base64: the file, as base64 text
        :param contribution_id: the part of the PEP that it belongs to, and stands for where the section allows that
        :param replaces_id: the document of which this is the next version
        :param note: what it is, in a few words
        :return: id of the document
        :raise AccessError: the caller has nothing to do with this PEP or files no such document
        :raise UserError: the file is not taken, or the PEP is finished; the message says why
        """
        return self._file(
            plan_id, type_id, name, content_base64, contribution_id=contribution_id, replaces_id=replaces_id, note=note
        ).id

    @api.model
    def _file(self, plan_id, type_id, name, content, *, contribution_id=False, replaces_id=False, note=False):
        """:meth:`action_file`, with the content as base64 text or as bytes as they are; returns the document."""
        plan = self.env["pep.plan"].browse(int(plan_id or 0)).exists().sudo()  # sudo: whose PEP; asked for just below
        kind = self.env["pep.document.type"].browse(int(type_id or 0)).exists().sudo()  # sudo: the same
        if not plan or not kind or kind.company_id != plan.company_id or not kind.active:
            raise AccessError(self.env._("There is no such PEP, or no such type of document."))
        role, delegate = self._check_may_file(plan, kind, contribution_id)
        self._check_stage(plan, staff=role == "vseo")
        replaced = self._check_replaces(replaces_id, plan).sudo()  # sudo: whose part it is for, readable or not
        contribution = self._check_contribution(contribution_id, plan)
        data, extension = self._check_content(content, name, kind, plan.company_id)
        digest = hashlib.sha256(data).hexdigest()
        # the caller's context could set defaults: nothing of it counts but the language; a picture stays as it is
        env = self.env(context={"lang": self.env.lang, "image_no_postprocess": True})
        documents = self.with_env(env).sudo()  # sudo: checked just now; documents are filed by this method alone
        if documents.search_count(documents._same(plan, kind, digest), limit=1):
            self._refuse("twice")
        if replaced:
            replaced.write({"state": "replaced"})
        document = documents.create(
            {
                "plan_id": plan.id,
                "type_id": kind.id,
                "contribution_id": contribution.id or replaced.contribution_id.id,
                "note": (note or "").strip()[:LONGEST_NAME] or False,
                "file": base64.b64encode(data),
                "original_name": self._clean_name(name),
                "extension": extension,
                "mimetype": TYPES[extension][1],
                "size": len(data),
                "digest": digest,
                "version": replaced.version + 1 if replaced else 1,
                "replaces_id": replaced.id,
                "owner_role": role,
                "school_id": self._school_of(plan, role),
                "filed_by_id": self.env.uid,
                "filed_by_name": self.env.user.name,
                "filed_on": fields.Datetime.now(),
                "meant_for": sorted(kind._audience()),
                "stays": kind.stays,
                "delegate_id": delegate,
            }
        )
        document._stand_for_parts(replaced)
        return document.with_env(self.env)

    @api.model
    def _same(self, plan, kind, digest):
        """What the user has filed in a PEP as this type with this content: a button pressed twice files once."""
        return [
            ("plan_id", "=", plan.id),
            ("type_id", "=", kind.id),
            ("filed_by_id", "=", self.env.uid),
            ("digest", "=", digest),
            ("state", "=", "filed"),
        ]

    def _check_may_file(self, plan, kind, contribution_id):
        """As what the user files this, and the id of the colleague who did so by delegation.

        :raise AccessError: as nothing; worded as if there were no such PEP
        """
        roles = self.env["pep.access"]._roles_on(plan.child_id).get(plan.child_id.id, set())
        if roles & STAFF and self.env.user._is_internal():
            plan.sudo(False).check_access("write")  # asked as the user, by the rule
            return "vseo", False
        role = kind._filed_by(roles)
        if role:
            return role, False
        if "delegate" in roles and contribution_id and kind._filed_by({"teacher"}):
            part = self.env["pep.contribution"].browse(contribution_id).exists()
            if part and part.sudo().delegate_id == self.env.user:  # sudo: whether it was delegated to who asks
                return "teacher", self.env.uid
        raise AccessError(self.env._("There is no such PEP, or no such type of document."))

    def _check_stage(self, plan, staff):
        """Outsiders file and withdraw while the PEP is being worked on; staff until it is finished."""
        if plan.state not in LIVE and not (staff and plan.state == "not_started"):
            if staff:
                plan._refuse_when_frozen()
            self._refuse("closed")

    def _check_replaces(self, replaces_id, plan):
        """The document to be replaced, if it is one that the user may withdraw."""
        replaced = self.browse(int(replaces_id or 0)).exists()
        if replaces_id:
            if not replaced or replaced.sudo().plan_id != plan:  # sudo: which PEP, readable or not
                raise AccessError(self.env._("There is no such document in this PEP."))
            replaced._check_may_withdraw()
            replaced._parts_stood_for()
        return replaced

    def _check_contribution(self, contribution_id, plan):
        contribution = self.env["pep.contribution"].browse(int(contribution_id or 0)).exists()
        if contribution_id:
            if not contribution or contribution.sudo().plan_id != plan:  # sudo: which PEP, readable or not
                raise AccessError(self.env._("There is no such part in this PEP."))
            contribution._check_may_fill()
        return contribution

    def _school_of(self, plan, role):
        """The school for which a teacher files: of the child's present schools one where the teacher works."""
        if role != "teacher":
            return False
        enrolments = self.env["pep.enrolment"].sudo()  # sudo: where the child learns today
        enrolments = enrolments.search([("child_id", "=", plan.child_id.id), ("school_id", "!=", False)])
        today = plan.company_id._pep_today()
        current = enrolments.filtered(
            lambda row: row.date_from <= today and (not row.date_to or row.date_to >= today)
        ).school_id
        staff = self.env["pep.school.staff"].sudo()  # sudo: where the teacher works today
        rows = staff.search(
            [("user_id", "=", self.env.uid), ("school_id", "in", current.ids), *staff._current_domain(today)], limit=1
        )
        return (rows.school_id or plan.school_id & current).id

    # === The file itself ===

    @api.model
    def _check_content(self, content, name, kind, company):
        """The bytes to keep and the extension to keep them under.

        :param content: base64 text, or a bytes object: the file as it is
        :raise UserError: too big, empty, or not what this type may be
        """
        limit = kind._limit(company)
        if isinstance(content, str):
            if len(content) > limit * 1.4 + 1024:  # before a single byte is decoded; base64 is a third longer
                self._refuse("too_big", limit)
            try:
                content = base64.b64decode(content, validate=False)
            except (binascii.Error, ValueError):
                self._refuse("unknown")
        if len(content or b"") > limit:
            self._refuse("too_big", limit)
        try:
            extension = recognise(content, name)
            if TYPES[extension][0] not in kind._allowed_kinds():
                self._refuse("kind", allowed=kind._allowed_label())
            data = without_place(content, extension)
        except NotAccepted as error:
            self._refuse(error.code, found=error.found)
        return data, extension

    @api.model
    def _refuse(self, code, limit=0, found=None, allowed=None):
        """Raise a UserError that says why, and has as ``code`` the word for it in the address of a page."""
        error = UserError(self._saying(code, limit=limit, found=found, allowed=allowed))
        error.code = code
        raise error

    @api.model
    def _saying(self, code, limit=0, found=None, allowed=None):
        """What a page says of a code: of what was done, or why a file was not taken. None of a code nobody knows.

        :param limit: for ``too_big``, the most bytes
        :param found: for ``wrong_name``, the extension of what the file is
        :param allowed: for ``kind``, the kinds of file in words
        """
        env = self.env
        if limit and code == "too_big":
            return env._("The file is too big: at most %(size)s MB are taken.", size=limit // MEGABYTE)
        if allowed and code == "kind":
            return env._("This type of document may be: %(kinds)s.", kinds=allowed)
        if found and code == "wrong_name":
            return env._(
                "The file is something else than its name says: in it is a .%(found)s file. Save it again in the right "
                "format.",
                found=found,
            )
        return {
            "filed": env._("The document has been filed."),
            "withdrawn": env._("The document has been withdrawn."),
            "too_big": env._("The file is too big."),
            "empty": env._("The file is empty."),
            "kind": env._("This type of document may not be such a file."),
            "wrong_name": env._("The file is something else than its name says. Save it again in the right format."),
            "macros": env._("The file contains macros or a program. Save it without them, or as a PDF."),
            "locked": env._("The file is protected by a password. Save it without one."),
            "heic": env._("This is a HEIC picture, which few can open. Save it as JPEG."),
            "unknown": env._("Such a file is not taken: send a PDF, a picture, an office document or plain text."),
            "twice": env._("You have filed this file already."),
            "closed": env._("This PEP is not being worked on now."),
            "stands": env._("This document stands for a part that has been handed in. Have the part returned first."),
            "gone": env._("This document is not on file any more."),
            "no_reason": env._("Say why you withdraw it."),
            "refused": env._("That could not be done."),
        }.get(code)

    @api.model
    def _clean_name(self, name):
        """What a file was called, on one line, without the folders it lay in."""
        name = re.sub(r"[\x00-\x1f\x7f]", "", str(name or ""))
        return re.split(r"[\\/]", name)[-1].strip()[:LONGEST_NAME] or False

    def _stand_for_parts(self, replaced):
        """Let the document stand for what the replaced one did, and for the part that it was filed for if it may."""
        parts = replaced._parts_stood_for()
        part = self.contribution_id
        section = part.section_id
        if section.may_be_document and (section.document_type_id or self.type_id) == self.type_id:
            parts |= part.filtered(lambda part: part.state in OPEN and not part.document_id)
        parts.write({"document_id": self.id})

    def _parts_stood_for(self):
        """The parts for which these documents stand.

        :raise UserError: one of them has been handed in: what was handed in stays as it is
        """
        contributions = self.env["pep.contribution"].sudo()  # sudo: whoever owns the part
        parts = contributions.search([("document_id", "in", self.ids)]) if self else contributions
        if any(part.state not in OPEN for part in parts):
            self._refuse("stands")
        return parts

    # === Withdrawing ===

    def action_withdraw(self, reason):
        """Take a document back, with a reason: by who filed it, or by the virtual school. It is kept.

        :raise AccessError: it is somebody else's
        :raise UserError: the PEP is finished, or no reason is given
        """
        reason = (reason or "").strip()
        self._check_may_withdraw()
        if not reason:
            self._refuse("no_reason")
        self._parts_stood_for().write({"document_id": False})
        documents = self.sudo()  # sudo: checked just now; documents are withdrawn by this method alone
        documents.write(
            {
                "state": "withdrawn",
                "withdrawn_reason": reason,
                "withdrawn_by_id": self.env.uid,
                "withdrawn_on": fields.Datetime.now(),
            }
        )
        return True

    def _withdrawable(self):
        """Those of these documents, read by the user, for which a page offers to withdraw or replace them."""
        may = self.browse()
        for document in self:
            try:
                document._check_may_withdraw()
            except UserError:  # AccessError is one
                continue
            may |= document
        return may

    def _check_may_withdraw(self):
        """Refuse whoever neither filed these documents nor is the virtual school's staff for the child."""
        self.check_access("read")
        documents = self.sudo()  # sudo: who filed it, of documents that the user reads
        roles_on = self.env["pep.access"]._roles_on(documents.child_id)
        for document in documents:
            roles = roles_on.get(document.child_id.id, set())
            staff = bool(roles & STAFF) and self.env.user._is_internal()
            if staff:
                document.sudo(False).check_access("write")  # asked as the user, by the rule
            elif document.filed_by_id != self.env.user or not roles & {document.owner_role, "delegate"}:
                raise AccessError(self.env._("Who filed a document withdraws it."))
            self._check_stage(document.plan_id, staff)
            if document.state != "filed":
                self._refuse("gone")

    # === CRUD ===

    @api.model
    def _kept_by_app(self):
        by_hand = {"plan_id", "child_id", "type_id", "note", "file", "original_name", "replaces_id"}
        return super()._kept_by_app() | {
            name
            for name, field in self._fields.items()
            if field.store and not field.compute and name not in by_hand and name not in models.MAGIC_COLUMNS
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Staff file a document in a form: what may be filed by whom is asked as in :meth:`action_file`."""
        if self.env.su:
            return super().create(vals_list)
        self.check_access("create")
        documents = self.browse()
        for vals in vals_list:
            vals = {**self.default_get(["plan_id", "type_id", "replaces_id"]), **vals}
            plan = self.env["pep.plan"].browse(vals.get("plan_id"))
            plan.check_access("write")
            self._check_readable([vals])
            if vals.get("child_id") and vals["child_id"] != plan.child_id.id:
                raise UserError(self.env._("This record belongs to another child than the one it hangs on."))
            content = vals.get("file") or ""
            documents |= self._file(
                plan.id,
                vals.get("type_id"),
                vals.get("original_name"),
                content.decode("ascii", "replace") if isinstance(content, bytes) else content,
                replaces_id=vals.get("replaces_id"),
                note=vals.get("note"),
            )
        return documents

    def write(self, vals):
        if self.env.su:
            if {"file", "digest", "size", "extension", "mimetype"} & vals.keys():
                raise UserError(self.env._("A document that has been filed stays as it is. File the next version."))
            return super().write(vals)
        if vals.keys() - BY_HAND:
            name = min(vals.keys() - BY_HAND)
            label = self._fields[name].string if name in self._fields else name
            raise UserError(self.env._("%(field)s stays as it was when the document was filed.", field=label))
        self.check_access("write")
        self.plan_id._refuse_when_frozen()
        result = super().write(vals)
        if "type_id" in vals:
            for document in self.sudo():  # sudo: follows from the type that the user just chose
                document._check_fits_type()
                document.write({"meant_for": sorted(document.type_id._audience()), "stays": document.type_id.stays})
        return result

    def _check_fits_type(self):
        kind = self.type_id
        if not kind.company_id:
            raise UserError(self.env._("Choose one of the council's own types of document."))
        if TYPES[self.extension][0] not in kind._allowed_kinds():
            self._refuse("kind", allowed=kind._allowed_label())
        if self.size > kind._limit(self.company_id):
            self._refuse("too_big", kind._limit(self.company_id))

    @api.model
    def _immutable_fields(self):
        return super()._immutable_fields() | {"filed_by_id", "replaces_id", "contribution_id"}

    # === Screens ===

    def _link(self):
        """Where the file is downloaded, by whoever may read it then."""
        self.ensure_one()
        return f"/my/pep/document/{self.id}"

    def action_download(self):
        """Button: download the file."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": self._link(), "target": "download"}

    def action_ask_withdraw(self):
        """Button: ask why, then withdraw."""
        self.check_access("write")
        self._check_may_withdraw()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Withdraw a document"),
            "res_model": "pep.document.withdraw",
            "view_mode": "form",
            "target": "new",
            "context": {"default_document_id": self.id},
        }

    def action_replace(self):
        """Button: file the next version."""
        self.ensure_one()
        self.check_access("write")
        self._check_may_withdraw()
        return self.plan_id._file_document_action(
            self.env._("File the next version"), default_replaces_id=self.id, default_type_id=self.type_id.id
        )

    def _snapshot(self):
        """What a document is, as plain data for an issued version: labels, no name of a file and no ids."""
        self.ensure_one()
        return {
            "type": self.type_id.name,
            "note": self.note or None,
            "by": self._label("owner_role"),
            "on": str(self.company_id._pep_local(self.filed_on).date()),
            "version": self.version,
            "size": self.size_label,
            "sha256": self.digest,
            "audience": sorted(set(self.meant_for or ()) & self.type_id._audience() | {self.owner_role}),
        }


class PepPlan(models.Model):
    _inherit = "pep.plan"

    document_ids = fields.One2many("pep.document", "plan_id", string="Documents", readonly=True)

    def action_file_document(self):
        """Button: file a document in this PEP."""
        self.ensure_one()
        return self._file_document_action(self.env._("File a document"))

    def _file_document_action(self, name, **defaults):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "pep.document",
            "views": [(self.env.ref("pep_module.pep_document_view_form_file").id, "form")],
            "target": "new",
            "context": {"default_plan_id": self.id, **defaults},
        }
