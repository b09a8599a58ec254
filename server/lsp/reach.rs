//! Which open texts are analysed: those that a check of the root would load if they were saved.
//!
//! The index loads what a check loads. From then on an open text is judged by its signs, what it
//! names and imports; where these, or the files that hold DynamoDB values, are others than the index
//! saw, the root is indexed anew beside the answers, for other files may come in or drop out.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memmem, memrchr};
use rustc_hash::FxHashSet;

use crate::cli::gather::{Named, hash_of};
use crate::cli::imports::{imports, mean, module_of, stem_of};
use crate::cli::matters::{LONGEST, Matters, has_entry};
use crate::workspace::asks::Ask;

use super::index::text_of;
use super::project::Project;

/// What of a text says, before it is analysed, whether a check loads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// DynamoDB values can originate in it by itself. The other words are not looked for then.
    matters: bool,
    maker: bool,
    service: bool,
    told: bool,
    /// Code in it may run for each request or task.
    entry: bool,
    /// See [`imports`].
    imports: String,
}

impl Signs {
    /// May other files come in or drop out with these signs in the place of those? What imports
    /// nothing here brings in no maker of clients; who imports it is a question of its heat, and of
    /// whether it names the service.
    fn reach_others(&self, before: &Signs) -> bool {
        let apart = self.imports.is_empty() && before.imports.is_empty();
        self != before && (self.service != before.service || !apart)
    }
}

/// An open text's signs.
#[derive(Default)]
pub struct Watched {
    now: Signs,
    /// As the index saw them.
    indexed: Signs,
    /// Behind this byte no import statement goes on.
    imports_end: usize,
}

/// Whether an edit here can change the signs: `text` is what it touches, before or after it.
pub fn tells(text: &str, range: Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let end = range.end.saturating_add(LONGEST).min(bytes.len());
    let near = &bytes[range.start.saturating_sub(LONGEST).min(end)..end];
    // The line around it: `impo` and `rt x` may be joined, or an import get another name.
    let from = memrchr(b'\n', &bytes[..range.start.min(bytes.len())]).map_or(0, |at| at + 1);
    let to = memchr(b'\n', &bytes[range.end.min(bytes.len())..]);
    let to = to.map_or(bytes.len(), |at| range.end + at);
    Matters::shared().any(near)
        || has_entry(near)
        || memmem::find(&bytes[from..to], b"import").is_some()
}

/// Where the last import statement ends, or later.
fn imports_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let Some(at) = memmem::rfind(bytes, b"import") else {
        return 0;
    };
    let mut end = at;
    let mut open = false;
    for line in text[at..].split_inclusive(['\n', '\r']) {
        end += line.len();
        open |= line.contains('(');
        open &= !line.contains(')');
        if !open && !line.trim_end().ends_with('\\') {
            break;
        }
    }
    end
}

impl Project {
    /// Notes an open text before it is put in, and what the index knows of the file.
    pub fn watch(&mut self, name: &Arc<str>, text: &str) {
        if !self.watched.contains_key(name) {
            let known = match self.text(name) {
                Some(text) => Some(self.signs(name, text.as_str())),
                None => self.on_disk(name).map(|text| self.signs(name, &text)),
            };
            let watched = Watched {
                indexed: known.unwrap_or_default(),
                ..Watched::default()
            };
            self.watched.insert(Arc::clone(name), watched);
            // What is new to the index may be what imports in other files mean.
            self.unsettled |= self.indexed && !self.walked.contains(name);
        }
        self.look(name, text);
    }

    /// Reads an open text's signs.
    pub fn look(&mut self, name: &Arc<str>, text: &str) {
        let signs = self.signs(name, text);
        if let Some(watched) = self.watched.get_mut(name) {
            watched.now = signs;
            watched.imports_end = imports_end(text);
        }
    }

    /// Follows an edit that leaves the signs alone, or says that they have to be read again.
    pub fn unmoved(&mut self, name: &str, start: usize, delta: isize) -> bool {
        let Some(watched) = self.watched.get_mut(name) else {
            return false;
        };
        let behind = start > watched.imports_end;
        if !behind {
            watched.imports_end = watched.imports_end.saturating_add_signed(delta);
        }
        behind
    }

    /// A text is not open any more; what was looked at last is on disk, or it is gone.
    pub fn unwatch(&mut self, name: &str) {
        if let Some(watched) = self.watched.remove(name) {
            let there = self.workspace().paths().any(|path| **path == *name);
            self.unsettled |= watched.now.reach_others(&watched.indexed);
            self.unsettled |= !there && self.walked.contains(name);
            match self.text(name) {
                Some(_) => self.loaded.insert(name.into()),
                None => self.loaded.remove(name),
            };
        }
    }

