//! What a file that is not parsed imports: a scan for `import` in its bytes.

use memchr::{memchr, memchr_iter, memmem, memrchr, memrchr2};

use crate::api::MODULES;

/// A file of the project as imports see it: `shop/orders/__init__.py` is `shop/orders`.
pub fn module_of(name: &str) -> &str {
    let module = name.rsplit_once('.').map_or(name, |(module, _)| module);
    module.strip_suffix("/__init__").unwrap_or(module)
}

/// The last part of a module.
pub fn stem_of(module: &str) -> &str {
    module.rsplit('/').next().unwrap_or(module)
}

/// The last and the next-to-last part of an imported name: one is the stem of the module that it
/// comes from.
pub fn ends_of(imported: &str) -> impl Iterator<Item = &str> {
    imported.rsplit('/').take(2)
}

/// May this name, imported by the file `importer`, come from this module? `a/b/c` may be the module
/// `x/a/b/c`, or `c` in `x/a/b`; a name of one part that a library may have is a module only beside
/// the importer, above it or at the root of a Lambda layer.
pub fn may_mean(imported: &str, importer: &str, module: &str) -> bool {
    let is = |name: &str| match (name.strip_prefix('/'), module.strip_suffix(name)) {
        (Some(exact), _) => exact == module,
        (None, Some("")) => true,
        (None, Some(root)) => {
            root.ends_with('/')
                && (name.contains('/') || importer.starts_with(root) || stands_below(name, root))
        }
        (None, None) => name.split_once('/').is_some_and(|(package, inner)| {
            let root = module.strip_suffix(inner);
            let above =
                |root: &str| root.is_empty() || root.ends_with('/') && importer.starts_with(root);
            inner.contains('/') && root.is_some_and(above) && MODULES.is_own(package)
        }),
    };
    is(imported)
        || imported
            .rsplit_once('/')
            .is_some_and(|(holder, _)| !holder.is_empty() && is(holder))
}

/// Does the module at this path stand below the root, at these parts? `x/shop/db.py` at `shop/db`.
pub fn stands_at(path: &str, parts: &str) -> bool {
    let root = module_of(path).strip_suffix(parts);
    path.ends_with(".py") && root.is_some_and(|root| root.ends_with('/'))
}

/// What there is one of.
pub fn only<T>(mut fitting: impl Iterator<Item = T>) -> Option<T> {
    fitting.next().filter(|_| fitting.next().is_none())
}

/// May a name of one part mean a module at this place, wherever it is imported?
fn stands_below(name: &str, root: &str) -> bool {
    root.ends_with("/python/") || MODULES.is_own(name)
}

/// May one of these imports (see [`imports`]) of the file `importer` come from this module?
pub fn mean(imports: &str, importer: &str, module: &str) -> bool {
    let (stem, bytes) = (stem_of(module), imports.as_bytes());
    memmem::find_iter(bytes, stem).any(|at| {
        let from = memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
        let to = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
        let imported = &imports[from..to];
        ends_of(imported).any(|end| end == stem) && may_mean(imported, importer, module)
    })
}

/// The names that a file imports, `/` for `.`; relative ones resolved against its own name, with a
/// `/` in front; a line each. Left out: those of which neither end is the stem of a module that there is.
/// Each end is asked for.
pub fn imports(text: &[u8], name: &str, mut is_stem: impl FnMut(&str) -> bool) -> String {
    let mut found = String::new();
    each_import(text, name, |imported, _| {
        // Not `any`, which would not ask for the second one.
        if ends_of(imported).filter(|end| is_stem(end)).count() > 0 {
            found.push_str(imported);
            found.push('\n');
        }
    });
    found
}

/// Each name that a file imports, as in [`imports`], and whether a plain `import` does it, which binds
/// the first part.
pub fn each_import(text: &[u8], name: &str, mut found: impl FnMut(&str, bool)) {
    let mut whole = String::new();
    for at in memmem::find_iter(text, b"import") {
        let line = memrchr2(b'\n', b'\r', &text[..at]).map_or(0, |end| end + 1);
        let before = &text[line..at];
        // `try: import x`, `import a; import b`
        let before = match before.iter().rposition(|byte| b";:".contains(byte)) {
            Some(end) => &before[end + 1..],
            None => before,
        };
        let Some(from) = from_of(before.trim_ascii(), name) else {
            continue;
        };
        each_name(&text[at + b"import".len()..], |imported| {
            whole.clear();
            whole.push_str(&from);
            if imported != "*" {
                if !from.is_empty() && !from.ends_with('/') {
                    whole.push('/');
                }
                push_slashed(&mut whole, imported);
            }
            found(&whole, from.is_empty());
        });
    }
}

