"""What the open orders come to."""
import boto3

table = boto3.resource("dynamodb").Table("orders")


def all_orders():
    """Every order of the shop."""
    orders = []
    response = table.scan()
    orders.extend(response["Items"])
    while "LastEvaluatedKey" in response:
        response = table.scan(ExclusiveStartKey=response["LastEvaluatedKey"])
        orders.extend(response["Items"])
    return orders


def open_total():
    """The number of open orders and their sum."""
    count = total = 0
    for order in all_orders():
        if order["status"] == "open":
            count += 1
            total += order["total"]
    return count, total
