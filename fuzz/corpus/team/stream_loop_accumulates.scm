; while iterator: batch = client.get_records(...); seen.extend(batch["Records"])
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list (_) @value))
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (_) @value)
    (augmented_assignment left: (_) @holder right: (_) @value)
  ] @finding
  (#not-match? @key "[sS]hard")
  (#any-of? @_method "append" "appendleft" "extend" "extendleft" "add" "insert" "put" "put_nowait" "update" "setdefault")
  (#kind? @value page record records item)
  (#in-stream-loop? @value)
  (#shape? @holder list dict set deque)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied-here? @holder))
