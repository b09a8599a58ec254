//! Code actions: fixes, fixes of a whole file, and the comment that ignores a finding.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::*;

use crate::finding::{Applicability, Edit, Finding};
use crate::fix::{Fixer, Rewrite, clash};
use crate::rules;
use crate::suppress::ignore_edit;

use super::convert::offset;
use super::diagnostics::{Span, fingerprint};
use super::documents::Document;
use super::names::Key;
use super::session::{FIX_ALL, Session};
use super::state::State;

/// What an action needs to be resolved; it says nothing once the version moved on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Data {
    uri: Uri,
    version: i32,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum What {
    /// One rewrite of one finding.
    Fix {
        fingerprint: String,
        number: usize,
    },
    /// All safe rewrites of the file; nothing in it that could be `null`, which Neovim drops.
    All,
    /// All safe rewrites of one code.
    AllOf {
        code: String,
    },
    Ignore {
        fingerprint: String,
    },
}

/// A finding in a document.
pub(super) struct Shown {
    /// What it is known by, told apart where that is the same.
    pub(super) fingerprint: String,
    /// Its bytes there.
    pub(super) span: Span,
    pub(super) finding: Finding,
}

impl State {
    pub fn actions(&self, params: &CodeActionParams) -> CodeActionResponse {
        let key = Key::of(&params.text_document.uri);
        let Some(document) = self
            .documents
            .get(&key)
            .filter(|document| document.analysed())
        else {
            return Vec::new();
        };
        let at = |position| offset(&document.text, position, self.encoding());
        let (start, end) = (at(params.range.start), at(params.range.end));
        let wants = |kind: &str| {
            let only = params.context.only.as_ref();
            only.is_none_or(|only| only.iter().any(|wanted| covers(wanted.as_str(), kind)))
        };
        let findings = self.findings_of(&key, document);
        let project = document.home.project;
        let mender = Mender::new(self, project);
        let mut actions = Vec::new();
        if wants("quickfix") {
            let here = findings
                .iter()
                .filter(|one| one.span.start <= end && start <= one.span.end);
            let mut codes = Vec::new();
            for Shown {
                fingerprint,
                span,
                finding,
            } in here
            {
                let diagnostic = self.diagnostic_in(document, span, finding);
                let rewrites = mender.rewrites(finding);
                for (number, rewrite) in rewrites.iter().enumerate() {
                    let what = What::Fix {
                        fingerprint: fingerprint.clone(),
                        number,
                    };
                    let mut action = self.action(document, &rewrite.title, "quickfix", what);
                    action.is_preferred =
                        (rewrite.applicability == Applicability::Safe).then_some(true);
                    action.diagnostics = Some(vec![diagnostic.clone()]);
                    actions.push(action);
                }
                // What is wrong with a comment is mended, not ignored by another.
                if rules::find(finding.code).is_some() {
                    let what = What::Ignore {
                        fingerprint: fingerprint.clone(),
                    };
                    let title = format!("Ignore {} here with a reason", finding.code);
                    let mut action = self.action(document, &title, "quickfix", what);
                    action.diagnostics = Some(vec![diagnostic]);
                    actions.push(action);
                }
                let several = safe(&rewrites).is_some()
                    && !codes.contains(&finding.code)
                    && findings
                        .iter()
                        .filter(|other| other.finding.code == finding.code)
                        .filter(|other| safe(&mender.rewrites(&other.finding)).is_some())
                        .nth(1)
                        .is_some();
                if several {
                    codes.push(finding.code);
                    let title = format!("Fix all {} in this file", finding.code);
                    let what = What::AllOf {
                        code: finding.code.to_string(),
                    };
                    actions.push(self.action(document, &title, "quickfix", what));
                }
            }
        }
        // Only for those who ask: it takes the rewrites of the whole file.
        let safely = || {
            let mut all = findings.iter();
            all.any(|one| safe(&mender.rewrites(&one.finding)).is_some())
        };
        if params.context.only.is_some() && wants(FIX_ALL) && safely() {
            let what = What::All;
            actions.push(self.action(
                document,
                "Fix all that dynaleak can fix safely",
                FIX_ALL,
                what,
            ));
        }
        actions
            .into_iter()
            .map(CodeActionOrCommand::CodeAction)
            .collect()
    }

    /// Adds the edit, if the document is as it was when the action was offered.
    pub fn resolve(&self, mut action: CodeAction) -> CodeAction {
        let data = action
            .data
            .clone()
            .and_then(|data| serde_json::from_value::<Data>(data).ok());
        if action.edit.is_none()
            && let Some(data) = data
            && let Some((edit, command)) = self.edit_of(&data)
        {
            action.edit = Some(edit);
            let takes = |session: &Session| session.resolve_command;
            action.command = command.filter(|_| self.session.as_ref().is_some_and(takes));
        }
        action
    }

    fn action(
        &self,
        document: &Document,
        title: &str,
        kind: &'static str,
        what: What,
    ) -> CodeAction {
        let data = Data {
            uri: document.uri.clone(),
            version: document.version,
            what,
        };
        let resolves = self.session.as_ref().is_some_and(|session| session.resolve);
        let made = (!resolves).then(|| self.edit_of(&data)).flatten();
        CodeAction {
            title: title.to_string(),
            kind: Some(CodeActionKind::from(kind)),
            // Some clients take an action with a command at once for a command.
            edit: made.map(|(edit, _)| edit),
            data: resolves.then(|| serde_json::to_value(&data).ok()).flatten(),
            ..CodeAction::default()
        }
    }

