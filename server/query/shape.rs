//! What a pattern looks like in the tree, and where a tree looks like it.
//!
//! The language is tree-sitter's without quantifiers, and so are the matches; a test holds the two together.
//! tree-sitter's own query is built anew in each process, 110 ms for the rules that are built in, and follows
//! each of them through each node: a third of a check. Here what several rules look for is looked for once, and
//! only where a node of its outermost kind stands.

use smallvec::SmallVec;

use super::nodes::{ERROR, Flat, Nodes};

/// `(call function: (identifier) @0 arguments: (argument_list . (_) @1 .)) @2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    pub kind: Kind,
    pub captures: Vec<u16>,
    pub children: Vec<Child>,
    /// No named child may follow the last one: `. )`.
    pub closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `(_)`
    AnyNamed,
    /// `(call)` or `"+"`, by tree-sitter's number.
    Only(u16),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Child {
    /// 0: any.
    pub field: u16,
    /// No named child may stand between it and the one before: `. (_)`.
    pub adjacent: bool,
    pub alternatives: Vec<Shape>,
}

/// From a node to one within it: a field for each step.
pub type Path = SmallVec<[u16; 2]>;

impl Shape {
    /// The only way to what `capture` captures.
    pub fn path_to(&self, capture: u16) -> Option<Path> {
        if self.captures.contains(&capture) {
            return Some(Path::new());
        }
        self.children.iter().find_map(|child| {
            let [only] = &child.alternatives[..] else {
                return None;
            };
            let mut path = only.path_to(capture).filter(|_| child.field != 0)?;
            path.insert(0, child.field);
            Some(path)
        })
    }
}

/// A capture of a match: its number, and the node's index.
pub type Captures = SmallVec<[(u16, u32); 6]>;

/// Every way in which the node at `at` looks like `shape`: what it captures, in the order of the pattern.
pub fn matches(nodes: &Nodes, shape: &Shape, at: u32) -> SmallVec<[Captures; 2]> {
    let mut found = SmallVec::new();
    let mut search = Search {
        nodes: nodes.list(),
        captures: Captures::new(),
    };
    search.node(shape, at as usize, &mut |captures| {
        // Where a child that is not captured can be one of several, they are one match.
        if !found.contains(captures) {
            found.push(captures.clone());
        }
    });
    found
}

struct Search<'n> {
    nodes: &'n [Flat],
    captures: Captures,
}

