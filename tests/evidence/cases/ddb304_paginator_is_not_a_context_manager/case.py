"""A page iterator under `with`, as a popular article has it."""
from harness import tables

METER = "Outcome"
EXPECTED = [400, 20 * sum(100 + number for number in range(25) if number % 5)]
prepare = tables.orders


def run(load, meter):
    shop = load()
    for _ in meter.calls():
        try:
            given = list(shop.open_total())
        except Exception as error:
            meter.raises(error)
            continue
        assert given == EXPECTED, given
        meter.result(given)
