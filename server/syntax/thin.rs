//! Thins out long runs of lines that hold no code, which cost tree-sitter-python quadratic time.
//!
//! Its scanner looks through all comments, blank lines and continued blank lines that follow, at
//! each of them: 20,000 comments in a row took 6 s. So the middle of such a run is parsed as
//! blanks, and the tree has no comment there. All bytes stay where they are.

use memchr::{memchr2, memchr2_iter, memrchr2};

use super::next_line;

/// Runs of fewer comments and continued blank lines are left alone; it takes 1 ms to parse one.
const LONG: usize = 256;

/// How many lines of a run stay at both of its ends: a comment that speaks to a linter stands
/// beside the code.
const KEPT: usize = 8;

/// Each comment and each continued blank line takes two bytes at least.
const STRIDE: usize = 2 * LONG;

/// The text with its long runs thinned out, of the same length; `None` if there are none.
pub fn thinned(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if !has_long_run(bytes) {
        return None;
    }
    let mut thin: Option<Vec<u8>> = None;
    let mut run = Vec::new();
    let (mut at, mut depth) = (0, 0);
    loop {
        let kind = line(bytes, at);
        if kind == Line::Idle {
            run.push(at);
        }
        if kind == Line::Code || at == bytes.len() {
            if run.len() >= LONG {
                let thin = thin.get_or_insert_with(|| bytes.to_vec());
                for &at in &run[KEPT..run.len() - KEPT] {
                    blank(&mut thin[at..]);
                }
            }
            run.clear();
        }
        if at == bytes.len() {
            break;
        }
        (at, _) = next_line(bytes, at, &mut depth);
    }
    thin.map(|thin| String::from_utf8(thin).expect("whole characters were made blank"))
}

#[derive(PartialEq)]
enum Line {
    Blank,
    /// A comment, or a backslash alone.
    Idle,
    Code,
}

fn line(bytes: &[u8], start: usize) -> Line {
    let mut rest = bytes[start..].iter().skip_while(is_blank);
    match rest.next() {
        None | Some(b'\n' | b'\r') => Line::Blank,
        Some(b'#') => Line::Idle,
        Some(b'\\') if matches!(rest.next(), Some(b'\n' | b'\r')) => Line::Idle,
        Some(_) => Line::Code,
    }
}

fn is_blank(byte: &&u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c' | b'\x0b')
}

/// Makes the line blank that `bytes` begin with. A backslash goes with the line's end, for a
/// statement goes on past it.
fn blank(bytes: &mut [u8]) {
    let end = memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
    let end = if bytes[..end].ends_with(b"\\") && !bytes[..end].contains(&b'#') {
        end + bytes[end..]
            .len()
            .min(1 + usize::from(bytes[end..].starts_with(b"\r\n")))
    } else {
        end
    };
    bytes[..end].fill(b' ');
}

/// May there be a long run? Looks at one line in each stride, and at its neighbours where it holds
/// no code. Counts what stands in a string too.
fn has_long_run(bytes: &[u8]) -> bool {
    let mut probe = STRIDE;
    while probe < bytes.len() {
        let mut start = line_start(bytes, probe);
        if line(bytes, start) == Line::Code {
            probe += STRIDE;
            continue;
        }
        while start > 0 {
            let before = line_start(bytes, start - 1);
            if line(bytes, before) == Line::Code {
                break;
            }
            start = before;
        }
        let ends = memchr2_iter(b'\n', b'\r', &bytes[start..]);
        let starts = std::iter::once(start).chain(ends.map(|end| start + end + 1));
        let mut idle = 0;
        let mut end = start;
        for start in starts {
            end = start;
            match line(bytes, start) {
                Line::Blank => {}
                Line::Idle => idle += 1,
                Line::Code => break,
            }
        }
        if idle >= LONG {
            return true;
        }
        probe = end.max(probe) + STRIDE;
    }
    false
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memrchr2(b'\n', b'\r', &bytes[..at]).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_middle_of_a_long_run_is_blank() {
        let run = |lines: usize| "    # table.scan()\n\n".repeat(lines);
        let text = |lines| format!("def f():\n{}    return 1\n", run(lines));
        assert_eq!(thinned(&text(LONG - 1)), None);
        let gone = " ".repeat("    # table.scan()".len()) + "\n\n";
        assert_eq!(
            thinned(&text(LONG)),
            Some(format!(
                "def f():\n{}{}{}    return 1\n",
                run(KEPT),
                gone.repeat(LONG - 2 * KEPT),
                run(KEPT)
            ))
        );
        assert_eq!(thinned(&format!("a = \"\"\"\n{}\"\"\"\n", run(LONG))), None);
    }

    #[test]
    fn a_statement_goes_on_past_continued_blank_lines() {
        let text = format!("a = 1 \\\n{}  + 2\nb\n", "\\\r\n".repeat(LONG));
        let thin = thinned(&text).unwrap();
        assert_eq!(thin.len(), text.len());
        assert_eq!(thin.matches('\\').count(), 1 + 2 * KEPT);
        assert_eq!(thin.matches('\n').count(), 1 + 2 * KEPT + 2);
    }

    #[test]
    fn no_run_slips_through_between_two_looks() {
        for code in 0..2 * STRIDE {
            let text = format!("{}\n{}\nb", "a".repeat(code), "#\n".repeat(LONG));
            assert!(thinned(&text).is_some(), "{code}");
        }
    }
}
