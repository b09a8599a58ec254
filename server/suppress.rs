//! Comments that silence findings: `# dynaleak: ignore[DDB101] why`, `# noqa: DDB101`, and a whole file's
//! `# dynaleak: ignore-file[DDB101] why`; what is wrong with such a comment is a finding itself.

use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use memchr::{memchr, memchr_iter};
use rustc_hash::FxHashMap;
use tree_sitter::{Node, Tree};

use crate::config::Settings;
use crate::finding::{Applicability, Edit, Finding, Fix};
use crate::rules;
use crate::rules::notices::told;
use crate::select::{Selector, clip, nearest};
use crate::syntax::{Source, parse, with_parser};
use crate::text::Text;

/// A file's findings, parted. Both lists are sorted by start and code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// With those about comments (DDB002, DDB003).
    pub kept: Vec<Finding>,
    pub ignored: Vec<Ignored>,
}

/// A finding that a comment silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    pub finding: Finding,
    /// The comment's bytes in the same file.
    pub by: Range<usize>,
}

/// Parts the findings of one file by its comments. Selection comes before: these are the findings
/// of the rules that `settings` selects.
pub fn suppress(
    source: &Source,
    file: &Arc<str>,
    findings: Vec<Finding>,
    settings: &Settings,
) -> Shown {
    let mut shown = Shown::default();
    let mut trees = Trees::new(source);
    let mut comments = Comments::of(&mut trees);
    if comments.ignores.is_empty() && comments.malformed.is_empty() {
        shown.kept = findings;
        return shown;
    }
    for finding in findings {
        match comments.silence(&finding, &mut trees) {
            Some(by) => shown.ignored.push(Ignored { finding, by }),
            None => shown.kept.push(finding),
        }
    }

    let whole: Vec<Ignore> = (comments.ignores.iter())
        .filter(|ignore| ignore.reach == Reach::File)
        .cloned()
        .collect();
    let mut tell = |code, span: Range<usize>, message, fixes| {
        if !settings.has(code) {
            return;
        }
        let function = trees.function(span.start);
        let finding = Finding {
            fixes,
            ..told(code, file, function, span, message)
        };
        match whole.iter().find(|ignore| ignore.covers(code)) {
            Some(ignore) => shown.ignored.push(Ignored {
                finding,
                by: ignore.span.clone(),
            }),
            None => shown.kept.push(finding),
        }
    };
    for Malformed { span, reason } in comments.malformed {
        let message = format!("this comment silences nothing: {reason}");
        tell("DDB002", span, message, Vec::new());
    }
    for ignore in &comments.ignores {
        let unused: Vec<&Listed> = ignore
            .rules
            .iter()
            .filter(|it| it.unused(settings))
            .collect();
        if unused.is_empty() {
            continue;
        }
        let text = source.text();
        let words: Vec<String> = (unused.iter())
            .map(|it| format!("`{}`", &text.as_str()[it.span.clone()]))
            .collect();
        let where_ = match ignore.reach {
            Reach::File => "in this file",
            Reach::Line(_) => "here",
        };
        let message = format!(
            "nothing is found {where_} that {} would silence",
            words.join(", ")
        );
        let fix = Fix {
            title: "Remove what is not needed of the comment".to_string(),
            applicability: Applicability::Safe,
            edits: vec![ignore.without_unused(text, file, settings)],
        };
        let span = ignore.span.clone();
        tell("DDB003", span, message, vec![fix]);
    }

    let key = |it: &Finding| (it.span.start, it.code, it.span.end);
    shown.kept.sort_by(|a, b| key(a).cmp(&key(b)));
    shown
        .ignored
        .sort_by(|a, b| key(&a.finding).cmp(&key(&b.finding)));
    shown
}

/// The edit that silences a finding with a comment on its statement's last line, where a reason can
/// be typed behind it; a comment that is there already takes the code in. `None` for a notice, and
/// where no comment can stand: a statement between two strings of several lines.
pub fn ignore_edit(source: &Source, finding: &Finding) -> Option<Edit> {
    ignore_edits(source, std::slice::from_ref(finding), " ")
        .0
        .pop()
}

