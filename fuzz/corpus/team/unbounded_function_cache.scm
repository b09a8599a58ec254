; @cache      @lru_cache(maxsize=None)      @cached(TTLCache(maxsize=float("inf"), ttl=60))
(decorated_definition
  (decorator
    [
      (identifier) @_bare
      (attribute) @_bare
      (call
        function: (_) @_cache
        arguments: [
          (argument_list (keyword_argument name: (identifier) @_keyword value: (_) @size))
          (argument_list . (_) @size)
          (argument_list . (call arguments: (argument_list (keyword_argument name: (identifier) @_keyword value: (_) @size))))
          (argument_list . (call arguments: (argument_list . (_) @size)))
          (argument_list (keyword_argument value: (call arguments: (argument_list (keyword_argument name: (identifier) @_keyword value: (_) @size)))))
        ])
    ]) @finding
  definition: (function_definition) @function
  (#imports? @_bare "functools.cache")
  (#imports? @_cache "functools.lru_cache" "cachetools.cached" "cachetools.func.lru_cache" "cachetools.func.ttl_cache")
  (#any-of? @_keyword "maxsize")
  (#infinite? @size)
  (#parametrised? @function)
  (#not-method? @function)
  (#not-cleared? @function)
  (#returns? @function page items item records record model page-iterator item-iterator result-iterator))
