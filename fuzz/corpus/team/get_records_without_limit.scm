; while iterator: response = client.get_records(ShardIterator=iterator)
((call
  function: (attribute attribute: (identifier) @_method)
  arguments: (argument_list (keyword_argument name: (identifier) @_keyword))) @finding
  (#eq? @_method "get_records")
  (#eq? @_keyword "ShardIterator")
  (#follows-shard? @finding)
  (#not-given? @finding Limit)
  (#exactly? @finding page))
