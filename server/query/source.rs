//! A rule's `.scm` file, read into shapes and predicates.

use std::borrow::Cow;

use tree_sitter::Language;

use super::shape::{Child, Kind, Shape};

/// One pattern.
#[derive(Debug)]
pub struct Pattern<'s> {
    /// One for each alternative at the top: `([A B] @finding)` is `A @finding` and `B @finding`.
    pub bodies: Vec<Body<'s>>,
    pub predicates: Vec<Written<'s>>,
}

#[derive(Debug)]
pub struct Body<'s> {
    pub shape: Shape,
    /// The captures' names, by their numbers in the shape.
    pub captures: Vec<&'s str>,
}

/// `(#not-any-of? @method "append" "add")`.
#[derive(Debug)]
pub struct Written<'s> {
    /// Without `#`, `not-` and `?`.
    pub name: &'s str,
    pub negated: bool,
    pub operands: Vec<Word<'s>>,
}

#[derive(Debug)]
pub enum Word<'s> {
    Capture(&'s str),
    Text(Cow<'s, str>),
}

/// The patterns of a file; an error begins with its line.
pub fn patterns<'s>(source: &'s str, language: &Language) -> Result<Vec<Pattern<'s>>, String> {
    let reader = Reader { source, language };
    let nodes = reader.nodes()?;
    let groups = reader.grouped(&nodes)?;
    groups.iter().map(|group| reader.pattern(group)).collect()
}

enum Node<'s> {
    Atom(&'s str),
    /// Its bracket, what is in it, and what of the source begins with it.
    List(char, Vec<Node<'s>>, &'s str),
}

/// A node with what stands before and after it: `. left: (_) @holder`.
struct Group<'n, 's> {
    adjacent: bool,
    field: Option<&'s str>,
    node: &'n Node<'s>,
    captures: Vec<&'s str>,
}

struct Reader<'s, 'l> {
    source: &'s str,
    language: &'l Language,
}

