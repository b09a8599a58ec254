; CURSOR = iter(pages)      self.rows = Order.scan()
(
  [
    (assignment left: (_) @holder right: (_) @value)
  ] @finding
  (#exactly? @value item-iterator result-iterator)
  (#lives? @holder process)
  (#not-scoped? @value)
  (#not-emptied? @holder))
