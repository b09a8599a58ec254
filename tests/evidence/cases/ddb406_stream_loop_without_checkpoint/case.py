"""A consumer that is stopped and started again, while orders come in."""
import boto3

from harness import tables

METER = "Loss"
SHOWN_ONLY = "the last sequence number stored after each answer, and begun from"


def prepare():
    tables.create("orders", ["customer_id", "order_id"], stream=True)
    tables.create("archive", ["number"])
    tables.create("checkpoints", ["shard"])


def run(load, meter):
    shop = load()
    arn, shard_id = tables.shard()
    sent = []

    def order():
        item = tables.order("c0", len(sent))
        tables.put("orders", [item])
        sent.append(item["order_id"])

    for _ in meter.calls():
        rounds = 0

        def stopped():
            nonlocal rounds
            rounds += 1
            if rounds == 1:
                order()
            return rounds > 3

        shop.follow(arn, shard_id, stopped)
        # Nobody reads now.
        order()
    shop.follow(arn, shard_id, iter([False, False, True]).__next__)
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="archive")
    meter.arrived(sent, [item["number"]["S"] for page in pages for item in page["Items"]])
