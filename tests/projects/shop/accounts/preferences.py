"""Settings of customers, kept for a minute."""
import time
from collections import OrderedDict

from shop import dynamo

SECONDS = 60
ADDRESSES_KEPT = 200

customers = dynamo.table("customers")

_preferences = {}
_addresses = OrderedDict()


def preferences_of(customer_id):
    """The preferences of a customer, at most a minute old."""
    entry = _preferences.get(customer_id)
    if entry and time.monotonic() - entry[0] < SECONDS:
        return entry[1]
    response = customers.get_item(
        Key={"customer_id": customer_id},
        ProjectionExpression="customer_id, preferences",
    )
    item = response.get("Item")
    _preferences[customer_id] = (time.monotonic(), item)
    return item


def addresses_of(customer_id):
    """The addresses of a customer, at most a minute old."""
    entry = _addresses.get(customer_id)
    if entry and time.monotonic() - entry[0] < SECONDS:
        return entry[1]
    response = customers.get_item(
        Key={"customer_id": customer_id},
        ProjectionExpression="customer_id, addresses",
    )
    item = response.get("Item")
    while len(_addresses) >= ADDRESSES_KEPT:
        _addresses.popitem(last=False)
    _addresses[customer_id] = (time.monotonic(), item)
    return item