    fn matters(&self) -> &Matters {
        self.matters.as_ref().unwrap_or_else(|| Matters::shared())
    }

    /// Can any edit change the signs, by words of the project's own?
    pub fn has_own_words(&self) -> bool {
        self.matters().has_own()
    }

    fn signs(&self, name: &str, text: &str) -> Signs {
        let modules = &self.workspace().world().modules;
        let words = self.matters().words_of(text.as_bytes(), name);
        let matters = words.matter();
        Signs {
            matters,
            maker: matters || words.maker,
            service: matters || words.service,
            told: matters || words.told,
            entry: matters || has_entry(text.as_bytes()),
            imports: imports(text.as_bytes(), name, |stem| modules.contains_key(stem)),
        }
    }

    /// Would a check of the root load the open text, as far as is known before the root is indexed
    /// anew?
    pub fn admits(&self, name: &str, text: &str) -> bool {
        let Some(Watched { now, indexed, .. }) = self.watched.get(name) else {
            // A notebook, which no check reads.
            return true;
        };
        if now.matters {
            return true;
        }
        if !self.indexed || self.root.is_none() {
            return false;
        }
        // What was loaded for its own sake has lost its reason.
        let loaded = self.loaded.contains(name) && !indexed.matters;
        loaded || !now.maker && names_asked(&self.asks, name, now, text)
    }

    /// Must the root be indexed anew, because other files than before may have to be loaded?
    pub fn unsettled(&mut self, asked: bool) -> bool {
        if !self.indexed || self.root.is_none() {
            return false;
        }
        let reaches = |watched: &Watched| watched.now.reach_others(&watched.indexed);
        if self.unsettled || self.watched.values().any(reaches) {
            return true;
        }
        // What goes on ends with a heat of its own.
        if !asked || self.indexing.is_some() {
            return false;
        }
        let asks = self.workspace.asks();
        let before: FxHashSet<&Ask> = self.asks.iter().collect();
        let now: FxHashSet<&Ask> = asks.iter().collect();
        let differing: Vec<&Ask> = now.symmetric_difference(&before).copied().collect();
        let same = !self.draw_in(&differing);
        // The same twice in a row led nowhere: more of it would lead there again.
        if same || self.tried.as_ref() == Some(&asks) {
            return false;
        }
        self.tried = Some(asks);
        true
    }

    /// Does what is asked of these files decide whether some file is loaded: one that imports them, or,
    /// where it does not matter by itself, one of them?
    fn draw_in(&self, asks: &[&Ask]) -> bool {
        let matters = |text: &str, name: &str| {
            let words = self.matters().words_of(text.as_bytes(), name);
            words.matter()
        };
        asks.iter().any(|ask| {
            let text = self.text(&ask.path);
            let itself = text.is_some_and(|text| !matters(text.as_str(), &ask.path));
            let stem = hash_of(stem_of(module_of(&ask.path)));
            itself
                || self.importers.of(stem).any(|name| {
                    let text = self.on_disk(name).unwrap_or_default();
                    names_asked(
                        std::slice::from_ref(*ask),
                        name,
                        &self.signs(name, &text),
                        &text,
                    )
                })
        })
    }

    /// The index that begins sees the open texts as they are.
    pub fn begin(&mut self) {
        self.unsettled = false;
        for watched in self.watched.values_mut() {
            watched.indexed = watched.now.clone();
        }
    }

    /// Does the index know that a check leaves the file out, ignored as it is?
    pub fn leaves_out(&self, name: &str) -> bool {
        let Some(root) = self.root.as_ref().filter(|_| self.indexed) else {
            return false;
        };
        !self.walked.contains(name) && root.join(name).exists()
    }

    /// Does the text of a loaded file that isn't open say what it said before?
    pub fn same_signs(&self, name: &str, text: &str) -> bool {
        let known = self.text(name);
        known.is_some_and(|known| self.signs(name, known.as_str()) == self.signs(name, text))
    }

    /// The text on disk of a file that belongs to the project.
    pub fn on_disk(&self, name: &str) -> Option<String> {
        let root = self.root.as_ref()?;
        let known = |path: &Arc<str>| **path == *name;
        let known = !self.indexed || self.workspace().paths().any(known);
        (known && super::names::is_python(name))
            .then(|| text_of(root, name))
            .flatten()
    }
}

/// Does a text with these signs import one of these files and name what is asked of it?
fn names_asked(asks: &[Ask], name: &str, signs: &Signs, text: &str) -> bool {
    let imports = |ask: &&Ask| mean(&signs.imports, name, module_of(&ask.path));
    let asked: Vec<&Ask> = asks.iter().filter(imports).collect();
    !asked.is_empty() && Named::new(asked.iter().copied()).any(text.as_bytes(), &asked, signs.told)
}
