"""What a change of an order does to the totals of its customer."""
from shop import dynamo


def apply_order(record):
    """Adds a new order to its customer's totals and returns the totals."""
    if record["eventName"] != "INSERT":
        return None
    image = record["dynamodb"]["NewImage"]
    response = dynamo.client.update_item(
        TableName="order_totals",
        Key={"customer_id": image["customer_id"]},
        UpdateExpression="ADD orders :one, cents :total",
        ExpressionAttributeValues={":one": {"N": "1"}, ":total": image["total"]},
        ReturnValues="ALL_NEW",
    )
    return response["Attributes"]


def apply_orders(records):
    """Adds each new order to its customer's totals."""
    for record in records:
        apply_order(record)
