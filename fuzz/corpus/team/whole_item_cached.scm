; CACHE[order_id] = item, of a cache that is bounded
(assignment
  left: (subscript value: (_) @holder subscript: (_) @key)
  right: (_) @value
  (#exactly? @value page items item)
  (#lives? @holder process)
  (#not-fixed? @key)
  (#not-chosen? @value)
  (#not-script? @value)
  (#not-emptied? @holder)
  (#few-read? @holder)) @finding

; ROWS = table.scan()["Items"]      self.rows = table.scan()["Items"]
(assignment
  left: [
    (identifier) @holder
    (attribute) @holder
  ]
  right: (_) @value
  (#exactly? @value page items)
  (#lives? @holder process)
  (#not-limited? @value)
  (#not-chosen? @value)
  (#not-script? @value)
  (#few-read? @holder)) @finding

; @lru_cache(maxsize=1024) def order(order_id): return table.get_item(...)["Item"]
(decorated_definition
  (decorator
    [
      (identifier) @_cache
      (attribute) @_cache
      (call function: (_) @_cache)
    ]) @finding
  definition: (function_definition) @function
  (#imports? @_cache "functools.lru_cache" "cachetools.cached" "cachetools.func.lru_cache" "cachetools.func.ttl_cache")
  (#parametrised? @function)
  (#returns? @function page items item)
  (#few-read? @function))
