; writer = table.batch_writer(); writer.put_item(...)
((call) @finding
  (#built? @finding batch-writer)
  (#not-scoped? @finding))
