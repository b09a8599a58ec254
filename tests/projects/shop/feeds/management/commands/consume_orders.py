"""Runs the consumer of the order stream."""
import itertools

from django.core.management.base import BaseCommand

from feeds.consumer import OrderStreamConsumer
from shop import dynamo


class Command(BaseCommand):
    help = "Follows the stream of the order table."

    def add_arguments(self, parser):
        parser.add_argument("--polls", type=int, help="stop after so many polls of each shard")
        parser.add_argument("--seconds", type=float, default=1.0)

    def handle(self, *args, polls=None, seconds=1.0, **options):
        streams = dynamo.streams_client()
        stream_arn = streams.list_streams(TableName="orders")["Streams"][0]["StreamArn"]
        shards = streams.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]
        for shard in shards:
            consumer = OrderStreamConsumer(
                streams,
                stream_arn,
                shard["ShardId"],
                should_stop=_stop_after(polls),
                seconds=seconds,
            )
            self.stdout.write(f"{shard['ShardId']}: {consumer.run()} orders")


def _stop_after(polls):
    polled = itertools.count()
    return lambda: polls is not None and next(polled) >= polls
