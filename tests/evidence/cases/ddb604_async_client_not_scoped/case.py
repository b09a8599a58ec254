"""An async client for each request, entered on the application's exit stack."""
import asyncio

from harness import tables

METER = "GrowthOfClients"
prepare = tables.orders


def run(load, meter):
    shop = load()
    asyncio.run(requests(shop, meter))


async def requests(shop, meter):
    for number in meter.calls():
        meter.result(await shop.show(f"c{number % 20}", "o000000"))
        # What a client leaves behind when it is closed goes with the loop's next rounds.
        await asyncio.sleep(0.01)
