from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.file_kind import KINDS, TYPES
from ..common.pep_audience import AUDIENCE
from ..plan.pep_contribution import STAFF
from ..plan.pep_plan import VARIANTS

PROVIDERS = [
    ("teacher", "School"),
    ("social_worker", "Social worker"),
    ("carer", "Carer"),
    ("parent", "Parent"),
    ("iro", "Reviewing officer"),
    ("vseo", "Virtual school"),
]
MEGABYTE = 1024 * 1024


class PepDocumentType(models.Model):
    """A kind of document that comes with a PEP: who provides it, who reads it, whether it is required, what it may be.

    Whoever provides it, and whoever it is for, may file one. No type that the app ships is required: councils differ in
    what they ask of which form, and tick it here.
    """

    _name = "pep.document.type"
    _description = "Type of document"
    _inherit = ["pep.template.mixin"]
    _order = "sequence, id"
    _template_fields = (
        "name",
        "sequence",
        "code",
        "owner_role",
        "anyone_files",
        "stays",
        "max_mb",
        *(f"for_{role}" for role in AUDIENCE),
        *(f"in_{variant}" for variant, _label in VARIANTS),
        *(f"allow_{kind}" for kind in KINDS),
    )

    template_id = fields.Many2one("pep.document.type")
    code = fields.Char(readonly=True, copy=False, help="By which the app knows a type that came with it.")
    owner_role = fields.Selection(PROVIDERS, string="Provided by", required=True, default="teacher")
    anyone_files = fields.Boolean(
        string="Anyone around the child may file it",
        help="Also those whom it is not for. Nobody reads it by that but whoever filed it.",
    )
    # Who reads it, besides the virtual school and who provides it
    for_teacher = fields.Boolean(string="School reads it")
    for_social_worker = fields.Boolean(string="Social worker reads it")
    for_carer = fields.Boolean(string="Carer reads it")
    for_parent = fields.Boolean(string="Parent reads it")
    for_iro = fields.Boolean(string="Reviewing officer reads it")
    stays = fields.Boolean(
        string="Stays with the child",
        help="Counts for later PEPs too, and those whom it is for go on reading it when the PEP is finished.",
    )
    # In which forms a PEP is not ready without it
    in_early_years = fields.Boolean(string="Required in early years")
    in_statutory = fields.Boolean(string="Required at statutory school age")
    in_post16 = fields.Boolean(string="Required post-16")
    in_not_on_roll = fields.Boolean(string="Required when not on roll")
    required_for = fields.Char(compute="_compute_required_for", help="In which forms a PEP is not ready without it.")
    # What it may be
    allow_pdf = fields.Boolean(string="PDF", default=True)
    allow_image = fields.Boolean(string="Picture", default=True, help="JPEG, PNG, GIF or WebP.")
    allow_office = fields.Boolean(
        string="Office document", default=True, help="Word, Excel, PowerPoint or OpenDocument, without macros."
    )
    allow_text = fields.Boolean(string="Plain text or CSV", default=True)
    max_mb = fields.Integer(string="Size limit (MB)", help="0 for the council's own limit, which holds in any case.")

    _code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), code) WHERE code IS NOT NULL", "The council has this type already."
    )

    @api.depends(*(f"in_{variant}" for variant, _label in VARIANTS))
    @api.depends_context("lang")
    def _compute_required_for(self):
        labels = self.env["pep.plan"]._fields["variant"]._description_selection(self.env)
        for kind in self:
            kind.required_for = ", ".join(label for variant, label in labels if kind[f"in_{variant}"]) or False

    @api.constrains("max_mb", *(f"allow_{kind}" for kind in KINDS))
    def _check_may_be_something(self):
        for kind in self:
            if kind.max_mb < 0:
                raise ValidationError(self.env._("A size limit is a number of megabytes, or 0 for none of its own."))
            if not kind._allowed_kinds():
                raise ValidationError(self.env._("A document has to be something: tick at least one kind of file."))

    def _audience(self):
        """The roles outside the virtual school that this type is for."""
        self.ensure_one()
        return {role for role in AUDIENCE if self[f"for_{role}"]}

    def _filed_by(self, roles):
        """As which of these roles somebody files a document of this type; None if as none.

        Who provides it comes first, so that somebody with two roles on a child files it as who is asked for it.
        """
        self.ensure_one()
        order = [self.owner_role, *AUDIENCE]
        may = set(AUDIENCE) if self.anyone_files else {self.owner_role} | self._audience()
        return next((role for role in order if role in roles and role in may and role in AUDIENCE), None)

    @api.model
    def _fileable(self, child):
        """The types of document that the user files about a child, as what the user is to it now.

        :param child: one ``pep.child``, which need not be readable
        :return: types, for a page to offer
        """
        company = child.sudo().company_id  # sudo: whose types
        types = self.sudo().search([("company_id", "=", company.id)])  # sudo: the council's list, whoever asks
        roles = self.env["pep.access"]._roles_on(child).get(child.id, set())
        if roles & STAFF and self.env.user._is_internal():
            return types
        roles |= {"teacher"} if "delegate" in roles else set()
        return types.filtered(lambda kind: kind._filed_by(roles))

    def _accept(self):
        """The extensions of what these types may be, for a form to offer: ``.pdf,.jpg``.

        A telephone that is told so turns its own kinds of picture into one of these.
        """
        kinds = {kind for row in self for kind in row._allowed_kinds()}
        return ",".join(f".{name}" for kind, _mimetype, names in TYPES.values() if kind in kinds for name in names)

    def _allowed_kinds(self):
        self.ensure_one()
        return {kind for kind in KINDS if self[f"allow_{kind}"]}

    def _allowed_label(self):
        """The kinds of file that this type may be, in words."""
        names = [self._fields[f"allow_{kind}"]._description_string(self.env) for kind in KINDS if self[f"allow_{kind}"]]
        return ", ".join(names)

    def _limit(self, company):
        """The most bytes that a document of this type may have in a council."""
        megabytes = min(filter(None, (company.pep_document_max_mb, self.max_mb)), default=0)
        return megabytes * MEGABYTE

    @api.model
    def _missing_for(self, plans):
        """Types that the form of each PEP requires and of which no document is filed.

        A document that stays with the child counts whichever PEP it was filed in.

        :param plans: ``pep.plan`` records
        :return: dict of plan id -> types, for those PEPs that miss any; three queries whatever their number
        """
        required = [f"in_{variant}" for variant, _label in VARIANTS]
        types = self.sudo().search_fetch(  # sudo: the form of each council, whoever asks
            [("company_id", "in", plans.company_id.ids), "|", "|", "|", *((name, "=", True) for name in required)],
            ["company_id", *required],
        )
        if not types or not plans:
            return {}
        documents = self.env["pep.document"].sudo()  # sudo: that there is one, not what it says
        filed = [("type_id", "in", types.ids), ("state", "=", "filed")]
        in_plan = set(documents._read_group([*filed, ("plan_id", "in", plans.ids)], ["plan_id", "type_id"]))
        of_child = set(
            documents._read_group(
                [*filed, ("type_id.stays", "=", True), ("child_id", "in", plans.child_id.ids)], ["child_id", "type_id"]
            )
        )
        missing = {}
        for plan in plans:
            lacking = types.filtered(
                lambda kind, plan=plan: (
                    kind.company_id == plan.company_id
                    and kind[f"in_{plan.variant}"]
                    and (plan, kind) not in in_plan
                    and (plan.child_id, kind) not in of_child
                )
            )
            if lacking:
                missing[plan.id] = lacking
        return missing
