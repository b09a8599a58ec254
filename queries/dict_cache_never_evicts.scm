; CACHE[key] = item, read back by its key and never evicted
(assignment
  left: (subscript value: (_) @holder subscript: (_) @key)
  right: (_) @value
  (#kind? @value page items item record records model attribute)
  (#lives? @holder process unknown)
  (#looked-up? @holder)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder)) @finding
