"""Pages about orders."""
import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponseBadRequest, JsonResponse
from django.views.decorators.http import require_POST

from orders.repository import OrderRepository
from orders.services import book


@login_required
@require_POST
def place(request):
    """Orders everything that is in the cart."""
    lines = [(line["sku"], int(line["quantity"])) for line in request.cart_lines]
    if not lines:
        return HttpResponseBadRequest("the cart is empty")
    order_id = uuid.uuid4().hex
    total = book.place(request.user.username, order_id, lines)
    return JsonResponse({"order": order_id, "total": total})


@login_required
def detail(request, order_id):
    """One order."""
    order = OrderRepository().get(request.user.username, order_id)
    if order is None:
        raise Http404(order_id)
    return JsonResponse({"order": order_id, "status": order["status"], "total": int(order["total"])})


@login_required
def history(request):
    """All orders of the customer."""
    orders = OrderRepository().of_customer(request.user.username)
    return JsonResponse({"orders": [order["order_id"] for order in orders]})


@login_required
def page(request):
    """Some orders of the customer, from where the last page ended."""
    orders, after = OrderRepository().page_of_customer(
        request.user.username, after=request.GET.get("after"), length=2
    )
    return JsonResponse({"orders": [order["order_id"] for order in orders], "after": after})


def ticker(request):
    """What has just been sold."""
    return JsonResponse({"sold": book.just_sold(), "orders": len(book.just_placed())})
