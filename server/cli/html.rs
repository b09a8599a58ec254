//! The HTML report: one file that needs nothing else, neither a network nor scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::analysis::known::{Held, held};
use crate::finding::{Applicability, Finding, Severity, Step};
use crate::rules;
use crate::secret::masked;
use crate::text::Text;
use crate::value::Lifetime;

use super::check::Report;
use super::human::{By, SHOWS_A_KEY, counted, listed};
use super::json::VERSION;
use super::place::{Place, spot};

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

pub fn report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let page = Page::new(report);
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        out.write_all(before.as_bytes())?;
        page.part(out, name)?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

struct Page<'a> {
    report: &'a Report,
    listed: Vec<Item<'a>>,
}

/// A finding, and why it does not count.
type Item<'a> = (&'a Finding, Option<By<'a>>);

/// What a finding counts as, the worst first.
const LEVELS: [(&str, &str); 4] = [
    ("error", "Errors"),
    ("warning", "Warnings"),
    ("note", "Notes"),
    ("ignored", "Ignored"),
];

fn level((finding, by): &Item) -> &'static str {
    match (by, finding.severity) {
        (Some(_), _) => "ignored",
        (_, Severity::Error) => "error",
        (_, Severity::Warning) => "warning",
        (_, Severity::Info) => "note",
    }
}

