//! What every format owes its reader: nothing from the wire acts on a terminal, no credentials, and JSON as the schema says.

use crate::cli::sipdiag;
use crate::support::{self, project, read_text, samples, scenarios, schema, trace};
use serde_json::Value;
use sipdiag::render::{self, Dialect, Lines};

/// Text that wants to do something to its reader.
const HOSTILE: [&str; 7] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{202e}live\u{202c}",
    "\u{2066}x\u{2069}",
    "\u{9b}31m",
    "</td><script>alert(1)</script>",
    "a|b\tc\u{8}\u{8}\u{8}d",
    "\u{feff}\u{200b}",
];

/// Things that must never be shown.
const SECRETS: [&str; 6] = [
    "6629fae49393a05397450978507c4ef1",
    "TlRMTVNTUAADSECRET",
    "YIIGsgYGKwYBBQUCoISECRET",
    "c2VjcmV0cGFzc3dvcmQ=",
    "rspauth5ecre7",
    "s3cr3tBearerToken",
];

/// A call between two servers whose headers are hostile, and that fails in ways that rules quote.
fn hostile_call(evil: &str) -> String {
    // A start line of many kilobytes is no start line (`analyzer/lane.rs`).
    let user: String = evil.chars().take(1000).collect();
    let head = |method: &str, status: &str, n: usize| {
        let start = if status.is_empty() {
            format!("{method} sip:{user}@tomt.it SIP/2.0")
        } else {
            format!("SIP/2.0 {status} {user}")
        };
        format!(
            "{start}\nVia: SIP/2.0/TCP 10.1.1.20:5080;branch=z9hG4bK{n}{evil}\nRecord-Route: <sip:10.1.1.20;maddr={evil};lr>\n\
             Max-Forwards: 70\nFrom: \"{evil}\"<sip:anna{evil}@tomt.local>;tag=1{evil}\nTo: <sip:tom@tomt.it>;tag={evil}\n\
             Call-ID: {n}{evil}\nCSeq: 1 {method}\nContact: <sip:{evil}>\nEvent: presence\nSubject: {evil}\n\
             User-Agent: {evil}\nServer: RTC/5.0 {evil}\nX-{evil}: {evil}\n"
        )
    };
    let mut text =
        String::from("# hostile\nflow c tcp 10.1.1.20:40112 > 10.1.1.10:5061\n@0 c open\n");
    for (n, (method, status)) in [
        ("SUBSCRIBE", "504"),
        ("INVITE", "403"),
        ("SUBSCRIBE", "401"),
        ("MESSAGE", "408"),
    ]
    .into_iter()
    .enumerate()
    {
        text.push_str(&format!(
            "@{} c >\n{}Content-Length: auto\n\n{evil}\n",
            n + 1,
            head(method, "", n)
        ));
        text.push_str(&format!(
            "@{}.1 c <\n{}WWW-Authenticate: NTLM realm=\"{evil}\", targetname=\"{evil}\"\n\
             ms-diagnostics: 1010;reason=\"{evil}\";tls-target=\"{evil}\";source=\"{evil}\"\nContent-Length: auto\n",
            n + 1,
            head(method, status, n)
        ));
    }
    text.push_str("@50 end\n");
    text
}

fn is_dangerous(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|v| strings(v, out)),
        Value::Object(fields) => fields.values().for_each(|v| strings(v, out)),
        _ => {}
    }
}

