; for key in keys: boto3.client("dynamodb").get_item(...)
(call
  function: [
    (identifier) @_name
    (attribute object: (_) @receiver attribute: (identifier) @_name)
  ]
  (#match? @_name "^(client|resource|create_client)$|boto|dynamo|ddb|client|resource")
  (#built? @finding client resource)
  (#in-loop? @finding)
  (#not-memoised? @finding)
  (#not-varies? @finding)
  (#not-fresh? @receiver)) @finding
