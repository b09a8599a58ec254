"""A get_records loop that catches up with 3,000 records of 2 KB."""
from harness import tables

METER = "Peak"
FALLS_TO = 0.4


def prepare():
    tables.orders(customers=12, each=250, stream=True)


def run(load, meter):
    shop = load()
    all_of_them = 12 * sum(100 + number for number in range(250))
    for _ in meter.calls():
        start = tables.start_of()
        meter.result(shop.follow(start, lambda cents: cents >= all_of_them))
