//! A short run of what `fuzz/` does for hours: the committed corpus and seeded mutations of it, always the same.
//!
//! Each target runs in a process of its own. `DYNALEAK_FUZZ_RUNS=100000` sets how many inputs each
//! target gets, `DYNALEAK_SEED` the seed; an argument names a target, or a file to be run alone:
//! `cargo test --test fuzz -- check`, `DYNALEAK_FUZZ_INPUT=crash-… cargo test … -- check`.

#[path = "../fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use properties::{TARGETS, Target};

/// Set in the process of one target.
const CHILD: &str = "DYNALEAK_FUZZ_TARGET";

/// How many inputs each gets: about as long as each other.
const RUNS: [(&str, usize); 6] = [
    ("check", 1_500),
    ("edits", 1_500),
    ("lsp", 800),
    ("config", 10_000),
    ("team", 1_500),
    ("baseline", 10_000),
];

fn main() -> ExitCode {
    let child = std::env::var(CHILD).unwrap_or_default();
    if let Some(target) = TARGETS.iter().find(|target| target.name == child) {
        return run(target);
    }
    let trials = TARGETS.iter().map(|target| {
        let name = target.name;
        Trial::test(name, move || begun(name))
    });
    let mut trials: Vec<Trial> = trials.collect();
    trials.push(Trial::test("each_target_has_seeds", || {
        let empty = TARGETS.iter().find(|target| seeds(target.name).is_empty());
        empty.map_or(Ok(()), |target| Err(Failed::from(target.name)))
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn begun(target: &str) -> Result<(), Failed> {
    let program = std::env::current_exe().expect("the test's program");
    let output = Command::new(program).env(CHILD, target).output();
    let output = output.expect("the test's program runs");
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let at = at_hand(target);
    Err(format!(
        "{}, on the input that is now {}\n{said}",
        output.status,
        at.display()
    )
    .into())
}

/// Where a process leaves the input that it runs: what overflows the stack cannot tell.
fn at_hand(target: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"))
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("fuzz/corpus").join(target)];
    // The rules that are built in are what a team's look like.
    if target == "team" {
        folders.push(root.join("queries"));
    }
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let paths = entries
        .flatten()
        .map(|entry| entry.expect("an entry").path());
    // What a fuzzer added has no ending.
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some()).collect();
    paths.sort();
    (paths.iter())
        .map(|path| fs::read(path).expect("a seed"))
        .collect()
}

/// Panics of all threads, those that somebody catches too.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn run(target: &Target) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        panics.push(panic.to_string());
    }));
    let at = at_hand(target.name);
    let runs = |name| RUNS.iter().find(|(known, _)| *known == name);
    let usual = runs(target.name).map_or(0, |(_, runs)| *runs);
    let all = variable("DYNALEAK_FUZZ_RUNS", usual);
    let mut random = Random(variable("DYNALEAK_SEED", 1) as u64);
    let seeds = match std::env::var_os("DYNALEAK_FUZZ_INPUT") {
        Some(input) => vec![fs::read(input).expect("the input")],
        None => seeds(target.name),
    };
    let alone = std::env::var_os("DYNALEAK_FUZZ_INPUT").is_some();
    let mutations = if alone {
        0
    } else {
        all.saturating_sub(seeds.len())
    };
    for nth in 0..seeds.len() + mutations {
        let input = match seeds.get(nth) {
            Some(seed) => seed.clone(),
            None => random.mutation(&seeds),
        };
        fs::write(&at, &input).expect("the input is kept");
        let held = catch_unwind(AssertUnwindSafe(|| (target.holds)(&input)));
        let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_err() || !panics.is_empty() {
            eprintln!("input {nth}: {}", panics.join("\n"));
            return ExitCode::FAILURE;
        }
    }
    let _ = fs::remove_file(at);
    ExitCode::SUCCESS
}

fn variable(name: &str, usual: usize) -> usize {
    let value = std::env::var(name).ok();
    value.map_or(usual, |value| value.parse().expect(name))
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 for a limit of 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// A part of the bytes: mostly a small one, or whole lines.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let length = match self.below(4) {
            0 => self.below(bytes.len() + 1),
            1 => self.below(200),
            _ => self.below(12),
        };
        let end = (start + length).min(bytes.len());
        if self.below(2) == 0 {
            return start..end;
        }
        let line = |at: usize| {
            let before = bytes[..at].iter().rposition(|byte| *byte == b'\n');
            before.map_or(0, |line| line + 1)
        };
        line(start)..line(end).max(line(start))
    }

    fn mutation(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(5) {
            let part = self.part(&input);
            let new: Vec<u8> = match self.below(8) {
                0 | 1 => Vec::new(),
                2 => {
                    let other = &seeds[self.below(seeds.len())];
                    other[self.part(other)].to_vec()
                }
                3 => input[self.part(&input)].to_vec(),
                // Deep nesting, long chains.
                4 => {
                    let times = 1 << self.below(11);
                    let piece = &input[part.start..part.end.min(part.start + 16)];
                    piece.repeat(times)
                }
                5 => vec![self.next() as u8; 1 + self.below(3)],
                6 => self.below(1 << 20).to_string().into_bytes(),
                _ => {
                    let mut bytes = input[part.clone()].to_vec();
                    let at = self.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                    bytes
                }
            };
            let at = match self.below(2) {
                0 => part.start..part.start,
                _ => part,
            };
            input.splice(at, new);
        }
        input
    }
}
