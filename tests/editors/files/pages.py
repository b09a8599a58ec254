import boto3

paginator = boto3.client("dynamodb").get_paginator("scan")


def export():
    with paginator.paginate(TableName="orders") as pages:
        for page in pages:
            print(page["Count"])


def audit():
    with paginator.paginate(TableName="audit") as pages:
        for page in pages:
            print(page["Count"])