/// The edits that silence these findings of one file, a comment for each line, and the findings that
/// no comment can silence. What is behind a new comment's bracket is `behind`.
pub fn ignore_edits<'a>(
    source: &Source,
    findings: &'a [Finding],
    behind: &str,
) -> (Vec<Edit>, Vec<&'a Finding>) {
    let mut trees = Trees::new(source);
    let comments = Comments::of(&mut trees);
    let mut planned: Vec<(Spot, Vec<&str>)> = Vec::new();
    let mut left = Vec::new();
    for finding in findings {
        if rules::find(finding.code).is_none() {
            left.push(finding);
            continue;
        }
        let lines = trees.statement(finding.span.start);
        // The first comment that counts for a line silences, so one that is planned is as good as another.
        let there = planned.iter().position(|(spot, _)| spot.counts_for(&lines));
        let index = there.or_else(|| {
            planned.push((spot(&mut trees, &comments, &lines)?, Vec::new()));
            Some(planned.len() - 1)
        });
        match index {
            Some(index) if planned[index].1.contains(&finding.code) => {}
            Some(index) => planned[index].1.push(finding.code),
            None => left.push(finding),
        }
    }
    let file = findings.first().map(|finding| &finding.file);
    let edits = (planned.iter())
        .zip(file.into_iter().cycle())
        .map(|((spot, codes), file)| spot.edit(source.text(), file, codes, behind));
    (edits.collect(), left)
}

/// Where a comment takes a code in, or a new one stands.
enum Spot<'a> {
    /// One that is there already.
    Listed(&'a Ignore),
    /// Behind this line's code.
    Behind(usize),
    /// Alone, above this line.
    Above(usize),
}

fn spot<'a>(
    trees: &mut Trees,
    comments: &'a Comments,
    lines: &RangeInclusive<usize>,
) -> Option<Spot<'a>> {
    let there = (comments.ignores.iter()).find(|ignore| {
        ignore.form == Form::Own && ignore.on_lines(lines) && !ignore.rules.is_empty()
    });
    if let Some(ignore) = there {
        return Some(Spot::Listed(ignore));
    }
    if let Some(line) = lines.clone().rev().find(|&line| trees.takes_comment(line)) {
        return Some(Spot::Behind(line));
    }
    // Above, if the statement is the first of its line: `if page: KEPT.append("""…`.
    let text = trees.source.text();
    let first = *lines.start();
    let continued = first > 0 && !trees.takes_comment(first - 1);
    let barred = continued
        || text.line(first).starts_with('\u{feff}')
        || trees.in_string(text.line_start(first));
    (!barred).then_some(Spot::Above(first))
}

impl Spot<'_> {
    fn counts_for(&self, lines: &RangeInclusive<usize>) -> bool {
        match self {
            Spot::Listed(ignore) => ignore.on_lines(lines),
            Spot::Behind(line) => lines.contains(line),
            Spot::Above(line) => line == lines.start(),
        }
    }

    fn edit(&self, text: &Text, file: &Arc<str>, codes: &[&str], behind: &str) -> Edit {
        let codes = codes.join(", ");
        let comment = format!("# dynaleak: ignore[{codes}]{behind}");
        let (span, text) = match *self {
            Spot::Listed(ignore) => {
                let end = ignore
                    .rules
                    .last()
                    .map_or(ignore.span.end, |it| it.span.end);
                (end..end, format!(", {codes}"))
            }
            Spot::Behind(line) => {
                let start = text.line_start(line);
                let code = text.line(line).trim_end().len();
                let span = start + code..start + text.line(line).len();
                (span, format!("  {comment}"))
            }
            Spot::Above(first) => {
                let (start, line) = (text.line_start(first), text.line(first));
                let indent = &line[..line.len() - line.trim_start().len()];
                let end = line_end(text, first);
                (start..start, format!("{indent}{comment}{end}"))
            }
        };
        let file = Arc::clone(file);
        Edit { file, span, text }
    }
}

/// What no tree fits, as spans, each with the name of the function around it.
pub fn unparsed(source: &Source) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut trees = Trees::new(source);
    (0..source.segments().len()).filter_map(move |index| {
        let segment = &source.segments()[index];
        let flaw = segment.flaw.get_or_init(|| {
            let tree = trees.tree(index);
            let node = first_error(tree.root_node())?;
            Some(node.start_byte() as u32..node.end_byte() as u32)
        });
        let flaw = flaw.as_ref()?;
        let start = segment.start + flaw.start as usize;
        let line = source.text().line_of(start);
        let end = source.text().line_start(line) + source.text().line(line).len();
        let end = end.min(segment.start + flaw.end as usize);
        Some((start..end.max(start), trees.function(start)))
    })
}

static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([OWN, NOQA])
        .expect("two words are valid patterns")
});
const OWN: &str = "dynaleak";
const NOQA: &str = "noqa";

