//! Reads that ask for the attributes that are used, and for no others.

use smol_str::SmolStr;
use tree_sitter::Node;

use super::Rewrite;
use super::containers::{add_argument, arguments, keyword};
use super::module::{Module, named_children};

/// Keywords beside which a read takes no `ProjectionExpression`.
const APART: [&str; 8] = [
    "ProjectionExpression",
    "AttributesToGet",
    "Select",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
    "ConditionalOperator",
    "RequestItems",
];

/// `ProjectionExpression="id, #name", ExpressionAttributeNames={"#name": "name"}` for a read's call.
pub fn project(
    draft: &mut Rewrite,
    module: &Module,
    call: Node,
    attributes: &[SmolStr],
) -> Option<()> {
    let given = named_children(arguments(call)?);
    if given.iter().any(|it| it.kind() != "keyword_argument") {
        return None;
    }
    let named = |wanted| {
        given
            .iter()
            .find(|it| keyword(module, **it) == Some(wanted))
            .copied()
    };
    if APART.into_iter().any(|keyword| named(keyword).is_some()) {
        return None;
    }
    let quote = module.quote();
    let odd = |name: &SmolStr| name.contains(['"', '\'', '\\', ',']);
    if attributes.is_empty() || attributes.iter().any(odd) {
        return None;
    }
    let mut paths: Vec<String> = Vec::new();
    let mut pairs: Vec<String> = Vec::new();
    for name in attributes {
        if is_plain(name) {
            paths.push(name.to_string());
            continue;
        }
        let alias = format!(
            "#{}",
            name.replace(|each: char| !each.is_ascii_alphanumeric(), "_")
        );
        if paths.contains(&alias) {
            return None;
        }
        pairs.push(format!("{quote}{alias}{quote}: {quote}{name}{quote}"));
        paths.push(alias);
    }
    let projection = format!("ProjectionExpression={quote}{}{quote}", paths.join(", "));
    let names = format!("ExpressionAttributeNames={{{}}}", pairs.join(", "));
    match named("ExpressionAttributeNames") {
        None if pairs.is_empty() => add_argument(draft, module, call, &projection)?,
        None if given.is_empty() => {
            add_argument(draft, module, call, &format!("{projection}, {names}"))?;
        }
        None => {
            add_argument(draft, module, call, &projection)?;
            add_argument(draft, module, call, &names)?;
        }
        Some(known) => {
            let known = known.child_by_field_name("value")?;
            let entries = named_children(known);
            let keyed = |it: &Node| {
                it.kind() == "pair" && it.named_child(0).is_some_and(|key| key.kind() == "string")
            };
            if known.kind() != "dictionary" || entries.is_empty() || !entries.iter().all(keyed) {
                return None;
            }
            let known_key = |key: &str| {
                entries.iter().any(|it| {
                    it.named_child(0)
                        .is_some_and(|node| module.of(node).trim_matches(['"', '\'']) == key)
                })
            };
            for pair in pairs {
                let (key, _) = pair.split_once(": ")?;
                // The same alias for something else would change the condition.
                if known_key(key.trim_matches(quote)) {
                    return None;
                }
                draft.insert(module, entries.last()?.end_byte(), format!(", {pair}"));
            }
            add_argument(draft, module, call, &projection)?;
        }
    }
    Some(())
}

/// May the name stand in an expression as it is?
fn is_plain(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let rest = name
        .chars()
        .all(|each| each.is_ascii_alphanumeric() || each == '_');
    begins
        && rest
        && !RESERVED
            .split(' ')
            .any(|word| name.eq_ignore_ascii_case(word))
}

/// The words that DynamoDB reserves, as its developer guide lists them.
const RESERVED: &str = "\
    abort absolute action add after agent aggregate all allocate alter analyze and any archive are \
    array as asc ascii asensitive assertion asymmetric at atomic attach attribute auth authorization \
    authorize auto avg back backup base batch before begin between bigint binary bit blob block \
    boolean both breadth bucket bulk by byte call called calling capacity cascade cascaded case cast \
    catalog char character check class clob close cluster clustered clustering clusters coalesce \
    collate collation collection column columns combine comment commit compact compile compress \
    condition conflict connect connection consistency consistent constraint constraints constructor \
    consumed continue convert copy corresponding count counter create cross cube current cursor \
    cycle data database date datetime day deallocate dec decimal declare default deferrable deferred \
    define defined definition delete delimited depth deref desc describe descriptor detach \
    deterministic diagnostics directories disable disconnect distinct distribute do domain double \
    drop dump duration dynamic each element else elseif empty enable end equal equals error escape \
    escaped eval evaluate exceeded except exception exceptions exclusive exec execute exists exit \
    explain explode export expression extended external extract fail false family fetch fields file \
    filter filtering final finish first fixed flattern float for force foreign format forward found \
    free from full function functions general generate get glob global go goto grant greater group \
    grouping handler hash have having heap hidden hold hour identified identity if ignore immediate \
    import in including inclusive increment incremental index indexed indexes indicator infinite \
    initially inline inner innter inout input insensitive insert instead int integer intersect \
    interval into invalidate is isolation item items iterate join key keys lag language large last \
    lateral lead leading leave left length less level like limit limited lines list load local \
    localtime localtimestamp location locator lock locks log loged long loop lower map match \
    materialized max maxlen member merge method metrics min minus minute missing mod mode modifies \
    modify module month multi multiset name names national natural nchar nclob new next no none not \
    null nullif number numeric object of offline offset old on online only opaque open operator \
    option or order ordinality other others out outer output over overlaps override owner pad \
    parallel parameter parameters partial partition partitioned partitions path percent percentile \
    permission permissions pipe pipelined plan pool position precision prepare preserve primary \
    prior private privileges procedure processed project projection property provisioning public put \
    query quit quorum raise random range rank raw read reads real rebuild record recursive reduce \
    ref reference references referencing regexp region reindex relative release remainder rename \
    repeat replace request reset resignal resource response restore restrict result return returning \
    returns reverse revoke right role roles rollback rollup routine row rows rule rules sample \
    satisfies save savepoint scan schema scope scroll search second section segment segments select \
    self semi sensitive separate sequence serializable session set sets shard share shared short \
    show signal similar size skewed smallint snapshot some source space spaces sparse specific \
    specifictype split sql sqlcode sqlerror sqlexception sqlstate sqlwarning start state static \
    status storage store stored stream string struct style sub submultiset subpartition substring \
    subtype sum super symmetric synonym system table tablesample temp temporary terminated text than \
    then throughput time timestamp timezone tinyint to token total touch trailing transaction \
    transform translate translation treat trigger trim true truncate ttl tuple type under undo union \
    unique unit unknown unlogged unnest unprocessed unsigned until update upper url usage use user \
    users using uuid vacuum value valued values varchar variable variance varint varying view views \
    virtual void wait when whenever where while window with within without work wrapped write year \
    zone";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_told_from_names() {
        assert_eq!(RESERVED.split(' ').count(), 573);
        assert!(is_plain("order_id") && is_plain("total2"));
        assert!(
            !is_plain("Name") && !is_plain("status") && !is_plain("zone") && !is_plain("abort")
        );
        assert!(!is_plain("a-b") && !is_plain("_id") && !is_plain("2nd") && !is_plain("a.b"));
    }
}
