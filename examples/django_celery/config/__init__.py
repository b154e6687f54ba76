"""Django project; `celery --app=config` finds the application here."""

from config.celery import app

__all__ = ["app"]
