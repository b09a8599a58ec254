; @app.route("/orders") def orders(): return table.scan()["Items"]
(return_statement
  (_) @value
  (#kind? @value page items item-iterator page-iterator result-iterator model)
  (#not-limited? @value)
  (#open? @value)) @finding
