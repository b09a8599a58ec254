//! The literal pre-filter: a file that names no source of DynamoDB values is not parsed for its own sake.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::{memmem, memrchr2};

use aho_corasick::{AhoCorasick, MatchKind};
use smol_str::SmolStr;

use crate::api::FRAMEWORKS;
use crate::own::Own;

/// Without one of these in its bytes a file can neither make a client, model or table nor be known
/// by the keys of DynamoDB's reads. A package counts where it is imported and a key where it is a
/// string or an argument, not where a comment, a link or an annotation names it.
const WORDS: &[(&str, Word)] = &[
    ("boto3", Word::Maker),
    ("aiobotocore", Word::Maker),
    ("botocore.session", Word::Maker),
    ("dynamo", Word::Service),
    ("Dynamo", Word::Service),
    ("DYNAMO", Word::Service),
    ("kinesis", Word::Service),
    ("Kinesis", Word::Service),
    ("KINESIS", Word::Service),
    ("pynamodb", Word::Models),
    ("LastEvaluatedKey", Word::Key),
    ("ExclusiveStartKey", Word::Key),
    ("KeyCondition", Word::Key),
    ("FilterExpression", Word::Key),
    ("ProjectionExpression", Word::Key),
    ("ExpressionAttribute", Word::Key),
    ("TotalSegments", Word::Key),
    ("AKIA", Word::KeyId),
    ("ASIA", Word::KeyId),
];

/// May code in this text run for each request, event or task?
pub fn has_entry(text: &[u8]) -> bool {
    static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let words = FRAMEWORKS.entries.iter().map(SmolStr::as_str);
        AhoCorasick::new(words).expect("a handful of short literal words")
    });
    FINDER.find_iter(text).any(|found| {
        let before = text[..found.start()].last();
        text[found.start()] == b'(' || matches!(before, None | Some(b'\n'))
    })
}

/// A word, and what must stand beside it, are nowhere longer than this, in bytes.
#[cfg(any(feature = "lsp", test))]
pub const LONGEST: usize = "\"ExpressionAttributeValues\" =".len();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// A package that makes clients of any service.
    Maker,
    /// Names a service whose values count.
    Service,
    /// A package of models.
    Models,
    /// Only DynamoDB's reads have it.
    Key,
    /// How the ids of AWS's keys begin.
    KeyId,
}

/// What the words of a file say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// It can make clients.
    pub maker: bool,
    /// It names DynamoDB or Kinesis.
    pub service: bool,
    /// As a client's maker is told it: `"dynamodb"`, `clients.kinesis`.
    pub told: bool,
    models: bool,
    key: bool,
    /// It holds the id of a key of AWS.
    key_id: bool,
    /// It names a call of the project's own that gives values.
    own: bool,
}

impl Words {
    /// Values can originate in the file by itself. One that only makes clients needs somebody to
    /// name the service, and one that only names it somebody to make the client; a key of AWS is one
    /// wherever it stands.
    pub fn matter(self) -> bool {
        self.models || self.key || self.own || self.key_id || self.service && self.maker
    }
}

/// Finds the words that make a file matter, at the speed of a SIMD search.
pub struct Matters {
    words: AhoCorasick,
    own: Option<Sources>,
}

/// The project's own sources, by their last names.
struct Sources {
    names: AhoCorasick,
    /// By name, what else of the path a file must name: any of it.
    holders: Vec<Vec<String>>,
}

impl Sources {
    fn new(own: &Own) -> Option<Sources> {
        let mut by_name: Vec<(&str, Vec<String>)> = Vec::new();
        for (name, parts) in own.words() {
            let parts = parts.into_iter().map(str::to_string);
            match by_name.last_mut() {
                Some((last, holders)) if *last == name => holders.extend(parts),
                _ => by_name.push((name, parts.collect())),
            }
        }
        let names = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(by_name.iter().map(|(name, _)| name))
            .ok()?;
        let holders: Vec<Vec<String>> = by_name.into_iter().map(|(_, holders)| holders).collect();
        (!holders.is_empty()).then_some(Sources { names, holders })
    }

