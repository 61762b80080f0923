"""The random reference that stands for a child wherever the name may not go.

A reference looks like ``CH-7K3QX``: a prefix, four random characters and one check character. It carries no
sequence, so a gap tells nobody that a child is missing from a list. The alphabet has no vowels (no accidental words)
and none of 0, 1, I and O (nothing to misread aloud); it has 29 characters, a prime, so that the ISO 7064 check finds
every single wrong character and every swap of two neighbours.
"""

import secrets

from stdnum.iso7064 import mod_37_2

ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
PREFIX = "CH-"
RANDOM_LENGTH = 4


def new_reference():
    """Return a new random reference. Uniqueness is the database's business."""
    body = "".join(secrets.choice(ALPHABET) for _index in range(RANDOM_LENGTH))
    return PREFIX + body + mod_37_2.calc_check_digit(body, ALPHABET)


def is_reference(text):
    """Tell whether ``text`` is a well-formed reference whose check character is right."""
    text = (text or "").strip().upper()
    body = text[len(PREFIX) :]
    return (
        text.startswith(PREFIX)
        and len(body) == RANDOM_LENGTH + 1
        and set(body) <= set(ALPHABET)
        and mod_37_2.checksum(body, ALPHABET) == 1
    )