impl<'s> Reader<'s, '_> {
    fn error<T>(&self, at: &'s str, message: impl std::fmt::Display) -> Result<T, String> {
        let offset = at.as_ptr() as usize - self.source.as_ptr() as usize;
        let line = self.source[..offset].matches('\n').count() + 1;
        Err(format!("line {line}: {message}"))
    }

    fn nodes(&self) -> Result<Vec<Node<'s>>, String> {
        let mut open = vec![('(', Vec::new(), self.source)];
        let mut rest = self.source.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                ';' => rest.find('\n').unwrap_or(rest.len()),
                '"' => match quoted(rest) {
                    Some(length) => length,
                    None => return self.error(rest, "a string without an end"),
                },
                '(' | '[' | ')' | ']' => 1,
                _ => rest
                    .find(|c: char| c.is_whitespace() || "()[]\";".contains(c))
                    .unwrap_or(rest.len()),
            };
            let (word, after) = rest.split_at(length);
            match first {
                ';' => {}
                '(' | '[' => open.push((first, Vec::new(), rest)),
                ')' | ']' => match (open.pop(), open.last_mut()) {
                    (Some((bracket, nodes, start)), Some(outer))
                        if (bracket == '(') == (first == ')') =>
                    {
                        outer.1.push(Node::List(bracket, nodes, start));
                    }
                    _ => return self.error(rest, format_args!("a {first} that closes nothing")),
                },
                _ => {
                    if let Some(outer) = open.last_mut() {
                        outer.1.push(Node::Atom(word));
                    }
                }
            }
            rest = after.trim_start();
        }
        match (open.pop(), open.pop()) {
            (Some((_, nodes, _)), None) => Ok(nodes),
            (Some((bracket, _, start)), _) => {
                self.error(start, format_args!("a {bracket} that nothing closes"))
            }
            (None, _) => Ok(Vec::new()),
        }
    }

    fn grouped<'n>(&self, nodes: &'n [Node<'s>]) -> Result<Vec<Group<'n, 's>>, String> {
        let mut groups: Vec<Group> = Vec::new();
        let (mut adjacent, mut field) = (false, None);
        for node in nodes {
            match node {
                Node::Atom(".") => adjacent = true,
                Node::Atom(word) if word.starts_with('@') => match groups.last_mut() {
                    Some(group) => group.captures.push(&word[1..]),
                    None => return self.error(word, "a capture of nothing"),
                },
                Node::Atom(word) if word.ends_with(':') => field = Some(&word[..word.len() - 1]),
                Node::Atom(word) if word.starts_with(['?', '*', '+', '!']) => {
                    return self.error(word, "a rule that is built in uses no quantifiers");
                }
                _ => groups.push(Group {
                    adjacent: std::mem::take(&mut adjacent),
                    field: field.take(),
                    node,
                    captures: Vec::new(),
                }),
            }
        }
        Ok(groups)
    }

    fn pattern(&self, group: &Group<'_, 's>) -> Result<Pattern<'s>, String> {
        let mut predicates = Vec::new();
        self.predicates(group.node, &mut predicates);
        let mut bodies = Vec::new();
        self.split(group, &[], &mut bodies)?;
        for word in predicates.iter().flat_map(|written| &written.operands) {
            if let Word::Capture(name) = word
                && !bodies
                    .iter()
                    .any(|body: &Body| body.captures.contains(name))
            {
                return self.error(name, format_args!("the pattern captures no @{name}"));
            }
        }
        Ok(Pattern { bodies, predicates })
    }

    fn predicates(&self, node: &Node<'s>, predicates: &mut Vec<Written<'s>>) {
        let Node::List(_, nodes, _) = node else {
            return;
        };
        match predicate(node) {
            Some(predicate) => predicates.push(predicate),
            None => nodes
                .iter()
                .for_each(|node| self.predicates(node, predicates)),
        }
    }

    fn split(
        &self,
        group: &Group<'_, 's>,
        outer: &[&'s str],
        bodies: &mut Vec<Body<'s>>,
    ) -> Result<(), String> {
        let captures: Vec<&str> = group.captures.iter().chain(outer).copied().collect();
        if let Node::List(bracket, nodes, _) = group.node
            && (*bracket == '[' || matches!(nodes.first(), Some(Node::List(..))))
        {
            for inner in self.grouped(nodes)? {
                if predicate(inner.node).is_none() {
                    self.split(&inner, &captures, bodies)?;
                }
            }
            return Ok(());
        }
        let mut names = Vec::new();
        let shape = self.shape(group.node, &captures, &mut names)?;
        if shape.kind == Kind::AnyNamed {
            return self.error(start(group.node), "the outermost node must have a name");
        }
        bodies.push(Body {
            shape,
            captures: names,
        });
        Ok(())
    }

    fn shape(
        &self,
        node: &Node<'s>,
        captures: &[&'s str],
        names: &mut Vec<&'s str>,
    ) -> Result<Shape, String> {
        let (kind, inside) = match node {
            Node::Atom(word) => (self.token(word)?, &[][..]),
            Node::List('(', nodes, start) => match nodes.split_first() {
                Some((Node::Atom("_"), inside)) => (Kind::AnyNamed, inside),
                Some((Node::Atom(name), inside)) => {
                    match self.language.id_for_node_kind(name, true) {
                        0 | u16::MAX => {
                            return self.error(name, format_args!("Python has no node {name}"));
                        }
                        kind => (Kind::Only(kind), inside),
                    }
                }
                _ => return self.error(start, "a group inside a pattern"),
            },
            Node::List(_, _, start) => return self.error(start, "alternatives of alternatives"),
        };
        let closed = matches!(inside.last(), Some(Node::Atom(".")));
        let mut children = Vec::new();
        for group in self.grouped(inside)? {
            if predicate(group.node).is_some() {
                continue;
            }
            children.push(self.child(&group, names)?);
        }
        let mut shape = Shape {
            kind,
            captures: Vec::new(),
            children,
            closed,
        };
        for name in captures {
            let known = names.iter().position(|known| known == name);
            let number = known.unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            shape.captures.push(number as u16);
        }
        Ok(shape)
    }

    fn child(&self, group: &Group<'_, 's>, names: &mut Vec<&'s str>) -> Result<Child, String> {
        let field = match group.field {
            None => 0,
            Some(name) => match self.language.field_id_for_name(name) {
                Some(field) => field.get(),
                None => return self.error(name, format_args!("Python has no field {name}")),
            },
        };
        let mut alternatives = Vec::new();
        if let Node::List('[', nodes, _) = group.node {
            for one in self.grouped(nodes)? {
                let captures: Vec<&str> = one
                    .captures
                    .iter()
                    .chain(&group.captures)
                    .copied()
                    .collect();
                alternatives.push(self.shape(one.node, &captures, names)?);
            }
        } else {
            alternatives.push(self.shape(group.node, &group.captures, names)?);
        }
        Ok(Child {
            field,
            adjacent: group.adjacent,
            alternatives,
        })
    }

    fn token(&self, word: &'s str) -> Result<Kind, String> {
        let kind = match word.starts_with('"') {
            true => self.language.id_for_node_kind(&unquoted(word), false),
            false => 0,
        };
        match kind {
            0 => self.error(word, format_args!("Python has no token {word}")),
            kind => Ok(Kind::Only(kind)),
        }
    }
}

fn start<'s>(node: &Node<'s>) -> &'s str {
    match node {
        Node::Atom(word) => word,
        Node::List(_, _, start) => start,
    }
}

fn predicate<'s>(node: &Node<'s>) -> Option<Written<'s>> {
    let Node::List('(', nodes, _) = node else {
        return None;
    };
    let Some(Node::Atom(name)) = nodes.first() else {
        return None;
    };
    let name = name.strip_prefix('#')?.trim_end_matches('?');
    let operand = |node: &Node<'s>| match node {
        Node::Atom(word) if word.starts_with('@') => Some(Word::Capture(&word[1..])),
        Node::Atom(word) if word.starts_with('"') => Some(Word::Text(unquoted(word))),
        Node::Atom(word) => Some(Word::Text(Cow::Borrowed(*word))),
        Node::List(..) => None,
    };
    let positive = name.strip_prefix("not-");
    Some(Written {
        name: positive.unwrap_or(name),
        negated: positive.is_some(),
        operands: nodes[1..].iter().filter_map(operand).collect(),
    })
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

/// What a string between quotes means, as tree-sitter reads it.
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
