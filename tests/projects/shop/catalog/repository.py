"""Reads of the product, brand and stock tables."""
from collections import OrderedDict
from functools import cache, lru_cache

from boto3.dynamodb.conditions import Key

from shop import dynamo

products = dynamo.table("products")
brands = dynamo.table("brands")

PRICES_KEPT = 500

_stock = {}
_prices = OrderedDict()


@lru_cache(maxsize=None)
def get_product(sku):
    """The product, or None."""
    return products.get_item(Key={"sku": sku}).get("Item")


@lru_cache(maxsize=1024)
def get_brand(brand_id):
    """The brand, or None."""
    return brands.get_item(Key={"brand_id": brand_id}).get("Item")


@cache
def related_products(sku):
    """Other products of the same category."""
    product = get_product(sku)
    response = products.query(
        IndexName="by_category",
        KeyConditionExpression=Key("category").eq(product["category"]),
        Limit=20,
    )
    return [item for item in response["Items"] if item["sku"] != sku]


def stock_of(sku):
    """The stock row of a product, read once."""
    if sku not in _stock:
        response = dynamo.client.get_item(TableName="stock", Key={"sku": {"S": sku}})
        _stock[sku] = response.get("Item")
    return _stock[sku]


def price_of(sku):
    """The product with its price, the most recently used 500 from memory."""
    if sku in _prices:
        _prices.move_to_end(sku)
        return _prices[sku]
    item = products.get_item(Key={"sku": sku}).get("Item")
    _prices[sku] = item
    if len(_prices) > PRICES_KEPT:
        _prices.popitem(last=False)
    return item


class PriceList:
    """Prices in one currency."""

    def __init__(self, currency, rate):
        self.currency = currency
        self.rate = rate

    @lru_cache(maxsize=256)
    def row(self, sku):
        """The product row that prices are taken from."""
        return products.get_item(Key={"sku": sku}).get("Item")

    @staticmethod
    @lru_cache(maxsize=256)
    def brand_row(brand_id):
        """The brand row that discounts are taken from."""
        return brands.get_item(Key={"brand_id": brand_id}).get("Item")

    def quote(self, sku):
        """The price of a product in cents of the currency, less the discount of its brand."""
        row = self.row(sku)
        if row is None:
            return None
        brand = self.brand_row(row["brand_id"]) if "brand_id" in row else None
        percent = 100 - int(brand["discount"]) if brand else 100
        return int(int(row["cents"]) * self.rate * percent / 100)
