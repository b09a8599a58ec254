//! The literal pre-filter: a file that names no source of DynamoDB values is not parsed for its own sake.

use aho_corasick::AhoCorasick;

/// Without one of these in its bytes a file can neither make a client, model or table nor be known
/// by the keys of DynamoDB's reads. The word `dynamo` alone brings in nothing: such a file is loaded
/// when it imports one that matters, or when one hands it a value.
///
/// `boto3` is also in `aioboto3`, `mypy_boto3_dynamodb` and `types_boto3_dynamodb`.
const WORDS: &[&str] = &[
    "boto3",
    "aiobotocore",
    "botocore.session",
    "pynamodb",
    "LastEvaluatedKey",
    "ExclusiveStartKey",
    "KeyCondition",
    "FilterExpression",
    "ProjectionExpression",
    "ExpressionAttribute",
];

/// Finds the words that make a file matter, at the speed of a SIMD search.
pub struct Matters {
    words: AhoCorasick,
}

impl Matters {
    pub fn new() -> Matters {
        let words = AhoCorasick::new(WORDS).expect("a handful of short literal words");
        Matters { words }
    }

    pub fn matters(&self, text: &[u8]) -> bool {
        self.words.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_written() {
        let matters = Matters::new();
        let yes = [
            "import boto3",
            "import aioboto3",
            "from mypy_boto3_dynamodb import x",
            "import aiobotocore.session",
            "from pynamodb",
            "page['LastEvaluatedKey']",
        ];
        let no = ["boto", "BOTO3", "DYNAMO_TABLE", "import botocore", ""];
        assert!(yes.iter().all(|text| matters.matters(text.as_bytes())));
        assert!(!no.iter().any(|text| matters.matters(text.as_bytes())));
    }
}
