; for page in pages: ...      then: list(pages), pages.search("Items[]")
(
  [
    (for_statement right: [(identifier) (attribute)] @value @finding)
    (for_in_clause right: [(identifier) (attribute)] @value @finding)
    (call
      function: (identifier) @_taker
      arguments: (argument_list . (identifier) @value @finding))
    (call function: (attribute object: [(identifier) (attribute)] @value @finding attribute: (identifier) @_method))
    (yield (identifier) @value @finding)
  ]
  (#any-of? @_taker "list" "sorted" "sum" "enumerate")
  (#any-of? @_method "search" "build_full_result")
  (#spent? @value))

; PAGES = paginator.paginate(...), gone through by each request
(
  [
    (for_statement right: [(identifier) (attribute)] @value @finding)
    (for_in_clause right: [(identifier) (attribute)] @value @finding)
    (call function: (attribute object: [(identifier) (attribute)] @value @finding attribute: (identifier) @_method))
  ]
  (#any-of? @_method "search" "build_full_result")
  (#exactly? @value page-iterator)
  (#not-limited? @value)
  (#held-by? @value module class)
  (#per-request? @value))
