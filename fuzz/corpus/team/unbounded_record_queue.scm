; QUEUE.put(record), QUEUE = queue.Queue()      PENDING.append(record), another function does PENDING.popleft()
(call
  function: (attribute object: (_) @holder attribute: (identifier) @_method)
  arguments: (argument_list . (_) @value)
  (#any-of? @_method "put" "put_nowait" "append" "appendleft" "extend")
  (#kind? @value page items item record records model)
  (#handed-over? @holder)
  (#not-capped? @holder)) @finding
