//! Completions in real shells, and the man page in real readers.

use crate::cli::{path, sipdiag};
use crate::support;
use std::path::Path;
use std::process::Command;

/// What a shell says; `None`, loudly, where it is not installed.
fn shell(program: &str, arguments: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            support::say!("SKIPPED a test with {program}: it is not installed");
            return None;
        }
        Err(error) => panic!("{program}: {error}"),
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {stderr}");
    assert_eq!(stderr, "", "{program}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Completions for a shell, in a file of this name.
fn completions(of: &str, folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    let run = sipdiag(&["--completions", of, "-o", path(&file)]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    let run = sipdiag(&["--completions", of]);
    assert_eq!(
        run.stdout,
        support::read_text(&file),
        "the same on standard output"
    );
    path(&file).to_owned()
}

/// What stands before the cursor, and what Tab must offer.
const CASES: [(&str, &str); 4] = [
    ("--form", "--format"),
    ("--ignore cert-exp", "cert-expired"),
    ("--explain route-maddr", "route-maddr-not-trusted"),
    ("--format js", "json"),
];

#[test]
fn bash_completes() {
    let temp = tempfile::tempdir().unwrap();
    let file = completions("bash", temp.path(), "sipdiag");
    for (typed, offered) in CASES {
        let words: Vec<&str> = typed.split(' ').collect();
        let (current, before) = words.split_last().unwrap();
        let previous = before.last().unwrap_or(&"sipdiag");
        // The function that `complete` registers, called as readline does (bash(1), Programmable Completion).
        let script = format!(
            "source '{file}'; f=$(complete -p sipdiag | sed 's/.*-F \\([^ ]*\\).*/\\1/'); \
             COMP_WORDS=(sipdiag {typed}); COMP_CWORD={}; COMP_LINE='sipdiag {typed}'; COMP_POINT=${{#COMP_LINE}}; \
             $f sipdiag '{current}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.len()
        );
        let Some(said) = shell("bash", &["--norc", "-c", &script]) else {
            return;
        };
        assert!(said.lines().any(|line| line == offered), "{typed}: {said}");
    }
}

#[test]
fn zsh_completes() {
    let temp = tempfile::tempdir().unwrap();
    completions("zsh", temp.path(), "_sipdiag");
    for (typed, offered) in CASES {
        // A terminal of zsh's own: `sipdiag` is a function there that shows the line that Tab made. What the terminal echoes is
        // not what is waited for: `rea""dy` is `ready` only when it is printed.
        let script = format!(
            r#"zmodload zsh/zpty; export TERM=dumb; zpty -b z zsh -f -i; out=
            until_seen() {{ for i in {{1..400}}; do
                while zpty -r -t z part; do out+=$part; done; [[ $out == *$1* ]] && return; sleep 0.05
            done }}
            zpty -w z 'PS1=; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D
            sipdiag() {{ print -r -- "G""OT<$*>" }}; print rea""dy'
            until_seen ready
            zpty -n -w z $'sipdiag {typed}\t'; until_seen '{offered}'
            zpty -n -w z $'\n'; until_seen GOT
            zpty -d z; print -r -- $out"#,
            folder = path(temp.path())
        );
        let Some(said) = shell("zsh", &["-f", "-c", &script]) else {
            return;
        };
        let line = typed.rsplit_once(' ').map_or_else(
            || offered.to_owned(),
            |(before, _)| format!("{before} {offered}"),
        );
        assert!(said.contains(&format!("GOT<{line}>")), "{typed}: {said}");
    }
}

#[test]
fn fish_completes() {
    let temp = tempfile::tempdir().unwrap();
    let file = completions("fish", temp.path(), "sipdiag.fish");
    for (typed, offered) in CASES {
        let script = format!("source '{file}'; complete -C 'sipdiag {typed}'");
        let Some(said) = shell("fish", &["--no-config", "-c", &script]) else {
            return;
        };
        let found = said
            .lines()
            .any(|line| line.split('\t').next() == Some(offered));
        assert!(found, "{typed}: {said}");
    }
}

#[test]
fn powershell_completes() {
    let temp = tempfile::tempdir().unwrap();
    let file = completions("powershell", temp.path(), "sipdiag.ps1");
    // Values of options are not among what the script of clap_complete offers.
    let (typed, offered) = CASES[0];
    let script = format!(
        ". '{file}'; $line = 'sipdiag {typed}'; \
         (TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object {{ $_.CompletionText }}"
    );
    let arguments = ["-NoProfile", "-NonInteractive", "-Command", &script];
    let Some(said) = shell("pwsh", &arguments) else {
        return;
    };
    assert!(said.lines().any(|line| line == offered), "{typed}: {said}");
}

#[test]
fn the_man_page_has_everything_and_is_read_without_complaint() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("sipdiag.1");
    let run = sipdiag(&["--man", "-o", path(&file)]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{run:?}");
    let page = support::read_text(&file);
    assert_eq!(sipdiag(&["--man"]).stdout, page);
    let plain = page.replace("\\-", "-");
    let help = sipdiag(&["--help"]).stdout;
    let options: Vec<&str> = help
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| word.starts_with("--") && word.len() > 3)
        .collect();
    assert!(options.len() > 20, "{options:?}");
    for option in options {
        assert!(
            plain.contains(
                option
                    .split(['[', '='])
                    .next()
                    .unwrap()
                    .trim_end_matches(['.', ';'])
            ),
            "{option}"
        );
    }
    for section in [
        "SYNOPSIS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "EXAMPLES",
    ] {
        let quoted = format!(".SH \"{section}\"");
        assert!(
            page.contains(&quoted) || page.contains(&format!(".SH {section}")),
            "{section}"
        );
    }
    // Each option is followed by its text.
    for silent in plain
        .split("\n.TP\n")
        .filter(|part| part.starts_with("\\fB--"))
    {
        assert!(
            silent.lines().count() > 1 && !silent.lines().nth(1).unwrap().is_empty(),
            "{silent}"
        );
    }

    match Command::new("mandoc")
        .args(["-Tlint", "-Wwarning", path(&file)])
        .output()
    {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            // clap_mangen breaks lines beside space between paragraphs; that shows nowhere.
            let complaints = said
                .lines()
                .filter(|line| !line.contains("skipping paragraph macro"));
            assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
        }
        Err(_) => support::say!("SKIPPED the man page under mandoc: it is not installed"),
    }
    match Command::new("man")
        .args(["--warnings", "-l", path(&file)])
        .env("MANWIDTH", "80")
        .output()
    {
        Ok(output) if output.status.success() => {
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                shown.contains("EXIT STATUS") && shown.contains("--lab-template"),
                "{shown}"
            );
        }
        _ => support::say!("SKIPPED the man page under man: there is no `man -l` here"),
    }
}
