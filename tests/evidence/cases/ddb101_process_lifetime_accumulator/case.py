"""A module-level list to which each call adds the items of a query."""
from harness import tables

METER = "Growth"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result([shop.orders_of(f"c{number % 20}"), shop.last_shown()])
