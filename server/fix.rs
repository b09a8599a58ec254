//! Rewrites to bounded and scoped forms: made on demand from a verdict and its file's text, as byte spans.
//!
//! Nothing here runs while somebody types: a [`Fixer`] parses what it needs when an action, a JSON
//! report or `--fix` asks for it, and forgets it. A rewrite whose preconditions are not plainly met
//! is not offered, and neither is one after which a file would not parse.

pub mod attributes;
pub mod blocks;
pub mod containers;
pub mod factories;
pub mod generators;
pub mod imports;
pub mod locals;
pub mod module;
pub mod parts;
pub mod projection;
pub mod rounds;
pub mod suite;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tree_sitter::Node;

use crate::analysis::{Verdict, render::Page};
use crate::config::python::Python;
use crate::config::{Bounds, Terms};
use crate::finding::{Applicability, Edit, Finding, Fix};
use crate::secret::holds_key;
use crate::workspace::{Workspace, is_test};
use imports::Style;
use module::{Module, has_word};
use suite::{Suite, patches};

/// One way to mend a finding, before its imports are settled.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// A verb phrase.
    pub title: String,
    pub applicability: Applicability,
    pub edits: Vec<Edit>,
    pub needs: Vec<Need>,
    /// The number put in that somebody may want otherwise.
    pub size: Option<u32>,
}

/// Of a rule that has no rewrite.
pub fn none(_: &mut Vec<Rewrite>, _: &Cx) {}

/// A name that a rewrite uses and its file does not import yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub file: Arc<str>,
    pub from: &'static str,
    /// `None`: the module itself.
    pub name: Option<&'static str>,
}

/// The rules whose only rewrite is [`factories::shared`].
const SHARED: [&str; 3] = ["DDB601", "DDB602", "DDB603"];

/// Makes the rewrites of one state of a workspace, each file parsed at most once.
pub struct Fixer<'a> {
    workspace: &'a Workspace,
    /// The tests beside what is loaded.
    suite: &'a Suite<'a>,
    /// See [`Fixer::patched`].
    patched: OnceCell<bool>,
    modules: RefCell<FxHashMap<Arc<str>, Option<Rc<Module<'a>>>>>,
    /// Which texts stand in some file.
    said: RefCell<FxHashMap<&'static str, bool>>,
    /// Words that were looked for in all files, and those that hold them.
    sought: RefCell<BTreeMap<SmolStr, Rc<[&'a Arc<str>]>>>,
}

/// What a rule's rewrite is made from.
pub struct Cx<'c, 'a> {
    pub fixer: &'c Fixer<'a>,
    pub verdict: &'c Verdict,
    /// The finding's own file.
    pub module: &'c Module<'a>,
    /// What was found, whole.
    pub node: Node<'c>,
    /// Bytes of the holder as the finding's code writes it.
    pub holder: Option<Range<usize>>,
    pub bounds: Bounds,
    /// The oldest Python that runs the file, where that is known.
    pub python: Option<Python>,
}

