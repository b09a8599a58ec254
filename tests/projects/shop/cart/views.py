"""Pages of the cart and the wish list."""
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBadRequest, JsonResponse
from django.views.decorators.http import require_POST

from cart.services import CartService, WishlistService, merged_lines, merged_wishes


@login_required
def show(request):
    """The cart as the middleware has read it."""
    lines = [{"sku": line["sku"], "quantity": int(line["quantity"])} for line in request.cart_lines]
    return JsonResponse({"lines": lines, "wishes": request.wish_count})


@login_required
@require_POST
def add(request):
    """Puts a product into the cart."""
    sku = request.POST.get("sku")
    quantity = request.POST.get("quantity", "1")
    if not sku or not quantity.isdigit():
        return HttpResponseBadRequest("sku and quantity are needed")
    service = CartService(request.user.username)
    return JsonResponse({"sku": sku, "quantity": service.add(sku, int(quantity))})


@login_required
@require_POST
def remove(request):
    """Takes a product out of the cart."""
    CartService(request.user.username).remove(request.POST["sku"])
    return JsonResponse({"removed": request.POST["sku"]})


@login_required
@require_POST
def wish(request):
    """Puts a product on the wish list."""
    WishlistService(request.user.username).add(request.POST["sku"])
    return JsonResponse({"wished": request.POST["sku"]})


@login_required
def checkout(request):
    """What the customer is about to buy, and what they still wish for."""
    lines = merged_lines(request.user.username)
    wishes = merged_wishes(request.user.username)
    return JsonResponse(
        {
            "lines": [line["sku"] for line in lines],
            "wishes": [wish["sku"] for wish in wishes],
        }
    )
