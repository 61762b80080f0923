"""What the web client asks the server for when it opens a screen, taken from the real views."""

from lxml import etree

# Fields that a widget needs beside its own.
ACTIVITY = (
    "activity_exception_decoration",
    "activity_exception_icon",
    "activity_state",
    "activity_summary",
    "activity_type_icon",
    "activity_type_id",
)
WIDGETS = {"kanban_activity": ACTIVITY, "list_activity": ACTIVITY}
LIMIT = 80
LIMIT_IN_FORM = 40


def specification(model, view_type):
    """The read specification of a model's view for the user of ``model``, hidden columns included.

    :param model: empty recordset
    :return: as ``web_read`` wants it
    """
    views = model.get_views([(False, view_type)])
    return _specification(model, etree.fromstring(views["views"][view_type]["arch"]))


def _specification(model, node):
    spec = {}
    for element in node.iterfind(".//field"):
        if next(element.iterancestors("field"), node) is not node and node in element.iterancestors():
            continue  # belongs to the view inside another field
        names = (element.get("name"), *WIDGETS.get(element.get("widget"), ()))
        for name in names:
            field = model._fields[name]
            if field.type == "many2one":
                spec[name] = {"fields": {"display_name": {}}}
            elif field.type in ("one2many", "many2many"):
                spec[name] = _lines(model.env[field.comodel_name], element)
            else:
                spec[name] = {}
    return spec


def _lines(comodel, element):
    inner = next((child for child in element if child.tag in ("list", "kanban")), None)
    if inner is None:
        return {}
    return {"fields": _specification(comodel, inner), "limit": LIMIT_IN_FORM, "order": inner.get("default_order", "")}


def readable(model, spec):
    """The part of a specification that the user of ``model`` may read."""
    return {
        name: value
        for name, value in spec.items()
        if name not in ACTIVITY
        and model._has_field_access(field := model._fields[name], "read")
        and (not field.comodel_name or model.env[field.comodel_name].has_access("read"))
    }


def board(model, domain, spec, limit=LIMIT):
    """The board: stages with their number, and the first cards of each."""
    model = model.with_context(read_group_expand=True)
    return model.web_read_group(
        domain, ["state"], [], auto_unfold=True, unfold_read_specification=spec, unfold_read_default_limit=limit
    )


def listing(model, domain, spec):
    """The first page of the list, with the number of all up to Odoo's limit of counting."""
    model = model.with_context(bin_size=True)
    return model.web_search_read(domain, spec, limit=LIMIT, count_limit=10001)


def form(records, spec):
    """One record's form."""
    return records.with_context(bin_size=True).web_read(spec)