/// What a file's comments say to dynaleak; in the order of the file.
#[derive(Default)]
struct Comments {
    ignores: Vec<Ignore>,
    malformed: Vec<Malformed>,
}

#[derive(Clone)]
struct Ignore {
    /// From its `#` to its end; a comment on the same line behind it is another.
    span: Range<usize>,
    form: Form,
    reach: Reach,
    /// Others' codes in a `noqa` too. Empty only for a whole file: all rules.
    rules: Vec<Listed>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `# dynaleak: ignore[DDB101]`
    Own,
    /// `# noqa: DDB101`
    Noqa,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    File,
    Line(Line),
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Line {
    number: usize,
    /// Nothing else stands on it, so that it counts for the line below.
    alone: bool,
}

#[derive(Clone)]
struct Listed {
    /// `None`: another tool's.
    selector: Option<Selector>,
    span: Range<usize>,
    used: bool,
}

struct Malformed {
    span: Range<usize>,
    reason: String,
}

impl Comments {
    fn of(trees: &mut Trees) -> Comments {
        let source = trees.source;
        let text = source.text();
        let mut comments = Comments::default();
        for (index, segment) in source.segments().iter().enumerate() {
            let notes = segment.notes.get_or_init(|| trees.notes(index));
            for note in notes {
                let span = segment.start + note.start as usize..segment.start + note.end as usize;
                comments.read(text, span);
            }
        }
        comments
    }

    fn read(&mut self, text: &Text, comment: Range<usize>) {
        let line = text.line_of(comment.start);
        let before = &text.as_str()[text.line_start(line)..comment.start];
        let line = Line {
            number: line,
            alone: before.trim_start_matches('\u{feff}').trim().is_empty(),
        };
        let first = line.alone && before.trim_start_matches('\u{feff}').is_empty();
        for span in pieces(text.as_str(), comment) {
            let piece = &text.as_str()[span.clone()];
            let offset =
                |part: &str| span.start + (part.as_ptr() as usize - piece.as_ptr() as usize);
            let body = piece.trim_start_matches('#').trim_start();
            let read = match after(body, OWN).and_then(|rest| rest.trim_start().strip_prefix(':')) {
                Some(rest) => own(rest.trim_start(), first).map(Some),
                None => noqa(body),
            };
            match read {
                Ok(None) => {}
                Ok(Some(Read { form, file, words })) => self.ignores.push(Ignore {
                    form,
                    reach: if file { Reach::File } else { Reach::Line(line) },
                    rules: words
                        .into_iter()
                        .map(|(word, selector)| Listed {
                            selector,
                            span: offset(word)..offset(word) + word.len(),
                            used: false,
                        })
                        .collect(),
                    span,
                }),
                Err(reason) => self.malformed.push(Malformed { span, reason }),
            }
        }
    }

    /// The comment that silences the finding: one for the whole file before one for the line.
    fn silence(&mut self, finding: &Finding, trees: &mut Trees) -> Option<Range<usize>> {
        let whole = |ignore: &Ignore| ignore.reach == Reach::File && ignore.covers(finding.code);
        let mut found = self.ignores.iter().position(whole);
        if found.is_none() && self.ignores.iter().any(|it| it.covers(finding.code)) {
            let lines = trees.statement(finding.span.start);
            let here = |it: &Ignore| it.covers(finding.code) && it.on_lines(&lines);
            found = self.ignores.iter().position(here);
        }
        let ignore = &mut self.ignores[found?];
        for listed in &mut ignore.rules {
            listed.used |= listed.covers(finding.code);
        }
        Some(ignore.span.clone())
    }
}

impl Ignore {
    fn covers(&self, code: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|listed| listed.covers(code))
    }

    fn on_lines(&self, lines: &RangeInclusive<usize>) -> bool {
        let Reach::Line(line) = self.reach else {
            return false;
        };
        lines.contains(&line.number) || line.alone && line.number + 1 == *lines.start()
    }

