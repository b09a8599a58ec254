"""The full result of a paginator, gone through once."""
from harness import tables

METER = "Peak"


def prepare():
    tables.orders(customers=20, each=200)


def run(load, meter):
    shop = load()
    for _ in meter.calls():
        meter.result(shop.open_total())
