"""A deque with a maxlen between a reader of a stream and a worker that is slower, as a popular article has it."""
import threading
import time

from harness import tables

METER = "Loss"


def prepare():
    tables.orders(customers=20, each=100, stream=True)


def run(load, meter):
    shop = load()
    read = threading.Event()
    applied = []

    last = [time.monotonic()]

    def apply(record):
        applied.append(record["dynamodb"]["SequenceNumber"])
        if not read.is_set():
            time.sleep(0.003)
        last[0] = time.monotonic()

    def idle():
        # Told to stop once all is read and nothing came for a second.
        return read.is_set() and time.monotonic() - last[0] > 1

    worker = threading.Thread(target=shop.work, args=[apply, idle], daemon=True)
    worker.start()
    polls = meter.calls()
    shop.read(tables.start_of(), lambda: next(polls, None) is None)
    last[0] = time.monotonic()
    read.set()
    worker.join(timeout=30)
    meter.arrived(tables.records_of(), applied)
