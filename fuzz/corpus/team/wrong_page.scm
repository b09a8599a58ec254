((call) @finding (#kin? @finding item-s))
;>>> page
---
massage: {findin}
severity: bad
---
# DDB999: Cached Method
