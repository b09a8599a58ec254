//! What the client can do, and what the server offers it.

use serde_json::json;
use tower_lsp::ls_types::*;

use crate::text::Encoding;

/// What of the client's capabilities matters here.
#[derive(Clone, Debug)]
pub struct Session {
    pub encoding: Encoding,
    /// It asks for diagnostics, again when told to; else they are sent.
    pub pull: bool,
    pub refresh: bool,
    pub related: bool,
    pub progress: bool,
    pub configuration: bool,
    pub watch: bool,
    pub watch_configuration: bool,
    pub changes: bool,
    pub literals: bool,
    pub resolve: bool,
    pub markdown: bool,
    pub hints_refresh: bool,
    /// It shows a place that the server names.
    pub show: bool,
    pub resolve_command: bool,
}

pub const FIX_ALL: &str = "source.fixAll.dynaleak";
pub const DEBUG: &str = "dynaleak.debugInformation";
pub const SELECT: &str = "dynaleak.select";

impl Session {
    pub fn of(client: &ClientCapabilities, info: Option<&ClientInfo>) -> Session {
        let general = client.general.as_ref();
        let text = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let publish = text.and_then(|text| text.publish_diagnostics.as_ref());
        let pull = text.and_then(|text| text.diagnostic.as_ref());
        let action = text.and_then(|text| text.code_action.as_ref());
        let hover = text.and_then(|text| text.hover.as_ref());
        let formats = hover.and_then(|hover| hover.content_format.as_ref());
        let is = |flag: Option<bool>| flag == Some(true);
        let resolves = |wanted: &str| {
            action
                .and_then(|action| action.resolve_support.as_ref())
                .is_some_and(|resolve| resolve.properties.iter().any(|name| name == wanted))
        };
        let refresh = workspace
            .and_then(|workspace| workspace.diagnostics.as_ref())
            .is_some_and(|diagnostics| is(diagnostics.refresh_support));
        Session {
            encoding: encoding(general.and_then(|general| general.position_encodings.as_deref())),
            // What another file or the index brings must show without an edit. Neovim 0.11 cannot be
            // told to ask again, and 0.12 then asks for the workspace and leaves out what is open.
            pull: pull.is_some() && info.is_none_or(|info| info.name != "Neovim"),
            refresh,
            related: is(publish.and_then(|publish| publish.related_information))
                || is(pull.and_then(|pull| pull.related_information)),
            progress: client
                .window
                .as_ref()
                .is_some_and(|window| is(window.work_done_progress)),
            configuration: workspace.is_some_and(|workspace| is(workspace.configuration)),
            watch: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .is_some_and(|watch| is(watch.dynamic_registration)),
            watch_configuration: workspace
                .and_then(|workspace| workspace.did_change_configuration.as_ref())
                .is_some_and(|change| is(change.dynamic_registration)),
            changes: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref())
                .is_some_and(|edit| is(edit.document_changes)),
            literals: action.is_some_and(|action| action.code_action_literal_support.is_some()),
            resolve: resolves("edit"),
            markdown: formats.is_none_or(|formats| formats.contains(&MarkupKind::Markdown)),
            hints_refresh: workspace
                .and_then(|workspace| workspace.inlay_hint.as_ref())
                .is_some_and(|hint| is(hint.refresh_support)),
            show: (client.window.as_ref())
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|show| show.support),
            resolve_command: resolves("command"),
        }
    }

    pub fn offers(&self) -> ServerCapabilities {
        let encoding = match self.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        };
        let diagnostics = self.pull.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("dynaleak".to_string()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                work_done_progress_options: WorkDoneProgressOptions::default(),
            })
        });
        let actions = CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::from(FIX_ALL),
            ]),
            resolve_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        };
        ServerCapabilities {
            position_encoding: Some(encoding),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    will_save: None,
                    will_save_wait_until: None,
                    save: Some(TextDocumentSyncSaveOptions::Supported(true)),
                },
            )),
            notebook_document_sync: Some(OneOf::Left(NotebookDocumentSyncOptions {
                notebook_selector: vec![NotebookSelector::ByNotebook {
                    // Any; some clients cannot read a selector without it.
                    notebook: Notebook::String("*".to_string()),
                    cells: Some(vec![NotebookCellSelector {
                        language: "python".to_string(),
                    }]),
                }],
                save: None,
            })),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_action_provider: Some(match self.literals {
                true => CodeActionProviderCapability::Options(actions),
                false => CodeActionProviderCapability::Simple(true),
            }),
            inlay_hint_provider: Some(OneOf::Left(true)),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands: vec![DEBUG.to_string(), SELECT.to_string()],
                work_done_progress_options: WorkDoneProgressOptions::default(),
            }),
            diagnostic_provider: diagnostics,
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                file_operations: Some(WorkspaceFileOperationsServerCapabilities {
                    did_create: Some(python_files()),
                    did_rename: Some(python_files()),
                    did_delete: Some(python_files()),
                    ..Default::default()
                }),
            }),
            ..Default::default()
        }
    }

    /// What is registered once the client is ready.
    pub fn registrations(&self) -> Vec<Registration> {
        let mut registrations = Vec::new();
        if self.watch {
            let globs = [
                "**/*.{py,pyw}",
                "**/pyproject.toml",
                "**/{.,}dynaleak.toml",
                "**/.dynaleak/*",
                // Of a folder that goes with all that is in it a client may name the folder alone.
                "**/.dynaleak",
                // They say which functions are handlers.
                "**/{template,serverless}.{yaml,yml}",
                // Baselines may have any name.
                "**/*.jsonl",
            ];
            let watchers: Vec<_> = globs
                .iter()
                .map(|glob| json!({ "globPattern": glob }))
                .collect();
            registrations.push(Registration {
                id: "dynaleak-files".to_string(),
                method: "workspace/didChangeWatchedFiles".to_string(),
                register_options: Some(json!({ "watchers": watchers })),
            });
        }
        if self.watch_configuration {
            registrations.push(Registration {
                id: "dynaleak-configuration".to_string(),
                method: "workspace/didChangeConfiguration".to_string(),
                register_options: Some(json!({ "section": "dynaleak" })),
            });
        }
        registrations
    }
}

/// UTF-8 needs no counting, so it is taken where it is offered; UTF-16 is the protocol's default.
fn encoding(offered: Option<&[PositionEncodingKind]>) -> Encoding {
    let has = |kind: PositionEncodingKind| offered.is_some_and(|offered| offered.contains(&kind));
    let first = offered.and_then(|offered| offered.first());
    let prefers_32 =
        first == Some(&PositionEncodingKind::UTF32) || !has(PositionEncodingKind::UTF16);
    if has(PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if has(PositionEncodingKind::UTF32) && prefers_32 {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    }
}

/// Folders too: what is in them goes with them.
fn python_files() -> FileOperationRegistrationOptions {
    let filter = |glob: &str| FileOperationFilter {
        scheme: Some("file".to_string()),
        pattern: FileOperationPattern {
            glob: glob.to_string(),
            matches: None,
            options: None,
        },
    };
    FileOperationRegistrationOptions {
        filters: vec![filter("**/*.{py,pyw}"), filter("**/")],
    }
}
