"""Loads of supplier files into the product and stock tables."""
from catalog.documents import Product
from shop import dynamo


class CatalogImporter:
    """One import of a supplier's file."""

    replaced = []

    def __init__(self, supplier):
        self.supplier = supplier
        self.table = dynamo.table("products")
        self.unchanged = []

    def run(self, rows):
        """Writes the rows and returns how many were new, changed and unchanged."""
        new = changed = 0
        for row in rows:
            item = {**row, "supplier": self.supplier}
            old = self.table.get_item(Key={"sku": row["sku"]}).get("Item")
            if old == item:
                self.unchanged.append(old)
                continue
            if old:
                self.replaced.append(old)
                changed += 1
            else:
                new += 1
            self.table.put_item(Item=item)
        return new, changed, len(self.unchanged)


def load_stock(rows):
    """Writes stock rows and returns how many."""
    table = dynamo.table("stock")
    batch = table.batch_writer()
    count = 0
    for row in rows:
        batch.put_item(Item=row)
        count += 1
    return count


def load_brands(rows):
    """Writes brand rows and returns how many."""
    table = dynamo.table("brands")
    count = 0
    with table.batch_writer() as batch:
        for row in rows:
            batch.put_item(Item=row)
            count += 1
    return count


def copy_category(source, target):
    """Copies up to 200 products of a category into another one."""
    batch = Product.batch_write()
    for product in Product.scan(Product.category == source, limit=200):
        batch.save(Product(f"{target}-{product.sku}", name=product.name, category=target))


def rename_category(source, target):
    """Moves up to 200 products of a category into another one."""
    with Product.batch_write() as batch:
        for product in Product.scan(Product.category == source, limit=200):
            product.category = target
            batch.save(product)
