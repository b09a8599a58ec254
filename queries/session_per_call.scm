; def handler(event, context): boto3.Session().client("dynamodb")
(call
  function: [
    (identifier) @_name
    (attribute attribute: (identifier) @_name)
  ]
  (#match? @_name "[Ss]ession")
  (#built? @finding session)
  (#not-memoised? @finding)
  (#not-varies? @finding)
  (#not-at-import? @finding)) @finding