impl<'a> Page<'a> {
    fn new(report: &'a Report) -> Page<'a> {
        Page {
            report,
            listed: listed(report),
        }
    }

    fn part(&self, out: &mut dyn Write, name: &str) -> io::Result<()> {
        let text = match name {
            "policy" => policy(),
            "version" => VERSION.to_string(),
            "title" => self.title(),
            "subtitle" => self.subtitle(),
            "style" => STYLE.to_string(),
            "script" => SCRIPT.to_string(),
            "tally" => self.tally(),
            "severities" => self.severities(),
            "options" => self.options(),
            "rules" => self.rules(),
            "errors" => self.errors(),
            "findings" => return self.findings(out),
            _ => String::new(),
        };
        out.write_all(text.as_bytes())
    }

    fn title(&self) -> String {
        format!(
            "dynaleak: {}",
            counted(self.report.findings.len(), "finding")
        )
    }

    fn subtitle(&self) -> String {
        let files = counted(self.report.files, "file");
        let mut said = format!("{files}, {} analysed", self.report.analysed);
        if let Some(shard) = self.report.shard {
            let _ = write!(said, ", shard {shard}");
        }
        said
    }

    fn count(&self, wanted: &str) -> usize {
        self.listed
            .iter()
            .filter(|item| level(item) == wanted)
            .count()
    }

    fn tally(&self) -> String {
        let mut html = String::from("<ul class=\"tally\">");
        for (level, heading) in LEVELS {
            let count = self.count(level);
            // Most reports have none to show.
            if level == "ignored" && count == 0 {
                continue;
            }
            let zero = if count == 0 { " zero" } else { "" };
            let _ = write!(
                html,
                "<li class=\"{level}{zero}\"><b>{count}</b>{heading}</li>"
            );
        }
        let files: BTreeSet<&str> = self.listed.iter().map(|(one, _)| &*one.file).collect();
        let _ = write!(
            html,
            "<li><b>{}</b>Files with findings</li><li><b>{}</b>Rules</li></ul>",
            files.len(),
            self.by_rule().len()
        );
        html
    }

    fn severities(&self) -> String {
        let mut html = String::new();
        for (level, heading) in LEVELS {
            if level == "ignored" && self.count(level) == 0 {
                continue;
            }
            let _ = write!(
                html,
                "<label><input type=\"checkbox\" name=\"severity\" value=\"{level}\" checked>\
                 <span><span class=\"dot {level}\"></span>{heading}</span></label>"
            );
        }
        html
    }

    fn by_rule(&self) -> BTreeMap<&'static str, Vec<usize>> {
        let mut rules: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, (finding, _)) in self.listed.iter().enumerate() {
            rules.entry(finding.code).or_default().push(number);
        }
        rules
    }

    fn options(&self) -> String {
        let mut html = String::new();
        for (code, of) in self.by_rule() {
            let name = escaped(name(code));
            let _ = write!(
                html,
                "<option value=\"{code}\" data-name=\"{name}\">{code} {name} ({})</option>",
                of.len()
            );
        }
        html
    }

    /// Each rule with links to its findings.
    fn rules(&self) -> String {
        let mut html = String::new();
        for (code, of) in self.by_rule() {
            let levels: Vec<&str> = of
                .iter()
                .map(|number| level(&self.listed[*number]))
                .collect();
            let mut all = LEVELS.into_iter().map(|(level, _)| level);
            let worst = all.find(|level| levels.contains(level));
            let _ = write!(
                html,
                "<details><summary><code><span class=\"dot {}\"></span>{code}</code>\
                 <span class=\"called\">{}</span><b>{}</b></summary><ol>",
                worst.unwrap_or("note"),
                escaped(name(code)),
                of.len()
            );
            for number in of {
                let (finding, _) = &self.listed[number];
                let place = self.place(&finding.file, &finding.span);
                let _ = write!(
                    html,
                    "<li><a href=\"#f{}\">{}:{}</a></li>",
                    number + 1,
                    escaped(&finding.file),
                    place.line
                );
            }
            html.push_str("</ol></details>");
        }
        html
    }

    fn errors(&self) -> String {
        let troubles = &self.report.troubles;
        if troubles.is_empty() {
            return String::new();
        }
        let mut html =
            String::from("<section class=\"troubles\"><h2>Not checked, or not wholly</h2><ul>");
        for trouble in troubles {
            let (name, message) = (escaped(&trouble.name), escaped(&trouble.message));
            let _ = write!(html, "<li><code>{name}</code> {message}</li>");
        }
        html.push_str("</ul></section>");
        html
    }

    fn findings(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.listed.is_empty() {
            return out.write_all(b"<p class=\"empty\">No findings.</p>");
        }
        let mut number = 0;
        for of_file in self.listed.chunk_by(|(a, _), (b, _)| a.file == b.file) {
            let file = escaped(&of_file[0].0.file);
            let mut html = format!(
                "<section class=\"group\"><h2><code>{file}</code><span class=\"count\">{}</span></h2><div class=\"list\">",
                of_file.len()
            );
            for item in of_file {
                number += 1;
                self.finding(&mut html, number, item);
            }
            html.push_str("</div></section>\n");
            out.write_all(html.as_bytes())?;
        }
        Ok(())
    }

    fn finding(&self, html: &mut String, number: usize, item: &Item) {
        let (finding, by) = *item;
        let level = level(item);
        let place = self.place(&finding.file, &finding.span);
        let file = escaped(&finding.file);
        let function = escaped(&finding.function);
        let code = finding.code;
        let _ = write!(
            html,
            "<details class=\"finding\" id=\"f{number}\" data-severity=\"{level}\" data-rule=\"{code}\" \
             data-in=\"{function} {rule}\"><summary><span class=\"level {level}\">{level}</span>\
             <span class=\"what\">{message}</span><span class=\"place\"><span class=\"code\">{code}</span>\
             <span class=\"path\">{file}:</span>{line}:{column}</span></summary><div class=\"body\">",
            rule = escaped(name(code)),
            message = coded(&finding.message),
            line = place.line,
            column = place.column,
        );
        let _ = write!(
            html,
            "<p class=\"facts\"><span>Rule <b>{code} {}</b></span><span>In <b>{function}</b></span>\
             <span>Confidence <b>{}</b></span>",
            escaped(name(code)),
            finding.confidence.name()
        );
        if let Some(effect) = rules::entry(code).and_then(|rule| rule.effect) {
            let _ = write!(html, "<span>Effect <b>{}</b></span>", effect.name());
        }
        match by {
            Some(By::Comment(by)) => {
                let line = self.place(&finding.file, by).line;
                let _ = write!(
                    html,
                    "<span>Ignored by the comment in line <b>{line}</b></span>"
                );
            }
            Some(By::Baseline) => html.push_str("<span>Accepted by the baseline</span>"),
            None => {}
        }
        for related in &finding.related {
            let related = spot(&self.report.workspace, related);
            let _ = write!(html, "<span>See also <b>{}</b></span>", escaped(&related));
        }
        html.push_str("</p>");
        self.picture(html, finding);
        self.source(html, finding);
        self.steps(html, finding);
        self.fixes(html, finding);
        html.push_str("</div></details>");
    }

    /// Some lines around the finding.
    fn source(&self, html: &mut String, finding: &Finding) {
        const AROUND: usize = 3;
        let text = self.report.workspace.text(&finding.file);
        // The lines would show the key.
        let Some(text) = text.filter(|_| finding.code != SHOWS_A_KEY) else {
            return;
        };
        let here = text.line_of(finding.span.start);
        let last = text.line_of(text.as_str().len());
        html.push_str("<pre class=\"source\" tabindex=\"0\" aria-label=\"Source\">");
        let blank = |number: &usize| text.line(*number).trim().is_empty();
        // Blank lines at the ends show nothing.
        let from = (here.saturating_sub(AROUND)..here).find(|number| !blank(number));
        let to = (here + 1..=(here + AROUND).min(last)).rfind(|number| !blank(number));
        for number in from.unwrap_or(here)..=to.unwrap_or(here) {
            let line = text.line(number).trim_end();
            let class = if number == here { "line here" } else { "line" };
            let _ = write!(
                html,
                "<code class=\"{class}\" data-line=\"{}\">",
                number + 1
            );
            let start = text.line_start(number);
            let within = |byte: usize| byte.saturating_sub(start).min(line.len());
            let shown = masked(line);
            match number == here {
                true => {
                    let span = within(finding.span.start)..within(finding.span.end);
                    let [before, meant, after] = parts(&shown, &span);
                    let before = before.trim_start_matches('\u{feff}');
                    let _ = write!(
                        html,
                        "{}<mark>{}</mark>{}",
                        escaped(before),
                        escaped(meant),
                        escaped(after)
                    );
                }
                false => html.push_str(&escaped(shown.trim_start_matches('\u{feff}'))),
            }
            html.push_str("\n</code>");
        }
        html.push_str("</pre>");
    }

    fn steps(&self, html: &mut String, finding: &Finding) {
        let mut steps = finding.trail.iter().peekable();
        if steps.peek().is_none() {
            return;
        }
        html.push_str("<ol class=\"steps\">");
        for step in steps {
            let place = self.place(step.file, step.span);
            let _ = write!(
                html,
                "<li><span>{}<span class=\"at\">{}:{}</span></span></li>",
                coded(step.message),
                escaped(step.file),
                place.line
            );
        }
        html.push_str("</ol>");
    }

    fn fixes(&self, html: &mut String, finding: &Finding) {
        if finding.fixes.is_empty() {
            return;
        }
        html.push_str("<ul class=\"fixes\">");
        for fix in &finding.fixes {
            let how = match fix.applicability {
                Applicability::Safe => "safe",
                Applicability::Unsafe => "results or their order can change",
                Applicability::Display => "a sketch, to adapt",
            };
            let _ = write!(
                html,
                "<li>{} <small>({how})</small></li>",
                coded(&fix.title)
            );
        }
        html.push_str("</ul>");
    }

    fn place(&self, file: &str, span: &Range<usize>) -> Place {
        Place::of(self.report.workspace.text(file), span.start)
    }

    // ---- the picture ----

    fn picture(&self, html: &mut String, finding: &Finding) {
        let held = held(&self.report.workspace, finding);
        let cards = self.cards(finding, held.as_ref());
        let lives = held.as_ref().map_or(Lifetime::Call, |held| held.lives);
        if cards.len() + usize::from(lives > Lifetime::Call) > 1 {
            draw(html, &cards, lives);
        }
    }

    /// Source, what it goes through, where it is kept, who keeps it.
    fn cards(&self, finding: &Finding, held: Option<&Held>) -> Vec<Card> {
        let own = (&finding.file, &finding.span);
        let birth = held.and_then(|held| held.birth.as_ref());
        let mut cards: Vec<Card> = Vec::new();
        let mut kept = false;
        let mut holder = None;
        for (number, step) in finding.trail.iter().enumerate() {
            let on_the_way = held.is_some_and(|held| {
                held.way
                    .iter()
                    .any(|(file, span)| file == step.file && span == step.span)
            });
            let role = match on_the_way {
                true if number == 0 => "comes from",
                true => "goes through",
                false
                    if birth.is_some_and(|(file, span)| file == step.file && span == step.span) =>
                {
                    holder = Some(self.card("is held by", step));
                    continue;
                }
                false => "because",
            };
            kept |= (step.file, step.span) == own;
            cards.push(self.card(role, step));
        }
        if !kept {
            let message: Arc<str> = Arc::from("");
            let step = Step {
                file: &finding.file,
                span: &finding.span,
                message: &message,
            };
            let reasons = cards.iter().position(|card| card.role == "because");
            let at = reasons.unwrap_or(cards.len());
            cards.insert(at, self.card("is kept here", step));
        }
        if let (Some(held), Some(mut card)) = (held, holder) {
            card.code = clipped(&masked(held.holder.trim_matches('`')), LETTERS);
            cards.push(card);
        }
        cards
    }

    fn card(&self, role: &'static str, step: Step) -> Card {
        let place = self.place(step.file, step.span);
        let text = self
            .report
            .workspace
            .text(step.file)
            .map_or("", Text::as_str);
        let code = text.get(step.span.clone()).unwrap_or_default();
        let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
        Card {
            role,
            code: clipped(&masked(&code), LETTERS),
            place: ending(&format!("{}:{}", step.file, place.line), PLACE),
        }
    }
}

