"""A list as a default argument, to which each call adds items."""
from harness import tables

METER = "Growth"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.total_of(f"c{number % 20}"))
