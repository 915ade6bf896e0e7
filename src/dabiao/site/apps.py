"""Django's name for this room."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "dabiao.site"
    label = "site"

    def ready(self) -> None:
        """Filters of tables look in what is shown."""
        from dabiao.ui import cells
        from dabiao.ui.listing import Listing

        Listing.reads = staticmethod(cells.said)
