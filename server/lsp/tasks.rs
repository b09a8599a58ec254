//! What goes on beside the messages: publishing, refreshing, indexing, asking the client. Never awaited by a handler.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tower_lsp::ls_types::*;

use super::backend::Shared;
use super::index::{give_back, index};
use super::items::diagnostics;
use super::names::{Key, path_of};
use super::project::Project;
use super::settings::{Mode, Settings};
use super::state::State;
use super::{files, log};
use crate::cli::suite::suite;
use crate::cli::walk::Passed;
use crate::config::files::is_config;
use crate::fix::suite::Test;

/// Starts the tasks that live as long as the server.
pub fn start(shared: &Arc<Shared>) {
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    log::to_client(sender);
    let client = shared.client.clone();
    tokio::spawn(async move {
        while let Some((level, message)) = lines.recv().await {
            let kind = match level {
                log::Level::Error => MessageType::ERROR,
                log::Level::Warning => MessageType::WARNING,
                log::Level::Info => MessageType::INFO,
                log::Level::Debug => MessageType::LOG,
            };
            client.log_message(kind, message).await;
        }
    });
    tokio::spawn(publish(Arc::clone(shared)));
    tokio::spawn(settle(Arc::clone(shared)));
}

/// Sends what is due; what came due several times meanwhile goes out once, as it is now.
async fn publish(shared: Arc<Shared>) {
    loop {
        shared.publish.notified().await;
        let (refresh, messages) = take_due(&shared);
        for message in messages {
            shared
                .client
                .publish_diagnostics(message.uri, message.diagnostics, message.version)
                .await;
        }
        if refresh {
            // What changes while the client answers is one more refresh, not many.
            if let Err(error) = shared.client.workspace_diagnostic_refresh().await {
                log::debug(format!("refresh: {error}"));
            }
        }
    }
}

struct Message {
    uri: Uri,
    version: Option<i32>,
    diagnostics: Vec<Diagnostic>,
}

fn take_due(shared: &Shared) -> (bool, Vec<Message>) {
    let mut state = shared.state();
    let due = std::mem::take(&mut state.due);
    state.due.settle = due.settle;
    let Some(session) = state.session.clone() else {
        return (false, Vec::new());
    };
    if session.pull {
        let workspace = due.workspace && state.settings.diagnostic_mode == Mode::Workspace;
        return (
            (due.refresh || workspace && due.reindexed) && session.refresh,
            Vec::new(),
        );
    }
    let mut messages: Vec<Message> = (due.clear.into_iter())
        .map(|uri| Message {
            uri,
            version: None,
            diagnostics: Vec::new(),
        })
        .collect();
    let mut keys: Vec<_> = due.publish.into_iter().collect();
    keys.sort();
    for key in keys {
        let Some((_, items)) = state.report(&key) else {
            continue;
        };
        let Some(document) = state.documents.get(&key) else {
            continue;
        };
        messages.push(Message {
            uri: document.uri.clone(),
            version: Some(document.version),
            diagnostics: diagnostics(&items),
        });
    }
    if due.workspace {
        messages.extend(closed(&mut state));
    }
    (false, messages)
}

/// Files that are not open: those whose diagnostics changed, and those that have none any more.
fn closed(state: &mut State) -> Vec<Message> {
    let now = state.unopened();
    let before = std::mem::replace(&mut state.published, now.clone());
    let open = |uri: &Uri| state.documents.contains_key(&Key::of(uri));
    let gone = before
        .keys()
        .filter(|uri| !now.contains_key(uri) && !open(uri));
    let gone = gone.map(|uri| (uri, Vec::new()));
    let new = now
        .iter()
        .filter(|(uri, items)| before.get(uri) != Some(items));
    let new = new.map(|(uri, items)| (uri, items.to_vec()));
    let messages = gone.chain(new).map(|(uri, diagnostics)| Message {
        uri: uri.clone(),
        version: None,
        diagnostics,
    });
    messages.collect()
}

