//! A notebook: its Python cells, joined, are one module.

use std::sync::Arc;

use tower_lsp::ls_types::*;

use super::documents::{Document, Home};
use super::log;
use super::names::Key;
use super::state::State;

pub struct Notebook {
    pub uri: Uri,
    pub home: Home,
    cells: Vec<Cell>,
    /// Where each Python cell begins in the module, in bytes, in order.
    starts: Vec<(Key, usize)>,
}

struct Cell {
    key: Key,
    code: bool,
}

impl Notebook {
    pub fn start_of(&self, key: &Key) -> Option<usize> {
        let found = self.starts.iter().find(|(cell, _)| cell == key);
        found.map(|(_, start)| *start)
    }

    /// The cell that holds a byte of the module, and where it begins.
    pub fn cell_at(&self, byte: usize) -> Option<(&Key, usize)> {
        let after = self.starts.partition_point(|(_, start)| *start <= byte);
        let (key, start) = self.starts.get(after.checked_sub(1)?)?;
        Some((key, *start))
    }

    pub fn code_cells(&self) -> impl Iterator<Item = &Key> {
        self.starts.iter().map(|(key, _)| key)
    }
}

impl State {
    pub fn open_notebook(&mut self, params: DidOpenNotebookDocumentParams) {
        let DidOpenNotebookDocumentParams {
            notebook_document: of,
            cell_text_documents,
        } = params;
        let key = Key::of(&of.uri);
        let home = self.home(&of.uri);
        for item in cell_text_documents {
            self.open_cell(&key, &home, item);
        }
        let notebook = Notebook {
            uri: of.uri,
            home,
            cells: of.cells.iter().map(cell).collect(),
            starts: Vec::new(),
        };
        self.notebooks.insert(key.clone(), notebook);
        self.join(&key);
    }

    pub fn change_notebook(&mut self, params: DidChangeNotebookDocumentParams) {
        let key = Key::of(&params.notebook_document.uri);
        let encoding = self.encoding();
        let Some(notebook) = self.notebooks.get_mut(&key) else {
            log::warning(format!("{} changed, but is not open", key.as_str()));
            return;
        };
        let home = notebook.home.clone();
        let cells = params.change.cells.unwrap_or(NotebookDocumentCellChange {
            structure: None,
            data: None,
            text_content: None,
        });
        if let Some(structure) = cells.structure {
            let NotebookCellArrayChange {
                start,
                delete_count,
                cells,
            } = structure.array;
            let start = (start as usize).min(notebook.cells.len());
            let end = start
                .saturating_add(delete_count as usize)
                .min(notebook.cells.len());
            let new = cells.unwrap_or_default();
            notebook.cells.splice(start..end, new.iter().map(cell));
            for closed in structure.did_close.unwrap_or_default() {
                if let Some(document) = self.documents.remove(&Key::of(&closed.uri)) {
                    self.due.clear.push(document.uri);
                }
            }
            for item in structure.did_open.unwrap_or_default() {
                self.open_cell(&key, &home, item);
            }
        }
        if let Some(notebook) = self.notebooks.get_mut(&key) {
            for data in cells.data.unwrap_or_default() {
                let data = cell(&data);
                if let Some(known) = notebook
                    .cells
                    .iter_mut()
                    .find(|known| known.key == data.key)
                {
                    *known = data;
                }
            }
        }
        for content in cells.text_content.unwrap_or_default() {
            let Some(document) = self.documents.get_mut(&Key::of(&content.document.uri)) else {
                log::warning(format!(
                    "{} changed, but is no cell",
                    content.document.uri.as_str()
                ));
                continue;
            };
            document.version = content.document.version;
            for change in &content.changes {
                document.change(change, encoding);
            }
        }
        self.join(&key);
    }

    pub fn close_notebook(&mut self, params: DidCloseNotebookDocumentParams) {
        let key = Key::of(&params.notebook_document.uri);
        let Some(notebook) = self.notebooks.remove(&key) else {
            return;
        };
        let closed = params
            .cell_text_documents
            .iter()
            .map(|cell| Key::of(&cell.uri));
        let cells: Vec<Key> = closed
            .chain(notebook.cells.into_iter().map(|cell| cell.key))
            .collect();
        for cell in cells.into_iter().chain(self.cells_of(&key)) {
            if let Some(document) = self.documents.remove(&cell) {
                self.due.publish.remove(&cell);
                self.due.clear.push(document.uri);
            }
        }
        let project = &mut self.projects[notebook.home.project];
        project.open.remove(&notebook.home.name);
        project.remove(&notebook.home.name);
        self.rejudged(&notebook.home, &key);
    }

    pub fn cell_changed(&mut self, cell: &Key) {
        let notebook = self
            .documents
            .get(cell)
            .and_then(|document| document.cell_of.clone());
        if let Some(notebook) = notebook {
            self.join(&notebook);
        }
    }

    /// Finds a notebook's root again.
    pub fn notebook_home(&mut self, key: &Key) {
        let Some(notebook) = self.notebooks.get(key) else {
            return;
        };
        let home = self.home(&notebook.uri.clone());
        for cell in self.cells_of(key) {
            if let Some(document) = self.documents.get_mut(&cell) {
                document.home = home.clone();
                document.report.revision = Some(u64::MAX);
            }
        }
        if let Some(notebook) = self.notebooks.get_mut(key) {
            notebook.home = home;
        }
        self.join(key);
    }

    /// All that were opened as its cells, whether it lists them or not.
    fn cells_of(&self, notebook: &Key) -> Vec<Key> {
        let documents = self.documents.iter();
        let of = documents.filter(|(_, document)| document.cell_of.as_ref() == Some(notebook));
        of.map(|(key, _)| key.clone()).collect()
    }

