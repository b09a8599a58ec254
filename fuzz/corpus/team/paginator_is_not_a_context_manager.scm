; with paginator.paginate(...) as pages:
(with_item
  value: [
    (call) @value @finding
    (identifier) @value @finding
    (attribute) @value @finding
    (as_pattern . (_) @value @finding)
  ]
  (#exactly? @value page-iterator))

; with closing(paginator.paginate(...)) as pages:
(call
  function: (_) @_closing
  arguments: (argument_list . (_) @value)
  (#imports? @_closing "contextlib.closing")
  (#exactly? @value page-iterator)) @finding
