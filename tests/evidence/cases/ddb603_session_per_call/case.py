"""A session for each call of a Lambda handler."""
from harness import tables

METER = "ChurnOfSessions"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        event = {"customer_id": f"c{number % 20}", "order_id": f"o{number % 25:06}"}
        meter.result(shop.handler(event, None))
