; LOCAL.rows.append(item)      LOCAL.by_id[key] = item      LOCAL.rows += items
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list (_) @value))
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (_) @value)
    (augmented_assignment left: (_) @holder right: (_) @value)
  ] @finding
  (#any-of? @_method "append" "appendleft" "extend" "extendleft" "add" "insert" "update" "setdefault")
  (#kind? @value page items item record records model)
  (#shape? @holder list dict set deque)
  (#held-by? @holder thread)
  (#not-fixed? @key)
  (#not-script? @value)
  (#not-capped? @holder)
  (#not-emptied? @holder))

; CONTEXT[request_id] = items      BY_THREAD[threading.get_ident()].append(item)
(
  [
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (_) @value)
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_set)
      arguments: (argument_list . (_) @key . (_) @value .))
    (call
      function: (attribute object: (subscript value: (_) @holder subscript: (_) @key) attribute: (identifier) @_method)
      arguments: (argument_list (_) @value .))
  ] @finding
  (#eq? @_set "setdefault")
  (#any-of? @_method "append" "extend" "add" "update")
  (#match? @key "(^|[._])(request|req|correlation|thread)_?[iI]d$|get_ident\\(\\)$|current_thread\\(\\)|^id\\(request\\)$")
  (#kind? @value page items item record records model)
  (#shape? @holder dict)
  (#lives? @holder process)
  (#not-script? @value)
  (#not-capped? @holder)
  (#not-emptied? @holder))

; TOKENS.append(ROWS.set(items)), which holds on to what was set
(call
  function: (attribute object: (_) @holder attribute: (identifier) @_method)
  arguments: (argument_list
    [
      (call function: (attribute attribute: (identifier) @_set))
      (identifier)
    ] @token .)
  (#any-of? @_method "append" "add")
  (#eq? @_set "set")
  (#imports? @token "contextvars.Token")
  (#lives? @holder process)
  (#not-script? @token)
  (#not-capped? @holder)
  (#not-emptied? @holder)) @finding
