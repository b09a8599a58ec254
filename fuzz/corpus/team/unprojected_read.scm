; item = table.get_item(Key=...)["Item"], of which only item["name"] is used
((call function: (attribute attribute: (identifier) @_method)) @finding
  (#any-of? @_method "get_item" "query" "scan" "paginate")
  (#exactly? @finding page page-iterator)
  (#not-chosen? @finding)
  (#few-used? @finding))
