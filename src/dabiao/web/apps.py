"""Django's name for this room."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "dabiao.web"
    label = "web"

    def ready(self) -> None:
        """Filters of tables look in what is shown."""
        from dabiao.core.listing import Listing
        from dabiao.web import cells

        Listing.reads = staticmethod(cells.said)
