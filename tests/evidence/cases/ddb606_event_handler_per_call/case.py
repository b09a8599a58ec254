"""A handler that each request adds to the events of a client that lives on."""
from harness import tables

METER = "Growth"


def prepare():
    tables.orders(each=5)


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.lambda_handler({"customer": f"c{number % 20}", "trace": f"{number:08}" * 1800}, None))
