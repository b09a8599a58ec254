//! Patterns taken apart: what several rules look for is compiled once and matched once.
//!
//! tree-sitter analyses each nested node of a query against its whole parse table, for each pattern anew,
//! and keeps a half-made match for each pattern that begins alike. Most rules begin alike.

use std::borrow::Cow;
use std::fmt::Write;

/// What a pattern, or one alternative of it, matches: without predicates, its captures numbered.
#[derive(Debug)]
pub struct Body<'s> {
    /// `(call function: (_) @0) @1`.
    pub text: String,
    /// The captures' names, by their numbers: `["function", "finding"]`.
    pub captures: Vec<&'s str>,
}

/// `(#any-of? @method "append" "add")`.
#[derive(Debug)]
pub struct Written<'s> {
    pub name: &'s str,
    pub operands: Vec<Word<'s>>,
}

#[derive(Debug)]
pub enum Word<'s> {
    Capture(&'s str),
    Text(Cow<'s, str>),
}

/// One pattern as a rule's file has it.
#[derive(Debug)]
pub struct Parts<'s> {
    /// One for each alternative at the top.
    pub bodies: Vec<Body<'s>>,
    pub predicates: Vec<Written<'s>>,
}

/// Fields that a single kind of node has: one that is told by such a field needs no name, and a node
/// without a name is not analysed. The outermost keeps its name, by which tree-sitter finds the pattern.
const TOLD: [(&str, &str); 5] = [
    ("attribute", "attribute"),
    ("attribute", "object"),
    ("call", "arguments"),
    ("call", "function"),
    ("subscript", "subscript"),
];

/// The patterns of a query; none where its brackets don't match.
pub fn parts(source: &str) -> Option<Vec<Parts<'_>>> {
    let nodes = read(source)?;
    Some(grouped(&nodes).iter().map(apart).collect())
}

enum Node<'s> {
    Atom(&'s str),
    List(char, Vec<Node<'s>>),
}

/// A node with the captures and the quantifier that follow it.
struct Group<'n, 's> {
    node: &'n Node<'s>,
    captures: Vec<&'s str>,
    quantifier: Option<&'s str>,
}

fn read(source: &str) -> Option<Vec<Node<'_>>> {
    let mut open: Vec<(char, Vec<Node>)> = vec![('(', Vec::new())];
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ';' => rest.find('\n').unwrap_or(rest.len()),
            '"' => quoted(rest)?,
            '(' | '[' | ')' | ']' => 1,
            _ => rest
                .find(|c: char| c.is_whitespace() || "()[]\";".contains(c))
                .unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(length);
        match first {
            ';' => {}
            '(' | '[' => open.push((first, Vec::new())),
            ')' | ']' => {
                let (bracket, nodes) = open.pop()?;
                if (bracket == '(') != (first == ')') {
                    return None;
                }
                open.last_mut()?.1.push(Node::List(bracket, nodes));
            }
            _ => open.last_mut()?.1.push(Node::Atom(word)),
        }
        rest = after.trim_start();
    }
    let (_, nodes) = open.pop()?;
    open.is_empty().then_some(nodes)
}

/// The length of the string that `source` begins with, its quotes included.
fn quoted(source: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in source.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What a string between quotes means, read as tree-sitter reads it.
fn unquoted(word: &str) -> Cow<'_, str> {
    let inner = &word[1..word.len() - 1];
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    text.into()
}

fn grouped<'n, 's>(nodes: &'n [Node<'s>]) -> Vec<Group<'n, 's>> {
    let mut groups: Vec<Group> = Vec::new();
    for node in nodes {
        match (node, groups.last_mut()) {
            (Node::Atom(word), Some(group)) if word.starts_with('@') => {
                group.captures.push(&word[1..]);
            }
            (Node::Atom(word @ ("?" | "*" | "+")), Some(group)) => group.quantifier = Some(word),
            _ => groups.push(Group {
                node,
                captures: Vec::new(),
                quantifier: None,
            }),
        }
    }
    groups
}

fn apart<'s>(pattern: &Group<'_, 's>) -> Parts<'s> {
    let mut predicates = Vec::new();
    collect(pattern.node, &mut predicates);
    let mut bodies = Vec::new();
    split(pattern, &[], &mut bodies);
    Parts { bodies, predicates }
}

fn predicate<'s>(node: &Node<'s>) -> Option<Written<'s>> {
    let Node::List('(', nodes) = node else {
        return None;
    };
    let Some(Node::Atom(name)) = nodes.first() else {
        return None;
    };
    let operand = |node: &Node<'s>| match node {
        Node::Atom(word) if word.starts_with('@') => Some(Word::Capture(&word[1..])),
        Node::Atom(word) if word.starts_with('"') => Some(Word::Text(unquoted(word))),
        Node::Atom(word) => Some(Word::Text(Cow::Borrowed(word))),
        Node::List(..) => None,
    };
    Some(Written {
        name: name.strip_prefix('#')?.trim_end_matches('?'),
        operands: nodes[1..].iter().filter_map(operand).collect(),
    })
}

