"""Background work on orders."""
import boto3
from boto3.dynamodb.conditions import Key
from celery import shared_task
from django.conf import settings

from shop import dynamo

orders = dynamo.table("orders")

SENT = []


def warehouse_queue():
    """The queue that the warehouse reads."""
    sqs = boto3.resource("sqs", region_name=settings.AWS_REGION)
    return sqs.get_queue_by_name(QueueName=settings.WAREHOUSE_QUEUE)


@shared_task
def archive_orders(customer_id, order_ids):
    """Copies orders into the archive and returns how many."""
    copied = 0
    for order_id in order_ids:
        client = boto3.client("dynamodb", region_name=settings.AWS_REGION)
        key = {"customer_id": {"S": customer_id}, "order_id": {"S": order_id}}
        item = client.get_item(TableName="orders", Key=key).get("Item")
        if item:
            client.put_item(TableName="archive", Item=item)
            copied += 1
    return copied


@shared_task
def drop_from_archive(order_ids):
    """Deletes orders from the archive."""
    client = dynamo.client
    for order_id in order_ids:
        client.delete_item(TableName="archive", Key={"order_id": {"S": order_id}})


@shared_task
def notify_warehouse(customer_id, order_ids):
    """Tells the warehouse what to pack."""
    for order_id in order_ids:
        warehouse_queue().send_message(MessageBody=f"{customer_id}/{order_id}")
    return len(order_ids)


@shared_task
def send_orders(customer_id):
    """Marks a customer's open orders as sent and returns their ids."""
    response = orders.query(KeyConditionExpression=Key("customer_id").eq(customer_id), Limit=50)
    ids = []
    for order in response["Items"]:
        if order["status"] != "open":
            continue
        _set_status(order, "sent")
        SENT.append(order)
        ids.append(order["order_id"])
    return ids


@shared_task
def cancel_orders(customer_id):
    """Marks a customer's open orders as cancelled and returns their ids."""
    response = orders.query(KeyConditionExpression=Key("customer_id").eq(customer_id), Limit=50)
    cancelled = []
    for order in response["Items"]:
        if order["status"] == "open":
            _set_status(order, "cancelled")
            cancelled.append(order)
    return [order["order_id"] for order in cancelled]


@shared_task
def count_items(table_name):
    """About how many items a table has."""
    session = boto3.session.Session(region_name=settings.AWS_REGION)
    description = session.client("dynamodb").describe_table(TableName=table_name)
    return description["Table"]["ItemCount"]


@shared_task
def table_status(table_name):
    """Whether a table is ready."""
    client = boto3.client("dynamodb", region_name=settings.AWS_REGION)
    return client.describe_table(TableName=table_name)["Table"]["TableStatus"]


def _set_status(order, status):
    orders.update_item(
        Key={"customer_id": order["customer_id"], "order_id": order["order_id"]},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
    )
