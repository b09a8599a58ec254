"""A batch writer without `with`: 30 orders a call, of which it sends 25."""
import boto3

from harness import tables

METER = "Loss"


def prepare():
    tables.create("orders", ["customer_id", "order_id"])


def run(load, meter):
    shop = load()
    sent = []
    for number in meter.calls():
        orders = [{"customer_id": f"c{number}", "order_id": f"o{each}"} for each in range(30)]
        meter.result(shop.save(orders))
        sent += [f"{order['customer_id']} {order['order_id']}" for order in orders]
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="orders")
    stored = (item for page in pages for item in page["Items"])
    meter.arrived(sent, [f"{item['customer_id']['S']} {item['order_id']['S']}" for item in stored])
