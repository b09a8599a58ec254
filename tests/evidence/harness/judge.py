"""Whether the figures of two forms bear out what a rule says, and the words for them."""
import dataclasses

# A call that keeps nothing grows by up to 0.9 KB in these measurements.
NOISE = 1.0
FLAT = 0.05


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One row of the table."""

    leaky: str
    # None without a second form.
    other: str | None
    # Why the leaky form bears out nothing; empty where it does.
    of_leaky: tuple[str, ...]
    # Why the second form is no mend.
    of_other: tuple[str, ...]


def judge(case, leaky, other):
    """Compares what the workers said of the two forms; `other` is None where there is no rewrite."""
    raised = [f"the leaky form raises {leaky['raised']}"] if "raised" in leaky else []
    if other and "raised" in other:
        return Verdict("–", "–", tuple(raised), (f"the second form raises {other['raised']}",))
    if raised:
        return Verdict("–", "–" if other else None, tuple(raised), ())
    words, of_leaky, of_both = METERS[case.meter]
    about_leaky = tuple(of_leaky(leaky["figures"]))
    if other is None:
        return Verdict(words(leaky["figures"]), None, about_leaky, ())
    wrong = of_both(leaky["figures"], other["figures"], case)
    if case.meter != "Outcome":
        wrong += _results(leaky["results"], other["results"])
    return Verdict(words(leaky["figures"]), words(other["figures"]), about_leaky, tuple(wrong))


def _results(leaky, other):
    if not leaky:
        # What data loss leaves is compared by itself.
        return []
    if len(leaky) != len(other):
        return [f"{len(leaky)} results, {len(other)} after the rewrite"]
    unlike = [at for at, (one, two) in enumerate(zip(leaky, other)) if one != two]
    return [f"{len(unlike)} results differ, the first at call {unlike[0]}"] if unlike else []


# leak


def slope(figures):
    """KB a call over the last blocks, by least squares, and how much of it is a straight line (R²)."""
    memory = figures["kilobytes"][-5:]
    x = [at * figures["size"] for at in range(len(memory))]
    middle, mean = sum(x) / len(x), sum(memory) / len(memory)
    spread = sum((each - middle) ** 2 for each in x)
    rise = sum((a - middle) * (b - mean) for a, b in zip(x, memory)) / spread
    total = sum((each - mean) ** 2 for each in memory)
    rest = sum((b - mean - rise * (a - middle)) ** 2 for a, b in zip(x, memory))
    return rise, 1 - rest / total if total else 0.0


def _growth_words(figures):
    return f"{kilobytes(slope(figures)[0])} a call"


def _growth_leaky(figures):
    rise, straight = slope(figures)
    wrong = []
    if rise < 2 * NOISE:
        wrong.append(f"the leaky form grows by {rise:.2f} KB a call, which is noise")
    if straight < 0.97:
        wrong.append(f"the leaky form does not grow in a line (R² {straight:.3f})")
    return wrong


def _growth_both(leaky, other, _):
    before, after = slope(leaky)[0], slope(other)[0]
    if after <= FLAT * before:
        return []
    return [f"the rewrite grows by {after:.2f} KB a call, over 5 % of {before:.2f}"]


# peak


def _peak_words(figures):
    return f"peak {kilobytes(figures['kilobytes'])}"


def _peak_both(leaky, other, case):
    before, after = leaky["kilobytes"], other["kilobytes"]
    if after <= case.falls_to * before:
        return []
    return [f"the peak falls to {after / before:.0%}, not to {case.falls_to:.0%}"]


def _held_words(figures):
    return f"{kilobytes(figures['kilobytes'])} held while the view runs"


def _kept_words(figures):
    return f"{kilobytes(figures['kilobytes'])} kept of {figures['calls']} reads"


def _held_leaky(figures):
    if figures["growth"] <= NOISE:
        return []
    return [f"the request's data does not go with it: {figures['growth']} KB a call stay"]


# churn


def _churn_words(figures):
    return (
        f"{figures['milliseconds']} ms ({figures['cpu']} ms of processor) a call, "
        f"{kilobytes(figures['garbage'])} garbage until the collector runs"
    )


def _churn_both(leaky, other, _):
    wrong = []
    for name, word, share in [("cpu", "processor time", 0.7), ("garbage", "garbage", 0.5)]:
        if other[name] > share * leaky[name]:
            wrong.append(f"{word} falls from {leaky[name]} to {other[name]}, not to {share:.0%}")
    return wrong


def _stale_words(figures):
    return (
        f"{figures['old']} of {figures['read']} reads old an hour after the change, "
        f"{kilobytes(figures['growth'])} a new key"
    )


def _stale_leaky(figures):
    return [] if figures["old"] == figures["read"] else ["the leaky form follows the table"]


def _stale_both(_, other, __):
    return [f"{other['old']} reads of the rewrite are old"] if other["old"] else []


# data-loss, wrong


def _loss_words(figures):
    return f"{figures['lost']} of {figures['sent']} lost"


def _loss_leaky(figures):
    return [] if figures["lost"] else ["the leaky form loses nothing"]


def _loss_both(leaky, other, _):
    wrong = [f"the rewrite loses {other['lost']} of {other['sent']}"] if other["lost"] else []
    if leaky["sent"] != other["sent"]:
        wrong.append(f"{leaky['sent']} were sent, {other['sent']} after the rewrite")
    return wrong


def _outcome_words(figures):
    if not figures["raised"]:
        return f"{figures['calls']} of {figures['calls']} calls give the right result"
    return f"{figures['raised']} of {figures['calls']} calls raise {figures['error'].split(':')[0]}"


def _outcome_leaky(figures):
    return [] if figures["raised"] == figures["calls"] else ["the leaky form works"]


def _outcome_both(_, other, __):
    return [f"the rewrite raises {other['error']}"] if other["raised"] else []


def _nothing(_):
    return []


METERS = {
    "Growth": (_growth_words, _growth_leaky, _growth_both),
    "GrowthOfClients": (_growth_words, _growth_leaky, _growth_both),
    "Peak": (_peak_words, _nothing, _peak_both),
    "Held": (_held_words, _held_leaky, _peak_both),
    "Kept": (_kept_words, _nothing, _peak_both),
    "Churn": (_churn_words, _nothing, _churn_both),
    "ChurnOfSessions": (_churn_words, _nothing, _churn_both),
    "Stale": (_stale_words, _stale_leaky, _stale_both),
    "Loss": (_loss_words, _loss_leaky, _loss_both),
    "Outcome": (_outcome_words, _outcome_leaky, _outcome_both),
}


def kilobytes(value):
    """For people: 287 KB, 0.3 KB, 24.1 MB."""
    if abs(value) >= 1000:
        return f"{value / 1000:.1f} MB"
    return f"{value:.0f} KB" if abs(value) >= 10 else f"{max(value, 0.0):.1f} KB"
