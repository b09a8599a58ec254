"""Pages of the catalog."""
from boto3.dynamodb.conditions import Key
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.views import View

from catalog import repository
from catalog.documents import Product
from catalog.state import RECENT, remember


def product_detail(request, sku):
    """One product with its stock and price."""
    product = repository.get_product(sku)
    if product is None:
        raise Http404(sku)
    remember([product])
    stock = repository.stock_of(sku)
    prices = repository.PriceList("EUR", 1)
    return JsonResponse(
        {
            "sku": sku,
            "name": product["name"],
            "cents": prices.quote(sku),
            "in_stock": bool(stock and int(stock["amount"]["N"])),
        }
    )


def related(request, sku):
    """Products of the same category."""
    if repository.get_product(sku) is None:
        raise Http404(sku)
    return JsonResponse({"related": [item["sku"] for item in repository.related_products(sku)]})


def recent(request):
    """The last ten products that anyone has looked at."""
    return JsonResponse({"recent": [product["sku"] for product in list(RECENT)[-10:]]})


def category(request, name):
    """The first 50 products of a category."""
    key = f"category:{name}"
    items = cache.get(key)
    if items is None:
        response = repository.products.query(
            IndexName="by_category",
            KeyConditionExpression=Key("category").eq(name),
            Limit=50,
        )
        items = response["Items"]
        cache.set(key, items, timeout=None)
    return JsonResponse({"category": name, "skus": [item["sku"] for item in items]})


def brand(request, brand_id):
    """The first 50 products of a brand."""
    key = f"brand:{brand_id}"
    items = cache.get(key)
    if items is None:
        response = repository.products.query(
            IndexName="by_brand",
            KeyConditionExpression=Key("brand_id").eq(brand_id),
            Limit=50,
        )
        items = response["Items"]
        cache.set(key, items, timeout=300)
    return JsonResponse({"brand": brand_id, "skus": [item["sku"] for item in items]})


@login_required
def price_sheet(request):
    """All products with their prices, for the staff."""
    products = list(Product.scan())
    products.sort(key=lambda product: product.sku)
    return JsonResponse({"prices": [[product.sku, int(product.cents)] for product in products]})


@login_required
def labels(request):
    """All labels as text, a line each."""
    lines = (f"{product.label}\n" for product in Product.scan(page_size=100))
    return StreamingHttpResponse(lines, content_type="text/plain")


class Search(View):
    """Products whose name contains the query."""

    page_length = 20

    def get(self, request):
        query = request.GET.get("q", "")
        found = Product.scan(Product.name.contains(query), limit=self.page_length)
        return JsonResponse({"found": sorted(product.sku for product in found)})