    /// Does the file of this name and text name one, as a whole word?
    fn named(&self, text: &[u8], name: &str) -> bool {
        let part = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
        };
        let own = |holder: &String| {
            let mut folders = name.split(['/', '.']);
            folders.any(|folder| folder == holder)
                || memmem::find(text, holder.as_bytes()).is_some()
        };
        self.names.find_iter(text).any(|found| {
            let whole = !part(text[..found.start()].last()) && !part(text.get(found.end()));
            whole && self.holders[found.pattern()].iter().any(own)
        })
    }
}

impl Matters {
    /// One for all, made when it is first needed.
    #[cfg(feature = "lsp")]
    pub fn shared() -> &'static Matters {
        static SHARED: LazyLock<Matters> = LazyLock::new(Matters::new);
        &SHARED
    }

    pub fn new() -> Matters {
        let words = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(WORDS.iter().map(|(word, _)| word))
            .expect("a handful of short literal words");
        Matters { words, own: None }
    }

    /// With the project's own sources.
    pub fn with(own: Option<&Own>) -> Matters {
        Matters {
            own: own.and_then(Sources::new),
            ..Matters::new()
        }
    }

    /// Is there more to look for than in any project?
    #[cfg(feature = "lsp")]
    pub fn has_own(&self) -> bool {
        self.own.is_some()
    }

    /// What the words of the file of this name say.
    pub fn words_of(&self, text: &[u8], name: &str) -> Words {
        let mut words = self.words(text);
        if let Some(own) = self.own.as_ref().filter(|_| !words.matter()) {
            words.own = own.named(text, name);
        }
        words
    }

    /// Does any of the words stand here?
    #[cfg(feature = "lsp")]
    pub fn any(&self, text: &[u8]) -> bool {
        self.words.is_match(text)
    }

    pub fn words(&self, text: &[u8]) -> Words {
        let mut words = Words::default();
        for found in self.words.find_iter(text) {
            match WORDS[found.pattern().as_usize()].1 {
                Word::Maker => words.maker |= imported(text, found.range()),
                Word::Service => {
                    words.service = true;
                    words.told |= told(text, found.start());
                }
                Word::Models => words.models |= imported(text, found.range()),
                Word::Key => words.key |= used(text, found.range()),
                Word::KeyId => words.key_id |= quoted(text, found.start()),
            }
            if words.matter() {
                break;
            }
        }
        words
    }
}

/// Is this a service's name as a string of its own, as an attribute or in a package of types?
fn told(text: &[u8], start: usize) -> bool {
    let (before, name) = text.split_at(start);
    let names = [&b"dynamodbstreams"[..], b"dynamodb", b"kinesis"];
    let Some(after) = names.iter().find_map(|known| name.strip_prefix(*known)) else {
        return false;
    };
    let begins =
        before.ends_with(b"boto3_") || before.last().is_some_and(|byte| b"\"'.".contains(byte));
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_:-/".contains(byte);
    begins && !after.first().is_some_and(part)
}

/// The byte order mark of UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Does an import statement name the package here, for more than its conditions and types?
fn imported(text: &[u8], word: Range<usize>) -> bool {
    let line = memrchr2(b'\n', b'\r', &text[..word.start]).map_or(0, |end| end + 1);
    let before = &text[line..word.start];
    let after = &text[word.end..];
    // `mypy_boto3_s3` annotates what nobody asks for.
    let other = before.ends_with(b"_")
        && !["_dynamodb", "_kinesis"]
            .iter()
            .any(|service| after.starts_with(service.as_bytes()));
    let helper = [
        ".dynamodb.conditions",
        ".dynamodb.types",
        ".exceptions",
        ".s3",
    ]
    .iter()
    .any(|module| after.starts_with(module.as_bytes()));
    let statement = [&b"import"[..], b"from"].iter().any(|keyword| {
        memmem::find_iter(before, keyword).any(|at| {
            let ahead = before[..at].trim_ascii_end();
            ahead.is_empty() || ahead == BOM || ahead.ends_with(b";") || ahead.ends_with(b":")
        })
    });
    statement && !other && !helper
}

