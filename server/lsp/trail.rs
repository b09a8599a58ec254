//! Why something is held: a finding's trail from the source to the holder, as data and as a picture.

use std::fmt::Write;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::{Location, Position, TextDocumentIdentifier};

use crate::analysis::known::{Held, held};
use crate::finding::Finding;
use crate::value::Lifetime;

use super::actions::Shown;
use super::convert::offset;
use super::names::Key;
use super::state::State;

/// Which finding of an open document: the one at a position, or the one that an answer named.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrailParams {
    text_document: TextDocumentIdentifier,
    position: Option<Position>,
    fingerprint: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trail {
    /// Names the finding, also after edits above it.
    fingerprint: String,
    code: &'static str,
    title: String,
    /// Who keeps it, where somebody does.
    holder: Option<Holder>,
    steps: Vec<Step>,
    /// Stands alone; an element with `data-step="2"` belongs to the third step.
    svg: String,
}

#[derive(Serialize)]
struct Holder {
    name: String,
    /// `the process`.
    lives: &'static str,
    bound: &'static str,
}

#[derive(Serialize)]
struct Step {
    role: Role,
    message: String,
    file: String,
    location: Location,
    /// The line that it stands in, with the bytes there that are meant.
    #[serde(skip)]
    line: (String, Range<usize>),
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// Where the value comes from.
    Source,
    /// Where it is passed on.
    Step,
    /// The finding itself.
    Kept,
    /// Something else that the finding rests on.
    Reason,
    /// Where what keeps it is made.
    Holder,
}

impl State {
    pub fn trail(&self, params: &TrailParams) -> Option<Trail> {
        let key = Key::of(&params.text_document.uri);
        let document = self
            .documents
            .get(&key)
            .filter(|document| document.analysed())?;
        let findings = self.findings_of(&key, document);
        let Shown {
            fingerprint,
            finding,
            ..
        } = match (&params.fingerprint, params.position) {
            (Some(wanted), _) => findings.iter().find(|one| one.fingerprint == *wanted)?,
            (None, Some(position)) => {
                let byte = offset(&document.text, position, self.encoding());
                let line = |byte| document.text.line_of(byte);
                // Else one of the same line will be meant.
                let here = findings
                    .iter()
                    .filter(|one| line(one.span.start) == line(byte));
                here.min_by_key(|one| {
                    (
                        !(one.span.start..=one.span.end).contains(&byte),
                        one.span.len(),
                    )
                })?
            }
            (None, None) => return None,
        };
        let project = document.home.project;
        let workspace = self.projects[project].workspace();
        let held = catch_unwind(AssertUnwindSafe(|| held(workspace, finding)));
        let held = held.unwrap_or_default();
        let steps = self.steps(project, finding, held.as_ref());
        if steps.is_empty() {
            return None;
        }
        let lives = held.as_ref().map_or(Lifetime::Call, |held| held.lives);
        let holder = held.filter(|_| lives > Lifetime::Call).map(|held| Holder {
            name: held.holder.trim_matches('`').to_string(),
            lives: LIFETIMES[lives as usize].1,
            bound: held.bound,
        });
        let mut trail = Trail {
            fingerprint: fingerprint.clone(),
            code: finding.code,
            title: finding.message.to_string(),
            holder,
            steps,
            svg: String::new(),
        };
        trail.svg = draw(&trail, lives);
        Some(trail)
    }

    /// From the source to the holder; the finding itself stands behind what its value goes through.
    fn steps(&self, project: usize, finding: &Finding, held: Option<&Held>) -> Vec<Step> {
        let way = held.map_or(&[][..], |held| &held.way);
        let birth = held.and_then(|held| held.birth.as_ref());
        let mut steps = Vec::new();
        let mut kept = false;
        for (number, step) in finding.trail.iter().enumerate() {
            let at = (Arc::clone(step.file), step.span.clone());
            let role = match way.iter().position(|place| *place == at) {
                Some(_) if number == 0 => Role::Source,
                Some(_) => Role::Step,
                None if Some(&at) == birth => Role::Holder,
                None => Role::Reason,
            };
            if !kept && matches!(role, Role::Reason | Role::Holder) {
                kept = true;
                steps.extend(self.kept(project, finding));
            }
            steps.extend(self.step(
                project,
                role,
                step.file,
                step.span,
                step.message.to_string(),
            ));
        }
        if !kept {
            steps.extend(self.kept(project, finding));
        }
        steps
    }

