import re
from urllib.parse import urlsplit

from odoo import api, models
from odoo.exceptions import ValidationError

# Where this server lets people into calls of its own: with a token in the address, so whoever has it.
OWN_ROOM = re.compile(r"/(?:[a-z]{2}(?:_[A-Z]{2})?/)?(?:chat|meet|discuss|calendar|odoo/discuss)(?:/|$)")
# And where any Odoo server does.
ANY_ROOM = re.compile(r"/calendar/join_videocall(?:/|$)|/discuss/channel/\d")


class PepMeeting(models.Model):
    """No meeting about a child is held in a call of Odoo itself: see docs/decisions/0017."""

    _inherit = "pep.meeting"

    @api.constrains("link")
    def _check_link_is_no_room_of_odoo(self):
        for meeting in self:
            if meeting._is_room_of_odoo():
                raise ValidationError(
                    self.env._(
                        "A call in Odoo lets in whoever has its address and shows people's network addresses to each "
                        "other. Paste the link of a meeting from Teams, Zoom or the like."
                    )
                )

    def _is_room_of_odoo(self):
        """Whether the link leads into a call of an Odoo server."""
        self.ensure_one()
        link = (self.link or "").strip()
        try:
            address = urlsplit(link if "//" in link else f"//{link}")
            here = urlsplit(self.get_base_url())
        except ValueError:
            return False  # no address at all: it is nowhere made a link
        own = (address.hostname or "") in ("", here.hostname)
        return bool(ANY_ROOM.search(address.path) or own and OWN_ROOM.match(address.path))
