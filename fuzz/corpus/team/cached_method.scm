; @lru_cache(maxsize=128) on a method: the cache keeps `self`
(decorated_definition
  (decorator
    [
      (identifier) @_cache
      (attribute) @_cache
      (call function: (_) @_cache)
    ]) @finding
  definition: (function_definition) @function
  (#imports? @_cache "functools.cache" "functools.lru_cache")
  (#method? @function)
  (#not-singleton? @function)
  (#returns? @function page items item records record model page-iterator item-iterator result-iterator))