struct Card {
    role: &'static str,
    code: String,
    place: String,
}

const WIDE: usize = 196;
const HIGH: usize = 66;
const GAP: usize = 34;
/// Characters that fit into a card, of code and of the smaller text.
const LETTERS: usize = 23;
const PLACE: usize = 28;
/// More cards than this are too many to look at.
const MOST: usize = 5;

fn draw(html: &mut String, cards: &[Card], lives: Lifetime) {
    let left_out = cards.len().saturating_sub(MOST);
    let shown: Vec<&Card> = match left_out {
        0 => cards.iter().collect(),
        _ => cards[..1]
            .iter()
            .chain(&cards[cards.len() - MOST + 1..])
            .collect(),
    };
    let (class, life) = match lives {
        Lifetime::Call => ("", ""),
        Lifetime::Request => ("brief", "the request"),
        Lifetime::Session => ("life", "the session"),
        Lifetime::Instance => ("life", "the instance"),
        Lifetime::Process => ("life", "the process"),
    };
    let pill = if life.is_empty() { 0 } else { 122 + GAP };
    let width = shown.len() * (WIDE + GAP) - GAP + pill + 4;
    let said: Vec<String> = (cards.iter())
        .map(|card| format!("{} {}", card.role, card.code))
        .collect();
    let said = match life {
        "" => said.join(", "),
        life => format!("{}, as long as {life}", said.join(", ")),
    };
    let _ = write!(
        html,
        "<figure class=\"trail\" tabindex=\"0\"><svg width=\"{width}\" height=\"{}\" role=\"img\" aria-label=\"{}\">",
        HIGH + 4,
        escaped(&said)
    );
    let mut x = 2;
    for (number, card) in shown.iter().enumerate() {
        if number > 0 {
            arrow(html, x, (number == 1 && left_out > 0).then_some(left_out));
            x += GAP;
        }
        let class = match (number, card.role) {
            (_, "is held by") => " last",
            (_, "is kept here") => " last",
            (0, _) => " first",
            _ => "",
        };
        let _ = write!(
            html,
            "<rect class=\"box{class}\" x=\"{x}\" y=\"2\" width=\"{WIDE}\" height=\"{HIGH}\" rx=\"7\"/>\
             <text class=\"role\" x=\"{tx}\" y=\"20\">{}</text><text class=\"say\" x=\"{tx}\" y=\"39\">{}</text>\
             <text class=\"at\" x=\"{tx}\" y=\"57\">{}</text>",
            card.role,
            escaped(&card.code),
            escaped(&card.place),
            tx = x + 11,
        );
        x += WIDE;
    }
    if !life.is_empty() {
        arrow(html, x, None);
        x += GAP;
        let _ = write!(
            html,
            "<rect class=\"{class}\" x=\"{x}\" y=\"22\" width=\"118\" height=\"26\" rx=\"13\"/>\
             <text x=\"{}\" y=\"39\" text-anchor=\"middle\">{life}</text>\
             <text class=\"role\" x=\"{}\" y=\"14\" text-anchor=\"middle\">as long as</text>",
            x + 59,
            x + 59
        );
    }
    html.push_str("</svg></figure>");
}

