; CURSOR = iter(pages)      self.rows = Order.scan()
(assignment
  left: (_) @holder
  right: (_) @value
  (#exactly? @value item-iterator result-iterator)
  (#not-streamed? @value)
  (#lives? @holder process)
  (#not-emptied? @holder)) @finding
