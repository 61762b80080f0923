import csv
import time
import unittest
from collections import Counter
from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.pep_module.tools import ssda903
from odoo.addons.pep_module.wizards.child import pep_ssda903_import

from tests.common import PORTAL, STAFF

from .ssda903_common import EPISODES, FAKE, HEADER, UASC, Ssda903Case, episodes, header, many, to_csv, upn

ENDED = {"DEC": "01/08/2024", "REC": "E4A", "REASON_PLACE_CHANGE": ""}


@tagged("post_install", "-at_install")
class TestSsda903Import(Ssda903Case):
    """What an import makes of a return."""

    def test_makes_child_and_episode(self):
        record = self.run_import()
        child, episode = self.child(), self.episode()
        self.assertEqual(self.counts(record), ((1, 0, 0, 0), (1, 0, 0, 0), 0))
        self.assertEqual((record.state, record.collection_year, record.progress), ("done", "2024", 100))
        self.assertEqual((child.sex, child.date_of_birth, child.ethnicity_id.code), ("M", date(2012, 6, 15), "WBRI"))
        self.assertEqual((child.upn, child.upn_problem, child.upn_unknown_id.code), ("X801200000001", False, False))
        self.assertEqual((child.date_into_care, child.date_out_of_care), (date(2024, 5, 3), False))
        self.assertFalse(child.full_name or child.vseo_id or child.sen_provision or child.uasc)
        self.assertEqual(
            [episode[name].code for name in ("legal_status_id", "placement_id", "provider_id", "category_of_need_id")],
            ["C2", "U6", "PR1", "N1"],
        )
        self.assertEqual((episode.reason_new_id.code, episode.reason_ceased_id.code), ("S", False))
        self.assertEqual((episode.date_to, episode.placement_urn, episode.source), (False, "SC123456", "ssda903"))
        self.assertFalse(record.line_ids)

    def test_sex_of_old_and_new_lists(self):
        letters = {"1": "M", "2": "F", "M": "M", "F": "F", "U": "U"}
        rows = [{"CHILD": f"S{sex}", "SEX": sex, "UPN": upn(int(sex, 36))} for sex in letters]
        self.run_import(header(*rows), episodes(*({"CHILD": row["CHILD"]} for row in rows)))
        self.assertEqual({sex: self.child(f"S{sex}").sex for sex in letters}, letters)

    def test_upn_kinds(self):
        wrong, temporary = "A801200000001", ssda903.upn.check_letter("80120000000A") + "80120000000A"
        rows = [
            {"CHILD": "1", "UPN": wrong},
            {"CHILD": "2", "UPN": "UN2"},
            {"CHILD": "3", "UPN": temporary.lower()},
            {"CHILD": "4", "UPN": "12345"},
            {"CHILD": "5", "UPN": ""},
            {"CHILD": "6", "UPN": "UN6"},
            {"CHILD": "7", "UPN": wrong},
        ]
        record = self.run_import(header(*rows), episodes(*({"CHILD": row["CHILD"]} for row in rows)))
        children = [self.child(str(number)) for number in range(1, 8)]
        self.assertEqual(
            [(child.upn, child.upn_unknown_id.code) for child in children],
            [(wrong, False), (False, "UN2"), (temporary, False), ("12345", False)]
            + [(False, False), (False, False), (wrong, False)],
        )
        self.assertEqual(children[0].upn_problem, "check_letter")
        self.assertEqual(
            self.found(record),
            {
                ("upn_check_letter", "header", 2, "UPN"),
                ("upn_format", "header", 5, "UPN"),
                ("blank", "header", 6, "UPN"),
                ("unknown_code", "header", 7, "UPN"),
                ("upn_check_letter", "header", 8, "UPN"),
                ("upn_twice", "header", 8, "UPN"),
            },
        )

    def test_a_right_upn_that_another_child_has(self):
        other = self.make_children(upn=upn(1))
        record = self.run_import()
        self.assertEqual(self.found(record), {("upn_elsewhere", "header", 2, "UPN")})
        self.assertIn(other.reference, record.line_ids.message)
        self.assertEqual(self.child().upn, upn(1))

    def test_what_is_never_stored(self):
        """Postcodes and a child's own child are nowhere in what the import wrote."""
        rows = {"MOTHER": "1", "MC_DOB": "17/11/2023", "SEX": "2"}
        record = self.run_import(header(rows), episodes({"HOME_POST": "QQ1 1HH", "PL_POST": "QQ9 9PP"}))
        written = [records.read() for records in (self.child(), self.episode(), record, record.line_ids)]
        for text in ("QQ1", "QQ9", "17/11/2023", "2023-11-17", "2023, 11, 17"):
            self.assertNotIn(text, repr(written))

    def test_files_are_dropped(self):
        record = self.run_import(header(), episodes(), to_csv(UASC, [{"CHILD": "1001"}]))
        self.assertFalse(record.header_file or record.episodes_file or record.uasc_file)
        self.assertEqual(len(record.header_sha256), 64)
        self.assertTrue(self.child().uasc)
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", record._name), "|", ("res_field", "=", False), ("res_field", "!=", False)]
        )
        self.assertFalse(attachments)

    def test_file_name_is_cleaned(self):
        record = self.upload(header_filename="C:\\Users\\ann\\Zoë's <header>.csv")
        self.assertEqual(record.header_filename, "Zo_s_header_.csv")

    def test_collection_year_from_the_dates(self):
        for decom, dec, year in (
            ("31/03/2018", "", "2017"),
            ("01/03/2018", "01/04/2018", "2017"),
            ("01/04/2018", "", "2018"),
        ):
            with self.subTest(decom=decom, dec=dec):
                record = self.upload(header({"DOB": "01/01/2010"}), episodes({"DECOM": decom, "DEC": dec}))
                record.action_preview()
                self.assertEqual(record.collection_year, year)

    def test_collection_year_is_asked_for(self):
        day = f"01/04/{self.today.year + 3}"
        record = self.upload(header(), episodes({"DECOM": day}))
        with self.assertRaisesRegex(UserError, "collection year"):
            record.action_preview()
        record.collection_year = "2024"
        record.action_preview()
        self.assertIn(("after_year", "episodes", 2, "DECOM"), self.found(record))

    def test_periods_of_care(self):
        """S begins a period, so does a gap; the last day counts only once no episode is open."""
        day = "{:02d}/01/2024".format
        spells = {
            "A": ([("S", 1, 5), ("L", 5, None)], (1, None)),
            "B": ([("S", 1, 5), ("S", 5, 9)], (5, 9)),
            "C": ([("P", 1, 5), ("T", 5, 9)], (1, 9)),
            "D": ([("S", 1, 5), ("P", 7, None)], (7, None)),
            "E": ([("S", 1, None), ("P", 5, 9)], (1, None)),
        }
        rows = [
            {
                "CHILD": child,
                "RNE": rne,
                "DECOM": day(first),
                "DEC": day(last) if last else "",
                "REC": last and "E4A" or "",
            }
            for child, (episodes_, _expected) in spells.items()
            for rne, first, last in episodes_
        ]
        record = self.run_import(header(*({"CHILD": child, "UPN": "UN1"} for child in spells)), episodes(*rows))
        for child, (_episodes, (into, out)) in spells.items():
            found = self.child(child)
            self.assertEqual(
                (found.date_into_care, found.date_out_of_care),
                (date(2024, 1, into), date(2024, 1, out) if out else False),
                child,
            )
        self.assertEqual(self.found(record), {("not_ended", "header", 6, "CHILD")})

    def test_child_without_episode(self):
        record = self.run_import(header({}, {"CHILD": "1002", "UPN": upn(2)}))
        self.assertEqual(self.found(record), {("no_episode", "header", 3, "CHILD")})
        self.assertFalse(self.child("1002").date_into_care)
        again = self.run_import(header({}, {"CHILD": "1002", "UPN": upn(2)}), episodes({}, {"CHILD": "1002"}))
        self.assertEqual(self.counts(again), ((0, 1, 1, 0), (1, 0, 1, 0), 0))
        self.assertEqual(self.child("1002").date_into_care, date(2024, 5, 3))

    def test_odd_rows_are_left_out_and_counted(self):
        record = self.run_import(
            header(),
            episodes(
                {},
                {},
                {"CHILD": "9999"},
                {"DECOM": "04/05/2024", "DEC": "03/05/2024"},
                {"DECOM": "14/06/2012", "DEC": "01/01/2013"},
            ),
        )
        self.assertEqual(
            self.found(record),
            {
                ("row_twice", "episodes", 3, "DECOM"),
                ("not_in_header", "episodes", 4, "CHILD"),
                ("end_before_start", "episodes", 5, "DEC"),
                ("before_birth", "episodes", 6, "DECOM"),
            },
        )
        self.assertEqual((record.row_skipped, record.episode_total, record.episode_new), (4, 5, 1))
        self.assertFalse(self.child("9999"))

    def test_odd_values_are_kept_or_left_empty(self):
        record = self.run_import(
            header({"SEX": "3", "ETHNIC": "XXXX", "DOB": "15/06/1980"}),
            episodes(
                {"LS": "C9", "CIN": "it is long", "PLACE": "K3", "URN": "1234", "DEC": "03/05/2024"},
                {"DECOM": "03/06/2024"},
                {"DECOM": "03/07/2024", "URN": "The Elms, 1 High Street"},
            ),
            to_csv(UASC, [{"CHILD": "4711"}]),
            collection_year="2023",
        )
        self.assertEqual(
            self.found(record),
            {
                ("unknown_code", "header", 2, "SEX"),
                ("unknown_code", "header", 2, "ETHNIC"),
                ("age_out_of_range", "header", 2, "DOB"),
                ("unknown_code", "episodes", 2, "LS"),
                ("not_a_code", "episodes", 2, "CIN"),
                ("other_year_code", "episodes", 2, "PLACE"),
                ("bad_urn", "episodes", 2, "URN"),
                ("ends_same_day", "episodes", 2, "DEC"),
                ("bad_urn", "episodes", 4, "URN"),
                ("uasc_not_in_header", "uasc", 2, "CHILD"),
                ("several_open", "header", 2, "CHILD"),
                *(("after_year", "episodes", row, "DECOM") for row in (2, 3, 4)),
                ("other_year", False, 0, False),
                ("after_year", "episodes", 2, "DEC"),
            },
        )
        child, episode = self.child(), self.episode()
        self.assertFalse(child.sex or child.ethnicity_id or episode.legal_status_id or episode.category_of_need_id)
        self.assertEqual((episode.placement_id.code, episode.placement_urn), ("K3", "1234"))
        self.assertFalse(self.episode(date(2024, 7, 3)).placement_urn)
        self.assertNotIn("Elms", repr(record.line_ids.read()))

    def test_next_episode_is_missing(self):
        record = self.run_import(episodes_file=episodes({"DEC": "01/08/2024", "REC": "X1"}))
        self.assertEqual(self.found(record), {("next_missing", "header", 2, "CHILD")})
        self.assertFalse(self.child().date_out_of_care, "X1 says that the child stays in care")

    def test_every_finding_has_a_title_and_a_sentence(self):
        titles = dict(self.env["pep.ssda903.import.line"]._fields["code"].selection)
        self.assertEqual(set(self.env["pep.ssda903.import"]._texts()), set(titles))

    def test_preview_writes_no_child(self):
        record = self.upload(*many(3))
        self.assertTrue(record.action_preview())
        self.assertFalse(self.env["pep.child"].search([("company_id", "=", self.council.id)]))
        self.assertEqual(self.counts(record), ((3, 0, 0, 0), (6, 0, 0, 0), 0))
        before = self.counts(record)
        record.action_import()
        self.finish(record)
        self.assertEqual(self.counts(record), before)


