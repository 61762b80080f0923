from odoo.tests import tagged

from benchmarks import screens
from tests.common import PepCase


@tagged("post_install", "-at_install")
class TestSpeed(PepCase):
    """What a batch or a screen costs in queries does not grow with the number of PEPs. Times are for bin/bench."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.children = cls.make_children(40)
        cls.surround(cls.children[:1])

    def queries(self, work, records):
        """The number of queries of ``work(records)`` from a cold cache; run once before, for what the server keeps."""
        for _turn in range(2):
            self.env.invalidate_all()
            records.env.user.sudo().fetch()
            before = self.env.cr.sql_log_count
            work(records)
            self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def plans(self, role="vseo"):
        """The PEPs of all forty children in several stages, as a person sees them."""
        plans = self.term._open()
        plans[:20].action_start()
        for plan in plans[:20]:
            self.smart_target(plan)
        plans[:10].action_ready()
        return self.as_user(plans, role)

    def test_opening(self):
        """One INSERT for a hundred rows, of PEPs, parts and clocks alike, and nothing else that grows."""
        few, many = (self.queries_of_opening(children) for children in (self.children[:10], self.children))
        self.assertEqual(many - few, self.inserts_of_rows(self.children) - self.inserts_of_rows(self.children[:10]))

    def inserts_of_rows(self, children):
        """How many INSERTs Odoo makes of the parts and of the clocks of these children's PEPs."""
        with self.env.cr.savepoint() as savepoint:
            clocks = len(children.deadline_ids)
            plans = self.term._open(children)
            numbers = (len(plans.contribution_ids), len(children.deadline_ids) - clocks)
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertGreater(min(numbers), len(children))
        return sum(-(-number // 100) for number in numbers)  # rows an INSERT, fixed by Odoo

    def queries_of_opening(self, children):
        """The number of queries of opening the term for these children, which is undone; the second of two turns."""
        for _turn in range(2):
            with self.env.cr.savepoint() as savepoint:
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                self.assertEqual(len(self.term._open(children)), len(children))
                self.env.flush_all()
                number = self.env.cr.sql_log_count - before
                savepoint.rollback()
            self.env.invalidate_all()
        return number

    def test_opening_with_targets_to_review(self):
        """The targets that come forward cost no query each either."""
        previous = self.term.search(
            [("company_id", "=", self.council.id), ("date_from", "<", self.term.date_from)], limit=1
        )
        earlier = previous._open()
        targets = self.env["pep.target"].create(
            [
                {
                    "plan_id": plan.id,
                    "area_id": self.smart_target(earlier[0]).area_id.id,
                    "name": "Reads a page aloud without help",
                }
                for plan in earlier
            ]
        )
        earlier.sudo().write({"state": "complete"})
        few, many = (self.queries_of_opening(children) for children in (self.children[:10], self.children[:30]))
        self.assertEqual(
            many - few, self.inserts_of_rows(self.children[:30]) - self.inserts_of_rows(self.children[:10])
        )
        plans = self.term._open(self.children)
        self.assertEqual(plans.review_ids.target_id & targets, targets)

    def test_board_and_list(self):
        """Ten cards cost as many queries as forty, names, meetings, what is missing and money included."""
        for role in ("vseo", "head"):
            plans = self.plans(role)
            model = plans.browse()
            board = screens.specification(model, "kanban")
            columns = screens.specification(model, "list")
            works = {
                "board": lambda some, spec=board, model=model: screens.board(model, [("id", "in", some.ids)], spec),
                "list": lambda some, spec=columns, model=model: screens.listing(model, [("id", "in", some.ids)], spec),
            }
            for name, work in works.items():
                with self.subTest(screen=name, role=role):
                    # the same stages in both
                    few = plans[5:15] | plans[35:40]
                    self.assertEqual(self.queries(work, few), self.queries(work, plans))

    def test_form(self):
        """A form costs as many queries with six targets as with one."""
        plans = self.plans()
        for _more in range(5):
            self.smart_target(plans[1])
        spec = screens.specification(plans.browse(), "form")
        few, many = (self.queries(lambda plan: screens.form(plan, spec), plan) for plan in plans[:2])
        self.assertEqual(few, many)

    def test_form_of_a_child(self):
        """So does a child's form with ten PEPs against one with none."""
        plans = self.plans()
        child = plans[0].child_id
        spec = screens.specification(child.browse(), "form")
        first = self.queries(lambda record: screens.form(record, spec), child)
        for season_start in self.term.search([("company_id", "=", self.council.id), ("id", "!=", self.term.id)])[:3]:
            season_start._open(child.sudo())
        self.assertLessEqual(self.queries(lambda record: screens.form(record, spec), child), first)


@tagged("post_install", "-at_install")
class TestAudience(PepCase):
    """Targets and reviews are counted without asking their rules again: right as long as the rules agree."""

    def test_same_readers(self):
        """Who has one part by delegation reads the PEP's heading alone; the numbers are for those inside."""
        domains = {
            self.env.ref(f"pep_module.{model}_rule_read").domain_force.replace(", 'delegate'", "")
            for model in ("pep_plan", "pep_target", "pep_target_review")
        }
        self.assertEqual(len(domains), 1)
        for name in ("target_count", "review_open_count", "academic_target_gap"):
            self.assertEqual(self.env["pep.plan"]._fields[name].groups, "pep_module.group_pep_contributor")