/// Everything that the program can say about a capture: report and lists, as text and as JSON.
fn all_outputs(capture: &[u8]) -> Vec<(String, String)> {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("capture.pcap");
    std::fs::write(&file, capture).unwrap();
    let path = file.to_str().unwrap();
    let mut outputs = Vec::new();
    for arguments in [
        &[][..],
        &["--verbose"],
        &["--format", "markdown"],
        &["--format", "markdown", "--dialect", "github"],
        &["--format", "html"],
        &["--ladder"],
        &["--ladder=unicode"],
        &["--ladder", "--format", "markdown"],
        &["--ladder", "--format", "html"],
        &["--format", "json"],
        &["--list", "messages"],
        &["--list", "messages", "--format", "json"],
        &["--list", "dialogs"],
        &["--list", "dialogs", "--format", "json"],
        &["--list", "connections"],
        &["--list", "connections", "--format", "json"],
        &["--list", "packets"],
        &["--list", "packets", "--format", "json"],
    ] {
        let mut all = arguments.to_vec();
        all.push(path);
        let run = sipdiag(&all);
        assert!(matches!(run.status, 0 | 1), "{arguments:?}: {run:?}");
        outputs.push((arguments.join(" "), run.stdout));
    }
    outputs
}

#[test]
fn hostile_text_is_escaped_in_every_format() {
    for evil in HOSTILE {
        let trace = trace::compile(&hostile_call(evil), "hostile").unwrap();
        for (what, output) in all_outputs(&trace.pcap()) {
            assert!(
                !output.contains('\u{1b}'),
                "{what}: a raw escape character for {evil:?}"
            );
            if what.starts_with("--list") && what.ends_with("json") {
                // As on the wire, escaped as JSON wants it.
                let raw = output.chars().any(|c| c.is_ascii_control() && c != '\n');
                assert!(!raw, "{what} {evil:?}");
                continue;
            }
            if what.ends_with("json") {
                let mut all = Vec::new();
                strings(&serde_json::from_str(&output).unwrap(), &mut all);
                for text in all {
                    assert!(!text.chars().any(is_dangerous), "{what} {evil:?}: {text:?}");
                }
                continue;
            }
            let bad: Vec<&str> = output
                .lines()
                .filter(|line| line.chars().any(is_dangerous))
                .collect();
            assert!(bad.is_empty(), "{what} {evil:?}: {bad:?}");
        }
    }
}

/// JSON allows `\u009b` and `\u202e` for what these characters are: the same value, and harmless on a terminal.
#[test]
fn lists_in_json_are_harmless_on_a_terminal() {
    for evil in HOSTILE {
        let trace = trace::compile(&hostile_call(evil), "hostile").unwrap();
        for (what, output) in all_outputs(&trace.pcap()) {
            assert!(!output.chars().any(is_dangerous), "{what} {evil:?}");
        }
    }
}

/// What Markdown and HTML would act on does not stand there as it came.
#[test]
fn hostile_text_is_no_markup() {
    let evil = "<script>alert(1)</script><img src=x onerror=y>\"'></pre></svg>|`~~~@ops#1 **b** [l](http://evil.example/) &amp; {{ 7*7 }}";
    let trace = trace::compile(&hostile_call(evil), "hostile").unwrap();
    for (what, output) in all_outputs(&trace.pcap()) {
        if what.ends_with("html") {
            assert!(
                output.contains("&lt;script&gt;"),
                "{what}: not quoted at all"
            );
            for tag in ["<script>alert", "<img", "</pre></svg>", "href=\"http", "49"] {
                let own = tag == "49" && !output.contains("{{");
                assert!(own || !output.contains(tag) || tag == "49", "{what}: {tag}");
            }
            // One script, one style, and nothing that loads.
            assert_eq!(output.matches("<script").count(), 1, "{what}");
            assert_eq!(output.matches("<style").count(), 1, "{what}");
            for loads in [
                " src=",
                "@import",
                "url(",
                "<link",
                "<iframe",
                "http-equiv=\"refresh",
            ] {
                let quoted = output.replace("&lt;img src=x", "");
                assert!(!quoted.contains(loads), "{what}: {loads}");
            }
        }
        if what.contains("markdown") {
            let mut fence: Option<String> = None;
            for line in output.lines() {
                let ticks: String = line.chars().take_while(|c| *c == '`').collect();
                match &fence {
                    Some(open) if line == open => fence = None,
                    None if ticks.len() >= 3 => fence = Some(ticks),
                    None => {
                        let code: String = without_code(line);
                        for markup in ["<script", "<img", "</", "[l](", "**b**", " @ops", "http://"]
                        {
                            let own = line.starts_with("<details>") || line == "</details>";
                            assert!(own || !code.contains(markup), "{what}: {markup}: {line}");
                        }
                    }
                    Some(_) => {}
                }
            }
            assert_eq!(fence, None, "{what}: a fence stays open");
        }
    }
}