impl<'a> Fixer<'a> {
    pub fn new(workspace: &'a Workspace, suite: &'a Suite) -> Fixer<'a> {
        Fixer {
            workspace,
            suite,
            patched: OnceCell::new(),
            modules: RefCell::default(),
            said: RefCell::default(),
            sought: RefCell::default(),
        }
    }

    pub fn workspace(&self) -> &'a Workspace {
        self.workspace
    }

    /// A loaded file; `None` where it is not understood throughout.
    pub fn module(&self, path: &str) -> Option<Rc<Module<'a>>> {
        if let Some(known) = self.modules.borrow().get(path) {
            return known.clone();
        }
        let text = self.workspace.text(path)?;
        let path: Arc<str> = Arc::from(path);
        let module = Module::parse(Arc::clone(&path), text).map(Rc::new);
        self.modules.borrow_mut().insert(path, module.clone());
        module
    }

    /// Does the text stand in any file?
    pub fn anywhere(&self, said: &'static str) -> bool {
        *self.said.borrow_mut().entry(said).or_insert_with(|| {
            let mut files = self.workspace.files();
            files.any(|file| {
                let text = self.workspace.text(file).map_or("", |text| text.as_str());
                text.contains(said)
            })
        })
    }

    /// Do tests put something in the place of what makes clients?
    pub fn patched(&self) -> bool {
        let loaded = || {
            let mut tests = self.workspace.files().filter(|file| is_test(file));
            tests.any(|file| (self.workspace.text(file)).is_some_and(|it| patches(it.as_str())))
        };
        // As text in any file, tests by their names or not.
        let told = ["boto3.client\"", "boto3.client'"];
        *(self.patched).get_or_init(|| {
            told.iter().any(|name| self.anywhere(name)) || loaded() || self.suite.patches()
        })
    }

    /// Does the word stand in a test that is not loaded?
    pub fn tested(&self, word: &str) -> bool {
        let loaded = |file: &str| self.workspace.text(file).is_some();
        self.suite.names(word, &loaded)
    }

    /// The loaded files in whose text the word stands; sorted.
    pub fn files_with(&self, word: &str) -> Rc<[&'a Arc<str>]> {
        if let Some(known) = self.sought.borrow().get(word) {
            return Rc::clone(known);
        }
        let named = |file: &&Arc<str>| {
            let text = self.workspace.text(file).map(|text| text.as_str());
            text.is_some_and(|text| has_word(text, word))
        };
        let mut files: Vec<&Arc<str>> = self.workspace.files().filter(named).collect();
        files.sort_unstable();
        let files: Rc<[_]> = files.into();
        (self.sought.borrow_mut()).insert(word.into(), Rc::clone(&files));
        files
    }

    /// Does code of this file alone name it, and may nothing find it by its name?
    pub fn named_only_in(&self, module: &Module, name: &str) -> bool {
        let files = self.files_with(name);
        let mut others = files.iter().filter(|file| ***file != module.path);
        let unnamed = others.all(|file| {
            let other = self.module(file);
            other.is_some_and(|other| !other.quoted(name) && other.named(name).is_empty())
        });
        unnamed && !module.quoted(name)
    }

    /// What was looked for in all files: words, and texts that were not found.
    pub fn sought(self) -> (BTreeSet<SmolStr>, BTreeSet<&'static str>) {
        let said = self.said.into_inner().into_iter();
        let missed = said.filter(|(_, found)| !found).map(|(text, _)| text);
        (
            self.sought.into_inner().into_keys().collect(),
            missed.collect(),
        )
    }

    /// The ways to mend a finding, the best first; what the finding brings itself comes before.
    pub fn rewrites(&self, finding: &Finding, terms: Terms) -> Vec<Rewrite> {
        let own = finding.fixes.iter().map(|fix| Rewrite {
            title: fix.title.clone(),
            applicability: fix.applicability,
            edits: fix.edits.clone(),
            needs: Vec::new(),
            size: None,
        });
        let mut rewrites: Vec<Rewrite> = own.collect();
        rewrites.extend(self.ruled(finding, terms).unwrap_or_default());
        rewrites
    }

    fn ruled(&self, finding: &Finding, terms: Terms) -> Option<Vec<Rewrite>> {
        let page = Page::of(self.workspace);
        let (verdict, base) = self.workspace.verdicts(&finding.file).find_map(|verdict| {
            let (_, _, _, base) = page.chunk(verdict.unit, verdict.chunk)?;
            let start = base + verdict.span.start as usize;
            (verdict.rule.code == finding.code && start == finding.span.start)
                .then_some((verdict, base))
        })?;
        let span = |span: crate::facts::Span| base + span.start as usize..base + span.end as usize;
        // Large files are not parsed only to say no.
        let text = self.workspace.text(&finding.file)?.as_str();
        if SHARED.contains(&finding.code) && !factories::sharable(text, span(verdict.span)) {
            return None;
        }
        let module = self.module(&finding.file)?;
        let node = module.at(span(verdict.span))?;
        let cx = Cx {
            fixer: self,
            verdict,
            module: &module,
            node,
            holder: verdict.story.holder_span.map(span),
            bounds: terms.bounds,
            python: terms.python,
        };
        let mut rewrites = Vec::new();
        (verdict.rule.rewrite)(&mut rewrites, &cx);
        rewrites.retain(|rewrite| self.holds(rewrite));
        Some(rewrites)
    }

    /// The fixes of a finding as they are shown and applied one at a time.
    pub fn fixes(&self, finding: &Finding, terms: Terms) -> Vec<Fix> {
        let rewrites = self.rewrites(finding, terms);
        let fix = |rewrite: Rewrite| {
            let edits = self.settled(&[&rewrite])?;
            Some(Fix {
                title: rewrite.title,
                applicability: rewrite.applicability,
                edits,
            })
        };
        rewrites.into_iter().filter_map(fix).collect()
    }

    /// Several rewrites in one, with all their imports; `None` where they overlap.
    pub fn settled(&self, rewrites: &[&Rewrite]) -> Option<Vec<Edit>> {
        let mut edits: Vec<Edit> = Vec::new();
        for edit in rewrites.iter().flat_map(|rewrite| &rewrite.edits) {
            if !edits.contains(edit) {
                edits.push(edit.clone());
            }
        }
        let mut files: Vec<Arc<str>> = edits.iter().map(|edit| Arc::clone(&edit.file)).collect();
        files.sort();
        files.dedup();
        // An import comes before what is put in at the same place.
        let mut settled: Vec<Edit> = Vec::new();
        for file in &files {
            let Some(module) = self.module(file) else {
                continue;
            };
            let needs: Vec<&Need> = (rewrites.iter())
                .flat_map(|rewrite| &rewrite.needs)
                .filter(|need| need.file == *file)
                .collect();
            let own: Vec<&Edit> = edits.iter().filter(|edit| edit.file == *file).collect();
            settled.extend(imports::settle(&module, &needs, &own));
        }
        settled.extend(edits);
        let apart = files.iter().all(|file| {
            let own: Vec<&Edit> = settled.iter().filter(|edit| edit.file == *file).collect();
            let text = self.workspace.text(file).map(|text| text.as_str());
            text.is_some_and(|text| applied(text, &own).is_some())
        });
        apart.then_some(settled)
    }

    /// Does it change something, and does each file parse after it?
    fn holds(&self, rewrite: &Rewrite) -> bool {
        let Some(edits) = self.settled(&[rewrite]) else {
            return false;
        };
        // A key is taken out (DDB803), never written anywhere, be it into a factory.
        if edits.iter().any(|edit| holds_key(&edit.text)) {
            return false;
        }
        let mut files: Vec<&Arc<str>> = edits.iter().map(|edit| &edit.file).collect();
        files.sort();
        files.dedup();
        !files.is_empty()
            && files.into_iter().all(|file| {
                let own: Vec<&Edit> = edits.iter().filter(|edit| edit.file == *file).collect();
                self.module(file).is_some_and(|module| module.holds(&own))
            })
    }
}

