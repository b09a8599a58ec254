"""A bounded cache of 200 orders of 2 KB, of which two attributes are read."""
from harness import tables

METER = "Kept"


def prepare():
    tables.orders(each=25)


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(str(shop.total(f"c{number % 20}", f"o{number // 20:06}")))
