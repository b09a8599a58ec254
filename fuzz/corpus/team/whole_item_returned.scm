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
    (call
      function: [
        (identifier) @_called
        (attribute attribute: (identifier) @_called)
      ])
  ] @value
  (#not-any-of? @_called "render" "render_template" "TemplateResponse" "render_to_response")
  (#kind? @value page items item)
  (#not-written? @value)
  (#endpoint? @value)) @finding