fn collect<'s>(node: &Node<'s>, predicates: &mut Vec<Written<'s>>) {
    let Node::List(_, nodes) = node else { return };
    match predicate(node) {
        Some(predicate) => predicates.push(predicate),
        None => nodes.iter().for_each(|node| collect(node, predicates)),
    }
}

/// `([A B] @finding)` is `A @finding` and `B @finding`.
fn split<'s>(group: &Group<'_, 's>, outer: &[&'s str], bodies: &mut Vec<Body<'s>>) {
    let captures: Vec<&str> = group.captures.iter().chain(outer).copied().collect();
    if let (Node::List(bracket, nodes), None) = (group.node, group.quantifier) {
        let mut inner = grouped(nodes);
        inner.retain(|group| predicate(group.node).is_none());
        let alone = matches!(&inner[..], [only] if matches!(only.node, Node::List(..)));
        if *bracket == '[' || alone {
            for group in &inner {
                split(group, &captures, bodies);
            }
            return;
        }
    }
    let mut body = Body {
        text: String::new(),
        captures: Vec::new(),
    };
    body.write(group, 0);
    for name in outer {
        body.capture(name);
    }
    bodies.push(body);
}

impl<'s> Body<'s> {
    fn write(&mut self, group: &Group<'_, 's>, depth: usize) {
        match group.node {
            Node::Atom(word) => self.text.push_str(word),
            Node::List(bracket, nodes) => {
                self.text.push(*bracket);
                let told = depth > 0 && told(nodes);
                let mut first = true;
                for group in grouped(nodes) {
                    if predicate(group.node).is_some() {
                        continue;
                    }
                    if !first {
                        self.text.push(' ');
                    }
                    match first && told {
                        true => self.text.push('_'),
                        false => self.write(&group, depth + 1),
                    }
                    first = false;
                }
                self.text.push(if *bracket == '(' { ')' } else { ']' });
            }
        }
        self.text.push_str(group.quantifier.unwrap_or_default());
        for name in &group.captures {
            self.capture(name);
        }
    }

    fn capture(&mut self, name: &'s str) {
        let known = self.captures.iter().position(|known| *known == name);
        let number = known.unwrap_or_else(|| {
            self.captures.push(name);
            self.captures.len() - 1
        });
        let _ = write!(self.text, " @{number}");
    }
}

/// Does a field tell which kind of node this is?
fn told(nodes: &[Node]) -> bool {
    let Some((Node::Atom(kind), inside)) = nodes.split_first() else {
        return false;
    };
    let is_field = |node: &Node, field: &str| match node {
        Node::Atom(word) => word.strip_suffix(':') == Some(field),
        Node::List(..) => false,
    };
    TOLD.iter()
        .any(|(owner, field)| owner == kind && inside.iter().any(|node| is_field(node, field)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_rules_look_for_is_written_alike() {
        let source = r#"
            ; KEPT.append(item)
            ([
               (call function: (attribute object: (_) @holder attribute: (identifier) @_method))
               (augmented_assignment left: (_) @holder)
             ] @finding
             (#any-of? @_method "append" "a\"b"))
            (call
              function: (attribute object: (_) @a attribute: (identifier) @b)
              (#kind? @a page)) @c
        "#;
        let parts = parts(source).unwrap_or_default();
        let bodies = |at: usize| parts[at].bodies.iter().map(|body| &*body.text);
        let call = "(call function: (_ object: (_) @0 attribute: (identifier) @1)) @2";
        assert_eq!(
            bodies(0).collect::<Vec<_>>(),
            [call, "(augmented_assignment left: (_) @0) @1"]
        );
        assert_eq!(bodies(1).collect::<Vec<_>>(), [call]);
        assert_eq!(
            parts[0].bodies[0].captures,
            ["holder", "_method", "finding"]
        );
        let Word::Text(text) = &parts[0].predicates[0].operands[2] else {
            panic!("{:?}", parts[0].predicates);
        };
        assert_eq!(text, "a\"b");
    }

    #[test]
    fn brackets_that_do_not_match_are_no_query() {
        for source in ["(call", "(call])", "call)", "(#eq? @a \"b)"] {
            assert!(parts(source).is_none(), "{source}");
        }
    }

    /// A field of another kind of node as well would make a nameless node match too much.
    #[test]
    fn a_telling_field_belongs_to_one_kind_of_node() -> Result<(), serde_json::Error> {
        let kinds: Vec<serde_json::Value> = serde_json::from_str(tree_sitter_python::NODE_TYPES)?;
        for (owner, field) in TOLD {
            let owners: Vec<&str> = kinds
                .iter()
                .filter(|kind| kind["fields"].get(field).is_some())
                .filter_map(|kind| kind["type"].as_str())
                .collect();
            assert_eq!(owners, [owner], "{field}");
        }
        Ok(())
    }
}
