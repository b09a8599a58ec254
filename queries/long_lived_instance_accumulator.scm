; self.seen.append(item)      self.by_id[key] = item, on an instance that lives as long as the process
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
  (#lives? @holder process)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder)
  (#not-apart? @holder @value)
  (#not-listed? @key))
