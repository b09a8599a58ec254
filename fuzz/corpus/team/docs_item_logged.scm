; logger.info("order %s", item)
((call
  function: (attribute object: (identifier) @_logger attribute: (identifier) @_level)
  arguments: (argument_list (_) @value)) @finding
  (#any-of? @_logger "log" "logger" "logging")
  (#any-of? @_level "debug" "info" "warning" "error" "exception" "critical")
  (#kind? @value page items item))
;>>> page
---
message: {value} goes to the log with all that {source} gave
effect: exposure
---
# SHOP102: item-logged

Items hold what customers told us. The log is read by more people, and kept for longer, than the table.

Log the key.

## Flagged: an item of a wrapper
```py
import logging

from shop.repo import fetch_order

logger = logging.getLogger(__name__)


def show(order_id):
    order = fetch_order(order_id)
    logger.info("showing %s", order)
#   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ SHOP102 `order` goes to the log with all that `fetch_order(order_id)` gave
```
```toml
[sources]
"shop.repo.fetch_order" = "item"
```

## Not flagged: its key
```py
import logging

from shop.repo import fetch_order

logger = logging.getLogger(__name__)


def show(order_id):
    order = fetch_order(order_id)
    logger.info("showing %s", order["pk"])
```
```toml
[sources]
"shop.repo.fetch_order" = "item"
```

## Not flagged: another function of that name
```py
import logging

from shop.cache import fetch_order

logger = logging.getLogger(__name__)


def show(order_id):
    logger.info("showing %s", fetch_order(order_id))
```
```toml
[sources]
"shop.repo.fetch_order" = "item"
```
