//! What a project's tests say of code that is rewritten, whether a check reads them or not: they put
//! something in the place of what makes a client, and call what would become a generator.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, OnceLock};

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use rustc_hash::FxHasher;

use super::module::has_word;

/// The tests, read when something is first asked of them.
pub struct Suite<'a> {
    tests: OnceLock<Vec<Test>>,
    read: Box<dyn Fn() -> Vec<Test> + Send + Sync + 'a>,
    /// Nobody has read them yet: they may say anything.
    unknown: bool,
}

/// What one file of tests says.
pub struct Test {
    file: Arc<str>,
    patches: bool,
    words: Words,
}

enum Words {
    Text(String),
    /// Sorted.
    Hashes(Box<[u32]>),
}

impl Default for Suite<'_> {
    /// Of code that has no tests.
    fn default() -> Self {
        Suite::read_by(Vec::new)
    }
}

impl<'a> Suite<'a> {
    /// `read` runs once at most, and not on a pool whose threads ask this suite too.
    pub fn read_by(read: impl Fn() -> Vec<Test> + Send + Sync + 'a) -> Suite<'a> {
        Suite {
            tests: OnceLock::new(),
            read: Box::new(read),
            unknown: false,
        }
    }

    pub fn of(tests: Vec<Test>) -> Suite<'a> {
        Suite {
            tests: OnceLock::from(tests),
            ..Suite::default()
        }
    }

    /// Of tests that are not read yet.
    pub fn unknown() -> Suite<'a> {
        Suite {
            unknown: true,
            ..Suite::default()
        }
    }

    fn tests(&self) -> &[Test] {
        self.tests.get_or_init(|| (self.read)())
    }

    /// Does one of them put something in the place of what makes clients?
    pub fn patches(&self) -> bool {
        self.unknown || self.tests().iter().any(|test| test.patches)
    }

    /// Does the word stand in one of them, but for those that are `known` otherwise?
    pub fn names(&self, word: &str, known: &dyn Fn(&str) -> bool) -> bool {
        let hash = hash(word);
        let names = |test: &Test| {
            let named = match &test.words {
                Words::Text(text) => has_word(text, word),
                Words::Hashes(hashes) => hashes.binary_search(&hash).is_ok(),
            };
            named && !known(&test.file)
        };
        self.unknown || self.tests().iter().any(names)
    }
}

impl Test {
    pub fn new(file: Arc<str>, text: String) -> Test {
        Test {
            file,
            patches: patches(&text),
            words: Words::Text(text),
        }
    }

