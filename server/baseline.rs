//! What tells a finding from others without a line number, so that it is known again after edits
//! elsewhere, after a formatter, and in another run.

use std::ops::Range;

use crate::finding::Finding;
use crate::text::Text;

/// A finding as it is known again: rule, file, function and code, none of them by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub file: String,
    pub rule: String,
    pub function: String,
    /// The code that is flagged, without what a formatter may change.
    pub code: String,
}

impl Key {
    /// `text` is the finding's file; without it the message stands for the code.
    pub fn of(finding: &Finding, text: Option<&Text>) -> Key {
        let code = match text {
            Some(text) => essence(text.as_str(), &finding.span),
            None => finding.message.to_string(),
        };
        Key {
            file: finding.file.to_string(),
            rule: finding.code.to_string(),
            function: finding.function.to_string(),
            code,
        }
    }

    /// 16 hexadecimal digits that stay the same in all runs; `nth` tells equal ones of a file apart.
    pub fn fingerprint(&self, nth: usize) -> String {
        let Key {
            file,
            rule,
            function,
            code,
        } = self;
        let nth = nth.to_string();
        let parts = [file, rule, function, code, &nth];
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
        // FNV-1a: hashes of maps may change with their libraries.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}

/// Longer code is told apart well enough by its beginning.
const LONGEST: usize = 120;

/// The code at a span, without what a formatter adds or takes: spaces and line ends, the kind of
/// quotes, parentheses and commas, comments. A span ends with its first line; brackets that are open
/// there say that the code goes on.
fn essence(text: &str, span: &Range<usize>) -> String {
    let mut essence = String::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, None, false);
    let mut at = span.start;
    let rest = text.get(span.start..).unwrap_or_default();
    let mut letters = rest.chars().peekable();
    while let Some(letter) = letters.next() {
        if at >= span.end && depth == 0 || essence.len() >= LONGEST {
            break;
        }
        at += letter.len_utf8();
        if quoted.is_some() {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if quoted == Some(letter) => quoted = None,
                // A long string's later lines don't matter.
                '\n' => quoted = None,
                _ => {}
            }
            essence.push(if quoted.is_none() { '"' } else { letter });
            continue;
        }
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => quoted = Some(letter),
            '#' => {
                while letters
                    .next_if(|&letter| letter != '\n')
                    .is_some_and(|skipped| {
                        at += skipped.len_utf8();
                        true
                    })
                {}
                continue;
            }
            _ => {}
        }
        match letter {
            '(' | ')' | ',' | '\\' => {}
            '\'' => essence.push('"'),
            letter if letter.is_whitespace() => {}
            letter => essence.push(letter),
        }
    }
    essence
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The essence of what stands between the marks.
    fn of(code: &str) -> String {
        let start = code.find('«').unwrap();
        let end = code.find('»').unwrap();
        let text = code.replace(['«', '»'], "");
        essence(&text, &(start..end - '«'.len_utf8()))
    }

    #[test]
    fn a_formatter_changes_nothing() {
        let one = of("«KEPT.append(table.get_item(Key={'id': key})['Item'])»; x = 1");
        let lines = "«KEPT.append(»\n    table.get_item(  # one\n        Key={\"id\": key},\n    )[\"Item\"]\n)\nx = 1";
        assert_eq!(one, r#"KEPT.appendtable.get_itemKey={"id":key}["Item"]"#);
        assert_eq!(of(lines), one);
    }

    #[test]
    fn other_code_is_told_apart() {
        assert_ne!(of("«keep(a)»"), of("«keep(b)»"));
        assert_eq!(of("«keep('#', a)» # b"), r##"keep"#"a"##);
        assert_eq!(of("«'''a\n»"), of("«\"\"\"a\n»"));
        assert!(of(&format!("«f({}»", "é".repeat(500))).len() <= LONGEST + 4);
    }

    #[test]
    fn a_fingerprint_is_the_same_in_all_runs() {
        let key = Key {
            file: "a.py".into(),
            rule: "DDB101".into(),
            function: "f".into(),
            code: "x".into(),
        };
        assert_eq!(key.fingerprint(0), key.clone().fingerprint(0));
        assert_ne!(key.fingerprint(0), key.fingerprint(1));
        assert_eq!(key.fingerprint(0).len(), 16);
    }
}
