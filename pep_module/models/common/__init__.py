from . import pep_template_mixin
from . import pep_child_bound
from . import res_company
from . import res_users
from . import ir_module_module
