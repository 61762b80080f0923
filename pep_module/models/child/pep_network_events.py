"""What a change of enrolments, network, placements or school staff says has changed around a child today."""

from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from .pep_network_around import QUIETLY, Event
from .pep_school_staff import TEACHING

# Why an episode of care began, by the SSDA903 return: with another placement, or with another legal status alone.
# Source: SSDA903 guide, code set RNE.
ANOTHER_PLACEMENT = ("P", "B", "T", "U")
SAME_PLACEMENT = ("L",)


def counts(row, day):
    """Whether a dated row counts on a day: both its days do."""
    return bool(row.active and row.date_from and row.date_from <= day and (not row.date_to or row.date_to >= day))


def first_day_without(row, today):
    """From which day on a row that ended counts no more; it was ended early where its last day is yet to come."""
    return min(row.date_to + timedelta(days=1), today) if row.date_to else today


def todays(rows):
    return {company: company._pep_today() for company in rows.company_id}


def note_new(rows):
    """Note what new rows say. Called when access follows from them already."""
    if rows.env.context.get("pep_network_quiet") is not QUIETLY:
        rows.env["pep.network.change"]._note(rows.sudo()._network_events({}))  # sudo: the app's own look at it


def says_before(rows, names):
    """What rows say of today before these fields of them are written; None where nothing of it can change."""
    if names.isdisjoint(rows._network_fields) or rows.env.context.get("pep_network_quiet") is QUIETLY:
        return None
    return rows.sudo()._network_says()  # sudo: the app's own look at what is being changed


def note_written(rows, before):
    """Note what rows say otherwise than before they were written. Called when access follows from them already."""
    if before is not None:
        rows.env["pep.network.change"]._note(rows.sudo()._network_events(before))  # sudo: as above


def by_date(rows, company, since, today):
    """Rows of a council that ended by their date after ``since``, and those that began by it, up to today.

    A row that was entered on its first day or later was noted then.

    :param rows: the model
    """
    mine = Domain("company_id", "=", company.id)
    ended = rows.search(mine & Domain("date_to", ">=", since) & Domain("date_to", "<", today))
    began = rows.search(mine & Domain("date_from", ">", since) & Domain("date_from", "<=", today)).filtered(
        lambda row: counts(row, today) and company._pep_local(row.create_date).date() < row.date_from
    )
    return ended, began


class PepEnrolment(models.Model):
    _inherit = "pep.enrolment"

    _network_fields = frozenset({"school_id", "kind", "date_from", "date_to", "active"})

    def _counts(self, day):
        self.ensure_one()
        return counts(self, day)

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        note_new(rows)
        return rows

    def write(self, vals):
        before = says_before(self, vals.keys())
        result = super().write(vals)
        note_written(self, before)
        return result

    def _network_says(self):
        today = todays(self)
        return {row.id: (row.school_id.id,) if counts(row, today[row.company_id]) else None for row in self}

    def _network_events(self, before):
        today = todays(self)
        events = []
        for row, now in zip(self, self._network_says().values(), strict=True):
            then = before.get(row.id)
            if now == then:
                continue
            if then:
                events.append(row._left(self.env["res.partner"].browse(then[0] or []), today[row.company_id]))
            if now and not row.continues_id:
                events.append(row._new())
        return events

    def _new(self):
        return Event(
            self.child_id,
            "school_new",
            f"enrolment,{self.id},new,{self.date_from},{self.school_id.id}",
            self.date_from,
            "school",
            self.school_id,
            self.school_name or self._label("kind"),
        )

    def _left(self, school, today):
        day = first_day_without(self, today)
        key = f"enrolment,{self.id},left,{day},{school.id}"
        return Event(self.child_id, "school_left", key, day, "school", school, school.name or self._label("kind"))

    @api.model
    def _network_events_by_date(self, company, since, today):
        ended, began = by_date(self, company, since, today)
        going_on = self.search([("continues_id", "in", ended.ids)]).continues_id
        return [row._left(row.school_id, today) for row in ended - going_on] + [
            row._new() for row in began if not row.continues_id
        ]


class PepNetworkMember(models.Model):
    _inherit = "pep.network.member"

    _network_fields = frozenset({"partner_id", "role", "date_from", "date_to", "must_not_contact", "active"})

    def _counts(self, day):
        self.ensure_one()
        return counts(self, day)

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        note_new(rows)
        return rows

    def write(self, vals):
        before = says_before(self, vals.keys())
        result = super().write(vals)
        note_written(self, before)
        return result

    def _network_says(self):
        today = todays(self)
        return {row.id: row._says(today[row.company_id]) for row in self}

    def _says(self, today):
        barred = self.must_not_contact and self.active and (not self.date_to or self.date_to >= today)
        return (self.partner_id.id, self.role, barred) if barred or counts(self, today) else None

    def _network_events(self, before):
        today = todays(self)
        events = []
        for row, now in zip(self, self._network_says().values(), strict=True):
            then = before.get(row.id)
            if now == then:
                continue
            day = today[row.company_id]
            if now and now[2]:
                events.append(row._barred(day))
                if then and not then[2] and then[:2] != now[:2]:
                    events.append(row._left(*then[:2], day))
                continue
            if then and not then[2]:
                events.append(row._left(*then[:2], day))
            if now:
                events.append(row._new())
        return events

    def _event(self, kind, what, day, partner, role):
        key = f"member,{self.id},{what},{day},{partner.id},{role}"
        return Event(self.child_id, kind, key, day, role, partner, partner.name)

    def _new(self):
        return self._event("person_new", "new", self.date_from, self.partner_id, self.role)

    def _barred(self, today):
        return self._event("barred", "barred", today, self.partner_id, self.role)

    def _left(self, partner_id, role, today):
        day = first_day_without(self, today)
        return self._event("person_left", "left", day, self.env["res.partner"].browse(partner_id), role)

    @api.model
    def _network_events_by_date(self, company, since, today):
        ended, began = by_date(self, company, since, today)
        return [row._left(row.partner_id.id, row.role, today) for row in ended if not row.must_not_contact] + [
            row._new() for row in began if not row.must_not_contact
        ]


