; for key in keys: boto3.client("dynamodb").get_item(...)
(call
  function: [
    (identifier)
    (attribute object: (_) @receiver)
  ]
  (#built? @finding client resource)
  (#in-scope? @finding)
  (#in-loop? @finding)
  (#not-memoised? @finding)
  (#not-varies? @finding)
  (#not-unentered? @finding)
  (#not-fresh? @receiver)) @finding
