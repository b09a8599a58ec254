import io
import json

import pytest
from django.core.management import call_command

from feeds import checkpoints, clicks, consumer, pipeline
from feeds.consumer import OrderStreamConsumer, follow_removals
from shop import dynamo


def polls(count):
    """A `should_stop` that lets a loop poll so many times."""
    left = iter(range(count))
    return lambda: next(left, None) is None


@pytest.fixture
def shard(tables):
    streams = dynamo.streams_client()
    arn = streams.list_streams(TableName="orders")["Streams"][0]["StreamArn"]
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    return streams, arn, shards[0]["ShardId"]


@pytest.fixture
def shard_of_clicks():
    kinesis = dynamo.kinesis_client()
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    for sku in ("lamp", "chair", "lamp"):
        kinesis.put_record(StreamName="clicks", Data=json.dumps({"sku": sku}), PartitionKey="p")
    shard_id = kinesis.list_shards(StreamName="clicks")["Shards"][0]["ShardId"]
    return shard_id, clicks.start_of("clicks", shard_id)


def totals(name):
    item = dynamo.table("order_totals").get_item(Key={"customer_id": name})["Item"]
    return int(item["orders"]), int(item["cents"])


def test_run_applies_orders_and_goes_on_from_the_checkpoint(shard, order, name):
    for number in range(5):
        order(f"{number}", total=10)
    assert OrderStreamConsumer(*shard, polls(2), seconds=0).run() == 5
    assert totals(name) == (5, 50)
    order("later", total=1)
    assert OrderStreamConsumer(*shard, polls(2), seconds=0).run() == 1
    assert totals(name) == (6, 51)


def test_run_in_batches(shard, order, name):
    for number in range(250):
        order(f"{number}", total=1)
    assert OrderStreamConsumer(*shard, polls(5), seconds=0).run_in_batches() == 250
    assert totals(name) == (250, 250)
    assert consumer.latest_orders()[:2] == ["249", "248"]


def test_follow_removals(shard, order, tables, name):
    for order_id in ("a", "b"):
        order(order_id)
    tables("orders").delete_item(Key={"customer_id": name, "order_id": "a"})
    assert follow_removals(*shard, polls(2), seconds=0) == ["a"]
    assert checkpoints.load(shard[2]) is not None


def test_pipeline_applies_orders(shard, order, name):
    for number in range(20):
        order(f"{number}", total=2)
    pipeline.run_orders(*shard, polls(3))
    assert totals(name) == (20, 40)


def test_pipeline_archives_orders(shard, order, tables):
    for number in range(20):
        order(f"{number}")
    pipeline.run_archive(*shard, polls(3))
    assert tables("archive").scan()["Count"] == 20


def test_command(shard, order, name):
    order("a", total=9)
    out = io.StringIO()
    call_command("consume_orders", polls=2, seconds=0.0, stdout=out)
    assert out.getvalue() == f"{shard[2]}: 1 orders\n"
    assert totals(name) == (1, 9)


def test_create_tables_leaves_existing_tables():
    dynamo.client.delete_table(TableName="brands")
    out = io.StringIO()
    call_command("create_tables", stdout=out)
    assert out.getvalue() == "created brands\n"


def test_views_are_counted(shard_of_clicks):
    clicks.poll_views(*shard_of_clicks, polls=2)
    assert clicks.count_views() == {"lamp": 2, "chair": 1}
    assert clicks.count_views() == {}
    assert clicks.latest_views()[:3] == ["lamp", "chair", "lamp"]


def test_alerts_are_taken_once(shard_of_clicks):
    clicks.poll_alerts(*shard_of_clicks, polls=2)
    assert clicks.take_alerts() == ["lamp", "chair", "lamp"]
    assert clicks.take_alerts() == []


def test_purchases_come_in_order(shard_of_clicks):
    clicks.poll_purchases(*shard_of_clicks, polls=2)
    assert [clicks.take_purchase() for _ in range(3)] == ["lamp", "chair", "lamp"]


def test_searches_are_counted(shard_of_clicks):
    clicks.poll_searches(*shard_of_clicks, polls=2)
    assert clicks.count_searches() == 3
    assert clicks.count_searches() == 0
    assert checkpoints.load(shard_of_clicks[0]) is not None
