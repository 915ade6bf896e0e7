"""Refusals: what a rule says no with. One middleware turns them into a page fragment, JSON or a line."""

from dabiao.core import disk


class Refused(Exception):
    """A rule says no. The message tells the user what happened and how to mend it."""

    status = 409


class Malformed(Refused):
    """The input cannot be read as what it should be."""

    status = 422


class Forbidden(Refused):
    """The person may not do this at all."""

    status = 403


class DiskTrouble(Refused):
    """The disk is full, or may not be written to. Nothing half done is left."""

    status = 507


class DamagedDatabase(Refused):
    """The file of the database cannot be read any more."""

    status = 503


class NotFound(Refused):
    """It does not exist, or the person may not know that it does."""

    status = 404


def as_refusal(error: Exception) -> Refused | None:
    """The refusal that an error is, also when it comes from the lake, which knows no refusals; else None."""
    from dabiao.lake.dictionary import BadDictionary
    from dabiao.lake.installation import WrongLake
    from dabiao.lake.reading import RollUpsDamaged

    if isinstance(error, Refused):
        return error
    if isinstance(error, BadDictionary | WrongLake | RollUpsDamaged):
        return Refused(str(error))
    if told := disk.trouble(error):
        return DiskTrouble(told)
    return DamagedDatabase(told) if (told := disk.damaged_database(error)) else None
