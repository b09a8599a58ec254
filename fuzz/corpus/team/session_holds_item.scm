; request.session["cart"] = item
(assignment
  left: [
    (subscript) @holder
    (attribute) @holder
  ]
  right: (_) @value
  (#held-by? @holder session)
  (#kind? @value page items item record records model)) @finding
