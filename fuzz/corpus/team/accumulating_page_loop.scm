; while "LastEvaluatedKey" in page: items.extend(page["Items"])      for page in pages: items += page["Items"]
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: [
        (argument_list (_) @value)
        (generator_expression) @value
      ])
    (augmented_assignment left: (_) @holder right: (_) @value)
    (assignment left: (_) right: (binary_operator left: (_) @holder operator: "+" right: (_) @value))
    (assignment left: (_) right: (list (list_splat (_) @holder) (list_splat (_) @value)))
  ] @finding
  (#any-of? @_method "append" "appendleft" "extend" "extendleft" "add" "insert" "update")
  (#kind? @value page items item item-iterator model attribute)
  (#in-page-loop? @value)
  (#not-scalar? @holder)
  (#not-capped? @holder)
  (#not-emptied-here? @holder))
