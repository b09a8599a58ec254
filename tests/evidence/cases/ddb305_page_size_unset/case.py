"""A loop over the pages of a 10 MB table, which adds a number up."""
from harness import tables

METER = "Peak"
FALLS_TO = 0.4


def prepare():
    tables.orders(customers=20, each=250)


def run(load, meter):
    shop = load()
    for _ in meter.calls():
        meter.result(shop.total())
