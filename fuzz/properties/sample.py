"""Code for rules to look at."""

import asyncio
import functools
import logging
import queue
from collections import deque

import boto3
from boto3.dynamodb.conditions import Key
from django.core.cache import cache
from django.views import View

logger = logging.getLogger(__name__)
client = boto3.client("dynamodb")
table = boto3.resource("dynamodb").Table("orders")
RESULTS = []
BY_KEY: dict[str, dict] = {}
RECENT = deque(maxlen=100)
RECORDS = queue.Queue()


class Orders(View):
    kept = []

    def __init__(self, session=None):
        self.session = session or boto3.Session()
        self.pages = []

    def get(self, request, customer):
        response = table.query(KeyConditionExpression=Key("customer").eq(customer))
        self.kept.append(response)
        request.session["orders"] = response["Items"]
        for item in response["Items"]:
            RESULTS.append(item)
            BY_KEY[item["id"]] = item
            logger.info("order %s: %r", item["id"], item)
        return response

    @functools.lru_cache(maxsize=None)
    def order(self, order_id):
        return table.get_item(Key={"id": order_id})["Item"]


@functools.cache
def customers(region):
    return client.scan(TableName="customers")["Items"]


def everything(seen=[]):
    start = None
    while True:
        page = table.scan(**({"ExclusiveStartKey": start} if start else {}))
        seen.extend(page["Items"])
        start = page.get("LastEvaluatedKey")
        if not start:
            break
    cache.set("everything", seen, timeout=None)
    return [item for item in seen if item.get("open")]


async def stream(arn):
    streams = boto3.client("dynamodbstreams")
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId="1", ShardIteratorType="LATEST")["ShardIterator"]
    while iterator:
        answer = streams.get_records(ShardIterator=iterator)
        for record in answer["Records"]:
            RECORDS.put(record)
        iterator = answer.get("NextShardIterator")
        await asyncio.sleep(1)


def save(orders):
    with table.batch_writer() as batch:
        for order in orders:
            batch.put_item(Item=order)
    pages = client.get_paginator("scan").paginate(TableName="orders")
    return sum(len(page["Items"]) for page in pages) + (lambda count: count + 1)(len(RECENT))
