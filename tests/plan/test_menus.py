from ast import literal_eval

from lxml import etree

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from tests.common import PepCase

LATE = [
    "All that is late",
    "To be started",
    "First PEPs",
    "Meetings",
    "Schools' parts",
    "Social workers' parts",
    "Processing",
    "This term's PEP",
    "Copies",
    "Face to face",
    "Reviewing officers' copies",
    "The council's own",
    "Share on time",
]
# What each role finds in the app's menu bar, and below.
MENUS = {
    "contributor": {
        "My PEPs": [],
        "Children": ["Children", "All PEPs", "Targets", "Actions", "Documents", "Cover and support"],
        "Schools": ["Schools", "School staff", "Links between schools"],
    },
    "support": {
        "My PEPs": [],
        "Late": LATE,
        "Watch list": [],
        "Changes to look at": [],
        "Children": [
            "Children",
            "All PEPs",
            "Parts to accept",
            "Face to face",
            "Targets",
            "Actions",
            "Documents",
            "Attendance",
            "Suspensions",
            "Import attendance",
            "Went on without",
            "Cover and support",
        ],
        "Quality": ["Quality reviews", "Moderation"],
        "Meetings": ["Meetings", "Mails about meetings"],
        "Funding": ["All funding"],
        "Schools": ["Schools", "School staff", "Delegations", "Links between schools"],
    },
    "vseo": {
        "My PEPs": [],
        "Late": LATE,
        "Watch list": [],
        "Changes to look at": [],
        "Children": [
            "Children",
            "Wants to tell someone",
            "All PEPs",
            "Parts to accept",
            "Face to face",
            "Targets",
            "Actions",
            "Documents",
            "Attendance",
            "Suspensions",
            "Import attendance",
            "Went on without",
            "Cover and support",
        ],
        "Quality": ["To review", "To moderate", "Quality reviews", "Moderation"],
        "Meetings": ["Meetings", "Mails about meetings"],
        "Funding": ["All funding"],
        "Schools": ["Schools", "School staff", "Delegations", "Links between schools"],
    },
    "head": {
        "My PEPs": [],
        "Late": LATE,
        "Watch list": [],
        "Changes to look at": [],
        "Children": [
            "Children",
            "Wants to tell someone",
            "All PEPs",
            "Parts to accept",
            "Face to face",
            "Targets",
            "Actions",
            "Documents",
            "Attendance",
            "Suspensions",
            "Import attendance",
            "Went on without",
            "Cover and support",
            "Open the term",
            "Import the SSDA903 return",
        ],
        "Quality": ["To review", "To moderate", "Quality reviews", "Moderation"],
        "Meetings": ["Meetings", "Mails about meetings", "Mails without a meeting"],
        "Funding": ["To decide", "All funding"],
        "Schools": [
            "Schools",
            "School staff",
            "Delegations",
            "Links between schools",
            "Import the register of schools",
        ],
        "Configuration": [
            "Terms",
            "Working days and holidays",
            "Schools with their own holidays",
            "Clocks",
            "Export everything",
        ],
    },
    "finance": {"Funding": ["All funding"]},
    "admin": {
        "Schools": ["Schools", "School staff", "Links between schools", "Import the register of schools"],
        "Configuration": [
            "Settings",
            "Terms",
            "Working days and holidays",
            "Schools with their own holidays",
            "Kinds of PEP",
            "Question bank",
            "All questions",
            "Clocks",
            "Reasons to go on without",
            "Rubrics",
            "Types of document",
            "Areas of targets",
            "Mail texts",
            "Funds",
            "National codes",
        ],
    },
    "employee": {},
}


