//! What a hover shows: the rule of a finding or of a code in an ignore comment, what is known of a name.

use tower_lsp::ls_types::*;

use super::state::State;

impl State {
    pub fn hover(&self, _uri: &Uri, _position: Position) -> Option<Hover> {
        None
    }
}
