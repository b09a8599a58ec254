"""The DynamoDB tables of the shop."""

KEYS = {
    "products": [("sku", "HASH")],
    "brands": [("brand_id", "HASH")],
    "stock": [("sku", "HASH")],
    "carts": [("customer_id", "HASH"), ("sku", "RANGE")],
    "wishlists": [("customer_id", "HASH"), ("sku", "RANGE")],
    "orders": [("customer_id", "HASH"), ("order_id", "RANGE")],
    "archive": [("order_id", "HASH")],
    "order_totals": [("customer_id", "HASH")],
    "customers": [("customer_id", "HASH")],
    "blocklist": [("ip", "HASH")],
    "campaigns": [("campaign_id", "HASH")],
    "checkpoints": [("shard_id", "HASH")],
}
STREAMED = {"orders"}


def create_tables(client):
    """Creates each table that does not exist yet and returns the names of the new ones."""
    existing = set(client.list_tables(Limit=100)["TableNames"])
    created = []
    for name, keys in KEYS.items():
        if name in existing:
            continue
        attributes = [attribute for attribute, _ in keys]
        options = {}
        if name == "products":
            attributes += ["category", "brand_id"]
            options["GlobalSecondaryIndexes"] = [
                _index("by_category", "category"),
                _index("by_brand", "brand_id"),
            ]
        if name in STREAMED:
            options["StreamSpecification"] = {
                "StreamEnabled": True,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            }
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes
            ],
            BillingMode="PAY_PER_REQUEST",
            **options,
        )
        created.append(name)
    return created


def _index(name, attribute):
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
