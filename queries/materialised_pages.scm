; list(paginator.paginate(...))      [item for page in pages for item in page["Items"]]      pages.build_full_result()
(
  [
    (call
      function: [
        (identifier) @_gather
        (attribute attribute: (identifier) @_gather)
      ]
      arguments: [
        (argument_list . (_) @source)
        (argument_list . (list_comprehension (for_in_clause right: (_) @source)))
        (generator_expression) @source
        (argument_list (list_splat [
          (generator_expression body: (_) @task)
          (list_comprehension) @task
          (identifier) @task
          (attribute) @task
          (call) @task
          (subscript) @task
        ]))
      ])
    (call function: (attribute object: (_) @source attribute: (identifier) @_full))
    (list_comprehension (for_in_clause right: (_) @source))
    (set_comprehension (for_in_clause right: (_) @source))
    (dictionary_comprehension (for_in_clause right: (_) @source))
    (list_comprehension body: (call function: (attribute attribute: (identifier) @_submit)) @task)
  ] @finding
  (#any-of? @_gather "list" "tuple" "sorted" "set" "frozenset" "dict" "deque" "DataFrame" "from_records" "sum" "gather")
  (#eq? @_full "build_full_result")
  (#any-of? @_submit "submit" "create_task")
  (#exactly? @source page-iterator item-iterator result-iterator)
  (#kind? @task page items item-iterator)
  (#not-limited? @task)
  (#not-limited? @source)
  (#not-capped? @finding)
  (#not-script? @finding))

; OrdersResponse.of(Order.query(customer)), of another file, which converts each into a list
(call
  function: (_) @function
  arguments: (argument_list
    [
      (call function: (attribute attribute: (identifier) @_read)) @source @finding
      (keyword_argument value: (call function: (attribute attribute: (identifier) @_read)) @source @finding)
    ])
  (#any-of? @_read "query" "scan" "paginate" "search")
  (#exactly? @source page-iterator item-iterator result-iterator)
  (#not-limited? @source)
  (#converts? @function @source)
  (#not-script? @source))

; self.get_all(), whose answer nobody takes
(expression_statement
  (call
    function: [
      (identifier) @_name
      (attribute attribute: (identifier) @_name)
    ]) @finding
  (#match? @_name "^_?(get|list|fetch|load|read|find|scan)_all")
  (#kind? @finding items)
  (#not-limited? @finding)
  (#fresh? @finding)
  (#not-script? @finding))
