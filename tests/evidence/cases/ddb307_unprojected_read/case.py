"""A sum over the pages of a scan that reads whole orders."""
from harness import tables

METER = "Peak"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for _ in meter.calls():
        meter.result(shop.total())
