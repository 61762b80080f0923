"""What one role may see of an issued version of a PEP. Plain data in, plain data out."""

ABOUT_SCHOOL = {"teacher", "social_worker", "carer", "iro"}
IN_CARE = {"social_worker", "iro"}
# The roles that find each piece of an issued version in their copy: as docs/access.csv has it for the records that it
# was taken from, whose model stands beside it. A test compares the two, but for what is read in copies alone.
READERS = {
    "school": ABOUT_SCHOOL,  # pep.enrolment
    "enrolment": ABOUT_SCHOOL,  # pep.enrolment
    "officer": ABOUT_SCHOOL,  # pep.plan
    "summary": ABOUT_SCHOOL,  # pep.plan
    "interim": ABOUT_SCHOOL,  # pep.plan
    "next_meeting": ABOUT_SCHOOL,  # pep.plan
    "next_meeting_note": ABOUT_SCHOOL,  # pep.plan
    "next_meeting_words": ABOUT_SCHOOL,  # pep.plan
    "legal_status": IN_CARE,  # pep.care.episode
    # In copies alone: while a PEP is worked on, people outside read their own invitation and their own actions. What
    # was agreed together is for those who agreed it: by role, and by name for those who may read the network. A parent
    # and the child find their own actions.
    "meetings": {"teacher", *IN_CARE},  # pep.meeting
    "people": IN_CARE,  # pep.meeting.attendee
    "actions": ABOUT_SCHOOL,  # pep.action
    "previous_actions": ABOUT_SCHOOL,  # pep.action
    "previous_targets": ABOUT_SCHOOL,  # pep.target.review
    "targets": ABOUT_SCHOOL,  # pep.target
    "funding_asked": {"teacher"},  # pep.funding.request
    "attendance": ABOUT_SCHOOL,  # pep.attendance
    "attainment": ABOUT_SCHOOL,  # pep.attainment
    "suspensions": ABOUT_SCHOOL,  # pep.suspension
    "sdq": IN_CARE,  # pep.sdq
    "went_on_without": set(),  # pep.gate.pass
    # In copies alone: how the PEP was judged is for the virtual school; the school is told what was written for it.
    "quality": set(),  # pep.review
    "school_feedback": {"teacher"},  # pep.review
    "names": IN_CARE,  # pep.network.member: who of those around the child is behind a role
}
# Pieces of which everybody finds what is their own role's.
OWN_IN_ANY_CASE = ("actions", "previous_actions")
ABOUT_THE_ISSUE = ("format", "reference", "version", "council", "term", "kind", "form")
# pep.child, which every role reads
ABOUT_THE_CHILD = ("name", "date_of_birth", "upn", "year_group", "key_stage", "sen_provision", "into_care")
# What is said of a meeting in a copy, beside who was there and what was said to each point. Not why it was held without
# somebody, which may be a private matter of theirs.
ABOUT_A_MEETING = ("date", "mode", "state", "chair", "notes", "extra", "purpose", "quorum", "without")
# What is said of an action in a copy, beside the name of who does it. Not why it was dropped, in whoever's words.
ABOUT_AN_ACTION = ("what", "owner", "role", "due", "set_in", "state")
# What the child reads of a target.
FRAME_FOR_THE_CHILD = (
    "reference",
    "version",
    "term",
    "next_meeting",
    "next_meeting_note",
    "next_meeting_words",
)
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
        if "targets" in kept:
            kept["targets"] = [self._without(row, "funding_asked") for row in kept["targets"]]
        if "meetings" in kept:
            kept["meetings"] = [self._meeting(row) for row in kept["meetings"]]
        kept |= {name: self._actions(name) for name in ("actions", "previous_actions") if name in whole}
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
            if name in always or (name in READERS and name not in OWN_IN_ANY_CASE and self._may(name, value))
        }

    def _meeting(self, meeting):
        """A meeting, with the people for those who read these, and what was said to each point for its readers."""
        kept = {name: meeting[name] for name in ABOUT_A_MEETING if name in meeting}
        if self._may("people", meeting.get("people")):
            kept["people"] = meeting.get("people")
        kept["agenda"] = []
        for point in meeting.get("agenda", ()):
            if self.role in point["audience"]:
                kept["agenda"].append(point)
            else:
                self.withheld.append(f"{self.headings['meetings']}: {point['point']}")
        return kept

    def _actions(self, name):
        """What was agreed to do: all of it for those who agreed it together, else what is this role's own to do."""
        rows = self.whole.get(name) or []
        every = self.role in READERS[name]
        mine = [row for row in rows if every or row["owner"] == self.role]
        self.withheld += [self.headings[name]] if len(mine) < len(rows) else []
        names = self.role in READERS["names"]
        return [
            {key: row.get(key) for key in ABOUT_AN_ACTION} | ({"who": row.get("who")} if names else {}) for row in mine
        ]

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
        # of a part that somebody else in the same role had begun, the name is as little theirs to know
        if (not own or part.get("earlier")) and self.role not in READERS["names"]:
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
        actions = self._actions("actions")
        self._actions("previous_actions")
        for name in (
            "summary",
            "interim",
            "meetings",
            "previous_targets",
            "went_on_without",
            "quality",
            "school_feedback",
        ):
            self._may(name, whole.get(name))
        self._pieces(whole.get("evidence", {}), always=())
        self.withheld += [document["type"] for document in whole.get("documents", ())]
        return {
            **{name: whole.get(name) for name in FRAME_FOR_THE_CHILD},
            "name": whole["child"].get("known_as") or whole["child"]["name"],
            "said": said,
            "targets": [{name: target[name] for name in FOR_THE_CHILD} for target in whole["targets"]],
            "actions": [{"what": action["what"], "due": action["due"]} for action in actions],
        }
