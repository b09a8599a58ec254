//! Findings as the client's diagnostics, with ids that say when nothing changed.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use tower_lsp::ls_types::*;

use crate::config::files::{Found, findings, is_settings, mistakes};
use crate::config::team::is_of_team;
use crate::finding::Finding;
use crate::report::relate;
use crate::text::{Encoding, Text};

use super::convert::{Places, range, range_near, severity};
use super::documents::Document;
use super::items::{Item, Pulled, diagnostic, diagnostics, items, plain};
use super::names::{Key, path_of, uri_of};
use super::settings::Mode;
use super::state::State;

pub const SOURCE: &str = "dynaleak";

/// Bytes of a document.
pub type Span = std::ops::Range<usize>;

/// What tells a finding from others without its place, so that it outlives edits above it.
pub fn fingerprint(finding: &Finding) -> String {
    let mut hasher = FxHasher::default();
    (
        finding.code,
        &*finding.file,
        &finding.function,
        &finding.message,
    )
        .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl State {
    /// A document's diagnostics as of now; made only when something changed since.
    pub fn report(&mut self, key: &Key) -> Option<(u64, Arc<Vec<Arc<Item>>>)> {
        let document = self.documents.get(key)?;
        let revision = self.projects[document.home.project].revision;
        if document.report.revision != Some(revision) {
            let items = self.diagnose(key).unwrap_or_default();
            let document = self.documents.get_mut(key)?;
            let before = &document.report.items;
            let same = |(one, other): (&Arc<Item>, &Arc<Item>)| {
                Arc::ptr_eq(one, other) || one.json == other.json
            };
            if document.report.revision.is_none()
                || before.len() != items.len()
                || !before.iter().zip(&items).all(same)
            {
                self.results += 1;
                document.report.id = self.results;
                document.report.items = Arc::new(items);
            }
            document.report.revision = Some(revision);
        }
        let document = self.documents.get(key)?;
        Some((document.report.id, Arc::clone(&document.report.items)))
    }

    fn diagnose(&self, key: &Key) -> Option<Vec<Arc<Item>>> {
        let document = self.documents.get(key)?;
        if let Some(problems) = self.problems(document) {
            return Some(plain(problems));
        }
        if !document.analysed() {
            return None;
        }
        let encoding = self.encoding();
        let mut near = 0;
        let findings = self.findings_in(key, document).map(|(span, finding)| {
            let range = range_near(&document.text, &span, encoding, near);
            near = range.start.line;
            (range, finding)
        });
        let places = Places::new(self, document.home.project);
        Some(items(findings, &document.report.items, places))
    }

    /// The findings shown in a document, in a cell its own ones, each with its bytes there.
    pub fn findings_in(
        &self,
        key: &Key,
        document: &Document,
    ) -> impl Iterator<Item = (Span, Finding)> + use<> {
        let (start, length) = (self.base(key, document), document.text.len());
        let own = document.cell_of.as_ref().map(|_| start..start + length);
        let findings = self.told(document.home.project, &document.home.name);
        let here = move |finding: &Finding| {
            (own.as_ref()).is_none_or(|own| own.contains(&finding.span.start))
        };
        findings.into_iter().filter(here).map(move |finding| {
            let span = finding.span.start - start..(finding.span.end - start).min(length);
            (span, finding)
        })
    }

    /// A file's findings. Those on one endpoint name each other, as far as they stand in the file.
    fn told(&self, project: usize, name: &str) -> Vec<Finding> {
        let mut findings = self.projects[project].shown(name);
        relate(&mut findings);
        findings
    }

    pub fn diagnostic_in(&self, document: &Document, span: &Span, finding: &Finding) -> Diagnostic {
        let range = range(&document.text, span, self.encoding());
        diagnostic(
            finding,
            range,
            &mut Places::new(self, document.home.project),
        )
    }

    /// What is wrong in an open configuration file, as it is typed.
    fn problems(&self, document: &Document) -> Option<Vec<Diagnostic>> {
        let path = path_of(&document.uri).filter(|path| is_settings(path))?;
        let found = mistakes(&path, document.text.as_str(), &document.home.name);
        Some(wrong(&found, &document.text, self.encoding()))
    }

    /// The diagnostics of files that are not open: what is wrong in configuration files, and in
    /// workspace mode all findings. Of files without any nothing is said.
    pub fn unopened(&mut self) -> FxHashMap<Uri, Arc<Vec<Diagnostic>>> {
        if self.settings.diagnostic_mode == Mode::Workspace {
            let stale = std::mem::take(&mut self.stale);
            let files = match stale.all {
                true => self.closed_files(),
                false => stale.files.into_iter().collect(),
            };
            if stale.all {
                self.unopened.clear();
            }
            for (project, name) in files {
                let closed = (self.projects.get(project))
                    .is_some_and(|of| project > 0 && !of.open.contains_key(&name));
                let items = if closed {
                    self.diagnose_file(project, &name)
                } else {
                    Vec::new()
                };
                let uri = (!items.is_empty())
                    .then(|| self.uri_of(project, &name))
                    .flatten();
                match uri {
                    Some(uri) => self
                        .unopened
                        .insert((project, name), (uri, Arc::new(items))),
                    None => self.unopened.remove(&(project, name)),
                };
            }
        } else {
            self.unopened.clear();
            self.stale.all = true;
        }
        let found = self
            .unopened
            .values()
            .map(|(uri, items)| (uri.clone(), Arc::clone(items)));
        let mut all: FxHashMap<Uri, Arc<Vec<Diagnostic>>> = found.collect();
        for found in self.configurations() {
            let own = (found.path.as_ref(), &found.text, &found.problems);
            let faulty = found.team.faulty.iter();
            let faulty = faulty.map(|of| (Some(&of.path), &of.text, &of.problems));
            for (path, text, problems) in [own].into_iter().chain(faulty) {
                let Some(path) = path.filter(|_| !problems.is_empty()) else {
                    continue;
                };
                // What is typed into a configuration is told as it is typed.
                if is_settings(path) && self.documents.contains_key(&Key::of_path(path)) {
                    continue;
                }
                if let Some(uri) = uri_of(path) {
                    let findings = findings(problems, &path.to_string_lossy().into());
                    let items = wrong(&findings, text, self.encoding());
                    all.insert(uri, Arc::new(items));
                }
            }
        }
        all
    }

    /// The configurations of the roots and of the open files.
    fn configurations(&self) -> Vec<Arc<Found>> {
        let roots = self
            .projects
            .iter()
            .filter_map(|project| project.root.as_ref());
        let mut found: Vec<Arc<Found>> = roots.map(|root| self.configs.of_folder(root)).collect();
        let open = self
            .documents
            .values()
            .filter_map(|document| path_of(&document.uri));
        found.extend(open.map(|path| self.configs.of_file(&path)));
        found
    }

    pub fn pull(&mut self, uri: &Uri, previous: Option<&str>) -> Pulled {
        let key = Key::of(uri);
        let (id, items) = if path_of(uri).is_some_and(|path| is_of_team(&path)) {
            // A rule's file: what is wrong with it was found as the rules were read.
            let mut found = self.unopened().into_iter();
            let same = found.find(|(other, _)| Key::of(other) == key);
            let items = same.map(|(_, items)| items).unwrap_or_default();
            (file_id(&items), Arc::new(plain(items.to_vec())))
        } else if let Some((id, items)) = self.report(&key) {
            (result_id(id), items)
        } else {
            // Not open: the file as it was indexed.
            let home = self.home(uri);
            let found = self.diagnose_file(home.project, &home.name);
            (file_id(&found), Arc::new(plain(found)))
        };
        let items = (previous != Some(id.as_str())).then_some(items);
        Pulled { id, items }
    }

    /// Of a loaded file that is not open.
    pub fn diagnose_file(&self, project: usize, name: &Arc<str>) -> Vec<Diagnostic> {
        let of = &self.projects[project];
        let Some(text) = of.text(name) else {
            return Vec::new();
        };
        let encoding = self.encoding();
        let mut places = Places::new(self, project);
        let one = |finding: &Finding| {
            let range = range(text, &finding.span, encoding);
            diagnostic(finding, range, &mut places)
        };
        self.told(project, name).iter().map(one).collect()
    }

    /// The answer to `workspace/diagnostic`: open files, and in workspace mode all that have findings.
    pub fn pull_workspace(
        &mut self,
        previous: &[PreviousResultId],
    ) -> Vec<WorkspaceDocumentDiagnosticReport> {
        let known = |uri: &Uri| {
            let key = Key::of(uri);
            let mut same = previous.iter().filter(|other| Key::of(&other.uri) == key);
            same.next().map(|previous| previous.value.clone())
        };
        let mut reports = Vec::new();
        let mut said = Vec::new();
        let keys: Vec<Key> = self.documents.keys().cloned().collect();
        for key in keys {
            let Some((id, items)) = self.report(&key) else {
                continue;
            };
            let Some(document) = self.documents.get(&key) else {
                continue;
            };
            let (uri, version) = (document.uri.clone(), Some(i64::from(document.version)));
            reports.push(one(
                uri.clone(),
                version,
                known(&uri),
                result_id(id),
                diagnostics(&items),
            ));
            said.push(key);
        }
        for (uri, items) in self.unopened() {
            let before = known(&uri);
            said.push(Key::of(&uri));
            reports.push(one(uri, None, before, file_id(&items), items.to_vec()));
        }
        // What was reported once and is not any more: gone files, another mode.
        for previous in previous {
            if !said.contains(&Key::of(&previous.uri)) && previous.value != file_id(&[]) {
                reports.push(one(
                    previous.uri.clone(),
                    None,
                    None,
                    file_id(&[]),
                    Vec::new(),
                ));
            }
        }
        reports
    }

    /// All loaded files of the roots that are not open, by name.
    pub fn closed_files(&self) -> Vec<(usize, Arc<str>)> {
        let mut files = Vec::new();
        for (number, project) in self.projects.iter().enumerate().skip(1) {
            let closed = project
                .workspace()
                .files()
                .filter(|name| !project.open.contains_key(*name));
            files.extend(closed.map(|name| (number, Arc::clone(name))));
        }
        files.sort();
        files
    }
}

/// Mistakes in a configuration file: there is nothing to do about them but to type.
fn wrong(findings: &[Finding], text: &Text, encoding: Encoding) -> Vec<Diagnostic> {
    let one = |finding: &Finding| Diagnostic {
        range: range(text, &finding.span, encoding),
        severity: Some(severity(finding.severity)),
        code: Some(NumberOrString::String(finding.code.to_string())),
        source: Some(SOURCE.to_string()),
        message: finding.message.to_string(),
        ..Diagnostic::default()
    };
    findings.iter().map(one).collect()
}

fn one(
    uri: Uri,
    version: Option<i64>,
    previous: Option<String>,
    id: String,
    items: Vec<Diagnostic>,
) -> WorkspaceDocumentDiagnosticReport {
    if previous.as_deref() == Some(&id) {
        return WorkspaceUnchangedDocumentDiagnosticReport {
            uri,
            version,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                result_id: id,
            },
        }
        .into();
    }
    WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(id),
            items,
        },
    }
    .into()
}

/// Ids of another run of the server mean nothing to this one.
fn result_id(id: u64) -> String {
    static RUN: LazyLock<u128> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_micros()
    });
    format!("{:x}-{id}", *RUN)
}

/// A file that is not open is known by what is said of it.
fn file_id(items: &[Diagnostic]) -> String {
    let mut hasher = FxHasher::default();
    for item in items {
        serde_json::to_string(item)
            .unwrap_or_default()
            .hash(&mut hasher);
    }
    format!("file-{:016x}", hasher.finish())
}
