; def view(request): client.meta.events.register("before-call.*", lambda **given: ...)
(call
  function: (attribute
    object: (attribute
      object: (attribute object: (_) @client attribute: (identifier) @_meta)
      attribute: (identifier) @_events)
    attribute: (identifier) @_method)
  arguments: (argument_list . (_) . (_) @handler .)
  (#eq? @_meta "meta")
  (#eq? @_events "events")
  (#any-of? @_method "register" "register_first" "register_last")
  (#exactly? @client client)
  (#lives? @client process)
  (#per-request? @client)
  (#not-memoised? @client)
  (#not-emptied? @client)) @finding
