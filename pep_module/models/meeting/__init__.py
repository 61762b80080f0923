from . import pep_meeting
from . import pep_meeting_attendee