/// Answers go first: what keystrokes leave to load is looked for once for all in so much time.
const SETTLING: Duration = Duration::from_millis(50);

/// Loads from disk what loaded code hands values to, and indexes anew where that doesn't do.
async fn settle(shared: Arc<Shared>) {
    loop {
        shared.settle.notified().await;
        tokio::time::sleep(SETTLING).await;
        let (wanted, again) = unsettled(&shared);
        for root in again {
            index_root(&shared, root, Shown::No);
        }
        if wanted.is_empty() {
            continue;
        }
        let job = tokio::task::spawn_blocking(move || files::read(wanted));
        let texts = job.await.unwrap_or_default();
        let mut state = shared.state();
        state.reading = false;
        for (root, texts) in texts {
            state.load_closed(&root, texts);
        }
        drop(state);
        shared.wake();
    }
}

/// Names of files, by their roots.
type Wanted = Vec<(PathBuf, Vec<Arc<str>>)>;

/// Files to load, and roots to index anew.
fn unsettled(shared: &Shared) -> (Wanted, Vec<PathBuf>) {
    let mut state = shared.state();
    state.due.settle = false;
    let (mut files, mut roots) = (Vec::new(), Vec::new());
    for project in state.projects.iter_mut().filter(|project| project.indexed) {
        let Some(root) = project.root.clone() else {
            continue;
        };
        project.rest();
        let asks = project.take_asks();
        let wanted = if asks { project.wanted() } else { Vec::new() };
        if !wanted.is_empty() {
            files.push((root, wanted));
        } else if project.unsettled(asks) {
            roots.push(root);
        }
    }
    state.reading = !files.is_empty();
    (files, roots)
}

// ---- the client ----

pub fn register(shared: &Arc<Shared>) {
    let registrations = shared
        .state()
        .session
        .as_ref()
        .map(|session| session.registrations());
    let Some(registrations) = registrations.filter(|registrations| !registrations.is_empty())
    else {
        return;
    };
    let client = shared.client.clone();
    tokio::spawn(async move {
        if let Err(error) = client.register_capability(registrations).await {
            log::warning(format!("the client registers nothing: {error}"));
        }
    });
}

/// Asks for the section `dynaleak` of the client's configuration, where it has one to ask for.
pub fn fetch_settings(shared: &Arc<Shared>) {
    if !shared
        .state()
        .session
        .as_ref()
        .is_some_and(|session| session.configuration)
    {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let item = ConfigurationItem {
            scope_uri: None,
            section: Some("dynaleak".to_string()),
        };
        match shared.client.configuration(vec![item]).await {
            Ok(values) => match values.into_iter().next() {
                Some(value @ Value::Object(_)) => apply(&shared, Settings::of(&value)),
                _ => log::debug("the client has no settings of ours".to_string()),
            },
            Err(error) => log::debug(format!("configuration: {error}")),
        }
    });
}

pub fn apply(shared: &Arc<Shared>, settings: Settings) {
    let (again, hints) = {
        let mut state = shared.state();
        let again = settings.overrides.include_tests != state.settings.overrides.include_tests;
        let hints = settings.inlay_hints != state.settings.inlay_hints;
        let hints = hints
            && state
                .session
                .as_ref()
                .is_some_and(|session| session.hints_refresh);
        state.set_settings(settings);
        state.due.reindexed = true;
        (again, hints)
    };
    if again {
        let roots: Vec<PathBuf> = (shared.state().projects.iter())
            .filter_map(|project| project.root.clone())
            .collect();
        for root in roots {
            index_root(shared, root, Shown::Yes);
        }
    }
    if hints {
        let client = shared.client.clone();
        tokio::spawn(async move { client.inlay_hint_refresh().await });
    }
    shared.wake();
}

/// How long the end may take until the process is ended all the same.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Ends the process, if the server does not come to its own end.
pub fn watch_end(shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    let watch = move || {
        std::thread::sleep(PATIENCE);
        log::warning("the end took too long: the process is ended".to_string());
        std::process::exit(shared.exit_code());
    };
    let _ = std::thread::Builder::new()
        .name("end".to_string())
        .spawn(watch);
}

