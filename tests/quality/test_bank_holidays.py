"""Bank holidays and usual school holidays against lists written by hand."""

from datetime import date, timedelta
from itertools import pairwise

from odoo.tests import BaseCase, tagged

from odoo.addons.pep_module.tools.bank_holidays import bank_holidays
from odoo.addons.pep_module.tools.school_holidays import school_holidays

# As published for England and Wales on gov.uk, month and day; "s" marks a substitute day.
PUBLISHED = {
    1995: "01-02s 04-14 04-17 05-08 05-29 08-28 12-25 12-26",
    1999: "01-01 04-02 04-05 05-03 05-31 08-30 12-27s 12-28s 12-31",
    2000: "01-03s 04-21 04-24 05-01 05-29 08-28 12-25 12-26",
    2002: "01-01 03-29 04-01 05-06 06-03 06-04 08-26 12-25 12-26",
    2005: "01-03s 03-25 03-28 05-02 05-30 08-29 12-26 12-27s",
    2008: "01-01 03-21 03-24 05-05 05-26 08-25 12-25 12-26",
    2009: "01-01 04-10 04-13 05-04 05-25 08-31 12-25 12-28s",
    2010: "01-01 04-02 04-05 05-03 05-31 08-30 12-27s 12-28s",
    2011: "01-03s 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27s",
    2012: "01-02s 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26",
    2013: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2014: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2015: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28s",
    2016: "01-01 03-25 03-28 05-02 05-30 08-29 12-26 12-27s",
    2017: "01-02s 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    2018: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    2019: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28s",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27s 12-28s",
    2022: "01-03s 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27s",
    2023: "01-02s 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28s",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27s 12-28s",
    2028: "01-03s 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    2038: "01-01 04-23 04-26 05-03 05-31 08-30 12-27s 12-28s",  # Easter on the latest day it can have
}
NAMES = {
    2012: [
        "New Year's Day (substitute day)",
        "Good Friday",
        "Easter Monday",
        "Early May bank holiday",
        "Spring bank holiday",
        "Diamond Jubilee",
        "Summer bank holiday",
        "Christmas Day",
        "Boxing Day",
    ],
    2022: [
        "New Year's Day (substitute day)",
        "Good Friday",
        "Easter Monday",
        "Early May bank holiday",
        "Spring bank holiday",
        "Platinum Jubilee",
        "Summer bank holiday",
        "State Funeral of Queen Elizabeth II",
        "Boxing Day",
        "Christmas Day (substitute day)",
    ],
    2027: [
        "New Year's Day",
        "Good Friday",
        "Easter Monday",
        "Early May bank holiday",
        "Spring bank holiday",
        "Summer bank holiday",
        "Christmas Day (substitute day)",
        "Boxing Day (substitute day)",
    ],
}
# When most areas closed their schools: year -> holidays that begin in it, by the rule of thumb.
SCHOOLS = {
    2022: "02-14/02-18 04-04/04-15 05-30/06-03 07-25/09-01 10-31/11-04 12-19/12-30",
    2024: "02-12/02-16 04-01/04-12 05-27/05-31 07-24/09-02 10-28/11-01 12-23/01-03",
    2025: "02-17/02-21 04-07/04-18 05-26/05-30 07-23/09-01 10-27/10-31 12-22/01-02",
    2026: "02-16/02-20 03-30/04-10 05-25/05-29 07-22/09-01 10-26/10-30 12-21/01-01",
    2027: "02-15/02-19 03-29/04-09 05-31/06-04 07-21/09-01 10-25/10-29 12-20/12-31",
}


def day_of(year, month_day):
    return date.fromisoformat(f"{year}-{month_day}")


@tagged("post_install", "-at_install")
class TestBankHolidays(BaseCase):
    def test_published_lists(self):
        for year, published in PUBLISHED.items():
            with self.subTest(year=year):
                wanted = [(day_of(year, item[:5]), item.endswith("s")) for item in published.split()]
                found = [(day, name.endswith("(substitute day)")) for day, name in bank_holidays(year)]
                self.assertEqual(found, wanted)

    def test_names(self):
        for year, names in NAMES.items():
            with self.subTest(year=year):
                self.assertEqual([name for _day, name in bank_holidays(year)], names)

    def test_any_year(self):
        """In each year eight or more, in order, none twice, none at a weekend."""
        for year in range(1978, 2101):
            days = [day for day, _name in bank_holidays(year)]
            self.assertEqual(days, sorted(set(days)))
            self.assertGreaterEqual(len(days), 8)
            self.assertFalse([day for day in days if day.weekday() >= 5 or day.year != year])

    def test_easter_early_and_late(self):
        for year, friday in ((2008, "03-21"), (2011, "04-22"), (2035, "03-23"), (2038, "04-23")):
            found = dict(bank_holidays(year))
            self.assertEqual(found[day_of(year, friday)], "Good Friday")
            self.assertEqual(found[day_of(year, friday) + timedelta(days=3)], "Easter Monday")


@tagged("post_install", "-at_install")
class TestSchoolHolidays(BaseCase):
    def test_by_hand(self):
        for year, spans in SCHOOLS.items():
            with self.subTest(year=year):
                wanted = []
                for span in spans.split():
                    first, last = span.split("/")
                    wanted.append((day_of(year, first), day_of(year + (last < first), last)))
                self.assertEqual([(first, last) for first, last, _name in school_holidays(year)], wanted)

    def test_any_year(self):
        for year in range(1990, 2101):
            holidays = school_holidays(year)
            self.assertEqual([name for *_days, name in holidays][3], "Summer holidays")
            for (_first, last, _name), (first, _last, _other) in pairwise(holidays):
                self.assertLess(last, first)
            self.assertLess(holidays[-1][1], school_holidays(year + 1)[0][0])
            self.assertTrue(all(first.year == year for first, _last, _name in holidays))
            # always in the holidays, whatever the year
            for day in (date(year, 7, 25), date(year, 8, 15), date(year, 12, 25)):
                self.assertTrue(any(first <= day <= last or day.weekday() >= 5 for first, last, _name in holidays))
