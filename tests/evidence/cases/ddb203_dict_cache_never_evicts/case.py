"""A dict as a cache, asked with ever new keys."""
from harness import tables

METER = "Growth"


def prepare():
    tables.orders(each=10)


def run(load, meter):
    shop = load()
    for number in meter.calls():
        # No order of the table has such a number: each key is new, and finds the same.
        meter.result(shop.sums_since(f"c{number % 20}", f"a{number}"))