/// From what ends at `x`; with how many are left out in between.
fn arrow(html: &mut String, x: usize, left_out: Option<usize>) {
    let y = 2 + HIGH / 2;
    let end = x + GAP - 3;
    let _ = write!(
        html,
        "<path class=\"way\" d=\"M{} {y}H{}\"/><path class=\"tip\" d=\"M{} {}v8l7-4z\"/>",
        x + 3,
        end - 6,
        end - 7,
        y - 4
    );
    if let Some(count) = left_out {
        let _ = write!(
            html,
            "<text class=\"role\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">+{count}</text>",
            x + GAP / 2 - 1,
            y - 8
        );
    }
}

// ---- text ----

/// Nothing is loaded, and only this page's own style and script are taken.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn name(code: &str) -> &'static str {
    rules::entry(code).map_or("", |rule| rule.name)
}

/// Text that is text and nothing else, and that reads in the order in which it is written.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for each in text.chars() {
        match each {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\t' => html.push(each),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                html.extend(each.escape_unicode())
            }
            _ if each.is_control() => html.extend(each.escape_default()),
            _ => html.push(each),
        }
    }
    html
}

/// What stands in backquotes as code.
fn coded(text: &str) -> String {
    let mut html = String::new();
    let mut pieces = text.split('`').peekable();
    let mut inside = false;
    while let Some(piece) = pieces.next() {
        match inside && pieces.peek().is_some() {
            true => {
                let _ = write!(html, "<code>{}</code>", escaped(&masked(piece)));
            }
            false if inside => {
                let _ = write!(html, "`{}", escaped(piece));
            }
            false => html.push_str(&escaped(piece)),
        }
        inside = !inside;
    }
    html
}

/// Before a span, it, behind it; all before where the span is none of the text.
fn parts<'t>(text: &'t str, span: &Range<usize>) -> [&'t str; 3] {
    let pieces = (
        text.get(..span.start),
        text.get(span.clone()),
        text.get(span.end..),
    );
    match pieces {
        (Some(before), Some(meant), Some(after)) => [before, meant, after],
        _ => [text, "", ""],
    }
}

fn clipped(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.to_string(),
    }
}

fn ending(text: &str, most: usize) -> String {
    let count = text.chars().count();
    match count > most {
        true => ['…']
            .into_iter()
            .chain(text.chars().skip(count - most + 1))
            .collect(),
        false => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let evil = "</script><b a='1' c=\"2\">&\u{202e}\u{0}";
        assert_eq!(
            escaped(evil),
            "&lt;/script&gt;&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;\\u{202e}\\u{0}"
        );
        assert_eq!(coded("`a<b` is `it"), "<code>a&lt;b</code> is `it");
    }

    #[test]
    fn nothing_ends_the_script_or_the_style() {
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</") && !SCRIPT.contains("<!--"));
    }
}
