; writer = table.batch_writer(); writer.put_item(...)
(call
  function: (attribute attribute: (identifier) @_name)
  (#any-of? @_name "batch_writer" "batch_write")
  (#built? @finding batch-writer)
  (#not-scoped? @finding)) @finding
