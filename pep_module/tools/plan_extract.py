"""What one role may see of an issued version of a PEP. Plain data in, plain data out."""

ABOUT_SCHOOL = {"teacher", "social_worker", "carer", "iro"}
IN_CARE = {"social_worker", "iro"}
# The roles that find each piece of an issued version in their copy: as docs/access.csv has it for the records that it
# was taken from, whose model stands beside it. A test compares the two.
READERS = {
    "school": ABOUT_SCHOOL,  # pep.enrolment
    "enrolment": ABOUT_SCHOOL,  # pep.enrolment
    "officer": ABOUT_SCHOOL,  # pep.plan
    "summary": ABOUT_SCHOOL,  # pep.plan
    "next_meeting": ABOUT_SCHOOL,  # pep.plan
    "next_meeting_note": ABOUT_SCHOOL,  # pep.plan
    "legal_status": IN_CARE,  # pep.care.episode
    "meetings": {"teacher", *IN_CARE},  # pep.meeting
    "people": IN_CARE,  # pep.meeting.attendee
    "previous_targets": ABOUT_SCHOOL,  # pep.target.review
    "targets": ABOUT_SCHOOL,  # pep.target
    "funding_asked": {"teacher"},  # pep.funding.request
    "attendance": ABOUT_SCHOOL,  # pep.attendance
    "attainment": ABOUT_SCHOOL,  # pep.attainment
    "suspensions": ABOUT_SCHOOL,  # pep.suspension
    "sdq": IN_CARE,  # pep.sdq
    "went_on_without": set(),  # pep.gate.pass
    "names": IN_CARE,  # pep.network.member: who of those around the child is behind a role
}
ABOUT_THE_ISSUE = ("format", "reference", "version", "council", "term", "kind", "form")
# pep.child, which every role reads
ABOUT_THE_CHILD = ("name", "date_of_birth", "upn", "year_group", "key_stage", "sen_provision", "into_care")
# What the child reads of a target.
FOR_THE_CHILD = ("name", "target_value", "strategies", "by_whom", "by_when", "agreed_note")


class Extract:
    """The data of an issued version for one role: ``data``, without what is not for it.

    Only what is named here passes: a piece that comes with a later version of the app is withheld until somebody
    decides who may see it. ``withheld`` lists the headings of what was left out, without its content.
    """

    def __init__(self, data, role, headings):
        """
        :param dict data: as ``pep.plan._snapshot`` made it
        :param str role: teacher, social_worker, carer, parent, iro or child
        :param dict headings: piece -> what staff call it
        """
        self.whole, self.role, self.headings = data, role, headings
        self.withheld = []
        self.data = self._for_child() if role == "child" else self._for_adult()

    # === Adults ===

    def _for_adult(self):
        whole = self.whole
        kept = {name: whole[name] for name in ABOUT_THE_ISSUE if name in whole}
        kept["child"] = self._pieces(whole["child"], always=ABOUT_THE_CHILD)
        kept |= self._pieces(whole, always=())
        for name, part in (("meetings", "people"), ("targets", "funding_asked")):
            if name in kept:
                kept[name] = [self._without(row, part) for row in kept[name]]
        if "evidence" in whole:
            kept["evidence"] = self._pieces(whole["evidence"], always=())
        if "contributions" in whole:
            kept["contributions"] = [part for part in map(self._part, whole["contributions"]) if part]
        if "documents" in whole:
            kept["documents"] = self._documents(whole["documents"])
        return kept

    def _pieces(self, pieces, always):
        """Of named pieces, those that the role may see, and those that everybody may."""
        return {
            name: value
            for name, value in pieces.items()
            if name in always or (name in READERS and self._may(name, value))
        }

    def _may(self, name, value):
        """Whether the role may see a piece; if not, note what it loses. An empty piece is no loss."""
        may = self.role in READERS[name]
        if value and not may:
            self.withheld.append(self.headings[name])
        return may

    def _without(self, row, part):
        """A row without one of its pieces, unless the role may see that."""
        return row if self._may(part, row.get(part)) else {name: row[name] for name in row if name != part}

    def _part(self, part):
        """One contributor's part: what was handed in and is for the role; its own in any case."""
        own = part["owner"] == self.role
        if not own and not (part["handed_in"] and self.role in part["audience"]):
            self.withheld.append(part["name"])
            return None
        answers = [answer for answer in part["answers"] if self._may_read(answer, part)]
        if not answers and not own and not part["document"]:
            return None  # nothing in it is for this role, and a heading alone tells something
        kept = {**part, "answers": answers, "not_needed": None}
        if not own and self.role not in READERS["names"]:
            kept |= {"by": None, "typed_by": None, "helped": None}
        if self.role not in READERS["school"]:
            kept["school"] = None
        return kept

    def _may_read(self, answer, part):
        may = self.role in answer["audience"] and not answer["private"]
        fact = answer["fact"]
        if fact in READERS and self.role not in READERS[fact]:
            may = False
        if not may and (answer["answer"] or answer["private"]):
            self.withheld.append(f"{part['name']}: {answer['question']}")
        return may

    def _documents(self, documents):
        self.withheld += [document["type"] for document in documents if self.role not in document["audience"]]
        return [document for document in documents if self.role in document["audience"]]

    # === The child ===

    def _for_child(self):
        """The child's own words, the targets, the next meeting. What was kept private others could read on paper."""
        whole = self.whole
        said = []
        for part in whole.get("contributions", ()):
            if part["owner"] != "child":
                self.withheld.append(part["name"])
                continue
            for answer in part["answers"]:
                if answer["private"]:
                    self.withheld.append(f"{part['name']}: {answer['question']}")
                elif answer["answer"]:
                    said.append({"question": answer["question"], "answer": answer["answer"]})
        for name in ("summary", "meetings", "previous_targets", "went_on_without"):
            self._may(name, whole.get(name))
        self._pieces(whole.get("evidence", {}), always=())
        self.withheld += [document["type"] for document in whole.get("documents", ())]
        return {
            **{name: whole[name] for name in ("reference", "version", "term", "next_meeting", "next_meeting_note")},
            "name": whole["child"].get("known_as") or whole["child"]["name"],
            "said": said,
            "targets": [{name: target[name] for name in FOR_THE_CHILD} for target in whole["targets"]],
        }
