"""Django's name for what every room's pages are made of."""

from django.apps import AppConfig


class Ui(AppConfig):
    name = "dabiao.ui"

    def ready(self) -> None:
        from dabiao.ui import addresses

        addresses.register()
