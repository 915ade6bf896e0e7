"""What somebody may be able to do. Which roles are is said in `org.access`; whom it reaches, by sight."""

from enum import StrEnum


class Can(StrEnum):
    """A capability."""

    LOOK = "look"
    """See pages and figures of one's sight: everybody who has signed in."""
    WRITE = "write"
    """Enter anything at all."""
    WRITE_FOR_OTHERS = "write for others"
    """Enter on behalf of those of one's sight."""
    SET_TARGETS = "set targets"
    OPERATE = "operate"
    """Feed facts, the organisation and targets; read the audit log."""
    ADMINISTER = "administer"
    """Users, tokens of others, connectors, settings."""
