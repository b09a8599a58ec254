"""A queue without a bound between a reader of a stream and a worker that is slower."""
import threading
import time

from harness import tables

METER = "Growth"


def prepare():
    tables.orders(customers=20, each=220, stream=True)


def run(load, meter):
    shop = load()
    hurry = threading.Event()
    applied = bytearray()

    def apply(record):
        applied.extend(record["dynamodb"]["SequenceNumber"].encode() + b"\n")
        if not hurry.is_set():
            time.sleep(0.003)

    worker = threading.Thread(target=shop.work, args=[apply], daemon=True)
    worker.start()

    def should_stop():
        meter.tick()
        return meter.full()

    shop.read(tables.start_of(), should_stop)
    hurry.set()
    worker.join(timeout=60)
    # All of them, once each, in order.
    meter.result(applied.decode())
