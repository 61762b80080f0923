from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestFundingViews(PepCase):
    """Deciding on money, and who reads the words beside it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        plan = cls.make_plan()
        cls.target = cls.smart_target(cls.as_user(plan, "vseo"))
        requests = cls.target.env["pep.funding.request"].create(
            [
                {"target_id": cls.target.id, "name": name, "why": "It helps", "provider": "Page One", "unit_cost": 50}
                for name in ("Tuition", "Books")
            ]
        )
        cls.fundings = requests.funding_ids.with_env(cls.env)

    def decide(self, decision, **values):
        action = self.env.ref("pep_module.pep_funding_decide_action")
        funding = self.as_user(self.fundings[0], "head")
        wizards = funding.env[action.res_model].with_context(default_funding_id=funding.id, default_decision=decision)
        form = Form(wizards, "pep_module.pep_funding_decide_view_form")
        for name, value in values.items():
            form[name] = value
        form.save().action_confirm()
        return funding

    def test_a_part_is_approved(self):
        funding = self.decide("part", amount=30)
        self.assertRecordValues(funding, [{"state": "approved", "amount_approved": 30}])

    def test_declined_with_a_reason(self):
        funding = self.decide("decline", reason="Asked for last term already")
        self.assertRecordValues(funding, [{"state": "declined", "decision_note": "Asked for last term already"}])

    def test_several_are_approved_at_once(self):
        fundings = self.as_user(self.fundings, "head")
        fundings.action_approve()
        self.assertEqual(fundings.mapped("state"), ["approved", "approved"])
        with self.assertRaises(UserError):
            fundings.action_approve()

    def test_the_words_are_for_those_who_may_read_the_request(self):
        funding = self.as_user(self.fundings[0], "head")
        self.assertEqual(
            (funding.purpose, funding.why, funding.provider, funding.target_name),
            ("Tuition", "It helps", "Page One", self.target.name),
        )
        names = {"purpose", "why", "provider", "target_name", "child_name"}
        self.assertFalse(names & self.as_user(self.fundings, "finance").fields_get().keys())

    def test_finance_that_is_also_vseo_of_another_child_reads_no_words(self):
        """Roles do not add up: the groups of both, but no access row on this child."""
        self.users["other_vseo"].group_ids += self.env.ref("pep_module.group_pep_finance")
        funding = self.as_user(self.fundings[0], "other_vseo")
        self.assertEqual(funding.amount_asked, 50)
        self.assertFalse(funding.purpose or funding.why or funding.provider or funding.target_name)
        self.assertFalse(funding.child_name)