class PepSchoolStaff(models.Model):
    _inherit = "pep.school.staff"

    _network_fields = frozenset({"school_id", "role", "date_from", "date_to", "active"})

    def _counts(self, day):
        self.ensure_one()
        return counts(self, day)

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        note_new(rows)
        return rows

    def write(self, vals):
        before = says_before(self, vals.keys())
        result = super().write(vals)
        note_written(self, before)
        return result

    def _network_says(self):
        today = self.env.company._pep_today()
        return {row.id: row.role in TEACHING and counts(row, today) or None for row in self}

    def _network_events(self, before):
        after = self._network_says()
        gone = self.filtered(lambda row: before.get(row.id) and not after[row.id])
        return gone._left(self.env.company._pep_today())

    def _left(self, today, company=None):
        """These teachers left: an event for each child who is at their school today, of one council or of all."""
        teaching = self._teaching_at(self.school_id)
        going_on = {(row.school_id, row.user_id) for row in teaching}
        gone = self.filtered(lambda row: (row.school_id, row.user_id) not in going_on)
        if not gone:
            return []
        enrolments = self.env["pep.enrolment"]
        domain = enrolments._current_domain(today) & Domain("school_id", "in", gone.school_id.ids)
        if company:
            domain &= Domain("company_id", "=", company.id)
        pupils = enrolments.search(domain).grouped("school_id")
        return [
            Event(
                child,
                "teacher_left",
                f"staff,{row.id},left,{row.date_to or today}",
                first_day_without(row, today),
                row.school_id.id,
                row.user_id.partner_id,
                row.user_name,
            )
            for row in gone
            for child in pupils.get(row.school_id, enrolments).child_id
        ]

    @api.model
    def _network_events_by_date(self, company, since, today):
        ended = self.search([("date_to", ">=", since), ("date_to", "<", today), ("role", "in", TEACHING)])
        return ended._left(today, company)


class PepCareEpisode(models.Model):
    _inherit = "pep.care.episode"

    @api.model_create_multi
    def create(self, vals_list):
        episodes = super().create(vals_list)
        if self.env.context.get("pep_network_quiet") is not QUIETLY:
            self.env["pep.network.change"]._note(episodes.sudo()._network_events())  # sudo: the app's own look at it
        return episodes

    def write(self, vals):
        """Another placement typed over the one that was there is a move; a correction by the next return is none."""
        names = {"placement_id", "provider_id", "placement_urn"} & vals.keys()
        quiet = self.env.context.get("pep_network_quiet") is QUIETLY
        imported = self.env.context.get("pep_defer_opening") or quiet
        if not names or imported:
            return super().write(vals)
        episodes = self.sudo()  # sudo: the app's own look at it
        before = {episode: episode._placement() for episode in episodes}
        result = super().write(vals)
        today = todays(episodes)
        moved = episodes.filtered(
            lambda episode: (
                any(before[episode])
                and episode._placement() != before[episode]
                and episode._goes_on(today[episode.company_id])
            )
        )
        self.env["pep.network.change"]._note(
            [
                Event(
                    episode.child_id,
                    "placement",
                    f"episode,{episode.id},placement,{'/'.join(str(value) for value in episode._placement())}",
                    today[episode.company_id],
                    "placement",
                )
                for episode in moved
            ]
        )
        return result

    def _placement(self):
        return (self.placement_id.id, self.provider_id.id, self.placement_urn or False)

    def _goes_on(self, today):
        return self.date_from <= today and (not self.date_to or self.date_to >= today)

    def _network_events(self):
        """Those of these new episodes that go on today in another placement than the one before."""
        today = todays(self)
        current = self.filtered(lambda episode: episode._goes_on(today[episode.company_id]))
        if not current:
            return []
        every = self.search([("child_id", "in", current.child_id.ids)], order="child_id, date_from, id")
        every = every.grouped("child_id")
        events = []
        for episode in current:
            earlier = every[episode.child_id].filtered(lambda row, episode=episode: row.date_from < episode.date_from)
            if earlier and episode._is_another_placement_than(earlier[-1]):
                key = f"episode,{episode.id},placement,{episode.date_from}"
                events.append(Event(episode.child_id, "placement", key, episode.date_from, "placement"))
        return events

    def _is_another_placement_than(self, before):
        code = self.reason_new_id.code
        if code in ANOTHER_PLACEMENT:
            return True
        if code in SAME_PLACEMENT:
            return False
        pairs = zip(self._placement(), before._placement(), strict=True)
        return any(now and then and now != then for now, then in pairs)
