"""All items of a scan sorted for the ten dearest."""
from harness import tables

METER = "Peak"


def prepare():
    tables.orders(customers=20, each=200)


def run(load, meter):
    shop = load()
    for _ in meter.calls():
        meter.result(shop.dearest())
