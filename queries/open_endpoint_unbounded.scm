; @app.route("/orders") def orders(): return table.scan()["Items"]
(return_statement
  [
    (identifier)
    (attribute)
    (subscript)
    (await)
    (call)
    (list)
    (list_comprehension)
    (dictionary_comprehension)
    (generator_expression)
    (conditional_expression)
    (boolean_operator)
    (binary_operator)
    (parenthesized_expression)
    (expression_list)
  ] @value
  (#whole? @value)
  (#read-seen? @value)
  (#not-limited? @value)
  (#open? @value)) @finding

; return {"orders": orders}, and return jsonify(orders), 200
(return_statement
  [
    (dictionary (pair value: (_) @value)) @answer
    (call arguments: (argument_list [
      (identifier) @value
      (subscript) @value
      (call) @value
      (list_comprehension) @value
      (dictionary (pair value: (_) @value))
      (keyword_argument value: [(identifier) (subscript) (call) (list_comprehension)] @value)
      (keyword_argument value: (dictionary (pair value: (_) @value)))
    ])) @answer
    (expression_list . [
      (dictionary (pair value: (_) @value))
      (list_comprehension) @value
      (call arguments: (argument_list [
        (identifier) @value
        (subscript) @value
        (call) @value
        (list_comprehension) @value
        (dictionary (pair value: (_) @value))
        (keyword_argument value: [(identifier) (subscript) (call) (list_comprehension)] @value)
        (keyword_argument value: (dictionary (pair value: (_) @value)))
      ]))
    ] @answer)
  ]
  (#kind? @answer page items item model attribute)
  (#whole? @value)
  (#read-seen? @value)
  (#not-limited? @value)
  (#open? @value)) @finding

; return render_template("orders.html", orders=orders), and return render(request, "orders.html", {"orders": orders})
(return_statement
  (call
    function: [
      (identifier) @_template
      (attribute attribute: (identifier) @_template)
    ]
    arguments: (argument_list [
      (identifier) @value
      (dictionary_splat (_) @value)
      (keyword_argument value: [(identifier) (subscript) (call) (list_comprehension)] @value)
      (dictionary (pair value: [(identifier) (subscript) (call) (list_comprehension)] @value))
      (keyword_argument value: (dictionary (pair value: [(identifier) (subscript) (call) (list_comprehension)] @value)))
    ]))
  (#any-of? @_template
    "render_template" "render_template_string" "render" "render_to_response" "render_to_string" "TemplateResponse")
  (#whole? @value)
  (#read-seen? @value)
  (#not-limited? @value)
  (#open? @value)) @finding

; permission_classes = [] in a view that inherits the method which reads the table
(assignment
  left: (identifier) @_name
  right: [(list) (tuple)] @value
  (#eq? @_name "permission_classes")
  (#inherits? @value page items item-iterator page-iterator result-iterator model)) @finding
