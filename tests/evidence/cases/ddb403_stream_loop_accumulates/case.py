"""A get_records loop that gathers records and stores them once it has ended."""
import boto3

from harness import tables

METER = "Growth"
SHOWN_ONLY = "a flush at 100 records"


def prepare():
    tables.orders(customers=20, each=220, stream=True)
    tables.create("archive", ["number"])


def run(load, meter):
    shop = load()

    def should_stop():
        meter.tick()
        return meter.full()

    shop.follow(tables.start_of(), should_stop)
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="archive")
    meter.result(sorted(item["number"]["S"] for page in pages for item in page["Items"]))
