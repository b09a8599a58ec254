; def view(request): table.scan()
((call
  function: (attribute attribute: (identifier) @_method)) @finding
  (#eq? @_method "scan")
  (#exactly? @finding page)
  (#not-limited? @finding)
  (#per-request? @finding))
;>>> page
---
message: {finding} reads the whole table for each request
severity: error
effect: peak
---
# SHOP101: no-scan-in-views

A scan reads every item of the table. A view that does so gets slower with each order that is stored.

Query an index instead, or read with a `Limit`.

## Flagged: a scan in a view
```py
import boto3
from django.views import View

table = boto3.resource("dynamodb").Table("orders")


class Orders(View):
    def get(self, request):
        return table.scan()["Items"]
#              ^^^^^^^^^^^^ SHOP101 `table.scan()` reads the whole table
```

## Not flagged: a limited scan
```py
import boto3
from django.views import View

table = boto3.resource("dynamodb").Table("orders")


class Orders(View):
    def get(self, request):
        return table.scan(Limit=20)["Items"]
```

## Not flagged: a scan that no request waits for
```py
import boto3

table = boto3.resource("dynamodb").Table("orders")


def report():
    return table.scan()["Count"]
```

## Not flagged: another scan
```py
import boto3
from django.views import View

table = boto3.resource("dynamodb").Table("orders")


class Ports(View):
    def get(self, request):
        return scanner.scan("127.0.0.1")
```
