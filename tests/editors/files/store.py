import boto3

TABLE = boto3.resource("dynamodb").Table("orders")


def fetch(key):
    return TABLE.get_item(Key=key)["Item"]
