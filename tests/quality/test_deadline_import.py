"""A return of many children brings the clocks up to date once a chunk, not once a child."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.pep_module.models.quality import pep_deadline_sync

from tests.child.ssda903_common import Ssda903Case, episodes, header, upn


@tagged("post_install", "-at_install")
class TestDeadlineImport(Ssda903Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council.pep_go_live = cls.today - timedelta(days=400)
        cls.term._open()  # so that whoever has just come into care gets a PEP with the import
        cls.into_care = max(cls.today - timedelta(days=5), cls.term.date_from)

    @contextmanager
    def worked_out(self):
        """How often the clocks are worked out: list of the number of children, each time."""
        times, plain = [], pep_deadline_sync.Facts.__init__

        def counting(facts, env, plans, children):
            times.append(len(children))
            plain(facts, env, plans, children)

        with patch.object(pep_deadline_sync.Facts, "__init__", counting):
            yield times

    def files(self, number, first=1, day=None, **values):
        children = [{"CHILD": f"N{first + index}", "UPN": upn(first + index)} for index in range(number)]
        decom = (day or self.into_care).strftime("%d/%m/%Y")
        return header(*children), episodes(*({"CHILD": child["CHILD"], "DECOM": decom, **values} for child in children))

    def made(self, number):
        children = self.env["pep.child"].search([("company_id", "=", self.council.id)])
        self.assertEqual(len(children), number)
        return children

    def test_once_for_all_that_come_into_care(self):
        with self.worked_out() as times:
            self.run_import(*self.files(12))
        children = self.made(12)
        self.assertEqual(len(children.plan_ids), 12)
        self.assertEqual(len(children.deadline_ids.filtered(lambda clock: clock.kind == "start")), 12)
        self.assertEqual(times, [12])
        self.assertEqual(
            set(children.deadline_ids.filtered("of_plan").mapped("plan_id.id")), set(children.plan_ids.ids)
        )

    def test_nothing_for_what_has_not_changed(self):
        self.run_import(*self.files(5))
        with self.worked_out() as times:
            self.run_import(*self.files(5))
        self.assertEqual(times, [])

    def test_once_for_all_that_leave(self):
        self.run_import(*self.files(6))
        with self.worked_out() as times:
            self.run_import(*self.files(6, DEC=self.today.strftime("%d/%m/%Y"), REC="E4A"))
        self.assertEqual(times, [6])
        self.assertEqual({clock.stop_code for clock in self.made(6).deadline_ids}, {"out_of_care"})

    def test_short_breaks_have_no_clocks(self):
        self.run_import(*self.files(3, LS="V4"))
        self.assertFalse(self.made(3).deadline_ids)
