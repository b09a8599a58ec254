; for page in paginator.paginate(TableName="orders"): ...
((call function: (attribute attribute: (identifier) @_method)) @finding
  (#eq? @_method "paginate")
  (#not-given? @finding PageSize ProjectionExpression AttributesToGet Select)
  (#gone-through? @finding)
  (#exactly? @finding page-iterator)
  (#not-limited? @finding)
  (#not-script? @finding))

; the same with PaginationConfig={"MaxItems": 500}
((call
  function: (attribute attribute: (identifier) @_method)
  arguments: (argument_list (keyword_argument name: (identifier) @_keyword))) @finding
  (#eq? @_method "paginate")
  (#eq? @_keyword "PaginationConfig")
  (#not-given? @finding PageSize ProjectionExpression AttributesToGet Select)
  (#gone-through? @finding)
  (#exactly? @finding page-iterator)
  (#not-script? @finding))

; while key: response = table.scan(ExclusiveStartKey=key)
((call
  function: (attribute attribute: (identifier) @_method)
  arguments: (argument_list (keyword_argument name: (identifier) @_keyword))) @finding
  (#any-of? @_method "scan" "query")
  (#eq? @_keyword "ExclusiveStartKey")
  (#not-given? @finding Limit ProjectionExpression AttributesToGet Select)
  (#looping? @finding)
  (#in-page-loop? @finding)
  (#exactly? @finding page)
  (#not-script? @finding))
