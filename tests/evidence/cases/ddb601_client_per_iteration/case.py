"""A client for each round of a loop: here two rounds a call."""
from harness import tables

METER = "Churn"
prepare = tables.orders


def run(load, meter):
    shop = load()
    for number in meter.calls():
        wanted = [f"o{(number + each) % 25:06}" for each in range(2)]
        meter.result(shop.statuses(f"c{number % 20}", wanted))