    /// The finding as a step, unless its place was told of as the source.
    fn kept(&self, project: usize, finding: &Finding) -> Option<Step> {
        let own =
            |step: crate::finding::Step| *step.file == finding.file && *step.span == finding.span;
        if finding.trail.iter().next().is_none() || finding.trail.iter().any(own) {
            return None;
        }
        let message = match &*finding.function {
            "<module>" => "when the module is imported".to_string(),
            function => format!("in `{function}`"),
        };
        self.step(project, Role::Kept, &finding.file, &finding.span, message)
    }

    fn step(
        &self,
        project: usize,
        role: Role,
        file: &Arc<str>,
        span: &Range<usize>,
        message: String,
    ) -> Option<Step> {
        let text = self.projects[project].text(file)?;
        let number = text.line_of(span.start);
        let (line, start) = (text.line(number), text.line_start(number));
        let within = |byte: usize| byte.saturating_sub(start).min(line.len());
        Some(Step {
            role,
            message,
            file: file.to_string(),
            location: self.location(project, file, span)?,
            line: (line.to_string(), within(span.start)..within(span.end)),
        })
    }
}

// ---- the picture ----

/// In the order of [`Lifetime`]: the lane's heading, and the words for how long.
const LIFETIMES: [(&str, &str); 5] = [
    ("call", "the call"),
    ("request", "the request"),
    ("session", "the session"),
    ("instance", "the instance"),
    ("process", "the process"),
];

const WIDTH: usize = 660;
/// The cards with the code, on the left.
const CARD: usize = 416;
const MARGIN: usize = 16;
const GAP: usize = 30;
/// The lanes of lifetimes, on the right.
const LANES: usize = MARGIN + CARD + 20;
const LANE: usize = (WIDTH - MARGIN - LANES) / LIFETIMES.len();
/// Characters that fit into a card, of text and of code.
const LETTERS: usize = 52;
const CODE: usize = 50;
const LINE: usize = 18;

/// Colours are those of the editor if it names them, else those of the system's light or dark scheme.
const STYLE: &str = "\
svg.dynaleak{--text:var(--vscode-editor-foreground,#1f2328);--faint:var(--vscode-descriptionForeground,#59636e);\
--back:var(--vscode-editor-background,#ffffff);--card:var(--vscode-editorWidget-background,#f6f8fa);\
--edge:var(--vscode-editorWidget-border,#d1d9e0);--link:var(--vscode-textLink-foreground,#0969da);\
--hot:var(--vscode-editorError-foreground,#cf222e);--cool:var(--vscode-charts-blue,#0969da);\
font-family:var(--vscode-font-family,system-ui,sans-serif);font-size:13px}\
@media(prefers-color-scheme:dark){svg.dynaleak{--text:var(--vscode-editor-foreground,#e6edf3);\
--faint:var(--vscode-descriptionForeground,#9198a1);--back:var(--vscode-editor-background,#0d1117);\
--card:var(--vscode-editorWidget-background,#151b23);--edge:var(--vscode-editorWidget-border,#3d444d);\
--link:var(--vscode-textLink-foreground,#4493f8);--hot:var(--vscode-editorError-foreground,#f85149);\
--cool:var(--vscode-charts-blue,#4493f8)}}\
.dynaleak text{fill:var(--text);white-space:pre}.dynaleak .faint{fill:var(--faint);font-size:11px}\
.dynaleak .title{font-size:15px;font-weight:600}.dynaleak .code{font-family:var(--vscode-editor-font-family,monospace);font-size:12px}\
.dynaleak .meant{font-weight:700;text-decoration:underline}.dynaleak .link{fill:var(--link);font-size:11px}\
.dynaleak .back{fill:var(--back)}.dynaleak .card{fill:var(--card);stroke:var(--edge)}\
.dynaleak a:hover .card,.dynaleak a:focus .card{stroke:var(--link);stroke-width:2}.dynaleak a:focus{outline:none}\
.dynaleak .kept .card{stroke:var(--hot);stroke-width:1.5}.dynaleak .lane{stroke:var(--edge);stroke-dasharray:2 4}\
.dynaleak .arrow{stroke:var(--faint);fill:none}.dynaleak .head{fill:var(--faint)}\
.dynaleak .short{fill:var(--cool)}.dynaleak .long{fill:var(--hot)}.dynaleak .hot{fill:var(--hot);font-size:11px;font-weight:600}";