/// Ends the server when the client's process is gone.
pub fn watch_client(process: u32, shared: Arc<Shared>) {
    let watch = move || {
        while alive(process) {
            std::thread::sleep(Duration::from_secs(1));
        }
        log::info(format!("the client's process {process} is gone"));
        std::process::exit(shared.exit_code());
    };
    let _ = std::thread::Builder::new()
        .name("client".to_string())
        .spawn(watch);
}

#[cfg(unix)]
fn alive(process: u32) -> bool {
    let process = i32::try_from(process)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    // Not allowed to signal it: it is there.
    process.is_none_or(|process| {
        rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH)
    })
}

#[cfg(not(unix))]
fn alive(_: u32) -> bool {
    true
}

// ---- the index ----

/// The token under which a root's indexing reports its progress: another one each time.
pub fn token(project: &Project) -> Option<String> {
    let root = project.root.as_ref()?.display();
    Some(format!("dynaleak/index/{}{root}", project.indexings))
}

/// Indexes all roots that are not.
pub fn index_all(shared: &Arc<Shared>) {
    let roots: Vec<PathBuf> = (shared.state().projects.iter())
        .filter(|project| !project.indexed && project.indexing.is_none())
        .filter_map(|project| project.root.clone())
        .collect();
    for root in roots {
        index_root(shared, root, Shown::Yes);
    }
}

/// Whether the client shows that a root is indexed: not where it only follows what is typed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Yes,
    No,
}

/// Builds a root's workspace beside the one that answers, and swaps it in.
pub fn index_root(shared: &Arc<Shared>, root: PathBuf, shown: Shown) {
    let stop = Arc::new(AtomicBool::new(false));
    let (configs, rules, token, progress, open) = {
        let mut state = shared.state();
        let (configs, rules) = (Arc::clone(&state.configs), state.rules.clone());
        let progress = state
            .session
            .as_ref()
            .is_some_and(|session| session.progress && shown == Shown::Yes);
        let open = state.overlay(&root);
        let Some(project) = state.project_at(&root) else {
            return;
        };
        project.stop();
        project.indexing = Some(Arc::clone(&stop));
        project.indexings += 1;
        let Some(token) = token(project) else { return };
        (configs, rules, token, progress, open)
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let report = Progress::begin(&shared, progress, token).await;
        // One at a time: what is typed stops more of them than it lets begin.
        let turn = shared.turn.lock().await;
        let (told, mut steps) = tokio::sync::mpsc::unbounded_channel::<(String, u32)>();
        let job = {
            let (root, stop) = (root.clone(), Arc::clone(&stop));
            tokio::task::spawn_blocking(move || {
                let tell = |message: String, share: u32| {
                    let _ = told.send((message, share));
                };
                index(&root, &configs, &rules, open, &stop, &tell)
            })
        };
        while let Some((message, share)) = steps.recv().await {
            report.step(message, share).await;
        }
        let job = job.await;
        drop(turn);
        let done = match job {
            Ok(Some(indexed)) => {
                let loaded = indexed.workspace.files().count();
                let old = shared.state().take_index(&root, &stop, indexed);
                tokio::task::spawn_blocking(move || give_back(old));
                shared.wake();
                format!("{loaded} files loaded")
            }
            Ok(None) => {
                shared.state().stopped(&root, &stop);
                "cancelled".to_string()
            }
            Err(_) => {
                shared.state().stopped(&root, &stop);
                "failed: an internal error".to_string()
            }
        };
        log::info(format!("index: {done}"));
        report.end(done).await;
    });
}

/// `$/progress`, where the client shows it.
struct Progress<'a> {
    shared: &'a Shared,
    token: Option<ProgressToken>,
}

