//! One method for each message: change or ask the state at once, then wake the tasks.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};

use crate::cli::RuleOut;
use crate::config::files::is_config;
use crate::rules;

use super::actions::document_of;
use super::names::{Key, path_of};
use super::pipes::Written;
use super::select::select;
use super::session::{DEBUG, SELECT, Session};
use super::settings::Settings;
use super::state::State;
use super::trail::TrailParams;
use super::{hooks, log, tasks};

pub struct Backend {
    pub shared: Arc<Shared>,
}

/// What handlers and tasks share.
pub struct Shared {
    pub client: Client,
    state: Mutex<State>,
    /// Wakes the task that publishes, or asks for a refresh.
    pub publish: Notify,
    /// Wakes the task that loads what loaded code asks for.
    pub settle: Notify,
    pub written: Arc<Written>,
    /// Whose index is made.
    pub turn: tokio::sync::Mutex<()>,
    /// Whose tests are read.
    pub hearing: tokio::sync::Mutex<()>,
    shut_down: AtomicBool,
    trace: AtomicU8,
    hooks: bool,
    /// The process is the server's alone.
    pub may_exit: AtomicBool,
}

impl Shared {
    /// Never held across an await: the guard stays in functions that are not async.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock is caught where it happens; the state goes on.
        self.state.lock().unwrap_or_else(|poisoned| {
            self.state.clear_poison();
            poisoned.into_inner()
        })
    }

    pub fn exit_code(&self) -> i32 {
        i32::from(!self.shut_down.load(Ordering::SeqCst))
    }

    /// Noted as soon as it is read: an `exit` right behind cancels the handler before it runs.
    pub fn shut_down(&self) {
        let initialized = self.state().session.is_some();
        self.shut_down.fetch_or(initialized, Ordering::SeqCst);
    }

    /// Wakes the tasks for what a change left to do.
    pub fn wake(&self) {
        let (publish, settle) = {
            let mut state = self.state();
            let due = &mut state.due;
            let publish =
                !due.publish.is_empty() || !due.clear.is_empty() || due.refresh || due.workspace;
            (publish, due.settle)
        };
        if publish {
            self.publish.notify_one();
        }
        if settle {
            self.settle.notify_one();
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.wake();
        result
    }
}

#[derive(Deserialize)]
pub struct SetTrace {
    value: String,
}

#[derive(Deserialize)]
pub struct RulesParams {
    code: Option<String>,
}

impl Backend {
    pub fn new(client: Client, hooks: bool) -> Backend {
        let mut state = State::new();
        if hooks {
            match hooks::rules() {
                Ok(rules) => state.set_rules(rules),
                Err(error) => log::error(error),
            }
        }
        let shared = Shared {
            client,
            state: Mutex::new(state),
            publish: Notify::new(),
            settle: Notify::new(),
            written: Arc::default(),
            turn: tokio::sync::Mutex::default(),
            hearing: tokio::sync::Mutex::default(),
            shut_down: AtomicBool::new(false),
            trace: AtomicU8::new(0),
            hooks,
            may_exit: AtomicBool::new(true),
        };
        Backend {
            shared: Arc::new(shared),
        }
    }

    pub async fn set_trace(&self, params: SetTrace) {
        let trace = ["off", "messages", "verbose"]
            .iter()
            .position(|each| *each == params.value);
        self.shared
            .trace
            .store(trace.unwrap_or(0) as u8, Ordering::Relaxed);
        self.trace(|| format!("trace is {}", params.value));
    }

