"""An attribute of an object that a module holds, extended by each call."""
from harness import tables

METER = "Growth"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.summary(f"c{number % 20}"))
