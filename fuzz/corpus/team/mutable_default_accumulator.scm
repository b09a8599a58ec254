; def collect(item, seen=[]): seen.append(item)
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
  (#held-by? @holder default)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder))
