from . import child
from . import common
from . import funding
from . import plan
