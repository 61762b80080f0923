from . import common
from . import child
from . import plan
from . import evidence
from . import target
from . import meeting
from . import funding
from . import quality
