"""A consumer that keeps an iterator and the last record of each shard; moto's only shard gets a new id in each round."""
from harness import tables

METER = "Growth"


def prepare():
    tables.orders(customers=1, each=1, stream=True)


def run(load, meter):
    shop = load()
    arn, real = tables.shard()
    handled = []
    # A real shard ends after about four hours, and another one takes its place.
    ended = 0

    def renamed(parsed, **_):
        parsed["StreamDescription"]["Shards"][0]["ShardId"] = f"shardId-{ended:020}"

    def meant(params, **_):
        params["ShardId"] = real

    events = shop.streams.meta.events
    events.register("after-call.dynamodb-streams.DescribeStream", renamed)
    events.register("before-parameter-build.dynamodb-streams.GetShardIterator", meant)

    def stopped():
        nonlocal ended
        ended += 1
        meter.tick()
        return meter.full()

    shop.follow(arn, stopped, lambda record: handled.append(record["eventName"]))
    meter.result(len(handled))
