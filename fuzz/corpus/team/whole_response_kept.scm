; SETTINGS = table.get_item(...)      CACHE[key] = table.query(...)
(assignment
  left: [
    (identifier) @holder
    (attribute) @holder
    (subscript value: (_) @holder)
  ]
  right: (_) @value
  (#exactly? @value page)
  (#lives? @holder process)
  (#not-script? @value)
  (#part-read? @holder)) @finding
