; CLIENTS[tenant_id] = boto3.client(...)
(
  [
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (_) @value) @finding
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list . (_) @key . (_) @value .)) @finding
  ]
  (#eq? @_method "setdefault")
  (#exactly? @value client resource session table)
  (#in-scope? @value)
  (#lives? @holder process)
  (#many? @key)
  (#not-capped? @holder)
  (#not-swept? @holder))

; @cache def client_for(tenant_id): return boto3.client(...)
(decorated_definition
  (decorator
    [
      (identifier) @_bare
      (attribute) @_bare
      (call
        function: (_) @_cache
        arguments: [
          (argument_list (keyword_argument name: (identifier) @_keyword value: (_) @size))
          (argument_list . (none) @size)
        ])
    ]) @finding
  definition: (function_definition) @function
  (#imports? @_bare "functools.cache")
  (#imports? @_cache "functools.lru_cache")
  (#any-of? @_keyword "maxsize")
  (#infinite? @size)
  (#many? @function)
  (#in-scope? @function)
  (#not-cleared? @function)
  (#returns? @function client resource session table))

; client_for(Config(retries=...)), where client_for is memoised: each Config is another key
(call
  function: (_) @function
  arguments: (argument_list
    [
      (call function: (_) @_config)
      (keyword_argument value: (call function: (_) @_config))
    ])
  (#imports? @_config "botocore.config.Config" "botocore.client.Config")
  (#never-evicts? @function)
  (#exactly? @finding client resource session table)
  (#in-scope? @finding)
  (#per-request? @finding)) @finding
