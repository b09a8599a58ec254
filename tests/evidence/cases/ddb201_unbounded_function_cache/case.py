"""An lru_cache without a limit on a query, asked with ever new arguments."""
from harness import tables

METER = "Growth"


def prepare():
    tables.orders(each=10)


def run(load, meter):
    shop = load()
    for number in meter.calls():
        # No order of the table has such a number: each argument is new, and finds the same.
        meter.result(shop.sums_since(f"c{number % 20}", f"a{number}"))
