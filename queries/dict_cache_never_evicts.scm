; CACHE[key] = item, read back by its key and never evicted
(assignment
  left: (subscript value: (_) @holder subscript: (_) @key)
  right: (_) @value
  (#kind? @value page items item record records model attribute)
  (#lives? @holder process unknown)
  (#looked-up? @holder)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-swept? @holder)
  (#not-mirrored? @key @value)
  (#not-apart? @holder @value)
  (#not-listed? @key)) @finding

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

; self.cache.set(key, item), of a class over a dict that evicts for others, and not for this one
(call
  function: (attribute object: (_) @holder attribute: (identifier) @_method)
  arguments: (argument_list
    [
      (keyword_argument value: (_) @value)
      (_) @value
    ])
  (#any-of? @_method "set" "put" "add" "store" "save" "remember" "insert" "set_item" "set_value" "cache" "update" "push")
  (#kind? @value page items item record records model attribute)
  (#lives? @holder process unknown)
  (#keeps? @holder @value)) @finding
