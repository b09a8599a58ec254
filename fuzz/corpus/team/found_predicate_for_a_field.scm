; RESULTS.append(item)      RESULTS[key] = item      RESULTS += items
(
  [
    (call
      function: (attribute object: (_) @holder attribute: (identifier) @_method)
      arguments: (argument_list (_) @value))
    (assignment left: (subscript value:  (#not-capped? @holder)
  (#not-emptied? @holder))
