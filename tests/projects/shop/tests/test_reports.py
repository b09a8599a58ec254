from reports import cursors, exports


def test_orders(staff_client, order):
    ids = [order(f"{number:03}", total=2) for number in range(110)]
    answer = staff_client.get("/reports/orders/").json()
    assert answer == {"orders": ids, "revenue": 220}


def test_reports_are_for_the_staff(customer_client):
    assert customer_client.get("/reports/orders/").status_code == 302


def test_orders_as_text(staff_client, order):
    order("a", total=1)
    order("b", total=2)
    text = b"".join(staff_client.get("/reports/orders.txt")).decode()
    assert sorted(text.splitlines()) == ["a;1", "b;2"]


def test_customers(staff_client, customer, name, tables):
    tables("customers").put_item(Item={"customer_id": "nameless"})
    assert staff_client.get("/reports/customers/").json() == {"customers": [f"Name of {name}"]}


def test_report_by_pages(staff_client, product, name):
    skus = {product(number) for number in range(5)}
    assert staff_client.get(f"/reports/{name}/open/").json() == {"report": name}
    seen = []
    for _ in range(4):
        page = staff_client.get(f"/reports/{name}/next/").json()["skus"]
        assert len(page) <= 2
        seen += page
    assert len(seen) == 5 and set(seen) == skus


def test_rows_after(product):
    skus = {product(number) for number in range(5)}
    rows, key = cursors.rows_after("products", length=3)
    assert len(rows) == 3 and key
    rest, key = cursors.rows_after("products", key, length=3)
    assert {row["sku"]["S"] for row in rows + rest} == skus
    assert key is None


def test_newsletter_walk(tables):
    ids = {f"c{number}" for number in range(5)}
    for customer_id in ids:
        tables("customers").put_item(Item={"customer_id": customer_id})
    cursors.newsletter.restart()
    first, second = cursors.newsletter.take(3), cursors.newsletter.take(3)
    assert (len(first), len(second)) == (3, 2)
    assert set(first) | set(second) == ids


def test_sizes(staff_client, order, tables):
    for number in range(8):
        order(f"{number}")
        tables("customers").put_item(Item={"customer_id": f"{number}"})
    tables("customers").put_item(Item={"customer_id": "last"})
    assert staff_client.get("/reports/sizes/").json() == {"orders": 8, "customers": 9}


def test_exports(order, product, tables):
    ids = {order(f"{number}", total=3) for number in range(4)}
    assert {row["order_id"]["S"] for row in exports.order_rows()} == ids
    assert exports.revenue() == 12
    skus = [product(letter) for letter in "cab"]
    assert [row["sku"]["S"] for row in exports.product_rows()] == sorted(skus)
    assert len(exports.first_products(2)) == 2