    fn open_cell(&mut self, notebook: &Key, home: &Home, item: TextDocumentItem) {
        let python = item.language_id == "python";
        let key = Key::of(&item.uri);
        let mut document = Document::new(item.uri, item.version, item.text, python, home.clone());
        document.cell_of = Some(notebook.clone());
        self.documents.insert(key, document);
    }

    /// Makes the module anew and loads what differs.
    fn join(&mut self, key: &Key) {
        let Some(notebook) = self.notebooks.get_mut(key) else {
            return;
        };
        let mut module = String::new();
        notebook.starts.clear();
        for cell in &notebook.cells {
            let Some(document) = self.documents.get(&cell.key) else {
                continue;
            };
            if !cell.code || !document.analysed() {
                continue;
            }
            notebook.starts.push((cell.key.clone(), module.len()));
            module.push_str(&without_magics(&document.python_text()));
            module.push('\n');
        }
        let home = notebook.home.clone();
        let project = &mut self.projects[home.project];
        project.open.insert(Arc::clone(&home.name), key.clone());
        project.replace(&home.name, module);
        let cells: Vec<Key> = notebook.cells.iter().map(|cell| cell.key.clone()).collect();
        self.due.publish.extend(cells);
        self.rejudged(&home, key);
    }
}

fn cell(cell: &NotebookCell) -> Cell {
    Cell {
        key: Key::of(&cell.document),
        code: cell.kind == NotebookCellKind::CODE,
    }
}

/// A cell's text with IPython's own lines made expressions of the same length: `%time x` becomes
/// `0      `, `files = !ls` becomes `files = 0  `. Cells of another language (`%%bash`) become blank.
pub fn without_magics(text: &str) -> String {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let foreign = first.strip_prefix("%%").is_some_and(|magic| {
        let name = magic.split_whitespace().next().unwrap_or_default();
        !matches!(
            name,
            "time" | "timeit" | "capture" | "prun" | "memit" | "mprun" | "python" | "python3"
        )
    });
    let mut out = String::with_capacity(text.len());
    let mut inside = Inside::default();
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let end = &line[body.len()..];
        let indent = body.len() - body.trim_start().len();
        let code = &body[indent..];
        if foreign {
            out.extend(std::iter::repeat_n(' ', body.len()));
        } else if inside.starts_statement() && !code.is_empty() && is_magic(code) {
            blank_from(&mut out, body, indent);
        } else if let Some(at) = assigned_magic(body).filter(|_| inside.starts_statement()) {
            blank_from(&mut out, body, at);
        } else {
            inside.read(body);
            out.push_str(body);
        }
        out.push_str(end);
    }
    out
}

fn is_magic(code: &str) -> bool {
    code.starts_with(['%', '!', '?']) || code.trim_end().ends_with('?') && !code.contains('#')
}

/// Where the right side of `x = !ls` or `x = %pwd` begins.
fn assigned_magic(line: &str) -> Option<usize> {
    let at = line.find('=')?;
    let target = line[..at].trim();
    let plain = !target.is_empty()
        && target
            .chars()
            .all(|each| each.is_alphanumeric() || "_., ".contains(each));
    let right = line[at + 1..].trim_start();
    (plain && right.starts_with(['!', '%'])).then(|| line.len() - right.len())
}

fn blank_from(out: &mut String, line: &str, at: usize) {
    out.push_str(&line[..at]);
    out.push('0');
    out.extend(std::iter::repeat_n(' ', line.len() - at - 1));
}

/// Whether a line begins inside a string or bracket.
#[derive(Default)]
struct Inside {
    brackets: usize,
    string: Option<&'static str>,
    continued: bool,
}

impl Inside {
    fn starts_statement(&self) -> bool {
        self.brackets == 0 && self.string.is_none() && !self.continued
    }

    fn read(&mut self, line: &str) {
        let mut rest = line;
        self.continued = false;
        while let Some(next) = rest.chars().next() {
            let mut step = next.len_utf8();
            match self.string {
                Some(quote) if rest.starts_with(quote) => {
                    self.string = None;
                    step = quote.len();
                }
                Some(_) if next == '\\' => {
                    step += rest[1..].chars().next().map_or(0, char::len_utf8);
                }
                Some(_) => {}
                None => {
                    let quotes = ["\"\"\"", "'''", "\"", "'"];
                    if let Some(quote) = quotes.iter().find(|quote| rest.starts_with(**quote)) {
                        self.string = Some(quote);
                        step = quote.len();
                    } else {
                        match next {
                            '#' => break,
                            '(' | '[' | '{' => self.brackets += 1,
                            ')' | ']' | '}' => self.brackets = self.brackets.saturating_sub(1),
                            '\\' => self.continued = rest.len() == 1,
                            _ => {}
                        }
                    }
                }
            }
            rest = &rest[step..];
        }
        // A string in single quotes ends with its line.
        if self.string.is_some_and(|quote| quote.len() == 1) {
            self.string = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_keep_their_length() {
        let cases = [
            ("%time x\ny", "0      \ny"),
            ("if x:\n    !ls -é\n", "if x:\n    0      \n"),
            ("files = !ls", "files = 0  "),
            ("x = (a\n% b)", "x = (a\n% b)"),
            ("t = '''\n%x\n'''", "t = '''\n%x\n'''"),
            ("table?", "0     "),
            ("x = a \\\n% b", "x = a \\\n% b"),
            ("%%bash\nls", "      \n  "),
            ("%%time\nls()", "0     \nls()"),
            ("x = 'a?'", "x = 'a?'"),
        ];
        for (text, wanted) in cases {
            assert_eq!(without_magics(text), wanted);
            assert_eq!(without_magics(text).len(), text.len());
        }
    }
}
