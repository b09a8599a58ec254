"""A get_records loop that gathers records and only counts them."""
from harness import tables

METER = "Growth"


def prepare():
    tables.orders(customers=20, each=220, stream=True)


def run(load, meter):
    shop = load()

    def should_stop():
        meter.tick()
        return meter.full()

    meter.result(shop.count(tables.start_of(), should_stop))