    /// The edit, and what follows it.
    fn edit_of(&self, data: &Data) -> Option<(WorkspaceEdit, Option<Command>)> {
        let key = Key::of(&data.uri);
        let document = self.documents.get(&key)?;
        if document.version != data.version {
            return None;
        }
        let findings = self.findings_of(&key, document);
        let project = &self.projects[document.home.project];
        let find = |fingerprint: &str| {
            let mut same = findings.iter().filter(|one| one.fingerprint == fingerprint);
            same.next().map(|one| &one.finding)
        };
        let mender = Mender::new(self, document.home.project);
        let mut size = None;
        let edits: Vec<Edit> = match &data.what {
            What::Fix {
                fingerprint,
                number,
            } => {
                let rewrites = mender.rewrites(find(fingerprint)?);
                let rewrite = rewrites.get(*number)?;
                size = rewrite.size;
                mender.fixer.settled(&[rewrite])?
            }
            What::Ignore { fingerprint } => vec![ignore_edit(
                project.source(&document.home.name)?,
                find(fingerprint)?,
            )?],
            What::All | What::AllOf { .. } => {
                let code = match &data.what {
                    What::AllOf { code } => Some(code),
                    _ => None,
                };
                let chosen = findings
                    .iter()
                    .filter(|one| code.is_none_or(|code| one.finding.code == code));
                let rewrites: Vec<Rewrite> = chosen
                    .filter_map(|one| safe(&mender.rewrites(&one.finding)).cloned())
                    .collect();
                mender.fixer.settled(&apart(&rewrites))?
            }
        };
        let command = size.and_then(|size| self.selection(document, &edits, size));
        let edit = self.workspace_edit(document.home.project, &edits)?;
        Some((edit, command))
    }

    pub(super) fn findings_of(&self, key: &Key, document: &Document) -> Vec<Shown> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let told_apart = self.findings_in(key, document).map(|(span, finding)| {
            let fingerprint = fingerprint(&finding);
            let count = seen.entry(fingerprint.clone()).or_default();
            *count += 1;
            Shown {
                fingerprint: format!("{fingerprint}/{count}"),
                span,
                finding,
            }
        });
        told_apart.collect()
    }

    /// With versions where the client takes them. All edits or none: of an unknown file nothing is changed.
    fn workspace_edit(&self, project: usize, edits: &[Edit]) -> Option<WorkspaceEdit> {
        let mut files: Vec<(Uri, Option<i32>, Vec<TextEdit>)> = Vec::new();
        for edit in edits {
            let location = self.location(project, &edit.file, &edit.span)?;
            let version = self
                .documents
                .get(&Key::of(&location.uri))
                .map(|document| document.version);
            let change = TextEdit::new(location.range, edit.text.clone());
            match files.iter_mut().find(|(uri, _, _)| *uri == location.uri) {
                Some((_, _, changes)) => changes.push(change),
                None => files.push((location.uri, version, vec![change])),
            }
        }
        if files.is_empty() {
            return None;
        }
        if !self.session.as_ref().is_some_and(|session| session.changes) {
            let changes = files
                .into_iter()
                .map(|(uri, _, edits)| (uri, edits))
                .collect();
            return Some(WorkspaceEdit {
                changes: Some(changes),
                ..WorkspaceEdit::default()
            });
        }
        let edits = files
            .into_iter()
            .map(|(uri, version, edits)| TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
                edits: edits.into_iter().map(OneOf::Left).collect(),
            });
        Some(WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(edits.collect())),
            ..WorkspaceEdit::default()
        })
    }
}

/// The document that an action is about.
pub(super) fn document_of(action: &CodeAction) -> Option<Uri> {
    let data = serde_json::from_value::<Data>(action.data.clone()?);
    data.ok().map(|data| data.uri)
}

/// The rewrites of one project as it is now, each with the sizes of its file.
struct Mender<'a> {
    state: &'a State,
    project: usize,
    fixer: Fixer<'a>,
}

impl<'a> Mender<'a> {
    fn new(state: &'a State, project: usize) -> Mender<'a> {
        let project_of = &state.projects[project];
        let fixer = Fixer::new(project_of.workspace(), &project_of.suite);
        Mender {
            state,
            project,
            fixer,
        }
    }

    /// A rewrite that panics loses itself only.
    fn rewrites(&self, finding: &Finding) -> Vec<Rewrite> {
        let terms = self.state.projects[self.project].terms(&finding.file);
        let made = catch_unwind(AssertUnwindSafe(|| self.fixer.rewrites(finding, terms)));
        made.unwrap_or_default()
    }
}

fn safe(rewrites: &[Rewrite]) -> Option<&Rewrite> {
    let mut rewrites = rewrites.iter();
    rewrites.find(|rewrite| rewrite.applicability == Applicability::Safe)
}

/// The rewrites that do not touch what an earlier one rewrites; each whole or not at all.
fn apart(rewrites: &[Rewrite]) -> Vec<&Rewrite> {
    let mut taken: Vec<&Rewrite> = Vec::new();
    for rewrite in rewrites {
        let others = || taken.iter().flat_map(|other| &other.edits);
        let clashes = rewrite.edits.iter().any(|edit| {
            !others().any(|other| other == edit) && others().any(|other| clash(edit, other))
        });
        if !clashes {
            taken.push(rewrite);
        }
    }
    taken
}

/// `source` covers `source.fixAll.dynaleak`.
fn covers(wanted: &str, kind: &str) -> bool {
    kind.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
