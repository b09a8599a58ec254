; QUEUE.put(record), QUEUE = queue.Queue()
(
  (call
    function: (attribute object: (_) @holder attribute: (identifier) @_method)
    arguments: (argument_list . (_) @value)) @finding
  (#any-of? @_method "put" "put_nowait")
  (#kind? @value page items item record records model)
  (#shape? @holder queue)
  (#not-capped? @holder))

; PENDING.append(record), another function does PENDING.popleft()
(
  (call
    function: (attribute object: (_) @holder attribute: (identifier) @_method)
    arguments: (argument_list . (_) @value)) @finding
  (#any-of? @_method "append" "appendleft" "extend")
  (#kind? @value page items item record records model)
  (#shape? @holder deque)
  (#lives? @holder process)
  (#taken-elsewhere? @holder)
  (#not-capped? @holder))
