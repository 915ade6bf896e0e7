"""Django's name for this room."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "dabiao.site"
    label = "site"
