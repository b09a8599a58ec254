; PENDING.append(record), PENDING = deque(maxlen=100): the oldest fall out
(call
  function: (attribute object: (_) @holder attribute: (identifier) @_method)
  arguments: (argument_list . (_) @value)
  (#any-of? @_method "append" "appendleft" "extend")
  (#kind? @value record records)
  (#bounded? @holder)
  (#not-measured? @holder)
  (#taken? @holder)) @finding

; try: QUEUE.put_nowait(record) except Full: pass
(try_statement
  body: (block
    (expression_statement
      (call
        function: (attribute attribute: (identifier) @_method)
        arguments: (argument_list . (_) @value)) @finding))
  (except_clause
    [
      (identifier) @_full
      (attribute attribute: (identifier) @_full)
    ]
    (block . (pass_statement) .))
  (#eq? @_method "put_nowait")
  (#any-of? @_full "Full" "QueueFull")
  (#kind? @value record records))
