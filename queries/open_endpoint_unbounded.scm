; @app.route("/orders") def orders(): return table.scan()["Items"]
(return_statement
  (_) @value
  (#kind? @value page items item-iterator page-iterator result-iterator model)
  (#not-limited? @value)
  (#open? @value)) @finding

; return jsonify(orders), 200
(return_statement
  [
    (call arguments: (argument_list [(identifier) @value (list_comprehension) @value (call) @value (keyword_argument value: (_) @value)])) @answer
    (expression_list . [
      (call arguments: (argument_list [(identifier) @value (dictionary) @value (list_comprehension) @value (call) @value (keyword_argument value: (_) @value)]))
      (dictionary) @value
      (list_comprehension) @value
    ] @answer)
  ]
  (#kind? @answer page items item model)
  (#kind? @value page items item-iterator page-iterator result-iterator model)
  (#not-limited? @value)
  (#open? @value)) @finding

; permission_classes = [] in a view that inherits the method which reads the table
(assignment
  left: (identifier) @_name
  right: [(list) (tuple)] @value
  (#eq? @_name "permission_classes")
  (#inherits? @value page items item-iterator page-iterator result-iterator model)) @finding
