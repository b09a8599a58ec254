//! Parsing, facts and one edit, each by itself, on generated code: `cargo bench`, `cargo bench -- facts`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dynaleak::query::RULES;
use dynaleak::syntax::Source;
use dynaleak::workspace::unit::parts;
use dynaleak::workspace::{Options, Workspace};
use std::hint::black_box;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LINES: usize = 10_000;

/// Ordinary functions, and every thousand lines one that keeps items for ever.
fn text() -> String {
    let mut text = String::from(
        "import boto3\n\nTABLE = boto3.resource(\"dynamodb\").Table(\"orders\")\nKEPT = []\n",
    );
    for number in 0..LINES / 20 {
        text += &format!(
            r#"

class Order{number}:
    """An order as the shop sees it."""

    def __init__(self, number, lines, customer=None):
        self.number = number
        self.lines = list(lines)
        self.customer = customer

    def add(self, line, count=1):
        if count < 1:
            raise ValueError(f"cannot add {{count}} of {{line}}")
        self.lines.extend([line] * count)
        return self


def total_{number}(orders, rate=1.0):
    return round(sum(order.total * rate for order in orders if order), 2)
"#
        );
        if number % 50 == 0 {
            text += &format!(
                "\n\ndef keep_{number}(key):\n    KEPT.append(TABLE.get_item(Key=key)[\"Item\"])\n"
            );
        }
    }
    text
}

fn parse(criterion: &mut Criterion) {
    let text = text();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("every segment of a file", |bencher| {
        bencher.iter(|| {
            let mut source = Source::new(text.clone());
            for index in 0..source.segments().len() {
                black_box(source.tree(index));
            }
        });
    });
    group.finish();
}

fn facts(criterion: &mut Criterion) {
    let mut source = Source::new(text());
    let trees: Vec<_> = (0..source.segments().len())
        .map(|index| source.tree(index))
        .collect();
    let mut group = criterion.benchmark_group("facts");
    group.throughput(Throughput::Bytes(source.text().len() as u64));
    group.bench_function("every chunk of a parsed file", |bencher| {
        bencher.iter(|| {
            for (index, tree) in trees.iter().enumerate() {
                let text = source.segment_text(index);
                let mut extracted = 0;
                black_box(parts(
                    tree.root_node(),
                    text,
                    &RULES,
                    &mut |_| None,
                    &mut extracted,
                ));
            }
        });
    });
    group.finish();
}

fn reduce(criterion: &mut Criterion) {
    let text = text();
    let edited = text.find("KEPT.append").expect("it is generated");
    let mut workspace = Workspace::new(Options::default());
    workspace.load(vec![("main.py".into(), text)]);
    let found = workspace.findings("main.py").len();
    assert!(found > 1, "{found}");
    criterion.bench_function(
        "reduce/one edit that takes a finding away, and one that brings it back",
        |bencher| {
            bencher.iter(|| {
                workspace.edit("main.py", edited..edited, "#");
                assert_eq!(workspace.findings("main.py").len(), found - 1);
                workspace.edit("main.py", edited..edited + 1, "");
                assert_eq!(workspace.findings("main.py").len(), found);
            });
        },
    );
}

criterion_group!(benches, parse, facts, reduce);
criterion_main!(benches);
