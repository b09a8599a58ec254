"""Tasks in a set of the module, each of which read the orders of a customer."""
import asyncio

from harness import tables

METER = "Growth"
prepare = tables.orders


def run(load, meter):
    shop = load()

    async def ask():
        for number in meter.calls():
            meter.result(await shop.orders_of(f"c{number % 20}"))

    asyncio.run(ask())
