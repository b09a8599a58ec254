; @cache      @lru_cache(maxsize=None)      @cached(TTLCache(maxsize=inf, ttl=60))
(decorated_definition
  (decorator
    [
      (identifier) @_cache
      (attribute) @_cache
    ]) @finding
  definition: (function_definition) @function
  (#imports? @_cache "functools.cache")
  (#parametrised? @function)
  (#not-method? @function)
  (#returns? @function page items item records record model page-iterator item-iterator result-iterator))

; @lru_cache(maxsize=None)      @cached(TTLCache(maxsize=float("inf"), ttl=60))
(decorated_definition
  (decorator
    (call
      function: (_) @_cache
      arguments: [
        (argument_list (keyword_argument name: (identifier) @_keyword value: (_) @size))
        (argument_list . (_) @size)
        (argument_list . (call arguments: (argument_list (keyword_argument name: (identifier) @_keyword value: (_) @size))))
        (argument_list . (call arguments: (argument_list . (_) @size)))
      ])) @finding
  definition: (function_definition) @function
  (#any-of? @_keyword "maxsize")
  (#imports? @_cache "functools.lru_cache" "cachetools.cached" "cachetools.func.lru_cache" "cachetools.func.ttl_cache")
  (#infinite? @size)
  (#parametrised? @function)
  (#not-method? @function)
  (#returns? @function page items item records record model page-iterator item-iterator result-iterator))
