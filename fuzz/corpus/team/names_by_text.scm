((call function: (identifier) @_name) @finding
  (#match? @_name "^[a-z]+$")
  (#not-eq? @_name "print")
  (#any-of? @_name "forbidden" "len"))
;>>> page
---
message: "{finding} is forbidden"
severity: error
effect: wrong
default: off
---
# SHOP1: forbidden-call

Never.

## Flagged: a call
```py
forbidden()
#<^^^^^^^^^ SHOP1 `forbidden()` is forbidden
```

## Not flagged: another
`a.py`:
```py
«allowed»→«other»()
```
```toml
sources = { "shop.repo.forbidden" = "items" }
```
