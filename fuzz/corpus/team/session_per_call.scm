; def handler(event, context): boto3.Session().client("dynamodb")
((call) @finding
  (#built? @finding session)
  (#in-scope? @finding)
  (#not-memoised? @finding)
  (#not-varies? @finding)
  (#not-at-import? @finding))
