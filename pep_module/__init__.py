from . import controllers
from . import models
from . import demo
from . import wizards
from .hooks import post_init_hook, uninstall_hook
from .tools import quiet_sql

quiet_sql.install()
