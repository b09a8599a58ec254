import pytest
from django.apps import apps

from catalog import repository
from catalog.documents import Product
from catalog.importer import (
    CatalogImporter,
    copy_category,
    load_brands,
    load_stock,
    rename_category,
)
from catalog.state import RECENT, remember
from catalog.tasks import refresh_front_page


def test_product_detail(client, product, tables):
    sku = product("a", cents=399)
    tables("stock").put_item(Item={"sku": sku, "amount": 3})
    answer = client.get(f"/catalog/products/{sku}/")
    assert answer.json() == {"sku": sku, "name": "Product a", "cents": 399, "in_stock": True}


def test_product_without_stock(client, product):
    assert client.get(f"/catalog/products/{product('b')}/").json()["in_stock"] is False


def test_unknown_product(client, name):
    assert client.get(f"/catalog/products/{name}/").status_code == 404


def test_recent_products_end_with_the_last_seen(client, product):
    skus = [product(number) for number in range(3)]
    for sku in skus:
        client.get(f"/catalog/products/{sku}/")
    assert client.get("/catalog/recent/").json()["recent"][-3:] == skus


def test_remember_keeps_the_order():
    remember([{"sku": "first"}, {"sku": "second"}])
    assert [row["sku"] for row in list(RECENT)[-2:]] == ["first", "second"]


def test_related_products(client, product):
    first, second, third = (product(number) for number in range(3))
    answer = client.get(f"/catalog/products/{first}/related/").json()
    assert sorted(answer["related"]) == [second, third]


def test_category_is_cached(client, product, tables, name):
    sku = product("a")
    assert client.get(f"/catalog/categories/{name}/").json() == {"category": name, "skus": [sku]}
    tables("products").delete_item(Key={"sku": sku})
    assert client.get(f"/catalog/categories/{name}/").json()["skus"] == [sku]


def test_brand_is_cached(client, product, tables, name):
    sku = product("a", brand_id=name)
    assert client.get(f"/catalog/brands/{name}/").json() == {"brand": name, "skus": [sku]}
    tables("products").delete_item(Key={"sku": sku})
    assert client.get(f"/catalog/brands/{name}/").json()["skus"] == [sku]


def test_search(client, product, name):
    product("a", name="a lamp")
    sku = product("b", name=f"a chair {name}")
    assert client.get("/catalog/search/", {"q": f"chair {name}"}).json() == {"found": [sku]}


def test_price_sheet_is_sorted(customer_client, product):
    second, first = product("b", cents=20), product("a", cents=10)
    assert customer_client.get("/catalog/prices/").json() == {"prices": [[first, 10], [second, 20]]}


def test_price_sheet_needs_a_login(client):
    assert client.get("/catalog/prices/").status_code == 302


def test_labels(customer_client, product):
    first, second = product("a"), product("b")
    text = b"".join(customer_client.get("/catalog/labels/")).decode()
    assert sorted(text.splitlines()) == [f"{first}: Product a", f"{second}: Product b"]


def test_get_product_reads_once(product, tables):
    sku = product("a")
    assert repository.get_product(sku)["cents"] == 250
    tables("products").delete_item(Key={"sku": sku})
    assert repository.get_product(sku)["cents"] == 250


def test_stock_of_reads_once(tables, name):
    tables("stock").put_item(Item={"sku": name, "amount": 7})
    assert repository.stock_of(name)["amount"] == {"N": "7"}
    tables("stock").delete_item(Key={"sku": name})
    assert repository.stock_of(name)["amount"] == {"N": "7"}


def test_price_of_keeps_the_last_used(product, tables, monkeypatch):
    monkeypatch.setattr(repository, "PRICES_KEPT", 1)
    first, second = product("a", cents=1), product("b", cents=2)
    assert [repository.price_of(sku)["cents"] for sku in (first, second)] == [1, 2]
    tables("products").delete_item(Key={"sku": first})
    assert repository.price_of(first) is None


@pytest.mark.parametrize(("rate", "cents"), [(1, 900), (2, 1800)])
def test_price_list(product, tables, name, rate, cents):
    tables("brands").put_item(Item={"brand_id": name, "discount": 10})
    sku = product("a", brand_id=name, cents=1000)
    assert repository.PriceList("EUR", rate).quote(sku) == cents


def test_price_list_without_the_product(name):
    assert repository.PriceList("EUR", 1).quote(name) is None


def test_get_brand(tables, name):
    tables("brands").put_item(Item={"brand_id": name, "discount": 5})
    assert repository.get_brand(name) == {"brand_id": name, "discount": 5}


def test_import_counts_new_changed_and_unchanged(name, tables):
    rows = [{"sku": f"{name}-{number}", "cents": number} for number in range(3)]
    assert CatalogImporter("acme").run(rows) == (3, 0, 0)
    rows[1]["cents"] = 50
    assert CatalogImporter("acme").run(rows) == (0, 1, 2)
    assert tables("products").get_item(Key={"sku": f"{name}-1"})["Item"]["cents"] == 50


def test_import_keeps_what_it_replaced(name):
    CatalogImporter("acme").run([{"sku": name, "cents": 1}])
    importer = CatalogImporter("acme")
    importer.run([{"sku": name, "cents": 2}])
    assert list(importer.replaced)[-1] == {"sku": name, "cents": 1, "supplier": "acme"}


def test_load_stock_sends_full_batches(name, tables):
    assert load_stock({"sku": f"{name}-{number}", "amount": 1} for number in range(30)) == 30
    assert tables("stock").scan()["Count"] >= 25


def test_load_brands(name, tables):
    assert load_brands({"brand_id": f"{name}-{number}"} for number in range(30)) == 30
    assert tables("brands").scan()["Count"] == 30


def test_copy_category_leaves_the_source(product, name):
    for number in range(26):
        product(number)
    copy_category(name, "copies")
    skus = {item.sku for item in Product.scan()}
    assert len([sku for sku in skus if sku.startswith("copies-")]) >= 25
    assert len([sku for sku in skus if sku.startswith(name)]) == 26


def test_rename_category(product, name, tables):
    sku = product("a")
    rename_category(name, "other")
    assert tables("products").get_item(Key={"sku": sku})["Item"]["category"] == "other"


def test_front_page(product):
    sku = product("a", category="featured")
    banner = product("b", category="banner")
    assert refresh_front_page() == 2
    config = apps.get_app_config("catalog")
    assert list(config.featured)[-1]["sku"] == {"S": sku}
    assert [item["sku"]["S"] for item in config.banners] == [banner]
