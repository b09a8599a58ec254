"""Shows an order."""
from contextlib import AsyncExitStack

import aioboto3
from fastapi import FastAPI

app = FastAPI()
session = aioboto3.Session()
stack = AsyncExitStack()


@app.get("/customers/{customer_id}/orders/{order_id}")
async def show(customer_id: str, order_id: str):
    """One order of a customer."""
    client = await stack.enter_async_context(session.client("dynamodb"))
    key = {"customer_id": {"S": customer_id}, "order_id": {"S": order_id}}
    found = await client.get_item(TableName="orders", Key=key)
    return {"status": found["Item"]["status"]["S"]}