    /// Takes out the words that silence nothing, and with the last of them the comment.
    fn without_unused(&self, text: &Text, file: &Arc<str>, settings: &Settings) -> Edit {
        let edit = |span, text| Edit {
            file: Arc::clone(file),
            span,
            text,
        };
        let whole = text.as_str();
        let kept: Vec<&str> = (self.rules.iter())
            .filter(|listed| !listed.unused(settings))
            .map(|listed| &whole[listed.span.clone()])
            .collect();
        if let ([first, ..], [_, ..]) = (&self.rules[..], &kept[..]) {
            let last = &self.rules[self.rules.len() - 1];
            return edit(first.span.start..last.span.end, kept.join(", "));
        }
        let line = text.line_of(self.span.start);
        let (start, end) = (
            text.line_start(line),
            text.line_start(line) + text.line(line).len(),
        );
        let before = whole[start..self.span.start].trim_end();
        let behind = whole[self.span.end..end].trim_start();
        match (before, behind) {
            ("", "") => edit(start..text.line_start(line + 1), String::new()),
            (_, "") => edit(start + before.len()..end, String::new()),
            _ => edit(self.span.start..end - behind.len(), String::new()),
        }
    }
}

impl Listed {
    fn covers(&self, code: &str) -> bool {
        let selector = self.selector.as_ref();
        selector.is_some_and(|selector| selector.covers(code))
    }

    /// Nothing is known of a rule that is not selected: `--select DDB101` makes no `ignore[DDB302]` unused.
    fn unused(&self, settings: &Settings) -> bool {
        let covered = || rules::known().into_iter().filter(|it| self.covers(it.code));
        let judged = || covered().all(|it| it.is_notice() || it.off || settings.has(it.code));
        let on = || covered().any(|it| !it.is_notice() && settings.has(it.code));
        self.selector.is_some() && !self.used && on() && judged()
    }
}

/// A comment can hold several: `# type: ignore  # noqa: E501`. The `#` of a number (`see #12`) begins none.
fn pieces(text: &str, comment: Range<usize>) -> Vec<Range<usize>> {
    let body = &text[comment.clone()];
    let begins = |&(at, _): &(usize, &str)| {
        let blank = |each: char| each.is_whitespace();
        at == 0
            || body[..at].ends_with(blank)
                && body[at + 1..].starts_with(|each: char| blank(each) || each.is_alphabetic())
    };
    let mut starts: Vec<usize> = (body.match_indices('#'))
        .filter(begins)
        .map(|(at, _)| at)
        .collect();
    starts.push(body.len());
    let trimmed = |pair: &[usize]| {
        let piece = body[pair[0]..pair[1]].trim_end();
        comment.start + pair[0]..comment.start + pair[0] + piece.len()
    };
    starts.windows(2).map(trimmed).collect()
}

/// What one piece of a comment says. A word that is another tool's has no selector.
struct Read<'a> {
    form: Form,
    file: bool,
    words: Vec<(&'a str, Option<Selector>)>,
}

/// What stands behind `dynaleak:`. `first`: the comment begins its line, with nothing before it.
fn own(rest: &str, first: bool) -> Result<Read<'_>, String> {
    let length = rest.find(|each: char| !(each.is_ascii_alphanumeric() || "-_".contains(each)));
    let (word, rest) = rest.split_at(length.unwrap_or(rest.len()));
    let file = match word {
        "ignore" => false,
        "ignore-file" => true,
        "" => return Err("`ignore[…]` or `ignore-file[…]` is missing".to_string()),
        other => {
            let nearest = nearest(other, ["ignore", "ignore-file"].into_iter());
            let (other, nearest) = (clip(other), nearest.unwrap_or_default());
            return Err(format!("`{other}` says nothing; did you mean `{nearest}`?"));
        }
    };
    if file && !first {
        let reason = "`ignore-file` stands on a line of its own, not indented";
        return Err(reason.to_string());
    }
    let rest = rest.trim_start();
    let mut words = Vec::new();
    if let Some(list) = rest.strip_prefix('[') {
        let (list, _) = list.split_once(']').ok_or("its bracket is not closed")?;
        for word in list.split(',') {
            words.push((word.trim(), Some(listed(word.trim(), file)?)));
        }
    } else if !file || names_rule(rest) {
        return Err(format!("rules stand in brackets: `{word}[DDB101]`"));
    }
    let form = Form::Own;
    Ok(Read { form, file, words })
}

fn listed(word: &str, file: bool) -> Result<Selector, String> {
    if word.is_empty() {
        return Err("its brackets leave out a rule".to_string());
    }
    let selector = Selector::parse(word).map_err(|reason| format!("`{}`: {reason}", clip(word)))?;
    // `DDB` covers rules too, `DDB0` and DDB003 do not.
    let mut covered = rules::known()
        .into_iter()
        .filter(|it| selector.covers(it.code));
    match !file && covered.all(|it| it.is_notice()) {
        true => Err(format!(
            "`{word}` is no rule about code: leave it out with `ignore-file[{word}]` or --ignore"
        )),
        false => Ok(selector),
    }
}

