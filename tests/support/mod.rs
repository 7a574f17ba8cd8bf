//! What the tests share: scenarios, capture files, golden files.

pub(crate) mod encapsulation;
pub(crate) mod golden;
pub(crate) mod pcap;
pub(crate) mod schema;
pub(crate) mod tls;
pub(crate) mod trace;
pub(crate) mod wire;

/// Says something that is seen although the test passes: libtest hides what `eprintln!` writes.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut stderr = std::io::stderr();
        writeln!(stderr, $($text)*).unwrap();
    }};
}
pub(crate) use say;

use sipdiag::render::{self, Detail, Style, TimeStyle};
use sipdiag::report::Report;
use std::path::{Path, PathBuf};

/// A file of the project, by its path from the project's root.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Analyses the bytes of a capture.
pub(crate) fn analyze(capture: Vec<u8>, name: &str) -> Report {
    sipdiag::analyze(
        std::io::Cursor::new(capture),
        name,
        sipdiag::Config::default(),
    )
    .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Analyses a scenario; lines `lab: …` of the comment on top are its lab profile.
pub(crate) fn analyze_trace(trace: &trace::Trace, name: &str) -> Report {
    analyze_with(trace, name, sipdiag::Config::default())
}

/// The same with pseudonyms.
pub(crate) fn analyze_redacted(trace: &trace::Trace, name: &str) -> Report {
    let mut config = sipdiag::Config::default();
    config.redact = Some(sipdiag::redact::Redaction::new(b"a key of the tests"));
    analyze_with(trace, name, config)
}

fn analyze_with(trace: &trace::Trace, name: &str, mut config: sipdiag::Config) -> Report {
    let lines: Vec<&str> = trace
        .comment
        .iter()
        .filter_map(|line| line.strip_prefix("lab:"))
        .map(str::trim)
        .collect();
    if !lines.is_empty() {
        config.profile = sipdiag::lab::Profile::parse(&lines.join("\n"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    sipdiag::analyze(std::io::Cursor::new(trace.pcap()), name, config)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The report as text with all details, in UTC and without colours.
pub(crate) fn text(report: &Report) -> String {
    rendered(|out| render::text(report, style().with(Detail::Full), out))
}

/// UTC, no colours.
pub(crate) fn style() -> Style {
    Style::new(TimeStyle::Utc, false)
}

/// What a renderer writes.
pub(crate) fn rendered(
    render: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> String {
    let mut out = Vec::new();
    render(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The report as JSON.
pub(crate) fn json(report: &Report) -> serde_json::Value {
    let mut out = Vec::new();
    render::json::json(report, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// The samples: file name and bytes, in order of their names.
pub(crate) fn samples() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = files(&project("samples"))
        .into_iter()
        .filter(|path| file_name(path).contains(".pcap"))
        .map(|path| (file_name(&path), read(&path)))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "there is no capture in samples/");
    all
}

/// The options that a sample is analysed with, from `samples/EXPECTED.tsv`; files are named from the project's root.
pub(crate) fn sample_options(name: &str) -> Vec<String> {
    let table = read_text(&project("samples/EXPECTED.tsv"));
    let row = table
        .lines()
        .find(|line| line.split('\t').next() == Some(name))
        .unwrap_or_else(|| panic!("{name} is not in samples/EXPECTED.tsv"));
    match row.split('\t').nth(4) {
        None => panic!("{name}: no column `options` in samples/EXPECTED.tsv"),
        Some("-") => Vec::new(),
        Some(options) => options.split(' ').map(str::to_owned).collect(),
    }
}

/// The configuration that `--keylog` and `--rsa-key` among these options mean.
pub(crate) fn with_secrets(options: &[String]) -> sipdiag::Config {
    let mut config = sipdiag::Config::default();
    for pair in options.chunks(2) {
        let [option, file] = pair else {
            panic!("{options:?}")
        };
        let bytes = read(&project(file));
        match option.as_str() {
            "--keylog" => {
                let report = config.secrets.add_keylog(&bytes, &config.limits);
                assert!(report.secrets > 0, "{file}");
            }
            "--rsa-key" => {
                for key in sipdiag::tls::RsaKey::read(&bytes, file, None).unwrap() {
                    config.secrets.add_key(key);
                }
            }
            other => panic!("{other}"),
        }
    }
    config
}

/// The scenarios of the rules: path from the project's root.
pub(crate) fn scenarios() -> Vec<String> {
    let mut all: Vec<String> = files(&project("tests/rules"))
        .into_iter()
        .flat_map(|folder| files(&folder))
        .filter(|path| path.extension().is_some_and(|e| e == "trace"))
        .map(|path| relative(&path))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "there is no scenario in tests/rules/");
    all
}

/// What a folder holds; nothing if it is none.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// The last part of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A path from the project's root.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}

/// The bytes of a file.
#[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
pub(crate) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> String {
    String::from_utf8(read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A small generator of numbers that look random and are the same every time (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
