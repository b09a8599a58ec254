"""Orders, with the customer's number in a header of each call."""
import boto3

client = boto3.client("dynamodb")


def lambda_handler(event, context):
    """The numbers of a customer's orders."""

    def add_trace(request, **given):
        request.headers["x-trace"] = event["trace"][:8]

    client.meta.events.register("before-send.dynamodb.Query", add_trace)
    page = client.query(
        TableName="orders",
        KeyConditionExpression="customer_id = :c",
        ExpressionAttributeValues={":c": {"S": event["customer"]}},
        ProjectionExpression="order_id",
    )
    return [order["order_id"]["S"] for order in page["Items"]]
