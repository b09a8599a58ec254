"""Reads the orders of a customer in a task of its own."""
import asyncio

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table("orders")
tasks = set()


async def read(customer_id):
    """The orders of a customer."""
    return table.query(KeyConditionExpression=Key("customer_id").eq(customer_id))["Items"]


async def orders_of(customer_id):
    """The numbers of a customer's orders."""
    task = asyncio.create_task(read(customer_id))
    tasks.add(task)
    orders = await task
    return [order["order_id"] for order in orders]
