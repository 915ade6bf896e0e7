"""The pointer: which snapshot readers use."""

from dabiao.lake.models import Snapshot


def latest() -> Snapshot | None:
    """The snapshot that readers use now; None before the first publication."""
    return Snapshot.objects.order_by("-number").first()
