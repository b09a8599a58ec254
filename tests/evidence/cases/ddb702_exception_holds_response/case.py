"""Exceptions in a list, raised where the orders of a customer are at hand."""
from harness import tables

METER = "Growth"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.export(f"c{number % 20}"))
