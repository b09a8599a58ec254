; while iterator: response = client.get_records(ShardIterator=iterator)
((assignment
  left: (identifier)
  right: [
    (call function: (attribute attribute: (identifier) @_method)) @finding
    (await (call function: (attribute attribute: (identifier) @_method)) @finding)
  ])
  (#any-of? @_method "scan" "query" "get_records")
  (#held-on? @finding)
  (#not-given? @finding Limit)
  (#exactly? @finding page))
