//! Node kinds and fields of tree-sitter-python as numbers: a table look-up instead of string comparisons.

use std::sync::LazyLock;

use tree_sitter::{Language, Node};

use crate::query::nodes::ERROR;

macro_rules! kinds {
    ($($variant:ident = $name:literal,)*) => {
        /// The named node kinds that dynaleak tells apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($variant,)*
            Other,
        }

        const NAMES: &[(&str, Kind)] = &[$(($name, Kind::$variant),)*];
    };
}

kinds! {
    AliasedImport = "aliased_import",
    AsPattern = "as_pattern",
    AsPatternTarget = "as_pattern_target",
    Assert = "assert_statement",
    Assignment = "assignment",
    Attribute = "attribute",
    AugmentedAssignment = "augmented_assignment",
    Await = "await",
    BinaryOperator = "binary_operator",
    Block = "block",
    BooleanOperator = "boolean_operator",
    Break = "break_statement",
    Call = "call",
    CasePattern = "case_pattern",
    ClassDefinition = "class_definition",
    Comment = "comment",
    ComparisonOperator = "comparison_operator",
    ConcatenatedString = "concatenated_string",
    ConditionalExpression = "conditional_expression",
    Continue = "continue_statement",
    DecoratedDefinition = "decorated_definition",
    Decorator = "decorator",
    DefaultParameter = "default_parameter",
    Delete = "delete_statement",
    Dictionary = "dictionary",
    DictionaryComprehension = "dictionary_comprehension",
    DictionarySplat = "dictionary_splat",
    DictionarySplatPattern = "dictionary_splat_pattern",
    DottedName = "dotted_name",
    Elif = "elif_clause",
    Else = "else_clause",
    Error = "ERROR",
    Except = "except_clause",
    ExpressionList = "expression_list",
    ExpressionStatement = "expression_statement",
    False = "false",
    Finally = "finally_clause",
    For = "for_statement",
    ForInClause = "for_in_clause",
    FunctionDefinition = "function_definition",
    GeneratorExpression = "generator_expression",
    GenericType = "generic_type",
    Global = "global_statement",
    Identifier = "identifier",
    If = "if_statement",
    IfClause = "if_clause",
    Import = "import_statement",
    ImportFrom = "import_from_statement",
    Integer = "integer",
    Interpolation = "interpolation",
    KeywordArgument = "keyword_argument",
    KeywordSeparator = "keyword_separator",
    Lambda = "lambda",
    List = "list",
    ListComprehension = "list_comprehension",
    ListPattern = "list_pattern",
    ListSplat = "list_splat",
    ListSplatPattern = "list_splat_pattern",
    Match = "match_statement",
    NamedExpression = "named_expression",
    None = "none",
    Nonlocal = "nonlocal_statement",
    NotOperator = "not_operator",
    Pair = "pair",
    ParenthesizedExpression = "parenthesized_expression",
    Pass = "pass_statement",
    PatternList = "pattern_list",
    Raise = "raise_statement",
    RelativeImport = "relative_import",
    Return = "return_statement",
    Set = "set",
    SetComprehension = "set_comprehension",
    Slice = "slice",
    String = "string",
    Subscript = "subscript",
    True = "true",
    Try = "try_statement",
    Tuple = "tuple",
    TuplePattern = "tuple_pattern",
    Type = "type",
    TypedDefaultParameter = "typed_default_parameter",
    TypedParameter = "typed_parameter",
    UnaryOperator = "unary_operator",
    While = "while_statement",
    WildcardImport = "wildcard_import",
    With = "with_statement",
    WithClause = "with_clause",
    WithItem = "with_item",
    Yield = "yield",
}

static BY_ID: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let language: Language = tree_sitter_python::LANGUAGE.into();
    (0..=language.node_kind_count() as u16)
        .map(|id| match language.node_kind_for_id(id) {
            Some(name) if language.node_kind_is_named(id) => NAMES
                .iter()
                .find(|(known, _)| *known == name)
                .map_or(Kind::Other, |(_, kind)| *kind),
            _ => Kind::Other,
        })
        .collect()
});

pub fn kind(node: Node) -> Kind {
    of_id(node.kind_id())
}

/// The kind that tree-sitter numbers so.
pub fn of_id(id: u16) -> Kind {
    if id == ERROR {
        return Kind::Error;
    }
    BY_ID.get(id as usize).copied().unwrap_or(Kind::Other)
}

/// What the grammar calls it, named or not.
pub fn name_of(id: u16) -> &'static str {
    static LANGUAGE: LazyLock<Language> = LazyLock::new(|| tree_sitter_python::LANGUAGE.into());
    LANGUAGE.node_kind_for_id(id).unwrap_or_default()
}

macro_rules! fields {
    ($($constant:ident = $name:literal $id:literal,)*) => {
        /// Field numbers of the pinned grammar; a test compares them with the grammar's own.
        pub mod field {
            $(pub const $constant: u16 = $id;)*
        }

        #[cfg(test)]
        const FIELDS: &[(&str, u16)] = &[$(($name, $id),)*];
    };
}

fields! {
    ALIAS = "alias" 1,
    ALTERNATIVE = "alternative" 2,
    ARGUMENT = "argument" 3,
    ARGUMENTS = "arguments" 4,
    ATTRIBUTE = "attribute" 5,
    BODY = "body" 6,
    CONDITION = "condition" 9,
    CONSEQUENCE = "consequence" 10,
    DEFINITION = "definition" 11,
    EXPRESSION = "expression" 12,
    FUNCTION = "function" 14,
    KEY = "key" 16,
    LEFT = "left" 17,
    MODULE_NAME = "module_name" 18,
    NAME = "name" 19,
    OBJECT = "object" 20,
    OPERATOR = "operator" 21,
    OPERATORS = "operators" 22,
    PARAMETERS = "parameters" 23,
    RETURN_TYPE = "return_type" 24,
    RIGHT = "right" 25,
    SUBJECT = "subject" 26,
    SUBSCRIPT = "subscript" 27,
    SUPERCLASSES = "superclasses" 28,
    TYPE = "type" 29,
    VALUE = "value" 32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_grammars() {
        let language: Language = tree_sitter_python::LANGUAGE.into();
        for (name, id) in FIELDS {
            assert_eq!(
                language.field_id_for_name(name).map(u16::from),
                Some(*id),
                "field {name}"
            );
        }
        for (name, kind) in NAMES {
            assert!(
                *kind == Kind::Error || language.id_for_node_kind(name, true) != 0,
                "no node kind {name}"
            );
        }
    }
}
