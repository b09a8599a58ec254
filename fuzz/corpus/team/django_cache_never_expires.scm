; cache.set(key, item, None)      cache.add(key, item, timeout=None)
(call
  function: (attribute object: (_) @_cache attribute: (identifier) @_method)
  arguments: [
    (argument_list . (_) @key . (_) @value . (none))
    (argument_list . (_) @key . (_) @value (keyword_argument name: (identifier) @_keyword value: (none)))
  ]
  (#any-of? @_method "set" "add" "get_or_set")
  (#any-of? @_keyword "timeout")
  (#imports? @_cache "cache" "django.core.cache.caches")
  (#kind? @value page items item records record model)
  (#not-fixed? @key)) @finding