    /// The same in less room, for who keeps it.
    pub fn packed(mut self) -> Test {
        if let Words::Text(text) = &self.words {
            let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
            let words = text.as_bytes().split(|&byte| !part(byte));
            let words = words.filter(|word| !word.is_empty());
            let words = words.filter_map(|word| str::from_utf8(word).ok());
            let mut hashes: Vec<u32> = words.map(hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            self.words = Words::Hashes(hashes.into());
        }
        self
    }
}

fn hash(word: &str) -> u32 {
    let mut hasher = FxHasher::default();
    word.hash(&mut hasher);
    hasher.finish() as u32
}

/// Does the text put something in the place of `boto3.client`, of what that is made with, or of the
/// module `boto3`? Then a client that is kept is one test's, and the next test gets it.
pub fn patches(text: &str) -> bool {
    static PATCHES: LazyLock<Regex> = LazyLock::new(|| {
        let made = r"(?:client|Session|session\.\w+|DEFAULT_SESSION|setup_default_session)";
        let forms = [
            // patch("app.boto3.client")      patch("app.boto3")      patch(f"{APP}.boto3")
            format!(r#"["'][^"'\n]*\.boto3(?:\.{made}[\w.]*)?["']"#),
            // patch("boto3.client")
            format!(r#"["']boto3\.{made}[\w.]*["']"#),
            // patch("boto3")
            r#"\bpatch(?:\.\w+)?\(\s*["']boto3["']"#.to_string(),
            // patch.object(app.boto3, "client")
            r#"\bboto3(?:\.session)?\s*,\s*(?:\w+\s*=\s*)?["'](?:client|[sS]ession|DEFAULT_SESSION)["']"#
                .to_string(),
            // monkeypatch.setattr(app, "boto3", fake)      monkeypatch.setitem(sys.modules, "boto3", fake)
            r#"\w\s*,\s*(?:\w+\s*=\s*)?["']boto3["']"#.to_string(),
            // patch.dict("sys.modules", {"boto3": fake})      sys.modules["boto3"] = fake
            r#"["']boto3["']\s*(?::|\]\s*=)"#.to_string(),
            // app.boto3 = fake      boto3.client = fake      patch.multiple(app, boto3=fake)
            format!(r"(?:[.(,]\s*boto3|\bboto3\.{made})\s*=[^=]"),
            // patch("botocore.session.Session.create_client")
            r#"["'][^"'\n]*\bcreate_client["']"#.to_string(),
        ];
        let mut forms = RegexBuilder::new(&forms.join("|"));
        // Much cheaper to build, and names outside of ASCII are no matter here.
        let forms = forms.unicode(false).build();
        forms.expect("the forms are valid expressions")
    });
    let text = text.as_bytes();
    let spoken = ["boto3", "create_client"].map(|word| memmem::find(text, word.as_bytes()));
    spoken.iter().any(Option::is_some) && PATCHES.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_patches_a_client() {
        let patching = [
            r#"@patch("app.boto3.client")"#,
            r#"@patch("boto3.client")"#,
            r#"@patch("app.boto3")"#,
            r#"@patch('integrations_handler.boto3')"#,
            r#"@mock.patch("boto3")"#,
            r#"patch(f"{APP}.boto3.client")"#,
            r#"mocker.patch(APP + ".boto3.client")"#,
            r#"monkeypatch.setattr("app.boto3.client", fake)"#,
            r#"monkeypatch.setattr(app.boto3, "client", fake)"#,
            "patch.object(\n    app.boto3,\n    'client',\n)",
            r#"patch.object(boto3, attribute="client")"#,
            r#"patch.object(app, "boto3")"#,
            r#"monkeypatch.setitem(sys.modules, "boto3", fake)"#,
            r#"patch.dict("sys.modules", {"boto3": fake})"#,
            r#"sys.modules["boto3"] = fake"#,
            "app.boto3 = Mock()",
            "boto3.client = Mock()",
            "patch.multiple(app, boto3=Mock())",
            r#"patch("boto3.Session")"#,
            r#"patch("boto3.session.Session.client")"#,
            r#"patch("botocore.session.Session.create_client")"#,
        ];
        for text in patching {
            assert!(patches(text), "{text}");
        }
        let others = [
            "import boto3\nclient = boto3.client('sqs')\nboto3 = pytest.importorskip('boto3')",
            r#"logging.getLogger("boto3").setLevel("INFO")"#,
            r#"@patch("boto3.resource")"#,
            r#"@patch("app.boto3.resource")"#,
            r#"@patch("app.client")"#,
            r#"@patch("botocore.client.BaseClient._make_api_call")"#,
            "@mock_aws\ndef test_a():\n    assert boto3.client == client",
        ];
        for text in others {
            assert!(!patches(text), "{text}");
        }
    }

    #[test]
    fn words_of_the_tests_that_are_not_known_otherwise() {
        let test = || {
            let text = "assert len(load_orders()) == 2\n".to_string();
            Test::new("tests/test_app.py".into(), text)
        };
        for test in [test(), test().packed()] {
            let suite = Suite::of(vec![test]);
            assert!(suite.names("load_orders", &|_| false) && !suite.names("load", &|_| false));
            assert!(!suite.names("load_orders", &|file| file == "tests/test_app.py"));
            assert!(!suite.patches());
        }
        assert!(!Suite::default().names("load_orders", &|_| false));
        assert!(Suite::unknown().patches() && Suite::unknown().names("load", &|_| true));
    }
}