    pub async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        if let NumberOrString::String(token) = params.token {
            let state = self.shared.state();
            let wanted = (state.projects.iter())
                .find(|project| tasks::token(project) == Some(token.clone()));
            if let Some(project) = wanted {
                project.stop();
                log::info(format!("indexing was cancelled: {token}"));
            }
        }
    }

    /// The server's text of a document, to compare with the client's.
    pub async fn text(&self, params: TextDocumentIdentifier) -> Result<Value> {
        let state = self.shared.state();
        let document = state.documents.get(&Key::of(&params.uri));
        Ok(document.map_or(
            Value::Null,
            |document| json!({ "version": document.version, "text": document.text.as_str() }),
        ))
    }

    /// Why something is held, as a picture; `null` where no finding is.
    pub async fn trail(&self, params: TrailParams) -> Result<Value> {
        Ok(json!(self.shared.state().trail(&params)))
    }

    /// The catalogue as `dynaleak rules` prints it, or one rule of it.
    pub async fn rules(&self, params: RulesParams) -> Result<Value> {
        let wanted = params.code.as_deref();
        let chosen = rules::known()
            .into_iter()
            .filter(|rule| wanted.is_none_or(|word| rule.code == word || rule.name == word));
        Ok(json!(chosen.map(RuleOut::of).collect::<Vec<_>>()))
    }

    /// `textDocument/diagnostic`.
    pub async fn pull(&self, params: DocumentDiagnosticParams) -> Result<Value> {
        let previous = params.previous_result_id.as_deref();
        let pulled = self
            .shared
            .state()
            .pull(&params.text_document.uri, previous);
        Ok(self.shared.written.put(pulled))
    }

    fn trace(&self, message: impl FnOnce() -> String) {
        if self.shared.trace.load(Ordering::Relaxed) == 0 {
            return;
        }
        let (client, message) = (self.shared.client.clone(), message());
        tokio::spawn(async move {
            let params = LogTraceParams {
                message,
                verbose: None,
            };
            client
                .send_notification::<notification::LogTrace>(params)
                .await;
        });
    }

    async fn debug_information(&self) -> Value {
        let state = self.shared.state();
        let settled = !state.due.settle && !state.reading;
        let projects: Vec<Value> = (state.projects.iter())
            .map(|project| {
                json!({
                    "root": project.root.as_ref().map(|root| root.to_string_lossy()),
                    "indexed": project.indexed,
                    "settled": project.indexed && project.indexing.is_none() && settled,
                    "files": project.workspace().paths().count(),
                    "loaded": project.workspace().files().count(),
                    "open": project.open.len(),
                    "revision": project.revision,
                })
            })
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "executable": std::env::current_exe().ok().map(|path| path.to_string_lossy().into_owned()),
            "documents": state.documents.len(),
            "notebooks": state.notebooks.len(),
            "projects": projects,
            "settings": format!("{:?}", state.settings),
            "session": format!("{:?}", state.session),
        })
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let session = Session::of(&params.capabilities, params.client_info.as_ref());
        let capabilities = session.offers();
        let folders = params.workspace_folders.unwrap_or_default();
        let mut roots: Vec<_> = folders
            .iter()
            .filter_map(|folder| path_of(&folder.uri))
            .collect();
        #[expect(deprecated, reason = "older clients name their one root so")]
        if roots.is_empty() {
            roots.extend(params.root_uri.as_ref().and_then(path_of));
        }
        if let Some(TraceValue::Messages | TraceValue::Verbose) = params.trace {
            self.shared.trace.store(1, Ordering::Relaxed);
        }
        if let Some(process) = params.process_id
            && self.shared.may_exit.load(Ordering::Relaxed)
        {
            tasks::watch_client(process, Arc::clone(&self.shared));
        }
        self.shared.change(|state| {
            state.session = Some(session);
            state.set_settings(Settings::of(
                &params.initialization_options.unwrap_or_default(),
            ));
            state.set_roots(roots);
        });
        tasks::start(&self.shared);
        Ok(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo {
                name: "dynaleak".to_string(),
                version: Some(env!("CARGO_PKG_VERSION").to_string()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        log::info(format!("dynaleak {} serves", env!("CARGO_PKG_VERSION")));
        tasks::register(&self.shared);
        tasks::fetch_settings(&self.shared);
        tasks::index_all(&self.shared);
    }

    async fn shutdown(&self) -> Result<()> {
        self.shared
            .state()
            .projects
            .iter()
            .for_each(|project| project.stop());
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.shared.change(|state| state.open(params.text_document));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let of = params.text_document;
        self.shared
            .change(|state| state.change(&of.uri, of.version, &params.content_changes));
        self.trace(|| format!("{} is at version {}", of.uri.as_str(), of.version));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        let uri = params.text_document.uri;
        if path_of(&uri).is_some_and(|path| is_config(&path)) {
            tasks::configuration_changed(&self.shared);
        }
        self.shared.state().forget_tests([&uri]);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.shared
            .change(|state| state.close(&params.text_document.uri));
    }

    async fn notebook_did_open(&self, params: DidOpenNotebookDocumentParams) {
        self.shared.change(|state| state.open_notebook(params));
    }

    async fn notebook_did_change(&self, params: DidChangeNotebookDocumentParams) {
        self.shared.change(|state| state.change_notebook(params));
    }

    async fn notebook_did_save(&self, _: DidSaveNotebookDocumentParams) {}

    async fn notebook_did_close(&self, params: DidCloseNotebookDocumentParams) {
        self.shared.change(|state| state.close_notebook(params));
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        let shared = Arc::clone(&self.shared);
        let job = tokio::task::spawn_blocking(move || {
            shared.state().pull_workspace(&params.previous_result_ids)
        });
        let items = job.await.map_err(|_| Error::internal_error())?;
        Ok(WorkspaceDiagnosticReport { items }.into())
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        tasks::hear_tests(&self.shared, &params.text_document.uri).await;
        Ok(Some(self.shared.state().actions(&params)))
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        if let Some(uri) = document_of(&action) {
            tasks::hear_tests(&self.shared, &uri).await;
        }
        Ok(self.shared.state().resolve(action))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let of = params.text_document_position_params;
        Ok(self
            .shared
            .state()
            .hover(&of.text_document.uri, of.position))
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        Ok(self
            .shared
            .state()
            .hints(&params.text_document.uri, params.range))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let number = params.arguments.first().and_then(Value::as_u64);
        match params.command.as_str() {
            DEBUG => Ok(Some(self.debug_information().await)),
            SELECT => {
                select(&self.shared, params.arguments);
                Ok(None)
            }
            hooks::SLEEP if self.shared.hooks => {
                hooks::sleep(number.unwrap_or(0)).await;
                Ok(Some(json!("slept")))
            }
            hooks::HANG if self.shared.hooks => {
                let _guard = self.shared.state();
                loop {
                    std::thread::park();
                }
            }
            hooks::PANIC if self.shared.hooks => {
                let _guard = self.shared.state();
                panic!("asked for by a test");
            }
            hooks::REQUEST if self.shared.hooks => {
                tasks::fetch_settings(&self.shared);
                Ok(None)
            }
            other => Err(Error::invalid_params(format!("no command `{other}`"))),
        }
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        let asks = self
            .shared
            .state()
            .session
            .as_ref()
            .is_some_and(|session| session.configuration);
        if asks {
            tasks::fetch_settings(&self.shared);
        } else if !params.settings.is_null() {
            tasks::apply(&self.shared, Settings::of(&params.settings));
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.shared.change(|state| {
            let folders = |folders: &[WorkspaceFolder]| -> Vec<_> {
                folders
                    .iter()
                    .filter_map(|folder| path_of(&folder.uri))
                    .collect()
            };
            let removed = folders(&params.event.removed);
            let mut roots: Vec<_> = (state.projects.iter())
                .filter_map(|project| project.root.clone())
                .filter(|root| !removed.contains(root))
                .collect();
            roots.extend(folders(&params.event.added));
            state.set_roots(roots);
        });
        tasks::index_all(&self.shared);
    }

    async fn did_create_files(&self, params: CreateFilesParams) {
        let made = parsed(params.files.iter().map(|file| &file.uri));
        tasks::files_changed(&self.shared, made, Vec::new());
    }

    async fn did_rename_files(&self, params: RenameFilesParams) {
        let old = parsed(params.files.iter().map(|file| &file.old_uri));
        let new = parsed(params.files.iter().map(|file| &file.new_uri));
        tasks::files_changed(&self.shared, new, old);
    }

    async fn did_delete_files(&self, params: DeleteFilesParams) {
        let gone = parsed(params.files.iter().map(|file| &file.uri));
        tasks::files_changed(&self.shared, Vec::new(), gone);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let (gone, there): (Vec<_>, Vec<_>) = params
            .changes
            .into_iter()
            .partition(|change| change.typ == FileChangeType::DELETED);
        let uris = |events: Vec<FileEvent>| events.into_iter().map(|event| event.uri).collect();
        tasks::files_changed(&self.shared, uris(there), uris(gone));
    }
}

/// What is no URI names no file.
fn parsed<'a>(uris: impl Iterator<Item = &'a String>) -> Vec<Uri> {
    uris.filter_map(|uri| uri.parse().ok()).collect()
}
