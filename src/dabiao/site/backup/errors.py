"""What can be wrong with an archive, or with the place that it is to be restored into."""

from dabiao.core.errors import Malformed, Refused


class NotEmpty(Refused):
    """A restore would overwrite what is there."""


class NotABackup(Malformed):
    """The file is no backup, or one of another version of the program."""


class Damaged(Malformed):
    """The archive is not what was written; the message names the member."""


class CannotWrite(Refused):
    """The disk is full or may not be written to."""


class CannotRead(Refused):
    """Something that belongs into the backup can't be read."""


class Busy(Refused):
    """Somebody else publishes, backs up or restores."""