impl Search<'_> {
    fn node(&mut self, shape: &Shape, at: usize, found: &mut dyn FnMut(&Captures)) {
        self.then(shape, at, &mut |search| found(&search.captures));
    }

    fn then(&mut self, shape: &Shape, at: usize, then: &mut dyn FnMut(&mut Self)) {
        let node = &self.nodes[at];
        let fits = match shape.kind {
            Kind::AnyNamed => node.named && node.kind != ERROR,
            Kind::Only(kind) => node.kind == kind,
        };
        if !fits {
            return;
        }
        let held = self.captures.len();
        let captured = shape.captures.iter().map(|number| (*number, at as u32));
        self.captures.extend(captured);
        self.children(shape, 0, at + 1..node.next as usize, then);
        self.captures.truncate(held);
    }

    /// The children of `shape` from `index` on, among the nodes of `within`.
    fn children(
        &mut self,
        shape: &Shape,
        index: usize,
        within: std::ops::Range<usize>,
        then: &mut dyn FnMut(&mut Self),
    ) {
        let Some(child) = shape.children.get(index) else {
            if !(shape.closed && self.has_named(within)) {
                then(self);
            }
            return;
        };
        let mut at = within.start;
        while at < within.end {
            let node = &self.nodes[at];
            let next = node.next as usize;
            if child.field == 0 || child.field == node.field {
                for alternative in &child.alternatives {
                    self.then(alternative, at, &mut |search| {
                        search.children(shape, index + 1, next..within.end, then);
                    });
                }
            }
            if child.adjacent && node.named {
                return;
            }
            at = next;
        }
    }

    /// Does a named sibling stand there?
    fn has_named(&self, within: std::ops::Range<usize>) -> bool {
        let mut at = within.start;
        while at < within.end {
            if self.nodes[at].named {
                return true;
            }
            at = self.nodes[at].next as usize;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use tree_sitter::{Language, Node, Query, QueryCursor, StreamingIterator};

    use super::*;
    use crate::query::RULES;
    use crate::syntax::{parse, with_parser};

    /// What the rules look for, in tree-sitter's own words.
    fn written(shape: &Shape, language: &Language, into: &mut String) {
        match shape.kind {
            Kind::AnyNamed => into.push_str("(_"),
            Kind::Only(kind) => {
                let name = language.node_kind_for_id(kind).unwrap_or_default();
                let _ = match language.node_kind_is_named(kind) {
                    true => write!(into, "({name}"),
                    false => write!(into, "{name:?}"),
                };
            }
        }
        for child in &shape.children {
            into.push_str(if child.adjacent { " . " } else { " " });
            if child.field != 0 {
                let name = language.field_name_for_id(child.field).unwrap_or_default();
                let _ = write!(into, "{name}: ");
            }
            into.push('[');
            for alternative in &child.alternatives {
                written(alternative, language, into);
            }
            into.push(']');
        }
        if shape.closed {
            into.push_str(" .");
        }
        if !into.ends_with('"') {
            into.push(')');
        }
        for number in &shape.captures {
            let _ = write!(into, " @{number}");
        }
    }

    /// A capture's number, and the bytes of its node.
    type Found = Vec<Vec<(u16, u32, u32)>>;

    fn ours(shape: &Shape, nodes: &Nodes) -> Found {
        let at = |index: u32| matches(nodes, shape, index);
        let those = |captures: Captures| {
            let captures = captures.into_iter();
            let captures = captures.map(|(number, at)| (number, nodes.get(at)));
            captures
                .map(|(number, node)| (number, node.start, node.end))
                .collect()
        };
        let mut found: Found = nodes.all().flat_map(at).map(those).collect();
        found.sort();
        found
    }

    fn theirs(query: &Query, root: Node, text: &str) -> Found {
        let mut cursor = QueryCursor::new();
        let mut found = Found::new();
        let mut matches = cursor.matches(query, root, text.as_bytes());
        while let Some(one) = matches.next() {
            let captures = one.captures().iter().map(|it| {
                let name = query.capture_names()[it.index as usize].parse();
                let bytes = it.node.byte_range();
                (
                    name.unwrap_or(u16::MAX),
                    bytes.start as u32,
                    bytes.end as u32,
                )
            });
            found.push(captures.collect());
        }
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn the_matches_are_those_of_tree_sitter() -> Result<(), Box<dyn std::error::Error>> {
        let language: Language = tree_sitter_python::LANGUAGE.into();
        let mut queries = Vec::new();
        for (shape, _) in &RULES.joined.shapes {
            let mut text = String::new();
            written(shape, &language, &mut text);
            let query = Query::new(&language, &text).map_err(|error| format!("{text}: {error}"))?;
            queries.push((shape, text, query));
        }
        let pages = crate::rules::all().iter().map(|rule| rule.page);
        let blocks = pages.flat_map(|page| page.split("```")).skip(1).step_by(2);
        let mut counted = 0;
        for (number, block) in blocks.enumerate() {
            // Whole, and broken: without some bytes in the middle.
            let middle = block.len() * (number % 7 + 1) / 9;
            let hole = (middle..block.len().min(middle + number % 30 + 1))
                .filter(|at| block.is_char_boundary(*at));
            let broken = match (hole.clone().min(), hole.max()) {
                (Some(from), Some(to)) => block[..from].to_owned() + &block[to..],
                _ => String::new(),
            };
            for text in [block, &broken] {
                let tree = with_parser(|parser| parse(parser, text, None));
                let nodes = Nodes::of(tree.root_node());
                for (shape, written, query) in &queries {
                    let expected = theirs(query, tree.root_node(), text);
                    assert_eq!(ours(shape, &nodes), expected, "{written}\n{text}");
                    counted += expected.len();
                }
            }
        }
        assert!(counted > 50_000, "{counted} matches: too few to tell");
        Ok(())
    }
}
