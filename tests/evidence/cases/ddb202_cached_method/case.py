"""An lru_cache on a method: it keeps each instance and what its method gave."""
from harness import tables

METER = "Growth"
SHOWN_ONLY = "a `cached_property`"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.account_page(f"c{number % 20}"))
