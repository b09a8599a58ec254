; def view(request): post_save.connect(lambda **kwargs: notify(item), weak=False)
(call
  function: (attribute attribute: (identifier) @_method)
  arguments: (argument_list . (_) @receiver (keyword_argument name: (identifier) @_weak value: (false)))
  (#eq? @_method "connect")
  (#eq? @_weak "weak")
  (#remade? @receiver)
  (#per-request? @receiver)
  (#not-memoised? @receiver)
  (#not-named-once? @finding)) @finding
