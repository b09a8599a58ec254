//! A tree's nodes in a row: what patterns are matched on and facts are read off, walked once instead of for each question.

use std::ops::Range;

use tree_sitter::Node;

use crate::facts::kinds::{self, Kind, field};

/// The nodes of a tree in the order of their beginnings. Those without a name are there if they fill a field.
pub struct Nodes {
    nodes: Vec<Flat>,
}

pub struct Flat {
    pub id: usize,
    /// In bytes.
    pub start: u32,
    pub end: u32,
    /// The index of the first node behind this one and all within it.
    pub next: u32,
    /// By tree-sitter's number.
    pub kind: u16,
    /// Likewise; 0: none.
    pub field: u16,
    pub named: bool,
}

/// The number of the nodes that stand for broken text.
pub const ERROR: u16 = u16::MAX;

impl Nodes {
    pub fn of(root: Node) -> Nodes {
        Nodes::without(root, None)
    }

    /// The same, without what is in one of its nodes.
    pub fn without(root: Node, closed: Option<Node>) -> Nodes {
        let count = match closed {
            Some(closed) => root.descendant_count() - closed.descendant_count() + 1,
            None => root.descendant_count(),
        };
        let mut nodes = Vec::with_capacity(count);
        let closed = closed.map(|node| node.id());
        let mut open: Vec<u32> = Vec::new();
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            let (named, field) = (node.is_named(), cursor.field_id());
            if named || field.is_some() {
                nodes.push(Flat {
                    id: node.id(),
                    start: node.start_byte() as u32,
                    end: node.end_byte() as u32,
                    next: nodes.len() as u32 + 1,
                    kind: node.kind_id(),
                    field: field.map_or(0, |field| field.get()),
                    named,
                });
                if Some(node.id()) != closed && cursor.goto_first_child() {
                    open.push(nodes.len() as u32 - 1);
                    continue;
                }
            }
            while !cursor.goto_next_sibling() {
                let Some(parent) = open.pop() else {
                    return Nodes { nodes };
                };
                cursor.goto_parent();
                nodes[parent as usize].next = nodes.len() as u32;
            }
        }
    }

    pub fn list(&self) -> &[Flat] {
        &self.nodes
    }

    pub fn root(&self) -> Syntax<'_> {
        Syntax {
            nodes: self,
            index: 0,
        }
    }

    /// Their indexes.
    pub fn all(&self) -> std::ops::Range<u32> {
        0..self.nodes.len() as u32
    }

    pub fn get(&self, index: u32) -> &Flat {
        &self.nodes[index as usize]
    }

    /// The first node along a path.
    pub fn along(&self, path: &[u16], from: u32) -> Option<&Flat> {
        let mut node = from as usize;
        for field in path {
            let end = self.nodes[node].next as usize;
            node += 1;
            while self.nodes.get(node).filter(|_| node < end)?.field != *field {
                node = self.nodes[node].next as usize;
            }
        }
        Some(&self.nodes[node])
    }
}

impl Flat {
    pub fn text<'t>(&self, text: &'t str) -> &'t [u8] {
        &text.as_bytes()[self.start as usize..self.end as usize]
    }
}

/// A node of the row, with what a tree's own would give.
#[derive(Clone, Copy)]
pub struct Syntax<'n> {
    nodes: &'n Nodes,
    index: u32,
}

impl<'n> Syntax<'n> {
    fn flat(self) -> &'n Flat {
        self.nodes.get(self.index)
    }

    pub fn index(self) -> usize {
        self.index as usize
    }

    pub fn kind(self) -> Kind {
        kinds::of_id(self.flat().kind)
    }

    /// What the grammar calls it: `binary_operator`, `is not`.
    pub fn name(self) -> &'static str {
        kinds::name_of(self.flat().kind)
    }

    pub fn start_byte(self) -> usize {
        self.flat().start as usize
    }

    pub fn end_byte(self) -> usize {
        self.flat().end as usize
    }

    pub fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    fn children(self) -> impl Iterator<Item = Syntax<'n>> + Clone {
        let end = self.flat().next;
        let first = (self.index + 1 < end).then_some(Syntax {
            index: self.index + 1,
            ..self
        });
        std::iter::successors(first, move |child| {
            let next = child.flat().next;
            (next < end).then_some(Syntax {
                index: next,
                ..*child
            })
        })
    }

    /// The children that fill a field.
    pub fn fields(self, field: u16) -> impl Iterator<Item = Syntax<'n>> {
        self.children()
            .filter(move |child| child.flat().field == field)
    }

    pub fn field(self, field: u16) -> Option<Syntax<'n>> {
        self.fields(field).next()
    }

    /// The children with a name, comments among them.
    pub fn named_children(self) -> impl Iterator<Item = Syntax<'n>> + Clone {
        self.children().filter(|child| child.flat().named)
    }

    pub fn named_child(self, index: usize) -> Option<Syntax<'n>> {
        self.named_children().nth(index)
    }

    /// The children with a name, without comments.
    pub fn named(self) -> impl Iterator<Item = Syntax<'n>> + Clone {
        let is_code = |child: &Syntax| child.kind() != Kind::Comment;
        self.named_children().filter(is_code)
    }

    /// The definition inside decorators, and the decorators.
    pub fn undecorated(self) -> (Syntax<'n>, Vec<Syntax<'n>>) {
        if self.kind() != Kind::DecoratedDefinition {
            return (self, Vec::new());
        }
        let decorators = self.named().filter(|child| child.kind() == Kind::Decorator);
        (
            self.field(field::DEFINITION).unwrap_or(self),
            decorators.collect(),
        )
    }
}
