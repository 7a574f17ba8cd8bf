//! Text logs and seeds of other projects, where they are beside the project.

use super::{messages, read_stream};
use crate::support::{files, golden, project, read};

/// In the text logs and seeds of other projects each start line becomes a message.
#[test]
fn each_start_line_of_logs_is_found() {
    let mut logs: Vec<(String, Vec<u8>)> = files(&project("../shared/corpus/torture"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "sip"))
        .map(|path| (path.display().to_string(), read(&path)))
        .collect();
    for zip in files(&project("../shared/corpus/fuzz")) {
        let name = zip.display().to_string();
        if name.contains("fuzz-sip")
            && let Ok(output) = std::process::Command::new("unzip")
                .arg("-p")
                .arg(&zip)
                .output()
        {
            logs.push((name, output.stdout));
        }
    }
    if logs.is_empty() {
        crate::support::say!(
            "SKIPPED the logs of other projects: there are none beside the project"
        );
        return;
    }
    let mut problems = Vec::new();
    for (name, bytes) in logs {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_start = |line: &&str| {
            let line = line.trim_end();
            let request = line
                .split(' ')
                .next_back()
                .is_some_and(|v| v.starts_with("SIP/"))
                && line.split(' ').count() == 3
                && line.contains(':');
            let response = line.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
            request || response.is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()))
        };
        let count = text.lines().filter(is_start).count();
        let found = messages(&read_stream(&bytes, 1460)).len();
        if count != found {
            problems.push(Err(format!(
                "{name}: {count} start lines, {found} messages"
            )));
        }
    }
    golden::all(problems);
}
