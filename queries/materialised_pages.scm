; list(paginator.paginate(...))      sorted(Order.scan())      json.dumps(list(pages))
(call
  function: [
    (identifier) @_gather
    (attribute attribute: (identifier) @_gather)
  ]
  arguments: [
    (argument_list . (_) @source)
    (generator_expression) @source
  ]
  (#any-of? @_gather "list" "tuple" "sorted" "set" "frozenset" "dict" "deque" "DataFrame" "from_records" "sum")
  (#exactly? @source page-iterator item-iterator result-iterator)
  (#not-limited? @source)
  (#not-script? @finding)) @finding

; pages.build_full_result()
(call
  function: (attribute object: (_) @source attribute: (identifier) @_gather)
  (#eq? @_gather "build_full_result")
  (#kind? @source page-iterator)
  (#not-limited? @source)
  (#not-script? @finding)) @finding

; [item for page in pages for item in page["Items"]]
([
  (list_comprehension body: (_) @element (for_in_clause right: (_) @source))
  (set_comprehension body: (_) @element (for_in_clause right: (_) @source))
  (dictionary_comprehension body: (pair value: (_) @element) (for_in_clause right: (_) @source))
] @finding
  (#exactly? @source page-iterator item-iterator result-iterator)
  (#not-limited? @source)
  (#not-script? @source))

; await asyncio.gather(*[fetch(key) for key in keys])      [pool.submit(fetch, key) for key in keys]
(call
  function: [
    (identifier) @_gather
    (attribute attribute: (identifier) @_gather)
  ]
  arguments: (argument_list (list_splat (_) @source))
  (#any-of? @_gather "gather")
  (#kind? @source page items)
  (#not-script? @source)) @finding

(list_comprehension
  body: (call function: (attribute attribute: (identifier) @_submit)) @task
  (#any-of? @_submit "submit" "create_task")
  (#kind? @task page items)
  (#not-script? @task)) @finding
