; handler = MemoryHandler(1000)      log.addHandler(MemoryHandler(1000)), in a file that logs items
(
  [
    (assignment
      left: (_) @holder
      right: (call function: [(identifier) (attribute)] @_made) @finding)
    (argument_list (call function: [(identifier) (attribute)] @_made) @finding)
    (list (call function: [(identifier) (attribute)] @_made) @finding)
  ]
  (#match? @_made "MemoryHandler$")
  (#imports? @_made "logging.handlers.MemoryHandler")
  (#not-targeted? @finding)
  (#logs-items? @finding)
  (#not-emptied? @holder))
