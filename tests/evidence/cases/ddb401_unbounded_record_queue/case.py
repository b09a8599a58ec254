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
    polls = done = 0

    def may_go_on():
        # Three records for each poll of ten, however fast the machine is, and more only where the reader has to wait.
        return done < 3 * polls or shop.backlog.full() or hurry.is_set()

    def apply(record):
        nonlocal done
        while not may_go_on():
            time.sleep(0.001)
        done += 1
        applied.extend(record["dynamodb"]["SequenceNumber"].encode() + b"\n")

    worker = threading.Thread(target=shop.work, args=[apply], daemon=True)
    worker.start()

    def should_stop():
        nonlocal polls
        polls += 1
        meter.tick()
        return meter.full()

    shop.read(tables.start_of(), should_stop)
    hurry.set()
    worker.join(timeout=60)
    # All of them, once each, in order.
    meter.result(applied.decode())
