; request.rows = table.scan()["Items"]
(assignment
  left: (attribute) @holder
  right: (_) @value
  (#held-by? @holder request)
  (#kind? @value page items records)) @finding