@tagged("post_install", "-at_install")
class TestSsda903Again(Ssda903Case):
    """What a second import makes of the first."""

    def test_same_file_again_writes_nothing(self):
        files = [*many(5), to_csv(UASC, [{"CHILD": "M1"}])]
        self.run_import(*files)
        children = self.env["pep.child"].search([("company_id", "=", self.council.id)])
        before = children.read() + children.care_episode_ids.read()
        written = []
        for model in ("pep.child", "pep.care.episode", "pep.access"):
            cls = self.registry[model]
            for method in ("create", "write"):
                patcher = patch.object(
                    cls, method, lambda *args, _name=f"{model}.{method}": written.append((_name, args[1:])) or args[0]
                )
                self.startPatcher(patcher)
        record = self.run_import(*files)
        self.assertEqual([call for call in written if call[1][0]], [])
        self.assertEqual(self.counts(record), ((0, 0, 5, 0), (0, 0, 10, 0), 0))
        self.assertEqual(children.read() + children.care_episode_ids.read(), before)
        self.assertEqual(self.found(record), {("same_files", False, 0, False)})

    def test_next_year_updates_and_adds(self):
        self.run_import(header({}, {"CHILD": "1002", "UPN": "UN1"}), episodes({}, {"CHILD": "1002"}))
        record = self.run_import(
            header({"UPN": upn(9)}),
            episodes(
                {"DEC": "01/05/2025", "REC": "X1", "REASON_PLACE_CHANGE": "CARPL"},
                {"DECOM": "01/05/2025", "RNE": "P", "PLACE": "U4"},
            ),
        )
        self.assertEqual(record.collection_year, "2025")
        self.assertEqual(self.counts(record), ((0, 1, 0, 0), (1, 1, 0, 0), 0))
        first, child = self.episode(), self.child()
        self.assertEqual((first.date_to, first.reason_ceased_id.code), (date(2025, 5, 1), "X1"))
        self.assertEqual(first.reason_change_id.code, "CARPL")
        self.assertEqual((child.date_into_care, child.date_out_of_care), (date(2024, 5, 3), False))
        self.assertEqual((child.upn, child.former_upn), (upn(9), upn(1)))
        self.assertEqual(
            {line.message for line in record.line_ids}, {"Changes: UPN.", "Changes: DEC, REC, REASON_PLACE_CHANGE."}
        )
        missing = self.episode(person="1002")
        self.assertFalse(missing.date_to, "a row that is missing ends nothing")
        self.assertFalse(self.child("1002").date_out_of_care)

    def test_newcomers_of_an_open_term_get_a_pep_at_once(self):
        """Asked when the episodes are there, so that a child on short breaks (V3) gets none."""
        self.term._open()
        day = self.today.strftime("%d/%m/%Y")
        self.run_import(
            header({}, {"CHILD": "1002", "UPN": upn(2)}, {"CHILD": "1003", "UPN": upn(3)}),
            episodes(
                {"DECOM": day},
                {"CHILD": "1002", "DECOM": day, "LS": "V3"},
                {"CHILD": "1003", "DEC": "01/08/2024", "REC": "E4A"},
            ),
        )
        self.assertEqual([len(self.child(person).plan_ids) for person in ("1001", "1002", "1003")], [1, 0, 0])
        self.run_import(episodes_file=episodes({"CHILD": "1003", "DECOM": day}), header_file=header({"CHILD": "1003"}))
        self.assertEqual(len(self.child("1003").plan_ids), 1)

    def test_child_leaves_and_comes_back(self):
        self.run_import()
        self.run_import(episodes_file=episodes({**ENDED, "DEC": "01/05/2025"}))
        self.assertEqual(self.child().date_out_of_care, date(2025, 5, 1))
        self.run_import(episodes_file=episodes({"DECOM": "01/06/2026"}), collection_year="2025")
        child = self.child()
        self.assertEqual((child.date_into_care, child.date_out_of_care), (date(2026, 6, 1), False))
        self.assertEqual(len(child.care_episode_ids), 2)

    def test_reopened_by_a_corrected_return(self):
        self.run_import(episodes_file=episodes(ENDED))
        record = self.run_import()
        self.assertIn(("reopened", "episodes", 2, "DEC"), self.found(record))
        self.assertFalse(self.episode().date_to or self.episode().reason_ceased_id or self.child().date_out_of_care)

    def test_an_empty_cell_empties_nothing(self):
        self.run_import()
        self.run_import(
            header({"ETHNIC": "", "UPN": "", "SEX": ""}), episodes({"LS": "", "PLACE": "", "URN": "", "CIN": "ZZ"})
        )
        child, episode = self.child(), self.episode()
        self.assertEqual((child.ethnicity_id.code, child.upn, child.sex), ("WBRI", upn(1), "M"))
        self.assertEqual((episode.legal_status_id.code, episode.category_of_need_id.code), ("C2", "N1"))
        self.assertEqual(episode.placement_urn, "SC123456")

    def test_what_people_entered_stays(self):
        self.run_import()
        child, episode = self.child(), self.episode()
        other = self.env.ref("pep_module.pep_code_ethnicity_mwas")
        child.write(
            {
                "first_name": "Ada",
                "vseo_id": self.users["vseo"].id,
                "ethnicity_id": other.id,
                "sex": False,
                "date_out_of_care": date(2024, 9, 1),
            }
        )
        episode.write(
            {"date_to": date(2024, 9, 1), "placement_id": self.env.ref("pep_module.pep_code_placement_k2").id}
        )
        record = self.run_import(
            header({"ETHNIC": "BAFR", "SEX": "2", "UPN": upn(7)}),
            episodes({"DEC": "01/10/2024", "REC": "E4A", "PLACE": "U4", "LS": "C1"}),
        )
        self.assertEqual((child.first_name, child.vseo_id), ("Ada", self.users["vseo"]))
        self.assertEqual((child.ethnicity_id, child.sex), (other, False), "also what they emptied")
        self.assertEqual((episode.date_to, episode.placement_id.code), (date(2024, 9, 1), "K2"))
        self.assertEqual(child.date_out_of_care, date(2024, 9, 1))
        self.assertEqual((child.upn, episode.legal_status_id.code), (upn(7), "C1"), "the rest is brought up to date")
        self.assertEqual(
            self.found(record, "kept"),
            {
                ("kept", "header", 2, "ETHNIC"),
                ("kept", "header", 2, "SEX"),
                ("kept", "episodes", 2, "DEC"),
                ("kept", "episodes", 2, "PLACE"),
            },
        )
        again = self.run_import(
            header({"ETHNIC": "BAFR", "SEX": "2", "UPN": upn(7)}),
            episodes({"DEC": "01/10/2024", "REC": "E4A", "PLACE": "U4", "LS": "C1"}),
        )
        self.assertEqual(self.found(again, "kept"), self.found(record, "kept"), "and next time as well")
        self.assertEqual(self.counts(again), ((0, 0, 1, 0), (0, 0, 1, 0), 0))

    def test_once_return_and_people_agree_the_return_leads_again(self):
        self.run_import()
        self.child().sex = "F"
        self.run_import(header({"SEX": "2"}))
        self.assertFalse(self.found(self.run_import(header({"SEX": "1"})), "kept"))
        self.assertEqual(self.child().sex, "M")

    def test_a_number_is_not_replaced_by_a_reason(self):
        self.run_import()
        record = self.run_import(header({"UPN": "UN5"}))
        self.assertEqual((self.child().upn, self.child().upn_unknown_id.code), (upn(1), False))
        self.assertIn(("upn_kept", "header", 2, "UPN"), self.found(record))

    def test_a_reason_is_replaced_by_a_number(self):
        self.run_import(header({"UPN": "UN1"}))
        self.run_import()
        self.assertEqual((self.child().upn, self.child().upn_unknown_id.code), (upn(1), False))
        self.assertFalse(self.child().former_upn)

    def test_child_entered_by_hand(self):
        """Found by its person ID; what is empty is filled, the rest stays."""
        child = self.make_children(la_person_id="1001", sex="F", date_of_birth=date(2012, 6, 15), date_into_care=False)
        episode = self.env["pep.care.episode"].create({"child_id": child.id, "date_from": date(2024, 5, 3)})
        record = self.run_import()
        self.assertEqual(self.child(), child)
        self.assertEqual((child.sex, child.upn, child.ethnicity_id.code), ("F", upn(1), "WBRI"))
        self.assertEqual((child.date_into_care, child.first_name), (date(2024, 5, 3), "Zebedee"))
        self.assertEqual((episode.legal_status_id.code, episode.source), ("C2", "manual"))
        self.assertEqual(self.found(record, "kept"), {("kept", "header", 2, "SEX")})

    def test_archived_child_stays_archived(self):
        self.run_import()
        self.child().active = False
        record = self.run_import(header({"SEX": "2"}))
        self.assertEqual(self.found(record, "archived"), {("archived", "header", 2, "CHILD")})
        child = self.env["pep.child"].with_context(active_test=False).search([("la_person_id", "=", "1001")])
        self.assertEqual((child.active, child.sex), (False, "F"))

    def test_older_return_overwrites_and_reopens_nothing(self):
        self.run_import(header({"SEX": "2"}), episodes({**ENDED}))
        older = {"DEC": "01/03/2023", "REC": "E4A"}
        rows = [
            {"LS": "C1"},
            {"DECOM": "01/02/2023", **older},
            {"DECOM": "01/03/2023"},
            {"CHILD": "1002", "DECOM": "01/02/2023", **older},
            {"CHILD": "1003", "DECOM": "01/03/2023"},
        ]
        others = [{"CHILD": person, "UPN": "UN1"} for person in ("1002", "1003")]
        record = self.run_import(header({}, *others), episodes(*rows), collection_year="2022")
        self.assertEqual(self.counts(record), ((2, 0, 0, 1), (2, 0, 0, 1), 2))
        child, episode = self.child(), self.episode()
        self.assertEqual((child.sex, child.date_out_of_care), ("F", date(2024, 8, 1)))
        self.assertEqual((episode.date_to, episode.legal_status_id.code), (date(2024, 8, 1), "C2"))
        self.assertTrue(self.episode(date(2023, 2, 1)), "an older episode that has ended is added")
        self.assertFalse(self.episode(date(2023, 3, 1)), "an open one is not")
        self.assertEqual(self.child("1002").date_out_of_care, date(2023, 3, 1))
        self.assertFalse(self.child("1003").date_into_care, "nor does an open one bring a child into care")
        self.assertIn(("older_return", False, 0, False), self.found(record))
        self.assertEqual(
            self.found(record, "open_in_older"),
            {("open_in_older", "episodes", row, "DEC") for row in (4, 6)},
        )

    def test_older_return_corrects_no_episode_of_its_own_year(self):
        """The child and the episode were in no newer return; the council has imported one all the same."""
        self.run_import(header(), episodes(ENDED))
        self.run_import(header({"CHILD": "1002", "UPN": "UN1"}), episodes({"CHILD": "1002", "DECOM": "01/05/2025"}))
        record = self.run_import(header({"SEX": "2"}), episodes())
        self.assertEqual(record.collection_year, "2024")
        self.assertEqual(self.counts(record), ((0, 0, 0, 1), (0, 0, 0, 1), 0))
        self.assertEqual((self.child().sex, self.episode().date_to), ("M", date(2024, 8, 1)))

    def test_wrong_collection_year(self):
        record = self.upload(collection_year="2020")
        record.action_preview()
        self.assertIn(("other_year", False, 0, False), self.found(record))

    def test_date_of_birth_after_coming_into_care(self):
        self.run_import()
        record = self.run_import(header({"DOB": "01/01/2025"}), episodes({"DECOM": "02/01/2025"}))
        self.assertEqual(self.child().date_of_birth, date(2012, 6, 15))
        self.assertIn(("born_after_care", "header", 2, "DOB"), self.found(record))
        again = self.run_import(header({"DOB": "16/06/2012"}), episodes({"DECOM": "02/01/2025"}))
        self.assertEqual(self.child().date_of_birth, date(2012, 6, 16))
        self.assertFalse(self.found(again, "kept"))

    def test_episode_before_the_date_of_birth_that_people_entered(self):
        self.run_import()
        self.child().write({"date_of_birth": date(2013, 1, 1)})
        record = self.run_import(header(), episodes({}, {"DECOM": "20/12/2012", "DEC": "25/12/2012", "REC": "E4A"}))
        self.assertIn(("before_birth", "episodes", 3, "DECOM"), self.found(record))
        self.assertEqual((record.row_skipped, len(self.child().care_episode_ids)), (1, 1))

    def test_dates_of_care_that_contradict_each_other(self):
        self.run_import()
        self.child().write({"date_into_care": date(2024, 12, 1)})
        record = self.run_import(episodes_file=episodes(ENDED))
        child = self.child()
        self.assertEqual((child.date_into_care, child.date_out_of_care), (date(2024, 12, 1), False))
        self.assertIn(("dates_kept", "header", 2, "CHILD"), self.found(record))

    def test_councils_are_apart(self):
        """The same person ID in another council is another child."""
        self.run_import()
        council = self.env["res.company"].create({"name": "Othershire"})
        self.users["head"].company_ids |= council
        self.users["head"].flush_recordset()
        self.imports = self.imports.with_context(allowed_company_ids=[council.id, self.council.id])
        record = self.run_import(header({"SEX": "2"}), company_id=council.id)
        self.assertEqual(self.counts(record)[0], (1, 0, 0, 0))
        self.assertEqual(self.child().sex, "M")


