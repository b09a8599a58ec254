; def order(request, order_id): return JsonResponse(table.get_item(Key={"id": order_id})["Item"])
(return_statement
  [
    (identifier)
    (subscript)
    (dictionary)
    (list)
    (tuple)
    (await)
    (list_comprehension body: [(identifier) (subscript)])
    (call function: [(identifier) (attribute)])
  ] @value
  (#kind? @value page items item)
  (#not-written? @value)
  (#endpoint? @value)) @finding
