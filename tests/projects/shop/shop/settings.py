"""Settings of the shop, read from the environment."""
import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only-for-development")
DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost,testserver").split(",")
ROOT_URLCONF = "shop.urls"
LOGIN_URL = "/accounts/login/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "catalog.apps.CatalogConfig",
    "cart",
    "orders.apps.OrdersConfig",
    "accounts",
    "feeds",
    "reports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shop.middleware.BlocklistMiddleware",
    "shop.middleware.CampaignMiddleware",
    "shop.middleware.CartMiddleware",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJANGO_DB", BASE_DIR / "db.sqlite3"),
    }
}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"

AWS_REGION = os.environ.get("AWS_REGION", "eu-west-1")
MEDIA_BUCKET = os.environ.get("MEDIA_BUCKET", "shop-media")
WAREHOUSE_QUEUE = os.environ.get("WAREHOUSE_QUEUE", "warehouse")

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