@tagged("post_install", "-at_install")
class TestSsda903Malformed(Ssda903Case):
    """A file that can't be read from end to end changes nothing and says where."""

    def assertRefused(self, expected, header_file=None, episodes_file=None, uasc_file=None):
        record = self.upload(header_file, episodes_file, uasc_file)
        self.assertTrue(record.action_preview())
        self.assertEqual(record.state, "draft")
        self.assertEqual(self.found(record), expected)
        self.assertEqual(set(record.line_ids.mapped("severity")), {"error"})
        with self.assertRaises(UserError):
            record.action_import()
        self.assertEqual(record.action_import_step()["state"], "draft")
        self.assertFalse(self.env["pep.child"].search([("company_id", "=", self.council.id)]))
        return record

    def test_columns(self):
        self.assertRefused({("missing_column", "header", 1, "UPN")}, to_csv(HEADER[:4], []))
        self.assertRefused({("missing_column", "episodes", 1, "DEC")}, None, episodes().replace(b"DEC,", b"DECX,", 1))
        twice = episodes().replace(b"HOME_POST", b"LS")
        self.assertRefused({("column_twice", "episodes", 1, "LS")}, None, twice)

    def test_dates(self):
        for wrong in (
            "2012-06-15",
            "15/6/2012",
            "31/02/2012",
            "15/06/12",
            "06/15/2012",
            "15.06.2012",
            "15/06/0012",
            "soon",
        ):
            with self.subTest(wrong):
                self.assertRefused({("bad_date", "header", 2, "DOB")}, header({"DOB": wrong}))
        self.assertRefused(
            {("bad_date", "episodes", 3, "DECOM"), ("bad_date", "episodes", 4, "DEC")},
            None,
            episodes({}, {"DECOM": "2024-05-04"}, {"DECOM": "05/05/2024", "DEC": "03/05/2024 00:00"}),
        )

    def test_empty_cells(self):
        self.assertRefused(
            {("blank", "header", 2, "DOB"), ("blank", "header", 3, "CHILD")}, header({"DOB": ""}, {"CHILD": " "})
        )
        self.assertRefused({("blank", "episodes", 2, "DECOM")}, None, episodes({"DECOM": ""}))

    def test_cells(self):
        lines = header({}, {"CHILD": "1002"}).split(b"\r\n")
        lines[2] = b"1002,1"
        self.assertRefused({("too_few_cells", "header", 3, False)}, b"\r\n".join(lines))
        lines[2] = b"1002,1,15/06/2012,WBRI,UN1,,,more"
        self.assertRefused({("too_many_cells", "header", 3, False)}, b"\r\n".join(lines))

    def test_twice(self):
        self.assertRefused({("child_twice", "header", 4, "CHILD")}, header({}, {"CHILD": "1002"}, {}))
        self.assertRefused({("episode_twice", "episodes", 3, "DECOM")}, None, episodes({}, {"LS": "C1"}))

    def test_person_id_that_may_be_a_name(self):
        record = self.assertRefused({("bad_child", "header", 2, "CHILD")}, header({"CHILD": "Ada Unsaid"}))
        self.assertNotIn("Unsaid", repr(record.line_ids.read()))

    def test_not_a_csv(self):
        for code, content in {
            "empty": b" \r\n ",
            "spreadsheet": b"PK\x03\x04" + bytes(300),
            "binary": b"\x89PNG\r\n\x1a\n" + bytes(50),
            "utf16": header().decode().encode("utf-16"),
        }.items():
            with self.subTest(code):
                self.assertRefused({(code, "episodes", 0, False)}, None, content)
        self.assertRefused({("empty", "episodes", 0, False)}, None, b"")
        self.assertRefused({("binary", "header", 0, False)}, b"CHILD\x81\x8d\x8f,SEX\r\n1,2")
        self.assertRefused({("not_csv", "header", 1, False)}, b"<html><body>Log in</body></html>")
        self.assertRefused({("no_rows", "header", 0, False)}, to_csv(HEADER, []))

    def test_missing_quotation_mark(self):
        content = header({}, {"CHILD": "1002"}).replace(b"1002", b'"1002')
        self.assertRefused({("not_csv", "header", 3, False)}, content)

    def test_too_big(self):
        """30 MB are refused by their size, without a look inside."""
        began = time.monotonic()
        self.assertRefused({("too_big", "episodes", 0, False)}, None, episodes() + b"x" * 30 * 1024 * 1024)
        self.assertLess(time.monotonic() - began, 20)

    def test_the_same_mistake_on_every_row(self):
        rows = [{"DECOM": f"2024-05-{day:02d}"} for day in range(1, 31)] * 5
        record = self.upload(None, episodes(*rows))
        record.action_preview()
        self.assertEqual(len(record.line_ids), ssda903.MAX_ERRORS + 1)
        more = record.line_ids.filtered(lambda line: line.code == "more_errors")
        self.assertEqual(more.message, "50 more errors in this file.")

    def test_one_bad_row_keeps_all_others_out(self):
        header_file, episodes_file = many(20)
        self.assertRefused(
            {("bad_date", "episodes", 41, "DECOM")},
            header_file,
            episodes_file.replace(b"M20,01/08/2024", b"M20,2024-08-01"),
        )

    def test_put_right_and_tried_again(self):
        record = self.assertRefused({("bad_date", "header", 2, "DOB")}, header({"DOB": "tomorrow"}))
        self.env.invalidate_all()
        record.header_file = self.upload().header_file
        record.action_preview()
        self.assertFalse(record.line_ids)
        record.action_import()
        self.finish(record)
        self.assertTrue(self.child())

    def test_both_files_are_needed(self):
        record = self.imports.create({"company_id": self.council.id, "header_file": self.upload().header_file})
        with self.assertRaisesRegex(UserError, "both files"):
            record.action_preview()

    def test_forms_that_are_all_right(self):
        """With or without a byte order mark, in UTF-8 or cp1252, any line ends, any order of columns, empty rows."""
        extra = (*reversed(EPISODES), "NOTE")
        for number, (header_file, episodes_file) in enumerate(
            [
                (header(encoding="utf-8-sig"), episodes(encoding="utf-8-sig", newline="\n")),
                (header({"MOTHER": "é"}, encoding="cp1252"), episodes({"NOTE": "Zoë"}, columns=extra)),
                (header(newline="\n").replace(b"CHILD", b" child "), episodes() + b"\r\n,,,,,,,,,,,,\r\n\r\n"),
                (header().replace(b"15/06/2012", b'"15/06/2012 "'), episodes().replace(b"\r\n", b",,\r\n")),
            ]
        ):
            with self.subTest(number):
                record = self.upload(header_file, episodes_file)
                record.action_preview()
                self.assertEqual((record.state, self.counts(record)[:2]), ("previewed", ((1, 0, 0, 0), (1, 0, 0, 0))))
                self.assertFalse(record.line_ids)


