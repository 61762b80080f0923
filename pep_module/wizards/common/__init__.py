from . import pep_export_everything
from . import pep_settings
