from odoo import api, fields, models
from odoo.fields import Domain

KINDS = [
    ("legal_status", "Legal status"),
    ("placement", "Placement"),
    ("provider", "Placement provider"),
    ("category_of_need", "Category of need"),
    ("reason_new_episode", "Why an episode began"),
    ("reason_ceased", "Why an episode ended"),
    ("reason_placement_change", "Why a placement changed"),
    ("ethnicity", "Ethnicity"),
    ("upn_unknown", "Why there is no UPN"),
    ("participation", "How the child took part"),
    ("suspension_reason", "Why suspended or excluded"),
    ("sdq_reason", "Why there is no SDQ score"),
]


class PepCode(models.Model):
    """A code of a national list, such as legal status C2, in the words of this app.

    The lists belong to the children looked-after return (SSDA903) and change from one collection year to the next. A
    collection year runs from 1 April to 31 March and is known by the year in which it begins: 2025 is 2025-26. A code
    that a list drops stays here, with its last year, because old records use it. Reasons for a suspension are those of
    the     school census.

    Codes are shipped with the app and belong to no council; an update of the app brings their names up to date.
    """

    _name = "pep.code"
    _description = "National code"
    _order = "kind, sequence, code, year_from"
    _rec_names_search = ["code", "name"]

    kind = fields.Selection(KINDS, string="List", required=True)
    code = fields.Char(required=True)
    name = fields.Char(string="Meaning", required=True)
    sequence = fields.Integer(default=10, help="Place in the list.")
    year_from = fields.Integer(
        string="First collection year",
        default=0,
        aggregator=None,
        help="Year in which the first collection year with this code begins: 2025 is 2025-26. 0: always there.",
    )
    year_to = fields.Integer(
        string="Last collection year",
        default=0,
        aggregator=None,
        help="Year in which the last collection year with this code begins. 0: still in use.",
    )

    _code_uniq = models.Constraint("UNIQUE (kind, code, year_from)", "This list has this code already.")
    _years = models.Constraint(
        "CHECK (year_to = 0 OR year_to >= year_from)", "A code can't go out of use before it comes into use."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for code in self:
            code.display_name = " ".join(filter(None, (code.code, code.name)))

    @api.model
    def _year_domain(self, year):
        """Codes that the lists of a collection year hold.

        :param int year: the year in which the collection year begins
        """
        return Domain("year_from", "<=", year) & (Domain("year_to", "=", 0) | Domain("year_to", ">=", year))

    @api.model
    def _find(self, kind, codes=None, year=None):
        """The codes of one list, by their code.

        :param str kind: which list, see :data:`KINDS`
        :param codes: iterable of the codes wanted, as the return writes them; None for the whole list
        :param int year: only codes of the collection year that begins in it; None for codes of any year, the latest
            meaning of each
        :return: dict of code -> ``pep.code`` record; codes that the list does not hold are missing
        """
        domain = Domain("kind", "=", kind)
        if codes is not None:
            domain &= Domain("code", "in", list(codes))
        if year is not None:
            domain &= self._year_domain(year)
        return {record.code: record for record in self.search(domain, order="year_from, id")}
