"""The calendars by which clocks count: made once, changed by few, and apart from those of the council's staff."""

from datetime import date, datetime
from itertools import pairwise
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from tests.common import PepCase

MAY = ("head", "admin")
MAY_NOT = ("support", "vseo", "other_vseo", "finance", "employee")


@tagged("post_install", "-at_install")
class TestCalendars(PepCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.working = cls.council.pep_calendar_id
        cls.schools = cls.council.pep_school_calendar_id
        cls.staff = cls.council.resource_calendar_id
        cls.cron = cls.env.ref("pep_module.ir_cron_holidays")

    def rows(self, calendar, year=None):
        rows = calendar.pep_holiday_ids
        return rows.filtered(lambda row: row.pep_first_day.year == year) if year else rows

    def triggered(self):
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)])

    def run_cron(self):
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 60.0):
            self.env["res.company"]._cron_pep_holidays()

    # === Made once ===

    def test_every_council_has_its_own(self):
        self.assertEqual(self.working.pep_kind, "working")
        self.assertEqual(self.schools.pep_kind, "school")
        self.assertNotIn(self.staff, self.working | self.schools)
        self.assertFalse(self.staff.pep_kind)
        self.assertFalse(self.staff.leave_ids)
        self.assertEqual(self.working.company_id, self.council)
        self.assertEqual(self.working.pep_weekdays, "Monday, Tuesday, Wednesday, Thursday, Friday")
        year = self.today.year
        self.assertEqual(self.working.pep_holiday_years, [year, year + 1, year + 2])
        self.assertEqual(self.working.pep_made_for, f"{year}, {year + 1}, {year + 2}")
        self.assertGreaterEqual(len(self.rows(self.working, year)), 8)
        self.assertFalse(any(self.rows(self.working).mapped("pep_by_rule")))
        holidays = self.rows(self.schools).filtered("pep_by_rule")
        self.assertEqual(len(holidays), 18)

    def test_the_rows_do_not_overlap(self):
        """Odoo's app for time off refuses public holidays that do."""
        for calendar in self.working | self.schools:
            rows = self.rows(calendar).sorted("pep_first_day")
            for row, following in pairwise(rows):
                self.assertLess(row.pep_last_day, following.pep_first_day)

    def test_loading_again_makes_nothing(self):
        before = (self.rows(self.working) | self.rows(self.schools)).ids
        self.council._pep_load_templates()
        self.run_cron()
        self.assertEqual((self.rows(self.working) | self.rows(self.schools)).ids, before)

    def test_what_is_changed_or_deleted_stays_so(self):
        year = self.today.year + 1
        christmas = self.rows(self.working, year).filtered(lambda row: "Christmas" in row.name)
        friday = self.rows(self.working, year).filtered(lambda row: row.name == "Good Friday")
        christmas.unlink()
        friday.write({"pep_first_day": date(year, 4, 1), "pep_last_day": date(year, 4, 1), "name": "Local day"})
        number = len(self.rows(self.working))
        self.working._pep_generate([year])
        self.council._pep_load_calendars()
        self.assertEqual(len(self.rows(self.working)), number)
        self.assertEqual((friday.name, friday.pep_first_day), ("Local day", date(year, 4, 1)))

    def test_the_database_refuses_a_second_row(self):
        row = self.rows(self.working)[:1]
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            row.copy({"pep_rule_key": row.pep_rule_key, "pep_first_day": "2030-01-01", "pep_last_day": "2030-01-01"})

    def test_years_by_button(self):
        calendar = self.as_user(self.working, "admin")
        year = self.today.year
        calendar.action_pep_year_before()
        calendar.action_pep_next_year()
        self.assertEqual(self.working.pep_holiday_years, list(range(year - 1, year + 4)))
        self.assertGreaterEqual(len(self.rows(self.working, year - 1)), 8)

    def test_the_scheduled_action_goes_on_with_the_years(self):
        self.working.sudo().pep_holiday_years = [self.today.year]
        self.rows(self.working).filtered(lambda row: row.pep_first_day.year > self.today.year).unlink()
        self.run_cron()
        self.assertEqual(len(self.working.pep_holiday_years), 3)
        self.assertTrue(self.rows(self.working, self.today.year + 2))

    def test_areas_of_the_children(self):
        self.school.write({"pep_la_code": "886", "pep_la_name": "Kent"})
        self.make_children()
        self.run_cron()
        self.run_cron()
        calendars = self.env["resource.calendar"].with_context(active_test=False)
        area = calendars.search([("company_id", "=", self.council.id), ("pep_la_code", "!=", False)])
        self.assertEqual((area.name, area.pep_la_code, area.pep_kind), ("School days, Kent", "886", "school"))
        self.assertEqual(area.pep_used_for, "Schools in area 886")
        self.assertEqual(area.pep_unchecked, self.schools.pep_unchecked)
        # an archived one is not made again
        area.active = False
        self.run_cron()
        self.assertEqual(calendars.search([("pep_la_code", "=", "886")]), area)

    # === Whole days on the council's clock ===

    def test_a_day_is_from_midnight_to_midnight(self):
        row = self.env["resource.calendar.leaves"].create(
            {"calendar_id": self.working.id, "name": "x", "pep_first_day": "2030-07-01"}
        )
        self.assertEqual(row.pep_last_day, date(2030, 7, 1))
        self.assertEqual((row.date_from, row.date_to), (datetime(2030, 6, 30, 23), datetime(2030, 7, 1, 22, 59, 59)))
        self.assertFalse(row.company_id)
        # typed in Odoo's own screens
        row.write({"date_from": "2030-07-01 10:00:00", "date_to": "2030-07-03 11:00:00"})
        self.assertEqual((row.pep_first_day, row.pep_last_day), (date(2030, 7, 1), date(2030, 7, 3)))
        self.assertEqual((row.date_from, row.date_to), (datetime(2030, 6, 30, 23), datetime(2030, 7, 3, 22, 59, 59)))
        row.pep_last_day = "2030-12-02"
        self.assertEqual(row.date_to, datetime(2030, 12, 2, 23, 59, 59))

    def test_the_day_on_which_the_clock_changes(self):
        row = self.env["resource.calendar.leaves"].create(
            {"calendar_id": self.working.id, "name": "x", "pep_first_day": "2026-10-25"}
        )
        self.assertEqual((row.date_from, row.date_to), (datetime(2026, 10, 24, 23), datetime(2026, 10, 25, 23, 59, 59)))

    def test_the_clock_of_the_council(self):
        row = self.rows(self.working)[:1]
        first = row.pep_first_day
        self.council.pep_tz = "Pacific/Auckland"
        self.assertEqual(self.working.tz, "Pacific/Auckland")
        self.assertEqual(row.pep_first_day, first)
        self.assertLess(row.date_from, datetime.combine(first, datetime.min.time()))
        self.assertFalse(self.env["resource.calendar"]._pep_day_counter(self.council).is_day("working", first))

    def test_days_that_make_no_sense(self):
        leaves = self.env["resource.calendar.leaves"]
        with self.assertRaisesRegex(ValidationError, "not before the first"):
            leaves.create({"calendar_id": self.working.id, "pep_first_day": "2030-07-02", "pep_last_day": "2030-07-01"})
        with self.assertRaisesRegex(ValidationError, "On which day"):
            leaves.create({"calendar_id": self.working.id, "name": "x"})
        with self.assertRaisesRegex(ValidationError, "not before the first"):
            self.rows(self.working)[0].pep_last_day = "2001-01-01"

    def test_odoo_counts_the_same(self):
        """What Odoo itself makes of the calendar."""
        year = self.today.year + 1
        begin, end = (
            self.council._pep_local(self.council._pep_midnight_utc(date(number, 1, 1))) for number in (year, year + 1)
        )
        hours = self.working._work_intervals_batch(begin, end)[False]
        counter = self.env["resource.calendar"]._pep_day_counter(self.council)
        days = {start.date() for start, stop, _row in hours if (stop - start).total_seconds() > 3600}
        self.assertEqual(len(days), counter.number("working", date(year, 1, 1), date(year, 12, 31)))
        self.assertTrue(all(counter.is_day("working", one) for one in days))

    # === Who changes them ===

    def test_head_and_administrator_change_holidays(self):
        for role in MAY:
            with self.subTest(role=role):
                leaves = self.as_user(self.env["resource.calendar.leaves"], role)
                row = leaves.create({"calendar_id": self.schools.id, "name": "Training", "pep_first_day": "2031-09-08"})
                row.name = "Training day"
                row.pep_last_day = "2031-09-09"
                row.unlink()
                calendar = self.as_user(self.schools, role)
                calendar.name = f"School days of {role}"
                calendar.pep_holiday_ids = [Command.create({"name": "y", "pep_first_day": "2031-09-10"})]
                calendar.action_pep_checked()
                self.assertEqual(calendar.pep_unchecked, 0)

    def test_others_read_or_do_not_find_them(self):
        for role in MAY_NOT:
            with self.subTest(role=role):
                calendars = self.as_user(self.env["resource.calendar"], role)
                leaves = self.as_user(self.env["resource.calendar.leaves"], role)
                found = calendars.search([("pep_kind", "!=", False)])
                staff = role in ("support", "vseo", "other_vseo")
                self.assertEqual(bool(found), staff)
                self.assertEqual(bool(leaves.search([("pep_first_day", "!=", False)])), staff)
                self.assertTrue(calendars.search([("id", "=", self.staff.id)]))
                row = self.rows(self.working)[:1]
                for change in (
                    lambda calendars=calendars: calendars.browse(self.working.id).write({"name": "x"}),
                    lambda calendars=calendars: calendars.browse(self.working.id).write(
                        {"pep_holiday_ids": [Command.create({"name": "x", "pep_first_day": "2031-01-06"})]}
                    ),
                    lambda calendars=calendars: calendars.browse(self.working.id).action_pep_next_year(),
                    lambda calendars=calendars: calendars.browse(self.working.id).action_pep_year_before(),
                    lambda calendars=calendars: calendars.browse(self.schools.id).action_pep_checked(),
                    lambda leaves=leaves: leaves.create(
                        {"calendar_id": self.working.id, "name": "x", "date_from": "2031-01-06 00:00:00"}
                    ),
                    lambda leaves=leaves: leaves.with_context(default_calendar_id=self.working.id).create(
                        {"name": "x", "pep_first_day": "2031-01-06"}
                    ),
                    lambda leaves=leaves, row=row: leaves.browse(row.id).write({"name": "x"}),
                    lambda leaves=leaves, row=row: leaves.browse(row.id).action_pep_checked(),
                    lambda leaves=leaves, row=row: leaves.browse(row.id).unlink(),
                ):
                    with mute_logger("odoo.models.unlink"), self.assertRaises(AccessError), self.env.cr.savepoint():
                        change()

    def test_who_administers_odoo_keeps_away(self):
        """In Odoo whoever administers the system may write calendars, and every employee time off of their own."""
        self.users["employee"].group_ids |= self.env.ref("base.group_system")
        calendars = self.as_user(self.working, "employee")
        for change in (
            lambda: calendars.write({"name": "x"}),
            self.as_user(self.working.attendance_ids, "employee").unlink,
            lambda: self.as_user(self.working.attendance_ids[0], "employee").write({"dayofweek": "6"}),
            lambda: self.as_user(self.env["resource.calendar"], "employee").create({"name": "x", "pep_kind": "school"}),
            lambda: calendars.env["resource.calendar.attendance"].create(
                {"calendar_id": self.working.id, "name": "x", "dayofweek": "6", "hour_from": 1, "hour_to": 2}
            ),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()
        # an own day of time off does not become a holiday of everybody
        resource = self.env["resource.resource"].create({"name": "x", "user_id": self.users["employee"].id})
        own = self.as_user(self.env["resource.calendar.leaves"], "employee").create(
            {
                "resource_id": resource.id,
                "calendar_id": self.staff.id,
                "date_from": "2031-01-06 00:00:00",
                "date_to": "2031-01-06 20:00:00",
            }
        )
        self.assertFalse(own.pep_first_day)
        own.write({"pep_first_day": "2031-01-06", "pep_rule_key": "x"})
        self.assertFalse(own.pep_first_day or own.pep_rule_key)
        for values in ({"calendar_id": self.working.id}, {"calendar_id": self.working.id, "resource_id": False}):
            with self.assertRaisesRegex(UserError, "stays in its calendar"), self.env.cr.savepoint():
                own.write(values)

    def test_head_and_administrator_change_no_other_calendar(self):
        for role in MAY:
            with self.subTest(role=role):
                leaves = self.as_user(self.env["resource.calendar.leaves"], role)
                for change in (
                    lambda role=role: self.as_user(self.staff, role).write({"name": "x"}),
                    lambda role=role: self.as_user(self.env["resource.calendar"], role).create({"name": "x"}),
                    lambda role=role: self.as_user(self.staff.attendance_ids, role).write({"hour_from": 1}),
                    lambda leaves=leaves: leaves.create(
                        {
                            "calendar_id": self.staff.id,
                            "date_from": "2031-01-06 00:00:00",
                            "date_to": "2031-01-06 20:00:00",
                        }
                    ),
                ):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        change()

    def test_nor_those_of_another_council(self):
        other = self.env["res.company"].create({"name": "Othershire"})
        for role in MAY:
            with self.subTest(role=role):
                calendar = self.as_user(other.pep_calendar_id, role)
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    calendar.write({"name": "x"})
                self.assertFalse(calendar.search([("id", "=", calendar.id)]))
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.as_user(self.rows(other.pep_calendar_id)[:1], role).unlink()
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    calendar.create({"name": "x", "pep_kind": "school", "company_id": other.id})
                school_calendars = self.as_user(self.env["pep.school.calendar"], role)
                with self.assertRaisesRegex(UserError, "in your own council"), self.env.cr.savepoint():
                    school_calendars.create({"school_id": self.school.id, "company_id": other.id})
                with self.assertRaisesRegex(UserError, "of this council"), self.env.cr.savepoint():
                    school_calendars.create(
                        {"school_id": self.school.id, "calendar_id": other.pep_school_calendar_id.id}
                    )

    def test_what_a_calendar_is_stays(self):
        admin = self.as_user(self.schools, "admin")
        other = self.env["res.company"].create({"name": "Othershire"})
        for values in (
            {"pep_kind": "working"},
            {"pep_holiday_years": []},
            {"company_id": other.id},
            {"schedule_type": "flexible"},
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                admin.write(values)
        row = self.rows(self.schools)[:1]
        with self.assertRaisesRegex(UserError, "stays in its calendar"):
            row.calendar_id = self.working
        with self.assertRaisesRegex(UserError, "stays in its calendar"):
            self.working.attendance_ids[0].calendar_id = self.schools
        for change in (
            self.working.copy,
            self.working.unlink,
            self.working.action_archive,
            self.schools.action_archive,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_an_area_by_its_number(self):
        calendars = self.as_user(self.env["resource.calendar"], "admin")
        area = calendars.create({"name": "School days, Kent", "pep_kind": "school", "pep_la_code": "886"})
        self.assertEqual((area.company_id, area.tz), (self.council, self.council.pep_tz))
        self.assertEqual(len(area.sudo().attendance_ids), 5)
        self.assertEqual(len(area.pep_holiday_years), 3)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            calendars.create({"name": "Again", "pep_kind": "school", "pep_la_code": "886"})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            calendars.create({"name": "Not a number", "pep_kind": "school", "pep_la_code": "Kent"})
        with self.assertRaisesRegex(UserError, "one calendar of working days"):
            calendars.create({"name": "Second", "pep_kind": "working"})
        with self.assertRaisesRegex(ValidationError, "for all other schools"):
            self.schools.pep_la_code = "887"
        with self.assertRaisesRegex(ValidationError, "for all other schools"):
            self.working.pep_la_code = "887"
        area.action_archive()
        self.assertFalse(area.active)

    # === Schools with their own ===

    def test_a_school_of_its_own_is_a_copy(self):
        self.rows(self.schools).filtered(lambda row: row.name == "Early May bank holiday").unlink()
        rows = self.as_user(self.env["pep.school.calendar"], "head")
        row = rows.create({"school_id": self.school.id})
        own = self.env["resource.calendar"].browse(row.calendar_id.id)
        self.assertEqual(own.name, "School days, Elm Primary School")
        self.assertEqual(own.pep_used_for, "Elm Primary School")
        self.assertEqual(
            self.rows(own).mapped(lambda row: (row.name, row.pep_first_day, row.pep_by_rule)),
            self.rows(self.schools).mapped(lambda row: (row.name, row.pep_first_day, row.pep_by_rule)),
        )
        self.assertEqual(own.pep_holiday_years, self.schools.pep_holiday_years)
        self.assertEqual(row.display_name, "Elm Primary School")
        self.assertEqual(row.action_open_calendar()["res_id"], own.id)
        # a second school of the same trust
        other = self.make_school("Oak School", "100002")
        rows.create({"school_id": other.id, "calendar_id": own.id})
        own.invalidate_recordset()
        self.assertEqual(own.pep_used_for, "2 schools")
        with self.assertRaisesRegex(UserError, "Schools follow this calendar"):
            own.action_archive()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            rows.create({"school_id": self.school.id})
        with self.assertRaisesRegex(UserError, "Archive it"):
            row.school_id = other
        with self.assertRaises(AccessError):
            row.unlink()
        with self.assertRaisesRegex(UserError, "Archive it"):
            row.sudo().unlink()

    def test_only_school_days_for_schools(self):
        rows = self.env["pep.school.calendar"].with_company(self.council)
        with self.assertRaisesRegex(UserError, "is for a school"):
            rows.create({"school_id": self.users["carer"].partner_id.id, "company_id": self.council.id})
        with self.assertRaisesRegex(UserError, "calendar of school days"), self.env.cr.savepoint():
            rows.create({"school_id": self.school.id, "company_id": self.council.id, "calendar_id": self.working.id})
        with self.assertRaisesRegex(UserError, "calendar of school days"), self.env.cr.savepoint():
            rows.create({"school_id": self.school.id, "company_id": self.council.id, "calendar_id": self.staff.id})
        for role in ("vseo", "support", "finance", "employee", "teacher"):
            with self.assertRaises(AccessError):
                self.as_user(rows, role).create({"school_id": self.school.id, "company_id": self.council.id})

    # === What follows from a change ===

    def test_clocks_follow_holidays(self):
        """A change of holidays is noted and followed by the scheduled action, once."""
        self.council.pep_days_changed = False
        self.council._pep_load_calendars()
        self.assertFalse(self.council.pep_days_changed)  # what is made by rule changes no count
        before = self.triggered()
        self.as_user(self.env["resource.calendar.leaves"], "admin").create(
            {"calendar_id": self.working.id, "name": "x", "pep_first_day": "2031-01-06"}
        )
        self.assertTrue(self.council.pep_days_changed)
        self.assertGreater(self.triggered(), before)
        self.make_children(2)
        self.run_cron()
        self.assertFalse(self.council.pep_days_changed)
        for change in (
            self.rows(self.working)[0].unlink,
            lambda: self.rows(self.working)[1].write({"pep_last_day": "2031-02-02", "pep_first_day": "2031-02-01"}),
            self.working.attendance_ids[0].unlink,
            lambda: self.env["pep.school.calendar"].create(
                {"school_id": self.school.id, "company_id": self.council.id}
            ),
        ):
            self.council.pep_days_changed = False
            change()
            self.assertTrue(self.council.pep_days_changed)

    def test_a_change_in_the_meantime_is_not_lost(self):
        self.council.pep_days_changed = datetime(2026, 1, 2)
        self.council._pep_days_followed(datetime(2026, 1, 1))
        self.assertTrue(self.council.pep_days_changed)
        self.council._pep_days_followed(datetime(2026, 1, 2))
        self.assertFalse(self.council.pep_days_changed)

    # === Screens ===

    def test_form(self):
        admin = self.as_user(self.schools, "admin")
        with Form(admin, view="pep_module.pep_calendar_view_form") as form:
            with form.pep_holiday_ids.new() as row:
                row.pep_first_day = "2031-03-03"
                self.assertEqual(row.pep_last_day, date(2031, 3, 3))
                row.name = "Training day"
            with form.pep_holiday_ids.edit(0) as row:
                row.name = "Changed"
        rows = self.rows(self.schools)
        self.assertIn("Training day", rows.mapped("name"))
        changed = rows.filtered(lambda row: row.name == "Changed")
        self.assertEqual(len(changed), 1)
        self.assertFalse(changed.pep_by_rule)
        checked = rows.filtered("pep_by_rule")[:1]
        self.as_user(checked, "admin").action_pep_checked()
        self.assertFalse(checked.pep_by_rule)

    def test_a_new_area_by_the_form(self):
        calendars = self.as_user(self.env["resource.calendar"], "admin").with_context(default_pep_kind="school")
        with Form(calendars, view="pep_module.pep_calendar_view_form") as form:
            form.name = "School days, Kent"
            form.pep_la_code = "886"
        area = calendars.search([("pep_la_code", "=", "886")])
        self.assertEqual((area.pep_kind, len(area.pep_holiday_years)), ("school", 3))
