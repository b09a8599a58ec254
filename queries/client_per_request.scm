; def view(request): boto3.resource("dynamodb")
(call
  function: [
    (identifier) @_name
    (attribute object: (_) @receiver attribute: (identifier) @_name)
  ]
  (#match? @_name "^(client|resource|create_client)$|boto|dynamo|ddb|client|resource")
  (#built? @finding client resource)
  (#per-request? @finding)
  (#not-memoised? @finding)
  (#not-varies? @finding)
  (#not-fresh? @receiver)) @finding
