; boto3.client("dynamodb", aws_secret_access_key="…")      AWS_SECRET_ACCESS_KEY = "…"      {"aws_access_key_id": "…"}
(
  [
    (keyword_argument name: (identifier) @_name value: (string) @secret @finding)
    (assignment left: (identifier) @_name right: (string) @secret @finding)
    (assignment left: (subscript subscript: (string) @_name) right: (string) @secret @finding)
    (pair key: (string) @_name value: (string) @secret @finding)
    (argument_list . (string) @_name . (string) @secret @finding)
  ]
  (#match? @_name "(?i)^.?(?-u:\\b)([a-z0-9_]+_)?(aws|s3|dynamo|dynamodb)_([a-z0-9_]+_)?(key|key_id|secret)(?-u:\\b).?$")
  (#secret? @secret))