/// `ignore-file DDB101` must not silence all rules.
fn names_rule(rest: &str) -> bool {
    let word = rest.trim_start_matches([':', '=', '(', ' ']);
    let word = word.split([',', ' ', ')', ':']).next().unwrap_or_default();
    word.len() < rest.len() && rest.starts_with([':', '=', '(']) || Selector::parse(word).is_ok()
}

/// `noqa: E501,DDB101 why`; `None` if no code of ours is there.
fn noqa(body: &str) -> Result<Option<Read<'_>>, String> {
    let codes = after(body, NOQA).and_then(|rest| rest.trim_start().strip_prefix(':'));
    let Some(mut rest) = codes else {
        return Ok(None);
    };
    let mut words = Vec::new();
    let mut ours = false;
    loop {
        rest = rest.trim_start_matches(|each: char| each == ',' || each.is_whitespace());
        let length = rest.find(|each: char| !each.is_ascii_alphanumeric());
        let (word, behind) = rest.split_at(length.unwrap_or(rest.len()));
        let letters = word.trim_end_matches(|each: char| each.is_ascii_digit());
        let code = !letters.is_empty()
            && letters.len() < word.len()
            && letters.bytes().all(|each| each.is_ascii_alphabetic());
        if !code {
            break;
        }
        let own = letters.eq_ignore_ascii_case("DDB")
            || rules::entry(word).is_some_and(|entry| !entry.is_notice());
        ours |= own;
        words.push((word, own.then(|| listed(word, false)).transpose()?));
        rest = behind;
    }
    let form = Form::Noqa;
    let file = false;
    Ok(ours.then_some(Read { form, file, words }))
}

/// What stands behind a word that the text begins with, in any case.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let begins = text.get(..word.len())?.eq_ignore_ascii_case(word);
    begins.then(|| &text[word.len()..])
}

/// Notes the comments of a segment that speak to linters, while its tree is at hand.
pub fn note(source: &Source, index: usize, tree: &Tree) {
    let found = &source.segments()[index].notes;
    found.get_or_init(|| notes(source, index, tree));
}

/// The comments of a segment that hold one of the words, to their lines' ends; kept by the segment
/// as long as its text.
fn notes(source: &Source, index: usize, tree: &Tree) -> Box<[Range<u32>]> {
    let start = source.segments()[index].start;
    let text = source.text();
    let whole = |comment: Node| {
        let line = text.line_of(start + comment.start_byte());
        let end = text.line_start(line) + text.line(line).len();
        comment.start_byte() as u32..(end - start) as u32
    };
    let mut notes: Vec<Range<u32>> = Vec::new();
    for word in words(source.segment_text(index)) {
        let known = notes.last().is_some_and(|last| (word as u32) < last.end);
        if !known {
            notes.extend(comment(tree, word).map(whole));
        }
    }
    notes.into()
}

/// Where the words stand, on lines behind a `#`: only there a comment can hold them.
fn words(text: &str) -> impl Iterator<Item = usize> {
    let mut done = 0;
    memchr_iter(b'#', text.as_bytes())
        .filter_map(move |at| {
            let end = memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end);
            let fresh = at >= done;
            done = done.max(end);
            fresh.then(|| (at, &text[at..end]))
        })
        .flat_map(|(at, line)| WORDS.find_iter(line).map(move |word| at + word.start()))
}

/// The comment that holds the byte.
fn comment(tree: &Tree, byte: usize) -> Option<Node<'_>> {
    smallest(tree, byte).filter(|node| node.kind() == "comment")
}

/// The trees of a file's segments, each parsed at most once.
struct Trees<'a> {
    source: &'a Source,
    parsed: FxHashMap<usize, Tree>,
}