@tagged("post_install", "-at_install")
class TestMenus(PepCase):
    """Each role sees the menus it can use, and each screen behind them opens on real records."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["contributor"] = new_test_user(
            cls.env,
            "contributor.test",
            groups="pep_module.group_pep_contributor",
            company_id=cls.council.id,
            company_ids=[(6, 0, cls.council.ids)],
        )
        cls.child = cls.make_children()
        cls.surround(cls.child)
        cls.env["pep.network.member"].create(
            {
                "child_id": cls.child.id,
                "partner_id": cls.users["contributor"].partner_id.id,
                "role": "social_worker",
            }
        )
        cls.env["pep.cover"].create(
            {
                "company_id": cls.council.id,
                "user_id": cls.users["vseo"].id,
                "cover_user_id": cls.users["support"].id,
                "role": "support",
            }
        )
        cls.env["pep.care.episode"].create({"child_id": cls.child.id, "date_from": cls.child.date_into_care})
        cls.make_finished_plan()

    @classmethod
    def make_finished_plan(cls):
        """A finished PEP with a meeting, a target, money and a passed gate, and an open one that reviews the target."""
        plan = cls.as_user(cls.make_plan(cls.child), "vseo")
        plan.action_start()
        plan.action_ready()
        meeting = plan.env["pep.meeting"].create({"plan_id": plan.id, "start": fields.Datetime.now()})
        meeting.attendee_ids.attended = True
        target = cls.smart_target(plan)
        plan.env["pep.funding.request"].create({"target_id": target.id, "name": "Tuition", "unit_cost": 100})
        meeting._hold_without("Nobody else is around this child", False)
        wizard = plan.env["pep.plan.go.on"].create({"plan_id": plan.id, "next_state": "complete"})
        wizard.line_ids.reason_id = plan.env["pep.gate.reason"].search(
            [("company_id", "=", cls.council.id), ("gate", "=", "next_date")], limit=1
        )
        wizard.action_go_on()
        cls.make_plan(cls.child, cls.next_term())

    def menu_of(self, user):
        """The app's menu as the user sees it: dict of name -> (action or None, dict of the same)."""
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)

        def children(menu_id):
            return {
                menus[child_id]["name"]: ((menus[child_id]["action_model"], menus[child_id]["action_id"]), child_id)
                for child_id in menus[menu_id]["children"]
            }

        root = self.env.ref("pep_module.menu_pep_root").id
        if root not in menus["root"]["children"]:
            return {}
        return {name: (action, children(menu_id)) for name, (action, menu_id) in children(root).items()}

    def test_each_role_sees_its_menus(self):
        for role, expected in MENUS.items():
            with self.subTest(role):
                found = {name: list(below) for name, (_action, below) in self.menu_of(self.users[role]).items()}
                self.assertEqual(found, expected)

    def test_each_screen_opens(self):
        for role in MENUS:
            menu = self.menu_of(self.users[role])
            below = {name: action for _action, entries in menu.values() for name, (action, _id) in entries.items()}
            actions = {**{name: action for name, (action, entries) in menu.items() if not entries}, **below}
            for name, (model, action_id) in actions.items():
                with self.subTest(role=role, menu=name):
                    self.assertEqual(model, "ir.actions.act_window")
                    self.open(self.as_user(self.env[model].browse(action_id), role).sudo())

    def test_screens_behind_buttons_open(self):
        xmlids = ("pep_meeting_action_of_plan", "pep_funding_action_of_plan", "pep_plan_issue_action_of_plan")
        for role in ("support", "vseo", "head"):
            for xmlid in xmlids:
                with self.subTest(role=role, action=xmlid):
                    self.open(self.as_user(self.env.ref(f"pep_module.{xmlid}"), role).sudo())

    def open(self, action):
        """Load every view of an action and read, as that user, what each shows; try each filter once.

        :param action: the action as the client gets it: Odoo reads actions as superuser
        """
        model = action.env(su=False)[action.res_model]
        values = action.read()[0]
        views = [(view_id, kind) for view_id, kind in values["views"]]
        loaded = model.get_views([*views, (action.search_view_id.id, "search")], {"toolbar": True})["views"]
        for kind, view in loaded.items():
            arch = etree.fromstring(view["arch"])
            if kind == "search":
                self.try_filters(model, arch)
            elif kind in ("list", "kanban", "calendar", "activity"):
                model.web_search_read([], self.specification(model, arch), limit=80)
            elif kind == "form" and model._transient:
                model.onchange({}, [], self.specification(model, arch))
            elif kind == "form":
                model.search([], limit=5).web_read(self.specification(model, arch))
            elif kind in ("pivot", "graph"):
                rows = [node.get("name") for node in arch.iter("field") if node.get("type") != "measure"]
                model.formatted_read_group([], rows, ["__count"])

    def try_filters(self, model, arch):
        for node in arch.iter("filter"):
            if node.get("domain"):
                model.search_count(safe_eval(node.get("domain"), {"uid": model.env.uid}), limit=1)
            if "group_by" in (node.get("context") or ""):
                model.formatted_read_group([], [literal_eval(node.get("context"))["group_by"]], ["__count"])
        for node in arch.iter("field"):
            if node.get("filter_domain"):
                model.search_count(safe_eval(node.get("filter_domain"), {"self": "x"}), limit=1)

    def specification(self, model, arch):
        """What the client would ask for to show a view: its fields, and those of the lists within."""
        fields_of = {}
        for node in arch.iter("field"):
            if next(node.iterancestors("field"), None) is not None or node.get("name") not in model._fields:
                continue
            field = model._fields[node.get("name")]
            if field.type == "many2one":
                fields_of[field.name] = {"fields": {"display_name": {}}}
            elif field.type in ("one2many", "many2many"):
                below = {}
                for view in node:
                    if view.tag in ("list", "kanban", "form"):
                        below |= self.specification(model.env[field.comodel_name], self.detached(view))
                fields_of[field.name] = {"fields": below or {"display_name": {}}}
            else:
                fields_of[field.name] = {}
        return fields_of

    @staticmethod
    def detached(node):
        return etree.fromstring(etree.tostring(node))
