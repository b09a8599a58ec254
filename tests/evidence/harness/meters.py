"""What is measured of a form, by effect. A case calls its code once for each of `meter.calls()`.

All memory is what tracemalloc traces, after the garbage collector has run; resident size proves nothing,
as the allocator keeps what it once had.
"""
import array
import gc
import hashlib
import json
import statistics
import time
import tracemalloc


class Meter:
    """Counts calls and compares results; each effect adds what it measures."""

    def __init__(self):
        # Eight bytes a call: enough to say which call differs, too little to look like a leak.
        self.results = array.array("Q")
        self.counted = 0

    def result(self, value):
        """What a call gave; both forms must give the same."""
        text = json.dumps(value, sort_keys=True, default=str)
        self.results.append(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()))

    def figures(self):
        """What was measured, as plain data."""
        raise NotImplementedError


class Growth(Meter):
    """`leak`: traced memory at the end of each block of calls, after a warm-up."""

    warm_up, blocks, size = 120, 6, 50

    def __init__(self):
        super().__init__()
        self.memory = array.array("Q", [0] * (self.blocks + 1))
        self.at = 0
        tracemalloc.start()

    def calls(self):
        """Numbers from 0; memory is taken between the blocks."""
        for number in range(self.warm_up + self.blocks * self.size):
            self.tick()
            yield number
        self.tick()

    def tick(self):
        """Before each call, and once after the last."""
        done = self.counted - self.warm_up
        if done >= 0 and done % self.size == 0:
            gc.collect()
            self.memory[self.at] = tracemalloc.get_traced_memory()[0]
            self.at += 1
        self.counted += 1

    def full(self):
        """Whether all blocks are measured: for code that loops by itself."""
        return self.at > self.blocks

    def figures(self):
        assert self.full(), f"{self.counted} calls are too few"
        return {
            "warm_up": self.warm_up,
            "size": self.size,
            "kilobytes": [round(each / 1000, 1) for each in self.memory],
        }


class GrowthOfClients(Growth):
    """The same with fewer calls: an async client takes a tenth of a second under tracemalloc."""

    warm_up, blocks, size = 100, 5, 20


class Peak(Meter):
    """`peak`: the highest traced memory of one call above what was there before it."""

    warm_up, measured = 2, 3

    def __init__(self):
        super().__init__()
        self.peaks = []
        tracemalloc.start()

    def calls(self):
        """Numbers from 0; a call lasts until the next number is asked for."""
        for number in range(self.warm_up + self.measured):
            gc.collect()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            yield number
            if number >= self.warm_up:
                self.peaks.append(tracemalloc.get_traced_memory()[1] - before)

    def figures(self):
        return {"calls": self.measured, "kilobytes": round(max(self.peaks) / 1000, 1)}


