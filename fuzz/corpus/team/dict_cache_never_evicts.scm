; CACHE[key] = item, read back by its key and never evicted
(assignment
  left: (subscript value: (_) @holder subscript: (_) @key)
  right: (_) @value
  (#kind? @value page items item record records model attribute)
  (#lives? @holder process unknown)
  (#looked-up? @holder)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-swept? @holder)) @finding

; self._cache[key] = record, in a class that holds a table: whoever calls it passes what was read
(assignment
  left: (subscript value: (attribute attribute: (identifier) @_name) @holder subscript: (_) @key)
  right: (_) @value
  (#match? @_name "[cC]ache")
  (#passed? @value)
  (#lives? @holder unknown)
  (#looked-up? @holder)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-swept? @holder)) @finding
