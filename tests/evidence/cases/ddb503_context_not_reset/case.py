"""The orders of a customer in a dict of the module, under the id of each request."""
from harness import tables

METER = "Growth"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        meter.result(shop.handler({"customer_id": f"c{number % 20}"}, f"request {number}"))
