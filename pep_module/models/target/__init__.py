from . import pep_target_area
from . import pep_target
from . import pep_target_review
