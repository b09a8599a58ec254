"""All pages of a scan in a list before the first is looked at."""
from harness import tables

METER = "Peak"


def prepare():
    tables.orders(customers=20, each=200)


def run(load, meter):
    shop = load()
    for _ in meter.calls():
        meter.result(shop.open_total())