impl<'a> Trees<'a> {
    fn new(source: &'a Source) -> Trees<'a> {
        Trees {
            source,
            parsed: FxHashMap::default(),
        }
    }

    fn tree(&mut self, index: usize) -> Tree {
        if let Some(tree) = &self.source.segments()[index].tree {
            return tree.clone();
        }
        let text = self.source.segment_text(index);
        let parsed = self.parsed.entry(index);
        parsed
            .or_insert_with(|| with_parser(|parser| parse(parser, text, None)))
            .clone()
    }

    /// The tree around a byte, and where its segment starts.
    fn around(&mut self, byte: usize) -> (Tree, usize) {
        let index = self.source.segment_of(byte);
        (self.tree(index), self.source.segments()[index].start)
    }

    fn notes(&mut self, index: usize) -> Box<[Range<u32>]> {
        let told = words(self.source.segment_text(index)).next().is_some();
        match told {
            true => notes(self.source, index, &self.tree(index)),
            false => Box::default(),
        }
    }

    /// The lines of the smallest statement that holds the byte; of a compound one its header, with
    /// the decorators. Where no tree fits, the byte's own line.
    fn statement(&mut self, byte: usize) -> RangeInclusive<usize> {
        let (tree, start) = self.around(byte);
        let text = self.source.text();
        let lines =
            |span: Range<usize>| text.line_of(start + span.start)..=text.line_of(start + span.end);
        let mut node = smallest(&tree, byte - start);
        while let Some(each) = node {
            if COMPOUND.contains(&each.kind()) {
                let header = header(each);
                if header.contains(&(byte - start)) {
                    return lines(header);
                }
                break;
            }
            if each.kind().ends_with("_statement") {
                return lines(each.byte_range());
            }
            node = each.parent();
        }
        lines(byte - start..byte - start)
    }

    /// `Class.method`, without `<locals>`.
    fn function(&mut self, byte: usize) -> String {
        let (tree, start) = self.around(byte);
        let text = self.source.text().as_str();
        let mut names = Vec::new();
        let mut node = smallest(&tree, byte - start);
        while let Some(each) = node {
            if let "function_definition" | "class_definition" = each.kind()
                && let Some(name) = each.child_by_field_name("name")
            {
                names.push(&text[start + name.start_byte()..start + name.end_byte()]);
            }
            node = each.parent();
        }
        names.reverse();
        match &names[..] {
            [] => "<module>".to_string(),
            names => names.join("."),
        }
    }

    /// Can a comment stand at the line's end?
    fn takes_comment(&mut self, line: usize) -> bool {
        let text = self.source.text();
        let end = text.line_start(line) + text.line(line).len();
        let code = text.line(line).trim_end();
        let commented =
            code.contains('#') && self.in_comment(text.line_start(line) + code.len() - 1);
        commented || !code.ends_with('\\') && !self.in_string(end)
    }

    fn in_comment(&mut self, byte: usize) -> bool {
        let (tree, start) = self.around(byte);
        comment(&tree, byte - start).is_some()
    }

    /// Does the byte stand inside a string, past its opening quotes?
    fn in_string(&mut self, byte: usize) -> bool {
        let (tree, start) = self.around(byte);
        let at = byte - start;
        let mut node = smallest(&tree, at);
        while let Some(each) = node {
            if each.kind() == "string" && each.start_byte() < at && at < each.end_byte() {
                return true;
            }
            node = each.parent();
        }
        false
    }
}

const COMPOUND: [&str; 15] = [
    "case_clause",
    "class_definition",
    "decorated_definition",
    "elif_clause",
    "else_clause",
    "except_clause",
    "except_group_clause",
    "finally_clause",
    "for_statement",
    "function_definition",
    "if_statement",
    "match_statement",
    "try_statement",
    "while_statement",
    "with_statement",
];

fn smallest(tree: &Tree, at: usize) -> Option<Node<'_>> {
    tree.root_node().descendant_for_byte_range(at, at + 1)
}

/// From the first decorator to the colon, in bytes of the segment.
fn header(node: Node) -> Range<usize> {
    let decorated = |node: &Node| node.kind() == "decorated_definition";
    let start = node.parent().filter(decorated).unwrap_or(node).start_byte();
    let definition = node.child_by_field_name("definition");
    let node = definition.filter(|_| decorated(&node)).unwrap_or(node);
    let mut end = start;
    for child in node.children(&mut node.walk()) {
        if child.kind() == "block" {
            break;
        }
        if child.kind() != "comment" {
            end = child.end_byte();
        }
    }
    start..end
}

/// The first place that the tree makes no sense of.
fn first_error(node: Node) -> Option<Node> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    if !node.has_error() {
        return None;
    }
    let mut cursor = node.walk();
    let children: Vec<Node> = node.children(&mut cursor).collect();
    children.into_iter().find_map(first_error)
}

/// As the line itself ends, or as the first line does.
fn line_end(text: &Text, line: usize) -> &str {
    let of = |line: usize| {
        let end = text.line_start(line) + text.line(line).len();
        &text.as_str()[end..text.line_start(line + 1)]
    };
    [of(line), of(0), "\n"]
        .into_iter()
        .find(|end| !end.is_empty())
        .unwrap_or("\n")
}
