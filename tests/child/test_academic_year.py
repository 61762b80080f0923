from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools import academic_year


@tagged("post_install", "-at_install")
class TestAcademicYear(BaseCase):
    def test_begins_on_1_september(self):
        self.assertEqual(academic_year.academic_year(date(2026, 8, 31)), 2025)
        self.assertEqual(academic_year.academic_year(date(2026, 9, 1)), 2026)
        self.assertEqual(academic_year.academic_year(date(2027, 1, 1)), 2026)

    def test_days_and_label(self):
        self.assertEqual(academic_year.first_day(2025), date(2025, 9, 1))
        self.assertEqual(academic_year.last_day(2025), date(2026, 8, 31))
        self.assertEqual(academic_year.academic_year_label(2025), "2025/26")
        self.assertEqual(academic_year.academic_year_label(1999), "1999/00")

    def test_born_either_side_of_1_september(self):
        """Reception is the school year after the fourth birthday; one day of age makes a year of school."""
        last_day = date(2024, 9, 1)
        self.assertEqual(academic_year.year_group(date(2020, 8, 31), last_day), 0)
        self.assertEqual(academic_year.year_group(date(2020, 9, 1), last_day), -1)

    def test_same_group_all_year(self):
        dob = date(2014, 2, 3)
        groups = {academic_year.year_group(dob, date(2025, 9, 1) + timedelta(days=day)) for day in range(365)}
        self.assertEqual(groups, {7})
        self.assertEqual(academic_year.year_group(dob, date(2026, 9, 1)), 8)

    def test_a_whole_school_life(self):
        dob = date(2010, 5, 17)  # 4 on 31 August 2014
        groups = [academic_year.year_group(dob, date(year, 12, 1)) for year in range(2012, 2030)]
        self.assertEqual(groups, list(range(-2, 16)))

    def test_both_ends_are_open(self):
        self.assertEqual(academic_year.year_group(date(2024, 10, 1), date(2024, 10, 1)), -5)
        self.assertEqual(academic_year.year_group(date(1990, 1, 1), date(2024, 10, 1)), 30)

    def test_born_on_29_february(self):
        """A birthday without a day of its own is on 1 March (England), not on 28 February (New Zealand, Taiwan)."""
        dob = date(2008, 2, 29)
        self.assertEqual(academic_year.age_on(dob, date(2026, 2, 28)), 17)
        self.assertEqual(academic_year.age_on(dob, date(2026, 3, 1)), 18)
        self.assertEqual(academic_year.age_on(dob, date(2028, 2, 28)), 19)
        self.assertEqual(academic_year.age_on(dob, date(2028, 2, 29)), 20)
        self.assertEqual(academic_year.year_group(dob, date(2026, 2, 28)), 13)

    def test_age(self):
        dob = date(2012, 6, 15)
        self.assertEqual(academic_year.age_on(dob, date(2012, 6, 15)), 0)
        self.assertEqual(academic_year.age_on(dob, date(2026, 6, 14)), 13)
        self.assertEqual(academic_year.age_on(dob, date(2026, 6, 15)), 14)
        self.assertLess(academic_year.age_on(dob, date(2012, 6, 14)), 0)

    def test_latest_birth_is_the_age_turned_round(self):
        for day in (date(2024, 2, 28) + timedelta(days=offset) for offset in range(800)):
            for age in (1, 3, 18):
                latest = academic_year.latest_birth(age, day)
                self.assertGreaterEqual(academic_year.age_on(latest, day), age)
                self.assertLess(academic_year.age_on(latest + timedelta(days=1), day), age)

    def test_key_stages(self):
        stages = [academic_year.key_stage(group) for group in range(-2, 15)]
        self.assertEqual(
            stages,
            ["eyfs"] * 3 + ["ks1"] * 2 + ["ks2"] * 4 + ["ks3"] * 3 + ["ks4"] * 2 + ["ks5"] * 2 + [None],
        )

    def test_labels(self):
        labels = [academic_year.year_group_label(group) for group in (-3, -2, -1, 0, 1, 13, 14)]
        self.assertEqual(labels, ["Under 3", "Under 3", "Nursery", "Reception", "Year 1", "Year 13", "Over 18"])