fn draw(trail: &Trail, lives: Lifetime) -> String {
    let title = wrapped(&format!("{}: {}", trail.code, trail.title), 66);
    let lanes = trail.holder.is_some();
    let top = MARGIN + title.len() * 20 + 26;
    let messages: Vec<Vec<String>> = (trail.steps.iter())
        .map(|step| wrapped(&step.message, LETTERS))
        .collect();
    let heights: Vec<usize> = messages
        .iter()
        .map(|lines| 54 + lines.len() * LINE)
        .collect();
    let bottom = top + heights.iter().map(|height| height + GAP).sum::<usize>();
    let legend = 28 * usize::from(lanes);
    let height = bottom - GAP + legend + MARGIN;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"dynaleak\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\"><title>{}</title><style>{STYLE}</style>\
         <rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\"/>",
        escaped(&trail.title)
    );
    for (number, line) in title.iter().enumerate() {
        write_text(&mut svg, "title", MARGIN, MARGIN + 14 + number * 20, line);
    }
    if lanes {
        for (number, (name, _)) in LIFETIMES.iter().enumerate() {
            let x = LANES + (number + 1) * LANE;
            // All names would not fit.
            let name = match number == 0 || number == lives as usize {
                true => *name,
                false => "",
            };
            let _ = write!(
                svg,
                "<text class=\"faint\" text-anchor=\"end\" x=\"{x}\" y=\"{}\">{name}</text>\
                 <line class=\"lane\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{}\"/>",
                top - 8,
                bottom - GAP
            );
        }
    }
    let held_from = trail.steps.iter().position(|step| step.role == Role::Kept);
    let mut y = top;
    for (number, step) in trail.steps.iter().enumerate() {
        let high = heights[number];
        card(&mut svg, number, step, &messages[number], y, high);
        if lanes {
            let long = step.role == Role::Holder || held_from.is_none_or(|from| number >= from);
            let (class, of) = match long {
                true => ("long", lives),
                false => ("short", Lifetime::Call),
            };
            let width = (of as usize + 1) * LANE;
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{LANES}\" y=\"{}\" width=\"{width}\" height=\"8\" rx=\"4\"/>",
                y + high / 2 - 4
            );
        }
        if number + 1 < trail.steps.len() {
            let x = MARGIN + 40;
            let (from, to) = (y + high, y + high + GAP);
            let _ = write!(
                svg,
                "<path class=\"arrow\" d=\"M{x} {from}V{}\"/><path class=\"head\" d=\"M{} {}h10l-5 8z\"/>",
                to - 8,
                x - 5,
                to - 8
            );
        }
        y += high + GAP;
    }
    if let Some(holder) = &trail.holder {
        let words = format!(
            "{} holds it as long as {} lives: {}",
            holder.name, holder.lives, holder.bound
        );
        write_text(
            &mut svg,
            "hot",
            MARGIN,
            bottom - GAP + 24,
            &clipped(&words, 88),
        );
    }
    svg.push_str("</svg>");
    svg
}

