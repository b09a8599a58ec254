"""Reports for the staff."""
from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import JsonResponse, StreamingHttpResponse

from reports import cursors, exports, jobs


@staff_member_required(login_url=settings.LOGIN_URL)
def orders(request):
    """All orders and what they add up to."""
    pages = exports.order_pages()
    ids = sorted(item["order_id"]["S"] for page in pages for item in page["Items"])
    return JsonResponse({"orders": ids, "revenue": exports.revenue()})


@staff_member_required(login_url=settings.LOGIN_URL)
def orders_text(request):
    """All orders as text."""
    return StreamingHttpResponse(exports.order_lines(), content_type="text/plain")


@staff_member_required(login_url=settings.LOGIN_URL)
def customers(request):
    """The names of all customers."""
    names = [item["name"]["S"] for item in exports.customer_table() if "name" in item]
    return JsonResponse({"customers": sorted(names)})


@staff_member_required(login_url=settings.LOGIN_URL)
def open_report(request, report_id):
    """Opens a report over the products."""
    cursors.start(report_id, "products", length=2)
    return JsonResponse({"report": report_id})


@staff_member_required(login_url=settings.LOGIN_URL)
def report_page(request, report_id):
    """The next page of a report."""
    return JsonResponse({"skus": [item["sku"]["S"] for item in cursors.proceed(report_id)]})


@staff_member_required(login_url=settings.LOGIN_URL)
def sizes(request):
    """How many orders and customers there are."""
    return JsonResponse(
        {"orders": jobs.count_table("orders"), "customers": jobs.count_table_shared("customers")}
    )
