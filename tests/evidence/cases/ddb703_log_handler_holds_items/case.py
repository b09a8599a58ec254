"""A `MemoryHandler` for ten records, without a target, where the orders of a customer are logged."""
from harness import tables

METER = "Growth"
SHOWN_ONLY = "the handler with a target"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.orders_of(f"c{number % 20}"))
