; except ClientError as error: FAILURES.append(error)
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list (identifier) @error))
    (assignment left: (subscript value: (_) @holder subscript: (_) @key) right: (identifier) @error)
  ] @finding
  (#any-of? @_method "append" "appendleft" "add" "insert" "put" "put_nowait")
  (#match? @error "^(e|ex|exc|err|[a-z_]*(error|exception|failure))$")
  (#imports? @error "exception")
  (#lives? @holder process)
  (#not-fixed? @key)
  (#not-capped? @holder)
  (#not-emptied? @holder)
  (#not-script? @error))
