"""Hourly work of the catalog."""
from celery import shared_task
from django.apps import apps


@shared_task
def refresh_front_page():
    """Reads again what the front page shows."""
    config = apps.get_app_config("catalog")
    return config.refresh_featured() + config.refresh_banners()
