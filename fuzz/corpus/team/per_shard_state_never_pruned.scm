; while True: for shard in client.describe_stream(...)["StreamDescription"]["Shards"]: iterators[shard["ShardId"]] = ...
(
  [
    (assignment left: (subscript value: (_) @holder subscript: (_) @key))
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list . (_) @key))
  ] @finding
  (#eq? @_method "setdefault")
  (#match? @key "[sS]hard")
  (#not-fixed? @key)
  (#new-shards? @holder)
  (#shape? @holder dict)
  (#not-capped? @holder)
  (#not-emptied? @holder))
