from . import child
from . import common
from . import evidence
from . import funding
from . import plan
from . import meeting
from . import target
from . import quality