/// Is this a string of its own, as long as the id of a key?
fn quoted(text: &[u8], start: usize) -> bool {
    let quote = start.checked_sub(1).map(|before| text[before]);
    let part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let rest = &text[start..];
    let length = rest.iter().position(|byte| !part(byte));
    quote.is_some_and(|quote| matches!(quote, b'"' | b'\''))
        && length == Some(crate::secret::ID)
        && rest.get(crate::secret::ID).copied() == quote
}

/// Is this key a string of its own or the name of an argument?
fn used(text: &[u8], word: Range<usize>) -> bool {
    let before = text[..word.start].last();
    let rest = &text[word.end..];
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = rest.iter().position(|byte| !part(byte));
    let after = &rest[end.unwrap_or(rest.len())..];
    match before {
        Some(b'"' | b'\'') => after.first() == before,
        // What stands at the margin is a module's name for a type.
        None | Some(b'\n' | b'\r') => false,
        Some(before) => {
            let after = after.trim_ascii_start();
            !part(before) && after.starts_with(b"=") && !after.starts_with(b"==")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word() {
        assert!(WORDS.iter().all(|(word, _)| word.len() < LONGEST));
    }

    #[test]
    fn words_as_written() {
        let words = |text: &str| Matters::new().words(text.as_bytes());
        let yes = [
            "import boto3; boto3.client('dynamodb')",
            "try: import os, boto3 # DynamoDB",
            "from mypy_boto3_dynamodb import x",
            "import aiobotocore.session # DynamoDB",
            "from pynamodb.models import Model",
            "page['LastEvaluatedKey']",
            "if key: import json, boto3 # DynamoDB",
            "\u{feff}from pynamodb.models import Model",
            "read(ExclusiveStartKey=key)",
            "read(\n  FilterExpression = kept,\n)",
            "{\"ExpressionAttributeNames\": names}",
            "AWS_KEY = 'AKIAQ3EGRTVKD7LW2MPX'",
        ];
        let no = [
            "import boto3",
            "BOTO3",
            "DYNAMO_TABLE",
            "import botocore",
            "# https://boto3.amazonaws.com: DynamoDB",
            "# as pynamodb does",
            "from boto3.dynamodb.conditions import Key",
            "from mypy_boto3_s3 import S3Client # dynamodb",
            "'links from boto3 to kinesis'",
            "# LastEvaluatedKey is gone",
            "class FilterExpression: ...",
            "class Page:\n    LastEvaluatedKey: str",
            "ProjectionExpression = str",
            "if FilterExpression == kept: ...",
            "my_LastEvaluatedKey = 1",
            "DYNAMO_KEY = 'AKIA...'",
            "",
        ];
        assert!((yes.iter()).all(|text| words(text).matter()));
        assert!(!(no.iter()).any(|text| words(text).matter()));
        assert!(words("import boto3").maker && words("DYNAMO_TABLE").service);
    }

    #[test]
    fn services_as_makers_are_told_them() {
        let told = |text: &str| Matters::new().words(text.as_bytes()).told;
        let yes = [
            "client('dynamodb')",
            "aws.kinesis.get_records()",
            "from types_boto3_dynamodb.client import x",
        ];
        let no = [
            "# dynamodb",
            "'dynamodb:PutItem'",
            "'dynamodb_table'",
            "AWS::DynamoDB",
            "my.dynamodbx",
        ];
        assert!(yes.into_iter().all(told));
        assert!(!no.into_iter().any(told));
    }
}
