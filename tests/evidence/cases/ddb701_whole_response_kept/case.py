"""A bounded cache of the responses of 200 reads of one item."""
from harness import tables

METER = "Kept"
FALLS_TO = 0.7


def prepare():
    tables.orders(each=25)


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(str(shop.total(f"c{number % 20}", f"o{number // 20:06}")))
