//! Code actions: fixes, fixes of a whole file, and the comment that ignores a finding.

use tower_lsp::ls_types::*;

use super::state::State;

impl State {
    pub fn actions(&self, _params: &CodeActionParams) -> CodeActionResponse {
        Vec::new()
    }

    pub fn resolve(&self, action: CodeAction) -> CodeAction {
        action
    }
}
