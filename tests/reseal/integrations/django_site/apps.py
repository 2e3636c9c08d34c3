"""The site's own application."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "tests.reseal.integrations.django_site"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"
