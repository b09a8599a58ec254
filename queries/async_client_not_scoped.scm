; self.client = await session.client("dynamodb").__aenter__(), and nothing calls __aexit__
(assignment
  left: (_) @holder
  right: (await
    (call function: (attribute object: (_) @made attribute: (identifier) @_enter)))
  (#eq? @_enter "__aenter__")
  (#kind? @made client resource)
  (#not-taken? @holder)
  (#not-taken? @made)) @finding

; await STACK.enter_async_context(session.client("dynamodb")), for each request on a stack that stays
(call
  function: (attribute object: (_) @stack attribute: (identifier) @_enter)
  arguments: (argument_list . (_) @made)
  (#eq? @_enter "enter_async_context")
  (#kind? @made client resource)
  (#lives? @stack process)
  (#per-request? @finding)
  (#not-memoised? @finding)) @finding

; client = session.client("dynamodb"), then await client.get_item(...): nothing enters it
(call
  (#built? @finding client resource)
  (#unentered? @finding)) @finding

; yield await self.context.__aenter__(), and nothing calls __aexit__
([
  (yield (await
    (call function: (attribute object: (attribute) @made attribute: (identifier) @_enter))))
  (return_statement (await
    (call function: (attribute object: (attribute) @made attribute: (identifier) @_enter))))
] @finding
  (#eq? @_enter "__aenter__")
  (#kind? @made client resource)
  (#not-taken? @made))
