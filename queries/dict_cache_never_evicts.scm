; CACHE[key] = item, read back by its key and never evicted
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list . (_) @key (_) @value))
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (_) @value)
  ] @finding
  (#any-of? @_method "setdefault" "__setitem__")
  (#kind? @value page items item record records model)
  (#shape? @holder dict cache)
  (#lives? @holder process)
  (#looked-up? @holder)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder))
