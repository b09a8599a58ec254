"""A suspended page iterator for each listing that was opened and not read to its end."""
from harness import tables

METER = "Growth"
SHOWN_ONLY = "the `LastEvaluatedKey` kept"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        rows = shop.first_rows(number)
        meter.result([rows, shop.next_rows(number)])
