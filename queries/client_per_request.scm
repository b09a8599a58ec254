; def view(request): boto3.resource("dynamodb")
(call
  function: [
    (identifier)
    (attribute object: (_) @receiver)
  ]
  (#built? @finding client resource)
  (#in-scope? @finding)
  (#per-request? @finding)
  (#not-memoised? @finding request)
  (#not-varies? @finding)
  (#not-unentered? @finding)
  (#not-fresh? @receiver)) @finding
