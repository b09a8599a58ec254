"""A Lambda function that tells how far an order is."""
import boto3


def handler(event, context):
    """How far an order is."""
    session = boto3.Session()
    table = session.resource("dynamodb").Table("orders")
    key = {"customer_id": event["customer_id"], "order_id": event["order_id"]}
    return {"status": table.get_item(Key=key)["Item"]["status"]}
