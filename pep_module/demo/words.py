"""What people write in the PEPs of the demo council. Nothing here is about anybody real."""

SUMMARIES = [
    (
        "Enjoys school and has made two good friends. Works hard when the task is clear. Finds the time after lunch "
        "hard; the school has moved the quiet lesson there. Carer and school agree on homework three times a week."
    ),
    (
        "A much better term. Attendance is up and the morning check-in helps. Reads at home. Would like to see the "
        "family more often and will talk to the social worker about it."
    ),
    (
        "Settling in after the move. The new teachers know what helps. The class is loud for them; ear defenders and "
        "a seat by the door. Next time we look at friendships first."
    ),
    (
        "Doing well in most subjects and proud of it. Worried about tests: extra time has been asked for. Wants to go"
        " on with the club, and the fee is in the plan."
    ),
    (
        "A mixed term. Two exclusions were avoided because the time-out card was used. Trusts the mentor. Less sure "
        "about the future; a careers interview is arranged."
    ),
    (
        "On track. The school wants to stretch more: harder texts, and a visit to the university in June. Carer is "
        "pleased with the homework club."
    ),
]
NOTES = [
    "Targets of last term first. The child spoke about what helps in class. Money for each target agreed.",
    "Good discussion. The child came for the first ten minutes and said what they want to be asked next time.",
    "School brought the reading and maths results. Carer and teacher will speak every Friday.",
    "The child chose the order of the points and chaired the first one.",
]
REMARKS = [
    "I like it when I know what comes next.",
    "It is fair.",
    "I can do that if nobody watches.",
    "Only if I can stay in the club.",
]
IMPACTS = {
    "achieved": ("Reached, and it shows in other lessons too.", "Results of the last week of term"),
    "partly": ("On the way: about half of the distance. Goes on with a little more time.", "Teacher's record"),
    "not": ("Too much else happened. The plan was right and starts again.", "Teacher's record"),
    "stopped": ("No longer what matters most; the group has changed.", "Said at the meeting"),
}
DECLINED = "The school's own budget pays for this. Ask again if it does not."
ABSENT = "Called to court that morning; the school could not offer another day this term"
UNLISTED = "Nobody has this part in the child's life at the moment"
WRITTEN = [
    "I saw the child last week. The placement is settled and contact goes well. I agree with the targets.",
    "From my side: please keep the Friday call with the carer, it has made the week calmer.",
]
SAID = [
    "Agreed that it works. Stays as it is until the next meeting.",
    "The child said it in their own words and everybody listened. The school will try the quiet room first.",
    "Carer and school see it differently. They will speak on Friday and tell the virtual school.",
    "Better than last term. The figures of the school show it.",
]
# At each meeting: who does what.
ACTIONS = [
    [("teacher", "Send the reading record home every Friday"), ("carer", "Ring the school if the morning was hard")],
    [("social_worker", "Ask about time with the family in the holidays"), ("teacher", "Move the seat to the front")],
    [("carer", "Take the library books back and choose new ones together"), ("child", "Say which club to try")],
    [("vseo", "Find out whether extra time in tests is agreed"), ("teacher", "Show the new timetable a week before")],
    [("social_worker", "Send the health report to the school nurse"), ("carer", "Read together three times a week")],
]
PRIVATE = "Contact with the family was hard last week; not said in front of the child. Social worker follows it up."
# What would make an area green: to the school, and as a comment.
QUALITY = [
    "Say in the child's own words what they want to change; a summary by an adult is not enough.",
    "Two of the previous targets have no word about what the support changed. Add a figure before and after.",
    "Say how the target will be measured and by whom, so that it can be reviewed next term.",
    "Say what the money bought and what difference it made, not only that it was spent.",
]
