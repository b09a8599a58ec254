//! The size that a rewrite put in is selected once its edit is made: another one can be typed over it.
//!
//! The library's types have no snippets, and this works in every client that can show a place.

use std::sync::Arc;

use serde_json::{Value, json};
use tower_lsp::ls_types::{Command, ShowDocumentParams};

use crate::finding::Edit;
use crate::fix::applied;
use crate::text::Text;

use super::backend::Shared;
use super::convert::range;
use super::documents::Document;
use super::log;
use super::session::SELECT;
use super::state::State;

impl State {
    /// What follows an action in the document itself; `None` where the client cannot show a place.
    pub(super) fn selection(
        &self,
        document: &Document,
        edits: &[Edit],
        size: u32,
    ) -> Option<Command> {
        let shows = self.session.as_ref().is_some_and(|session| session.show);
        if !shows || document.cell_of.is_some() {
            return None;
        }
        let mut own: Vec<&Edit> = (edits.iter())
            .filter(|edit| edit.file == document.home.name)
            .collect();
        own.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let after = Text::new(applied(document.text.as_str(), &own)?);
        let word = size.to_string();
        let mut shift = 0;
        for edit in own {
            if let Some(at) = number_in(&edit.text, &word) {
                let start = (edit.span.start + at).checked_add_signed(shift)?;
                let place = range(&after, &(start..start + word.len()), self.encoding());
                return Some(Command {
                    title: "Select the size".to_string(),
                    command: SELECT.to_string(),
                    arguments: Some(vec![json!(document.uri), json!(place)]),
                });
            }
            shift += edit.text.len() as isize - edit.span.len() as isize;
        }
        None
    }
}

/// Shows the place that the command names; the client's answer is not waited for.
pub fn select(shared: &Arc<Shared>, arguments: Vec<Value>) -> Option<()> {
    let [uri, place] = <[Value; 2]>::try_from(arguments).ok()?;
    let params = ShowDocumentParams {
        uri: serde_json::from_value(uri).ok()?,
        external: None,
        take_focus: Some(true),
        selection: Some(serde_json::from_value(place).ok()?),
    };
    let client = shared.client.clone();
    tokio::spawn(async move {
        if let Err(error) = client.show_document(params).await {
            log::debug(format!("show: {error}"));
        }
    });
    Some(())
}

fn number_in(text: &str, number: &str) -> Option<usize> {
    let part = |each: Option<char>| each.is_some_and(|each| each.is_alphanumeric() || each == '_');
    text.match_indices(number).map(|(at, _)| at).find(|at| {
        !part(text[..*at].chars().next_back()) && !part(text[at + number.len()..].chars().next())
    })
}
