; for page in pages: ...      then: list(pages), pages.search("Items[]")
(
  [
    (for_statement right: (_) @value @finding)
    (for_in_clause right: (_) @value @finding)
    (argument_list (identifier) @value @finding)
    (call function: (attribute object: (_) @value @finding))
    (yield (identifier) @value @finding)
  ]
  (#spent? @value))

; PAGES = paginator.paginate(...), gone through by each request
(
  [
    (for_statement right: (_) @value @finding)
    (for_in_clause right: (_) @value @finding)
    (call function: (attribute object: (_) @value @finding))
  ]
  (#exactly? @value page-iterator)
  (#not-limited? @value)
  (#held-by? @value module class)
  (#per-request? @value))