impl<'c, 'a> Cx<'c, 'a> {
    /// A rewrite to be filled.
    pub fn draft(&self, title: impl Into<String>, applicability: Applicability) -> Rewrite {
        Rewrite {
            title: title.into(),
            applicability,
            edits: Vec::new(),
            needs: Vec::new(),
            size: None,
        }
    }

    /// Is the file known to run on a Python older than this one?
    pub fn older(&self, major: u8, minor: u8) -> bool {
        self.python
            .is_some_and(|python| python < Python(major, minor))
    }

    /// The node that holds what is kept, as the finding's code writes it.
    pub fn holder(&self) -> Option<Node<'c>> {
        self.module.at(self.holder.clone()?)
    }

    pub fn line_end(&self) -> &'static str {
        self.module.line_end()
    }
}

impl Rewrite {
    /// An editor selects the number once the edit is made.
    pub fn sized(mut self, size: u32) -> Rewrite {
        self.size = Some(size);
        self
    }

    pub fn replace(&mut self, module: &Module, span: Range<usize>, text: impl Into<String>) {
        self.edits.push(edit(module, span, text.into()));
    }

    pub fn insert(&mut self, module: &Module, at: usize, text: impl Into<String>) {
        self.replace(module, at..at, text);
    }

    /// How to write an imported name; what must be imported is noted.
    pub fn import(
        &mut self,
        module: &Module,
        from: &'static str,
        name: &'static str,
        style: Style,
    ) -> Option<String> {
        let (written, need) = imports::named(module, from, name, style)?;
        self.needs.extend(need);
        Some(written)
    }

    /// Lines below a statement, indented as it is.
    pub fn below(&mut self, module: &Module, statement: Node, lines: &[String]) -> Option<()> {
        let indent = module.indent(statement)?;
        let end = module.line_end();
        let text: String = lines
            .iter()
            .map(|line| format!("{end}{indent}{line}"))
            .collect();
        self.insert(module, module.end_of_line(statement), text);
        Some(())
    }
}

pub fn edit(module: &Module, span: Range<usize>, text: String) -> Edit {
    Edit {
        file: Arc::clone(&module.path),
        span,
        text,
    }
}

/// A file's text after edits of it; `None` where two of them overlap. What is put in at one place
/// comes in the order of the list.
pub fn applied(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut after = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for edit in edits {
        if edit.span.start < at {
            return None;
        }
        after.push_str(text.get(at..edit.span.start)?);
        after.push_str(&edit.text);
        at = edit.span.end;
    }
    after.push_str(text.get(at..)?);
    Some(after)
}

/// Do the two touch the same bytes, or the same place?
pub fn clash(one: &Edit, other: &Edit) -> bool {
    one != other
        && one.file == other.file
        && one.span.start <= other.span.end
        && other.span.start <= one.span.end
}
