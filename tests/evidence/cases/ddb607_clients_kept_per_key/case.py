"""A client for each tenant in an lru_cache without a limit."""
from harness import tables

METER = "Growth"


def prepare():
    tables.orders(each=5)


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.orders_of(f"tenant{number}", f"c{number % 20}"))