impl Progress<'_> {
    async fn begin(shared: &Shared, shown: bool, token: String) -> Progress<'_> {
        let token = ProgressToken::String(token);
        let shown = shown
            && shared
                .client
                .create_work_done_progress(token.clone())
                .await
                .is_ok();
        let progress = Progress {
            shared,
            token: shown.then_some(token),
        };
        progress
            .send(WorkDoneProgress::Begin(WorkDoneProgressBegin {
                title: "dynaleak: indexing".to_string(),
                cancellable: Some(true),
                message: None,
                percentage: Some(0),
            }))
            .await;
        progress
    }

    async fn step(&self, message: String, share: u32) {
        self.send(WorkDoneProgress::Report(WorkDoneProgressReport {
            cancellable: Some(true),
            message: Some(message),
            percentage: Some(share),
        }))
        .await;
    }

    async fn end(&self, message: String) {
        self.send(WorkDoneProgress::End(WorkDoneProgressEnd {
            message: Some(message),
        }))
        .await;
    }

    async fn send(&self, value: WorkDoneProgress) {
        if let Some(token) = self.token.clone() {
            let params = ProgressParams {
                token,
                value: ProgressParamsValue::WorkDone(value),
            };
            self.shared
                .client
                .send_notification::<notification::Progress>(params)
                .await;
        }
    }
}

// ---- files ----

/// More changed files than this are cheaper to index anew.
const MANY: usize = 50;

/// A configuration file changed: it holds from now on, and may lead a walk elsewhere.
pub fn configuration_changed(shared: &Arc<Shared>) {
    let roots: Vec<PathBuf> = {
        let mut state = shared.state();
        state.configs.forget();
        state.reconfigure();
        state.due.reindexed = true;
        (state.projects.iter())
            .filter_map(|project| project.root.clone())
            .collect()
    };
    shared.wake();
    for root in roots {
        index_root(shared, root, Shown::Yes);
    }
}

/// Reads what the rewrites of a document ask of its project's tests, beside the messages, once until
/// one of them changes.
pub async fn hear_tests(shared: &Arc<Shared>, uri: &Uri) {
    if shared.state().unheard(uri).is_none() {
        return;
    }
    let _turn = shared.hearing.lock().await;
    let Some((root, hearing, configs)) = shared.state().unheard(uri) else {
        return;
    };
    let folder = root.clone();
    let job = move || -> Vec<Test> {
        let tests = suite(
            std::slice::from_ref(&folder),
            &folder,
            &Passed::default(),
            &configs,
        );
        tests.into_iter().map(Test::packed).collect()
    };
    if let Ok(tests) = tokio::task::spawn_blocking(job).await {
        shared.state().take_tests(&root, hearing, tests);
    }
}

/// Files came, changed or went on disk.
pub fn files_changed(shared: &Arc<Shared>, there: Vec<Uri>, gone: Vec<Uri>) {
    let is_config = |uri: &Uri| path_of(uri).is_some_and(|path| is_config(&path));
    if there.iter().chain(&gone).any(is_config) {
        // All roots are read again for it, and with them whatever else changed.
        return configuration_changed(shared);
    }
    {
        let mut state = shared.state();
        state.forget_tests(there.iter().chain(&gone));
        let reads = |path: &Path| {
            state
                .projects
                .iter()
                .any(|project| project.reads_baseline(path))
        };
        let changed = there.iter().chain(&gone);
        if changed.filter_map(path_of).any(|path| reads(&path)) {
            state
                .projects
                .iter_mut()
                .for_each(Project::forget_baselines);
            state.all_changed();
        }
    }
    let many = there.len() + gone.len() > MANY;
    let (again, load) = shared.state().sort_out(&there, &gone, many);
    shared.wake();
    for root in again {
        index_root(shared, root, Shown::Yes);
    }
    if load.is_empty() {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let configs = Arc::clone(&shared.state().configs);
        let job = tokio::task::spawn_blocking(move || files::look_at(load, &configs));
        let Ok(found) = job.await else { return };
        let mut state = shared.state();
        for (root, found) in found {
            state.take_found(&root, found);
        }
        drop(state);
        shared.wake();
    });
}

pub fn stopped(stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed)
}