/// The module before `import`: empty for a plain `import`, `None` if this is no statement.
fn from_of(before: &[u8], name: &str) -> Option<String> {
    if before.is_empty() {
        return Some(String::new());
    }
    let module = before.strip_prefix(b"from")?;
    if !module.starts_with(b" ") && !module.starts_with(b"\t") && !module.starts_with(b".") {
        return None;
    }
    let module = str::from_utf8(module.trim_ascii()).ok()?;
    let absolute = module.trim_start_matches(['.', ' ']);
    let dots = memchr_iter(b'.', &module.as_bytes()[..module.len() - absolute.len()]).count();
    if dots == 0 {
        return Some(absolute.replace('.', "/"));
    }
    let mut folder = name;
    for _ in 0..dots {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    }
    let between = if folder.is_empty() || absolute.is_empty() {
        ""
    } else {
        "/"
    };
    let mut from = format!("/{folder}{between}");
    push_slashed(&mut from, absolute);
    Some(from)
}

fn push_slashed(path: &mut String, name: &str) {
    for (place, part) in name.split('.').enumerate() {
        if place > 0 {
            path.push('/');
        }
        path.push_str(part);
    }
}

/// The names after `import`, to the end of the statement; `as y` is passed over.
fn each_name(text: &[u8], mut found: impl FnMut(&str)) {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.*".contains(&byte) || byte >= 0x80;
    if text.first().is_none_or(|&first| word(first)) {
        return;
    }
    let (mut at, mut open, mut names) = (0, false, 0);
    // Past the name of `x as y`, or the one that another would need a comma before.
    let mut done = false;
    while let Some(&byte) = text.get(at) {
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\x0c' => {}
            b'(' if !open && names == 0 => open = true,
            b',' => done = false,
            b'\n' | b'\r' if open => {}
            b'\\' => {
                at += text[at..]
                    .iter()
                    .take_while(|&&b| b == b'\n' || b == b'\r')
                    .count()
            }
            b'#' if open => {
                at += text[at..]
                    .iter()
                    .take_while(|&&b| b != b'\n' && b != b'\r')
                    .count();
            }
            _ if word(byte) => {
                at += text[at..].iter().take_while(|&&byte| word(byte)).count();
                let Ok(name) = str::from_utf8(&text[start..at]) else {
                    return;
                };
                if !done {
                    found(name);
                    names += 1;
                }
                done = true;
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, name: &str) -> Vec<String> {
        let stems = ["a", "b", "c", "d", "orders", "shop"];
        let found = imports(text.as_bytes(), name, |stem| stems.contains(&stem));
        found.lines().map(str::to_string).collect()
    }

    #[test]
    fn forms_of_import() {
        assert_eq!(all("import a.b as x, c", ""), ["a/b", "c"]);
        assert_eq!(
            all("try: from a import (b, # d\n  c as z,\n)\n", ""),
            ["a/b", "a/c"]
        );
        assert_eq!(
            all("from a.b import *\r\timport d;import c", ""),
            ["a/b", "d", "c"]
        );
        assert_eq!(all("from a import b, \\\n  c\nd = 1", ""), ["a/b", "a/c"]);
        assert_eq!(
            all(
                "import os\nimportlib.x(a)\nreimport a\n# import a\nfromage import b",
                ""
            ),
            [""; 0]
        );
    }

    #[test]
    fn relative_imports() {
        let name = "shop/orders/views.py";
        assert_eq!(all("from . import a", name), ["/shop/orders/a"]);
        assert_eq!(
            all("from .. import a\nfrom ...b import c", name),
            ["/shop/a", "/b/c"]
        );
        assert_eq!(all("from .a.b import x", name), ["/shop/orders/a/b/x"]);
        assert_eq!(all("from . import *", name), ["/shop/orders"]);
        assert_eq!(all("from . import *\nfrom . import a", "x.py"), ["/a"]);
        assert_eq!(all("from .a import x", "x.y/z.py"), ["/x.y/a/x"]);
    }

    #[test]
    fn names_and_modules() {
        let beside = |imported, module| may_mean(imported, "x/main.py", module_of(module));
        assert!(beside("a/b/c", "x/a/b/c.py") && beside("a/b/c", "y/a/b/__init__.py"));
        assert!(beside("a", "x/a.py") && beside("a/f", "a.py") && beside("a/f", "y/a.py"));
        assert!(beside("rich", "x/rich.py") && !beside("rich/f", "y/rich.py"));
        assert!(beside("rich/f", "y/python/rich.py") && beside("a_b", "y/a_b.py"));
        assert!(beside("/x/a/f", "x/a.py") && !beside("/a/f", "x/a.py"));
        assert!(beside("a/b/c", "x/b/c.py") && beside("a/b/c", "b/c.py"));
        assert!(!beside("a/b/c", "y/b/c.py") && !beside("rich/b/c", "x/b/c.py"));
        assert!(!beside("a/c", "x/c.py") && !beside("a", "a/b.py") && !beside("a", "xa.py"));
    }
}
