from odoo import fields, models

from .pep_contribution import OPEN

BEGUN = ("in_progress", "returned")


class PepContribution(models.Model):
    """Open parts follow the network of the child: whoever came instead answers, and what was begun keeps its author."""

    _inherit = "pep.contribution"

    def _pass_on(self, plans, roles):
        """Let the open parts of these PEPs go over to who is around the child today. Run any number of times.

        What nobody has begun goes over as it is. What was begun by somebody who has left becomes an *earlier part*:
        kept under its author, read by whom it was for, closed. Whoever came instead gets an open part. What was handed
        in stays.

        :param plans: ``pep.plan`` records that are not finished
        :param roles: the roles in the network that somebody left or took up
        """
        begun = self._begun_by_others(plans, roles, self._schools_after_move(plans))
        now = fields.Datetime.now()
        for part in begun:
            part.write({"state": "earlier", "earlier_on": now, "earlier_name": part._authors_in_words()})
        begun.flush_recordset(["state"])  # before others take their place in the index
        self._sync_for(plans)

    def _begun_by_others(self, plans, roles, schools):
        """The open parts of these PEPs that somebody began who answers them no more.

        :param schools: as :meth:`_schools_after_move` gives them
        """
        parts = self.search([("plan_id", "in", plans.ids), ("state", "in", BEGUN)])
        became = parts.school_id._pep_became()
        of_schools = parts.filtered(lambda part: part.section_id.owner_role == "teacher")
        elsewhere = of_schools.filtered(lambda part: not part._is_at(schools[part.plan_id.id], became))
        of_people = parts.filtered(lambda part: part.owner_role in roles and part.owner_role != "teacher") - elsewhere
        return elsewhere | of_people._not_of_today()

    def _is_at(self, schools, became):
        """Whether this is the part of a school of today; of none, as long as the child has none."""
        places = [school_id for school_id, _name in schools]
        if not self.section_id.per_setting:
            places = places[:1]
        school = self.school_id
        if not school:
            return not places
        return school.id in places or (school in became and became[school].id in places)

    def _not_of_today(self):
        """Those of these parts in which nobody who has the role today has written anything."""
        members = self.env["pep.network.member"].search(
            [("child_id", "in", self.child_id.ids), ("role", "in", list(set(self.mapped("owner_role"))))]
        )
        today = {company: company._pep_today() for company in self.company_id}
        holders = {}
        for member in members:
            if member._counts(today[member.company_id]) and not member.must_not_contact:
                holders.setdefault((member.child_id, member.role), members.browse())
                holders[member.child_id, member.role] |= member
        former = self.browse()
        for part in self:
            here = holders.get((part.child_id, part.owner_role), members.browse())
            names, logins = set(here.mapped("partner_name")), here.partner_id.user_ids
            given = part.answer_ids.filtered("is_given")
            theirs = given.filtered(
                lambda answer, names=names, logins=logins: answer.author_id in logins or answer.author_name in names
            )
            if not theirs and part.document_id.filed_by_id not in logins:
                former |= part
        return former

    def _authors_in_words(self):
        self.ensure_one()
        names = [answer.author_name for answer in self.answer_ids if answer.is_given and answer.author_name]
        names = names or [self.behalf_name or self.document_id.filed_by_id.name or self.submitted_by_id.name or ""]
        return ", ".join(dict.fromkeys(names)) or False

    def _words_before(self):
        """What this open part begins with: the words of who had it before, for whoever has it now to confirm.

        A school begins with its own, where the child comes back to it, never with those of another school.

        :return: dict of question id -> ``pep.answer``
        """
        self.ensure_one()
        if self.state not in OPEN:
            return {}
        earlier = self.search(
            [
                ("plan_id", "=", self.plan_id.id),
                ("section_id", "=", self.section_id.id),
                ("school_id", "=", self.school_id.id),
                ("owner_role", "=", self.owner_role),
                ("state", "=", "earlier"),
            ],
            order="earlier_on, id",
        )
        return {
            answer.question_id.id: answer
            for part in earlier
            for answer in part.answer_ids
            if answer.is_given and not answer.kept_private
        }

    # === In words ===

    def _passing_on(self, plans, roles):
        """What :meth:`_pass_on` would do, for the screen: plain data.

        :return: list of dicts with ``name``, ``who``, ``what`` (``kept`` for what was begun, ``goes`` for what was not)
            and ``by`` (who wrote it), ``to`` (who has it then)
        """
        rows = []
        schools = self._schools_after_move(plans)
        begun = self._begun_by_others(plans, roles, schools)
        parts = self.search([("plan_id", "in", plans.ids), ("state", "in", OPEN)])
        for part in parts:
            places = schools[part.plan_id.id]
            new_school = places[0][1] if places else None
            of_school = part.section_id.owner_role == "teacher"
            changes_hands = (
                part.school_id.id not in [place[0] for place in places] if of_school else part.owner_role in roles
            )
            if part in begun:
                what, by = "kept", part._authors_in_words() or None
            elif part.state == "not_started" and changes_hands:
                what, by = "goes", None
            else:
                continue
            rows.append(
                {
                    "name": part.section_name,
                    "who": part._label("owner_role"),
                    "school": part.school_name or None,
                    "what": what,
                    "by": by,
                    "to": new_school if of_school else None,
                }
            )
        return rows

    def _schools_after_move(self, plans):
        """The schools that take part in each PEP, without those that the child has left; see :meth:`_schools_of`."""
        schools = self._schools_of(plans)
        for plan in plans:
            left = plan.child_id._schools_left(plan._day_of_places())
            schools[plan.id] = [place for place in schools[plan.id] if place[0] not in left._ids]
        return schools
