"""Django's cache without a timeout: a copy that no longer follows the table."""
import time
from unittest import mock

import boto3

from harness import tables

METER = "Stale"


def prepare():
    tables.orders(customers=1, each=400)


def run(load, meter):
    from django.conf import settings

    backend = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10**6}}
    settings.configure(DEBUG=False, CACHES={"default": backend})
    shop = load()
    for number in meter.calls():
        meter.result(shop.status("c0", f"o{number:06}"))
    table = boto3.resource("dynamodb").Table("orders")
    for number in range(100):
        table.put_item(Item={**tables.order("c0", number), "status": "shipped"})
    later = time.time() + 3600
    with mock.patch("time.time", lambda: later):
        for number in range(100):
            meter.seen(shop.status("c0", f"o{number:06}") != "shipped")