@tagged("post_install", "-at_install")
class TestSsda903Steps(Ssda903Case):
    """A long import: in steps, cut off and gone on with."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(pep_ssda903_import, "CHUNK", 2))
        self.startPatcher(patch.object(pep_ssda903_import, "STEP_SECONDS", 0))

    def test_progress(self):
        record = self.upload(*many(5))
        record.action_preview()
        record.action_import()
        seen = []
        while record.state == "running":
            seen.append((record.progress, record.action_import_step()["position"]))
        self.assertEqual(seen, [(0, 2), (40, 4), (80, 5)])
        self.assertEqual(self.counts(record), ((5, 0, 0, 0), (10, 0, 0, 0), 0))
        self.assertEqual(record.action_import_step(), {"state": "done", "position": 5, "total": 5})
        self.assertEqual(self.counts(record), ((5, 0, 0, 0), (10, 0, 0, 0), 0))

    def test_cut_off_in_a_step(self):
        """The step that fails leaves nothing behind; the next one does it again."""
        record = self.upload(*many(5))
        record.action_preview()
        record.action_import()
        record.action_import_step()
        episode_class = self.registry["pep.care.episode"]
        with (
            self.assertRaises(ZeroDivisionError),
            self.env.cr.savepoint(),
            patch.object(episode_class, "create", lambda *_args: 1 / 0),
        ):
            record.action_import_step()
        self.env.invalidate_all()
        self.assertEqual((record.state, record.position), ("running", 2))
        self.assertEqual(self.env["pep.child"].search_count([("company_id", "=", self.council.id)]), 2)
        self.finish(record)
        self.assertEqual(self.counts(record), ((5, 0, 0, 0), (10, 0, 0, 0), 0))
        self.assertEqual(self.env["pep.child"].search_count([("company_id", "=", self.council.id)]), 5)

    def test_a_step_done_twice(self):
        record = self.upload(*many(5))
        record.action_preview()
        record.action_import()
        record.action_import_step()
        record.sudo().position = 0
        self.finish(record)
        self.assertEqual(self.counts(record), ((5, 0, 2, 0), (10, 0, 4, 0), 0))

    def test_one_at_a_time(self):
        first, second = self.upload(*many(3)), self.upload(*many(3))
        (first | second).mapped(lambda record: record.action_preview())
        first.action_import()
        with self.assertRaisesRegex(UserError, "Another return"):
            second.action_import()

    def test_the_server_goes_on(self):
        record = self.upload(*many(5))
        record.action_preview()
        record.action_import()
        record.action_import_step()
        cron = self.env["pep.ssda903.import"]
        self.startPatcher(patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 1))
        cron._cron_continue()
        self.assertEqual(record.position, 2, "somebody's page is at it")
        self.env.flush_all()
        with freeze_time("2099-01-01"):
            cron._cron_continue()
        self.assertEqual((record.state, record.position), ("done", 5))
        self.assertEqual(self.child("M5").create_uid, self.users["head"])

    def test_the_server_stops_without_a_word_about_a_child(self):
        record = self.upload(*many(5))
        record.action_preview()
        record.action_import()
        self.env.flush_all()

        def fail(_self, *_args):
            raise ValueError("Key (la_person_id)=(M1) exists")

        with (
            freeze_time("2099-01-01"),
            patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 1),
            patch.object(self.env.cr, "rollback", lambda: None),
            patch.object(self.registry["pep.ssda903.import"], "_import_chunk", fail),
            self.assertLogs(pep_ssda903_import._logger.name, "ERROR") as logs,
        ):
            self.env["pep.ssda903.import"]._cron_continue()
        self.assertIn("ValueError", logs.output[0])
        self.assertNotIn("M1", logs.output[0])
        self.assertEqual(record.state, "stopped")
        record.action_import()
        self.finish(record)
        self.assertEqual(self.counts(record)[0], (5, 0, 0, 0))

    def test_forgotten_files_are_dropped(self):
        record, done = self.upload(*many(3)), self.run_import()
        record.action_preview()
        self.env.flush_all()
        self.env["pep.ssda903.import"]._gc_files()
        self.assertTrue(record.header_file)
        with freeze_time("2099-01-01"):
            self.env["pep.ssda903.import"]._gc_files()
        self.assertFalse(record.header_file or record.episodes_file)
        self.assertEqual((record.state, done.state), ("draft", "done"))

    def test_files_may_not_change_once_checked(self):
        record = self.upload()
        record.action_preview()
        for values in ({"header_file": False}, {"collection_year": "2020"}, {"company_id": self.council.id}):
            with self.assertRaises(UserError):
                record.write(values)
        record.action_back_to_files()
        record.collection_year = "2020"
        self.assertEqual((record.state, record.child_new), ("draft", 0))

    def test_done_is_done(self):
        record = self.run_import()
        for action in ("action_preview", "action_import"):
            with self.assertRaises(UserError):
                getattr(record, action)()
        record.action_back_to_files()
        self.assertEqual(record.state, "done")


@tagged("post_install", "-at_install")
class TestSsda903Access(Ssda903Case):
    """Only heads import, and only for their own council."""

    def test_others_are_refused(self):
        record = self.run_import(header({"UPN": "wrong"}))
        waiting = self.upload()
        for role in (*STAFF, *PORTAL):
            if role == "head":
                continue
            with self.subTest(role):
                for attempt in (
                    lambda model: model.create({"company_id": self.council.id}),
                    lambda model: model.search([]).mapped("state"),
                    lambda model: model.browse(waiting.id).write({"collection_year": "2024"}),
                    lambda model: model.browse(waiting.id).action_preview(),
                    lambda model: model.browse(waiting.id).action_import(),
                    lambda model: model.browse(waiting.id).action_import_step(),
                    lambda model: model.browse(waiting.id).action_back_to_files(),
                    lambda model: model.browse(record.id).line_ids.mapped("message"),
                    lambda model: model.env["pep.ssda903.import.line"].search([]).mapped("la_person_id"),
                ):
                    with self.assertRaises(AccessError):
                        attempt(self.as_user(self.env["pep.ssda903.import"], role))

    def test_head_of_another_council(self):
        record = self.run_import(header({"UPN": "wrong"}))
        council = self.env["res.company"].create({"name": "Othershire"})
        self.users["other_vseo"].write(
            {
                "company_ids": [(6, 0, council.ids)],
                "company_id": council.id,
                "group_ids": [(4, self.env.ref("pep_module.group_pep_head").id)],
            }
        )
        theirs = self.as_user(self.env["pep.ssda903.import"], "other_vseo")
        self.assertFalse(theirs.search([]))
        self.assertFalse(theirs.env["pep.ssda903.import.line"].search([]))
        with self.assertRaises(AccessError):
            _state = theirs.browse(record.id).state
        with self.assertRaises(AccessError):
            theirs.create({"company_id": self.council.id})
        own = theirs.create({"company_id": council.id})
        with self.assertRaises(AccessError):
            own.company_id = self.council

    def test_results_are_not_typed(self):
        record = self.upload()
        for values in ({"state": "done"}, {"child_new": 5}, {"started_by_id": False}, {"position": 3}):
            with self.assertRaises(AccessError):
                record.write(values)
        with self.assertRaises(AccessError):
            self.imports.create({"company_id": self.council.id, "state": "previewed"})
        done = self.run_import(header({"UPN": "wrong"}))
        for attempt in (done.unlink, done.line_ids.unlink, lambda: done.line_ids.write({"message": "fine"})):
            with self.assertRaises(AccessError):
                attempt()

    def test_heads_see_the_children_and_others_do_not(self):
        self.run_import()
        child = self.child()
        self.assertEqual(self.as_user(child, "head").reference, child.reference)
        for role in ("vseo", "support"):
            self.assertFalse(self.as_user(self.env["pep.child"], role).search([]))

    def test_provenance_is_for_heads(self):
        """What the last return said holds the date of birth and the UPN: no one else reads it."""
        self.run_import()
        self.child().vseo_id = self.users["vseo"]
        child = self.as_user(self.child(), "vseo")
        self.assertEqual(child.upn, upn(1))
        for record in (child, child.care_episode_ids):
            with self.assertRaises(AccessError):
                record.read(["import_values"])


@tagged("post_install", "-at_install")
class TestSsda903Size(Ssda903Case):
    """Time and queries."""

    def count_queries(self, number, first, year=None, dec=""):
        files = many(number, first=first, dec=dec)
        record = self.upload(*files, collection_year=year)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        record.action_preview()
        self.env.flush_all()
        preview = self.env.cr.sql_log_count - before
        record.action_import()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        record.action_import_step()
        self.env.flush_all()
        self.assertEqual(record.state, "done")
        return preview, self.env.cr.sql_log_count - before

    def test_queries_do_not_grow(self):
        """The same number for 10 children as for 40: of new ones, of unchanged ones, of changed ones."""
        for what, options in {
            "new": {},
            "the same": {},
            "changed": {"year": "2025", "dec": "01/06/2025"},
        }.items():
            self.count_queries(3, 300, **options)  # caches
            few, lots = self.count_queries(10, 100, **options), self.count_queries(40, 200, **options)
            with self.subTest(what):
                self.assertEqual(few, lots)


@tagged("post_install", "-at_install")
@unittest.skipUnless(FAKE.exists(), "the shared test material is not here")
class TestSsda903Fake(Ssda903Case):
    """A whole made-up return that this project did not write, against sums made with the csv module alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = [(FAKE / f"{name}.csv").read_bytes() for name in ("header", "episodes", "uasc")]
        with (FAKE / "header.csv").open(newline="", encoding="utf-8-sig") as file:
            cls.header_rows = list(csv.DictReader(file))
        with (FAKE / "episodes.csv").open(newline="", encoding="utf-8-sig") as file:
            cls.episode_rows = list(csv.DictReader(file))

    @staticmethod
    def wrong_letter(number):
        alphabet = "ABCDEFGHJKLMNPQRTUVWXYZ"
        total = 0
        for position in range(1, 13):
            total += (position + 1) * int(number[position])
        return alphabet[total % 23] != number[0]

    @staticmethod
    def care(rows):
        """First day of the period of care and last day, from the rows of one child."""
        rows = sorted(rows, key=lambda row: row["DECOM"][6:] + row["DECOM"][3:5] + row["DECOM"][:2])
        ends = [row["DEC"][6:] + row["DEC"][3:5] + row["DEC"][:2] for row in rows]
        begins = [row["DECOM"][6:] + row["DECOM"][3:5] + row["DECOM"][:2] for row in rows]
        start = 0
        for index in range(1, len(rows)):
            closed = all(ends[:index])
            if rows[index]["RNE"] == "S" or (closed and begins[index] > max(ends[:index])):
                start = index
        out = max(ends) if all(ends) and rows[-1]["REC"] != "X1" else ""
        return begins[start], out

    def test_whole_return(self):
        record = self.run_import(*self.files)
        children = self.env["pep.child"].search([("company_id", "=", self.council.id)])
        found = children.care_episode_ids
        self.assertEqual(record.collection_year, "2017")
        self.assertEqual(self.counts(record), ((2675, 0, 0, 0), (5050, 0, 0, 0), 0))
        self.assertEqual((len(children), len(found)), (2675, 5050))
        self.assertEqual((len(self.header_rows), len(self.episode_rows)), (2675, 5050))
        wrong = {row["CHILD"] for row in self.header_rows if self.wrong_letter(row["UPN"])}
        self.assertEqual(len(wrong), 2568)
        self.assertEqual({child.la_person_id for child in children if child.upn_problem}, wrong)
        self.assertEqual(
            {child.la_person_id: child.upn for child in children},
            {row["CHILD"]: row["UPN"] for row in self.header_rows},
        )
        self.assertEqual(len(self.found(record, "upn_check_letter")), 2568)
        still_open = Counter(row["CHILD"] for row in self.episode_rows if not row["DEC"])
        self.assertEqual(len(found.filtered(lambda episode: not episode.date_to)), sum(still_open.values()))
        several = {child for child, number in still_open.items() if number > 1}
        self.assertEqual({line.la_person_id for line in record.line_ids if line.code == "several_open"}, several)
        for column, name in (("LS", "legal_status_id"), ("PLACE", "placement_id"), ("REC", "reason_ceased_id")):
            self.assertEqual(
                Counter(found.mapped(lambda episode, name=name: episode[name].code or "")),
                Counter(row[column] for row in self.episode_rows),
                column,
            )
        by_child = {}
        for row in self.episode_rows:
            by_child.setdefault(row["CHILD"], []).append(row)
        for child in children:
            rows = by_child.get(child.la_person_id)
            into, out = self.care(rows) if rows else ("", "")
            days = [day and day.strftime("%Y%m%d") or "" for day in (child.date_into_care, child.date_out_of_care)]
            self.assertEqual(days, [into, out], child.la_person_id)
        self.assertEqual(len(children.filtered("uasc")), 132)

    def test_again_and_as_next_year(self):
        self.run_import(*self.files)
        again = self.run_import(*self.files)
        self.assertEqual(self.counts(again), ((0, 0, 2675, 0), (0, 0, 5050, 0), 0))
        closed = [{**row, "DEC": row["DEC"] or "01/06/2018"} for row in self.episode_rows]
        opened = sum(1 for row in self.episode_rows if not row["DEC"])
        changed = self.run_import(self.files[0], to_csv(tuple(closed[0]), closed))
        self.assertEqual(changed.collection_year, "2018")
        self.assertEqual(self.counts(changed)[1], (0, opened, 5050 - opened, 0))
        older = self.run_import(*self.files)
        self.assertEqual(self.counts(older), ((0, 0, 0, 2675), (0, 0, 0, 5050), 0))
        self.assertEqual(self.env["pep.care.episode"].search_count([("date_to", "=", False)]), 0)