fn card(svg: &mut String, number: usize, step: &Step, message: &[String], y: usize, high: usize) {
    let (class, heading) = match step.role {
        Role::Source => ("source", "COMES FROM"),
        Role::Step => ("step", "GOES THROUGH"),
        Role::Kept => ("kept", "IS KEPT HERE"),
        Role::Reason => ("reason", "BECAUSE"),
        Role::Holder => ("holder", "THE HOLDER"),
    };
    let line = step.location.range.start.line + 1;
    let place = format!("{}:{line}", step.file);
    let _ = write!(
        svg,
        "<a class=\"{class}\" data-step=\"{number}\" href=\"{}#L{line}\" aria-label=\"{}\">\
         <rect class=\"card\" x=\"{MARGIN}\" y=\"{y}\" width=\"{CARD}\" height=\"{high}\" rx=\"6\"/>",
        escaped(step.location.uri.as_str()),
        escaped(&format!("{heading}: {} ({place})", step.message)),
    );
    let x = MARGIN + 12;
    write_text(svg, "faint", x, y + 19, heading);
    let _ = write!(
        svg,
        "<text class=\"link\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{}</text>",
        MARGIN + CARD - 12,
        y + 19,
        escaped(&tail(&place, 40))
    );
    let [before, meant, after] = excerpt(&step.line.0, &step.line.1);
    let _ = write!(
        svg,
        "<text class=\"code\" x=\"{x}\" y=\"{}\">{}<tspan class=\"meant\">{}</tspan>{}</text>",
        y + 39,
        escaped(&before),
        escaped(&meant),
        escaped(&after)
    );
    for (row, line) in message.iter().enumerate() {
        write_text(svg, "", x, y + 58 + row * LINE, line);
    }
    svg.push_str("</a>");
}

fn write_text(svg: &mut String, class: &str, x: usize, y: usize, text: &str) {
    let text = escaped(text);
    let _ = write!(
        svg,
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
    );
}

/// A line of code without its indentation, cut so that what is meant can be read: before it, it, behind it.
fn excerpt(line: &str, span: &Range<usize>) -> [String; 3] {
    let piece = |range: Range<usize>| line.get(range).unwrap_or_default();
    let before = piece(0..span.start).trim_start();
    let meant = clipped(piece(span.clone()), CODE);
    let room = CODE.saturating_sub(meant.chars().count());
    let after = clipped(
        piece(span.end..line.len()).trim_end(),
        room.saturating_sub(before.chars().count()).max(room / 2),
    );
    let before = tail(before, room.saturating_sub(after.chars().count()));
    [before, meant, after]
}

/// The beginning of a text, at most so many characters.
fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let cut = text.chars().take(most.saturating_sub(1));
    cut.chain((most > 0).then_some('…')).collect()
}

/// The end of a text, at most so many characters.
fn tail(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_string();
    }
    let cut = text.chars().skip(count - most.saturating_sub(1));
    (most > 0).then_some('…').into_iter().chain(cut).collect()
}

fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = clipped(word, most);
        let last = lines.last_mut().expect("there is one from the start");
        if last.is_empty() {
            *last = word;
        } else if last.chars().count() + 1 + word.chars().count() <= most {
            last.push(' ');
            last.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

/// As text or attribute of XML, which has no place for control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            each if each < ' ' || matches!(each, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            each => escaped.push(each),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_stays_in_its_line() {
        let long = format!(
            "    {} = table.scan()  # {}",
            "x".repeat(80),
            "y".repeat(80)
        );
        let start = long.find("table").unwrap();
        let [before, meant, after] = excerpt(&long, &(start..start + 12));
        assert_eq!(meant, "table.scan()");
        assert!(before.starts_with('…') && before.ends_with("x = ") && after.ends_with('…'));
        assert!(
            [&before, &meant, &after]
                .iter()
                .map(|piece| piece.chars().count())
                .sum::<usize>()
                <= CODE
        );
        assert_eq!(excerpt("    é = 1", &(4..6)), ["", "é", " = 1"]);
        assert_eq!(excerpt("ab", &(5..9)), ["", "", ""]);
    }

    #[test]
    fn text_is_cut_and_wrapped_by_characters() {
        assert_eq!(clipped("éééé", 3), "éé…");
        assert_eq!(tail("éééé", 3), "…éé");
        assert_eq!(
            (clipped("ab", 0), tail("ab", 0)),
            (String::new(), String::new())
        );
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
        assert_eq!(
            escaped("<a href=\"&\">\u{0}"),
            "&lt;a href=&quot;&amp;&quot;&gt; "
        );
    }
}
