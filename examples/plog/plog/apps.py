"""The app's name for Django."""

from django.apps import AppConfig


class PlogConfig(AppConfig):
    name = "plog"
    verbose_name = "Weblog"
