; RESULTS.append(item)      RESULTS[key] = item      RESULTS += items
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list (_) @value))
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (_) @value)
    (augmented_assignment left: (_) @holder right: (_) @value)
  ] @finding
  (#any-of? @_method "append" "appendleft" "extend" "extendleft" "add" "insert" "put" "put_nowait" "update" "setdefault")
  (#kind? @value page items item record records model page-iterator item-iterator result-iterator)
  (#shape? @holder list dict set deque queue)
  (#held-by? @holder module class function app)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder)
  (#not-listed? @key))