class Held(Meter):
    """What a request holds on to while it is handled: traced memory where the case says so, and growth."""

    warm_up, measured = 100, 200
    # The collector takes long beside Django: only each tenth call is weighed.
    every = 10

    def __init__(self):
        super().__init__()
        self.held = []
        self.ends = []
        self.number = self.before = 0
        tracemalloc.start()

    def calls(self):
        """Numbers from 0."""
        half = self.warm_up + self.measured // 2
        for self.number in range(self.warm_up + self.measured):
            if self.number in (self.warm_up, half):
                self.ends.append(self._memory())
            if self._weighed():
                self.before = self._memory()
            yield self.number
        self.ends.append(self._memory())

    def now(self):
        """In the middle of a call: this is what counts as held."""
        if self._weighed():
            self.held.append(self._memory() - self.before)

    def _weighed(self):
        return self.number >= self.warm_up and self.number % self.every == 0

    def _memory(self):
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    def figures(self):
        growth = (self.ends[2] - self.ends[1]) / (self.measured // 2)
        return {
            "calls": self.measured,
            "kilobytes": round(statistics.median(self.held) / 1000, 1),
            "growth": round(growth / 1000, 2),
        }


class Kept(Meter):
    """What a place keeps once it is full: traced memory before the first call and after the last."""

    # Clients and parsers take memory of their own at first.
    warm_up, measured = 20, 200

    def __init__(self):
        super().__init__()
        self.before = self.after = 0
        tracemalloc.start()

    def calls(self):
        """Numbers from 0, each of which is to be kept."""
        for number in range(self.warm_up + self.measured):
            if number == self.warm_up:
                self.before = self._memory()
            yield number
        self.after = self._memory()

    def _memory(self):
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    def figures(self):
        return {"calls": self.measured, "kilobytes": round((self.after - self.before) / 1000, 1)}


class Churn(Meter):
    """`churn`: time of a call, and what it leaves until the collector runs."""

    warm_up, timed, traced = 100, 100, 20

    def __init__(self):
        super().__init__()
        self.wall, self.cpu = [], []
        self.garbage = 0

    def calls(self):
        """Numbers from 0: a warm-up, then timed calls, then calls with tracemalloc and no collector."""
        for number in range(self.warm_up):
            yield number
        for number in range(self.warm_up, self.warm_up + self.timed):
            if number % 20 == 0:
                gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            yield number
            self.wall.append(time.perf_counter() - wall)
            self.cpu.append(time.process_time() - cpu)
        gc.collect()
        gc.disable()
        tracemalloc.start()
        for number in range(self.warm_up + self.timed, self.warm_up + self.timed + self.traced + 1):
            if number == self.warm_up + self.timed + 1:
                # The first call with tracemalloc fills its own tables.
                gc.collect()
                before = tracemalloc.get_traced_memory()[0]
            yield number
        self.garbage = (tracemalloc.get_traced_memory()[0] - before) / self.traced
        gc.enable()

    def figures(self):
        return {
            "calls": self.timed,
            "milliseconds": round(statistics.median(self.wall) * 1000, 2),
            "cpu": round(statistics.median(self.cpu) * 1000, 2),
            "garbage": round(self.garbage / 1000, 1),
        }


class ChurnOfSessions(Churn):
    """The same with fewer calls: a session takes a tenth of a second and leaves 9 MB."""

    warm_up, timed, traced = 20, 40, 5


class Loss(Meter):
    """`data-loss`: what was handed over, and what arrived."""

    sent = lost = None

    measured = 200

    def calls(self):
        """Numbers from 0."""
        yield from range(self.measured)

    def arrived(self, sent, arrived):
        """Both as keys."""
        self.sent, self.lost = len(set(sent)), len(set(sent) - set(arrived))

    def figures(self):
        return {"calls": self.measured, "sent": self.sent, "lost": self.lost}


class Stale(Meter):
    """Copies that never follow their original: reads that gave the old value after the change, and growth."""

    warm_up, measured = 100, 300

    def __init__(self):
        super().__init__()
        self.old = self.read = 0
        self.ends = []
        tracemalloc.start()

    def calls(self):
        """Numbers from 0."""
        for number in range(self.warm_up + self.measured):
            if number == self.warm_up:
                gc.collect()
                self.ends.append(tracemalloc.get_traced_memory()[0])
            yield number
        gc.collect()
        self.ends.append(tracemalloc.get_traced_memory()[0])

    def seen(self, is_old):
        """One read after the change."""
        self.read += 1
        self.old += is_old

    def figures(self):
        growth = (self.ends[1] - self.ends[0]) / self.measured
        return {"calls": self.measured, "read": self.read, "old": self.old, "growth": round(growth / 1000, 2)}


class Outcome(Meter):
    """`wrong`: how many calls raise, and what."""

    measured = 100

    def __init__(self):
        super().__init__()
        self.raised = 0
        self.error = ""

    def calls(self):
        """Numbers from 0."""
        yield from range(self.measured)

    def raises(self, error):
        """A call that gave no result."""
        self.raised += 1
        self.error = f"{type(error).__name__}: {error}"

    def figures(self):
        return {"calls": self.measured, "raised": self.raised, "error": self.error}
