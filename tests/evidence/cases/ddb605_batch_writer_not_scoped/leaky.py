"""Takes orders in."""
import boto3

table = boto3.resource("dynamodb").Table("orders")


def save(orders):
    """Stores some orders."""
    batch = table.batch_writer()
    for order in orders:
        batch.put_item(Item=order)
    return len(orders)
