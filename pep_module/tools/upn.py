"""Unique Pupil Numbers (UPN): the check letter, and what is wrong with a number.

A UPN names one pupil through the whole of their schooling in England. It is 13 characters long: a check letter, the
number of a local authority (3 digits), of a school (4), the last two digits of a year, and a serial number (3).
A *temporary* UPN, given out until the real one is known, has a letter in place of the last digit of the serial number.

Source of the rule: Government Data Standards Catalogue, "Unique Pupil Number", version 2.0 (18 November 2004), kept in
force by the Department for Education's "Unique pupil numbers (UPNs): a guide for schools and local authorities",
version 1.2 (June 2019), annex A:

* each of the characters 2 to 13 counts its value times its position; the sum modulo 23 picks the check letter from the
  alphabet without I, O and S (0 is A, 22 is Z);
* a digit is worth itself; the letter at the end of a temporary number is worth its place in the same alphabet.

The three digits of the authority are *not* compared with a list: authorities are created and abolished, a number
outlives both, and published lists lag behind (python-stdnum refuses numbers from 838, 839 and 940 to 943).

Pure Python: nothing here needs the ORM, a database or a setting.
"""

import re

ALPHABET = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""The 23 letters in the order of their values 0 to 22. I, O and S are left out, because they look like 1, 0 and 5."""

_BODY = re.compile(rf"[0-9]{{11}}[0-9{ALPHABET}]")
_NUMBER = re.compile(rf"[A-Z][0-9]{{11}}[0-9{ALPHABET}]")
_UNKNOWN = re.compile(r"UN[0-9]{1,2}")


def normalise(upn):
    """Return ``upn`` as it is stored and compared: without surrounding or inner white space, in capitals.

    :param upn: a string, or None or False (an empty field)
    :return: str, empty when there was nothing
    """
    return "".join((upn or "").split()).upper()


def check_letter(body):
    """Return the check letter that belongs before the other twelve characters of a UPN.

    :param body: str, characters 2 to 13 of a number: 11 digits, then a digit or a letter of :data:`ALPHABET`
    :return: str, one letter of :data:`ALPHABET`
    :raise ValueError: ``body`` does not have that form
    """
    if not _BODY.fullmatch(body):
        raise ValueError("The body of a UPN is twelve characters: 11 digits, then a digit or a letter.")
    values = (int(char) if char.isdigit() else ALPHABET.index(char) for char in body)
    return ALPHABET[sum(position * value for position, value in enumerate(values, start=2)) % 23]


def problem(upn):
    """Say what is wrong with ``upn``, so that a person can be warned. A wrong number is still kept as it was given.

    :param upn: a string in any case and with any spacing, or None or False
    :return: None when there is no number or nothing is wrong with it (a temporary number is not wrong), else

        * ``'unknown_reason'``: it is no number but one of the national codes that say why there is none (UN1, UN2, ...)
        * ``'format'``: it is not a letter, eleven digits, and a digit or a letter other than I, O and S
        * ``'check_letter'``: it has the right form, but its first letter (whichever it is) does not belong to the rest
    """
    number = normalise(upn)
    if not number:
        return None
    if _UNKNOWN.fullmatch(number):
        return "unknown_reason"
    if not _NUMBER.fullmatch(number):
        return "format"
    return None if number[0] == check_letter(number[1:]) else "check_letter"


def is_temporary(upn):
    """Return True if ``upn`` has the form of a temporary number (letter in position 13), right check letter or not."""
    number = normalise(upn)
    return bool(_NUMBER.fullmatch(number)) and not number[-1].isdigit()
