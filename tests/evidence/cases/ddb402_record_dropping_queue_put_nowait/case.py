"""put_nowait and a swallowed Full between a reader of a stream and a worker that is slower."""
import threading
import time

from harness import tables

METER = "Loss"


def prepare():
    tables.orders(customers=20, each=100, stream=True)


def run(load, meter):
    shop = load()
    hurry = threading.Event()
    applied = []

    def apply(record):
        applied.append(record["dynamodb"]["SequenceNumber"])
        if not hurry.is_set():
            time.sleep(0.003)

    worker = threading.Thread(target=shop.work, args=[apply], daemon=True)
    worker.start()
    polls = meter.calls()
    shop.read(tables.start_of(), lambda: next(polls, None) is None)
    hurry.set()
    worker.join(timeout=60)
    meter.arrived(tables.records_of(), applied)
