; TASKS.add(asyncio.create_task(read_order(order_id)))      FUTURES[order_id] = pool.submit(read_order, order_id)
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list [(identifier) (call)] @value .))
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: [(identifier) (call)] @value)
  ] @finding
  (#any-of? @_method "append" "appendleft" "add" "insert")
  (#kind? @value page items item record records model page-iterator item-iterator result-iterator)
  (#task? @value)
  (#shape? @holder list dict set deque)
  (#lives? @holder process)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder))

; EXECUTORS.append(ThreadPoolExecutor(max_workers=4)), for each request
(call
  function: (attribute object: (_) @holder attribute: (identifier) @_method)
  arguments: (argument_list
    [
      (identifier)
      (call function: [(identifier) (attribute)])
    ] @executor .)
  (#any-of? @_method "append" "add")
  (#match? @executor "[eE]xecutor|[pP]ool")
  (#imports? @executor "concurrent.futures.ThreadPoolExecutor" "concurrent.futures.ProcessPoolExecutor" "multiprocessing.pool.ThreadPool")
  (#in-scope? @executor)
  (#per-request? @executor)
  (#not-memoised? @executor)
  (#lives? @holder process)
  (#not-capped? @holder)
  (#not-emptied? @holder)) @finding