/// A line of Markdown without its code spans and without escaped characters.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            rest = &rest[c.len_utf8()..];
            let escaped = rest.chars().next().map_or(0, char::len_utf8);
            rest = &rest[escaped..];
            continue;
        }
        if c == '`' {
            let ticks: String = rest.chars().take_while(|c| *c == '`').collect();
            let inside = &rest[ticks.len()..];
            if let Some(end) = inside.find(&ticks) {
                rest = &inside[end + ticks.len()..];
                continue;
            }
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The shared report of the goldens: several causes, consequences, notes, every layer, and hostile text in all of it.
#[test]
fn every_format_of_one_report() {
    let mut results = Vec::new();
    let evil = "<b>|`\u{202e}*_";
    let mut scenario = hostile_call(evil);
    scenario.push_str(
        "flow d tcp 10.1.1.10:49301 > 10.1.1.20:5062\n@60 d open\n\
         @60.1 d > tls client-hello version=1.0 suites=000a,0005 sni=cups01.tomt.local\n@60.2 d < tls alert 2 40\n\
         @60.3 d close <\n@65 end\n",
    );
    let trace = trace::compile(&scenario, "shared").unwrap();
    let mut config = sipdiag::Config::default();
    config.charts = true;
    let capture = std::io::Cursor::new(trace.pcap());
    let report = sipdiag::analyze(capture, "shared.pcap", config).unwrap();
    let style = support::style();
    for (name, text) in [
        (
            "short.txt",
            support::rendered(|out| render::text(&report, style, out)),
        ),
        ("verbose.txt", support::text(&report)),
        (
            "plain.md",
            support::rendered(|out| render::markdown(&report, style, Dialect::Plain, out)),
        ),
        (
            "github.md",
            support::rendered(|out| render::markdown(&report, style, Dialect::Github, out)),
        ),
        (
            "report.html",
            support::rendered(|out| render::html(&report, style, out)),
        ),
        (
            "ladder.txt",
            support::rendered(|out| render::ladder(&report, style, Lines::Ascii, out)),
        ),
        (
            "ladder-unicode.txt",
            support::rendered(|out| render::ladder(&report, style, Lines::Unicode, out)),
        ),
        (
            "ladder.md",
            support::rendered(|out| render::ladder_markdown(&report, style, out)),
        ),
        (
            "ladder.html",
            support::rendered(|out| render::ladder_html(&report, style, out)),
        ),
        (
            "report.json",
            support::rendered(|out| render::json::json(&report, out)),
        ),
    ] {
        results.push(support::golden::check(
            &project(&format!("tests/formats/{name}")),
            &text,
        ));
    }
    support::golden::all(results);
}

/// A ticket with one root cause has less than 60 lines.
#[test]
fn a_short_report_is_short() {
    let mut problems = Vec::new();
    for (name, _) in samples() {
        let options = support::sample_options(&name);
        let path = format!("samples/{name}");
        let mut arguments: Vec<&str> = options.iter().map(String::as_str).collect();
        arguments.push(&path);
        let report = sipdiag(&arguments).stdout;
        let lines = report.lines().count();
        if lines >= 60 && !report.contains("independent cause") {
            problems.push(Err(format!("{name}: {lines} lines")));
        }
    }
    for path in scenarios() {
        let report = support::analyze_trace(&trace::file(&path), &path);
        let text = support::rendered(|out| render::text(&report, support::style(), out));
        let lines = text.lines().count();
        if lines >= 60 && !text.contains("independent cause") {
            problems.push(Err(format!("{path}: {lines} lines")));
        }
    }
    support::golden::all(problems);
}

/// The hostile call is quoted at all: otherwise the test above would prove nothing.
#[test]
fn the_hostile_call_reaches_findings() {
    let trace = trace::compile(&hostile_call("evil.example"), "hostile").unwrap();
    let report = support::analyze(trace.pcap(), "hostile.pcap");
    let json = support::json(&report);
    assert!(!report.findings.is_empty());
    let mut all = Vec::new();
    strings(&json["findings"], &mut all);
    assert!(
        all.iter().any(|text| text.contains("evil.example")),
        "{all:?}"
    );
}

#[test]
fn very_long_names_are_read() {
    let trace = trace::compile(&hostile_call(&"n".repeat(10 << 10)), "long").unwrap();
    let report = support::analyze(trace.pcap(), "long.pcap");
    assert_eq!(report.coverage.sip_messages, 8);
}

#[test]
fn very_long_names_do_not_make_very_long_reports() {
    let long = "n".repeat(10 << 10);
    let trace = trace::compile(&hostile_call(&long), "long").unwrap();
    let report = support::analyze(trace.pcap(), "long.pcap");
    let text = support::text(&report);
    let longest = text
        .lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    assert!(
        longest <= 10 * render::WIDTH,
        "a line of {longest} characters"
    );
}

#[test]
fn the_text_report_keeps_to_its_width() {
    let mut problems = Vec::new();
    for path in scenarios() {
        let text = support::text(&support::analyze(trace::file(&path).pcap(), "x.pcap"));
        for line in text.lines() {
            let width = line.chars().count();
            // A word that is longer than a line cannot be broken.
            if width > render::WIDTH && line.trim().contains(' ') {
                problems.push(Err(format!("{path}: {width} columns: {line}")));
            }
        }
    }
    support::golden::all(problems);
}

/// A sign-in and a call with every kind of credential.
fn call_with_credentials() -> String {
    let [digest, ntlm, kerberos, basic, rspauth, bearer] = SECRETS;
    let request = |n: usize, credentials: &str| {
        format!(
            "@{n} c >\nSUBSCRIBE sip:anna@tomt.local SIP/2.0\nVia: SIP/2.0/TCP 10.1.1.10:49301;branch=z9hG4bK{n}\nMax-Forwards: 70\n\
             From: <sip:tom@tomt.it>;tag=1\nTo: <sip:anna@tomt.local>\nCall-ID: credentials\nCSeq: {n} SUBSCRIBE\n\
             Event: presence\n{credentials}\nContent-Length: auto\n"
        )
    };
    let response = |n: usize, status: &str, headers: &str| {
        format!(
            "@{n}.5 c <\nSIP/2.0 {status}\nVia: SIP/2.0/TCP 10.1.1.10:49301;branch=z9hG4bK{n}\nFrom: <sip:tom@tomt.it>;tag=1\n\
             To: <sip:anna@tomt.local>;tag=2\nCall-ID: credentials\nCSeq: {n} SUBSCRIBE\n{headers}\nContent-Length: auto\n"
        )
    };
    let challenge = "WWW-Authenticate: Digest realm=\"tomt.local\", nonce=\"1\", algorithm=MD5";
    let mut text = String::from("flow c tcp 10.1.1.10:49301 > 10.1.1.20:5060\n@0 c open\n");
    for (n, credentials) in [
        format!("Authorization: Digest username=\"tom\", realm=\"tomt.local\", nonce=\"1\", uri=\"sip:x\", response=\"{digest}\""),
        format!("Authorization: NTLM qop=\"auth\", opaque=\"1F\", gssapi-data=\"{ntlm}\", version=4"),
        format!("Proxy-Authorization: Kerberos qop=\"auth\", gssapi-data=\"{kerberos}\""),
        format!("authorization:Basic {basic}"),
        format!("Authorization: Bearer\n {bearer}"),
        format!("X-Other: 1\nProxy-Authorization : Digest username=\"tom\",response=\"{digest}\""),
    ]
    .iter()
    .enumerate()
    {
        text.push_str(&request(n + 1, credentials));
        let more = format!("{challenge}\nAuthentication-Info: rspauth=\"{rspauth}\"\nWWW-Authenticate: NTLM gssapi-data=\"{ntlm}\"");
        text.push_str(&response(n + 1, "401 Unauthorized", &more));
    }
    text.push_str("@60 end\n");
    text
}

#[test]
fn credentials_are_never_shown() {
    let trace = trace::compile(&call_with_credentials(), "credentials").unwrap();
    let outputs = all_outputs(&trace.pcap());
    let messages = &outputs
        .iter()
        .find(|(what, _)| what == "--list messages")
        .unwrap()
        .1;
    assert_eq!(
        messages.lines().count(),
        13,
        "all twelve messages were read:\n{messages}"
    );
    for (what, output) in outputs {
        for secret in SECRETS {
            assert!(!output.contains(secret), "sipdiag {what} shows {secret}");
        }
    }
}

#[test]
fn json_is_as_the_schema_says() {
    let schema: Value =
        serde_json::from_str(&read_text(&project("docs/report.v1.schema.json"))).unwrap();
    let mut reports: Vec<(String, Value)> = samples()
        .into_iter()
        .map(|(name, _)| {
            let options = support::sample_options(&name);
            let path = format!("samples/{name}");
            let mut arguments: Vec<&str> = options.iter().map(String::as_str).collect();
            arguments.extend(["--format", "json", &path]);
            let run = sipdiag(&arguments);
            (name, serde_json::from_str(&run.stdout).unwrap())
        })
        .collect();
    // What is there only with these options.
    for arguments in [
        &["--redact", "samples/naked-504.pcapng"][..],
        &["--ignore", "im-invite-rejected", "samples/naked-504.pcapng"],
    ] {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        let run = sipdiag(&all);
        reports.push((
            arguments.join(" "),
            serde_json::from_str(&run.stdout).unwrap(),
        ));
    }
    for path in scenarios() {
        let report = support::analyze(trace::file(&path).pcap(), "x.pcap");
        reports.push((path, support::json(&report)));
    }
    let mut problems = Vec::new();
    for (name, report) in &reports {
        problems.extend(
            schema::check(&schema, report)
                .into_iter()
                .map(|p| Err(format!("{name}: {p}"))),
        );
        for finding in report["findings"].as_array().unwrap() {
            let root = finding["role"] == "root";
            if root != finding["caused_by"].as_array().unwrap().is_empty() {
                problems.push(Err(format!(
                    "{name}: {} is {} and caused by {}",
                    finding["rule"], finding["role"], finding["caused_by"]
                )));
            }
        }
    }
    assert!(
        reports
            .iter()
            .any(|(_, r)| !r["findings"].as_array().unwrap().is_empty()),
        "no report has a finding"
    );
    support::golden::all(problems);
}

/// A schema that allows everything would be no schema: each required field matters.
#[test]
fn the_schema_notices_what_is_missing() {
    let schema: Value =
        serde_json::from_str(&read_text(&project("docs/report.v1.schema.json"))).unwrap();
    let path = "tests/rules/auth-digest-challenge-unanswered/fires.trace";
    let report = support::json(&support::analyze(trace::file(path).pcap(), "x.pcap"));
    assert_eq!(schema::check(&schema, &report), Vec::<String>::new());
    for field in report.as_object().unwrap().keys() {
        let mut without = report.clone();
        without.as_object_mut().unwrap().remove(field);
        assert!(
            !schema::check(&schema, &without).is_empty(),
            "`{field}` is not required"
        );
    }
    for field in report["findings"][0].as_object().unwrap().keys() {
        let mut wrong = report.clone();
        wrong["findings"][0][field] = serde_json::json!(-1.5);
        assert!(
            !schema::check(&schema, &wrong).is_empty(),
            "findings: any `{field}` is accepted"
        );
    }
}
