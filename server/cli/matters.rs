//! The literal pre-filter: a file that names no source of DynamoDB values is not parsed for its own sake.

#[cfg(feature = "lsp")]
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// Without one of these in its bytes a file can neither make a client, model or table nor be known
/// by the keys of DynamoDB's reads. `boto3` is also in `aioboto3`, `mypy_boto3_dynamodb` and
/// `types_boto3_dynamodb`.
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
    ("pynamodb", Word::Own),
    ("LastEvaluatedKey", Word::Own),
    ("ExclusiveStartKey", Word::Own),
    ("KeyCondition", Word::Own),
    ("FilterExpression", Word::Own),
    ("ProjectionExpression", Word::Own),
    ("ExpressionAttribute", Word::Own),
];

/// The length of the longest word, in bytes.
#[cfg(any(feature = "lsp", test))]
pub const LONGEST: usize = "ProjectionExpression".len();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Makes clients of any service.
    Maker,
    /// Names a service whose values count.
    Service,
    /// Nothing but DynamoDB has it.
    Own,
}

/// What the words of a file say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// It can make clients.
    pub maker: bool,
    /// It names DynamoDB or Kinesis.
    pub service: bool,
    /// A word that only DynamoDB's reads have stands in it.
    own: bool,
}

impl Words {
    /// Values can originate in the file by itself. One that only makes clients needs somebody to
    /// name the service, and one that only names it somebody to make the client.
    pub fn matter(self) -> bool {
        self.own || self.maker && self.service
    }
}

/// Finds the words that make a file matter, at the speed of a SIMD search.
pub struct Matters {
    words: AhoCorasick,
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
        Matters { words }
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
                Word::Maker => words.maker = true,
                Word::Service => words.service = true,
                Word::Own => words.own = true,
            }
            if words.matter() {
                break;
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word() {
        assert_eq!(
            WORDS.iter().map(|(word, _)| word.len()).max(),
            Some(LONGEST)
        );
    }

    #[test]
    fn words_as_written() {
        let matters = Matters::new();
        let yes = [
            "import boto3; boto3.client('dynamodb')",
            "from mypy_boto3_dynamodb import x",
            "import aiobotocore.session # DynamoDB",
            "from pynamodb",
            "page['LastEvaluatedKey']",
        ];
        let no = [
            "import boto3",
            "BOTO3",
            "DYNAMO_TABLE",
            "import botocore",
            "",
        ];
        assert!((yes.iter()).all(|text| matters.words(text.as_bytes()).matter()));
        assert!(!(no.iter()).any(|text| matters.words(text.as_bytes()).matter()));
        assert!(matters.words(b"import boto3").maker && matters.words(b"DYNAMO_TABLE").service);
    }
}
