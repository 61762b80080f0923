from . import pep_meeting_reason
from . import pep_action_step
from . import pep_meeting_schedule
from . import pep_meeting_hold
from . import pep_meeting_move
from . import calendar_popover_delete
