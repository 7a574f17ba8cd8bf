//! The command line as clap knows it: `-h` with what is needed every day, `--help` with everything and examples, in groups.

use super::args::Args;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use std::fmt::Write as _;

/// The heading of a group, and its options with their texts for `-h`; an option without one is not in `-h`.
type Group = (
    &'static str,
    &'static [(&'static str, Option<&'static str>)],
);

/// The groups of `--help`; within a group options are in the order of `Args`.
const GROUPS: &[Group] = &[
    (
        "What to do, instead of a diagnosis",
        &[
            (
                "list",
                Some("List packets, connections, messages or dialogs"),
            ),
            ("ladder", Some("Message sequence charts")),
            ("lab_template", None),
            ("explain", Some("Offline page of a rule, 504, `alert 43`")),
            ("rules", Some("The catalogue of rules")),
            ("completions", None),
            ("man", None),
        ],
    ),
    (
        "Secrets",
        &[
            ("keylog", Some("TLS secrets (NSS key log)")),
            (
                "rsa_key",
                Some("RSA private key of a server (PEM, DER, .pfx)"),
            ),
            ("rsa_key_password_file", None),
        ],
    ),
    (
        "What is configured",
        &[
            ("lab", Some("Lab profile: how the two sides are set up")),
            ("trust", None),
            ("net", None),
            ("config", None),
            ("no_config", None),
        ],
    ),
    (
        "Output",
        &[
            ("format", Some("Format of the report or list")),
            ("dialect", None),
            ("verbose", None),
            ("output", Some("Write there; never over a capture")),
            ("time", None),
            ("color", None),
            ("quiet", None),
            ("jobs", None),
        ],
    ),
    (
        "For others",
        &[
            (
                "extract",
                Some("Also a pcapng with the packets that findings cite"),
            ),
            (
                "bundle",
                Some("Also a ZIP for a ticket: reports and extract"),
            ),
            ("redact", Some("Pseudonyms for names and public addresses")),
            ("redact_key", None),
            ("redact_map", None),
            ("with_secrets", None),
            ("force", None),
        ],
    ),
    (
        "Selection",
        &[
            ("select", None),
            ("ignore", None),
            ("min_severity", None),
            ("baseline", None),
            ("fail_on", None),
        ],
    ),
];

/// What the exit statuses mean.
pub(super) const EXIT: &[(&str, &str)] = &[
    ("0", "nothing at or above --fail-on was found"),
    ("1", "something at or above --fail-on was found"),
    ("2", "usage error, or a file that could not be read at all"),
    (
        "130",
        "interrupted twice: the first Ctrl-C still gives a report",
    ),
];

/// Variables of the environment. An option on the command line is stronger, an empty variable is none.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("SIPDIAG_CONFIG", "as --config"),
    (
        "SIPDIAG_KEYLOG",
        "as --keylog, one file. SSLKEYLOGFILE is not read",
    ),
    ("SIPDIAG_LAB", "as --lab"),
    ("SIPDIAG_TIME", "as --time"),
    ("SIPDIAG_COLOR", "as --color"),
    ("NO_COLOR", "no colours, unless --color says otherwise"),
];

/// Files that are read without being named.
pub(super) const FILES: &[(&str, &str)] = &[(
    "sipdiag.toml",
    "found from the working directory upwards, up to the home directory",
)];

/// Command lines, and what they are for.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "sipdiag trace.pcap",
        "what is wrong, on which box, and how to fix it",
    ),
    (
        "sipdiag lync.pcap cisco.pcapng.gz",
        "captures of both sides, on one clock",
    ),
    (
        "sipdiag --keylog keys.txt trace.pcapng",
        "with secrets that open TLS",
    ),
    (
        "sipdiag --rsa-key lync01.pfx trace.pcap",
        "with the key of the Windows side",
    ),
    (
        "sipdiag --trust cups01.tomt.local a.pcap",
        "Lync has this trusted application pool",
    ),
    (
        "sipdiag --lab-template a.pcap > lab.toml",
        "begin a lab profile; later: --lab lab.toml",
    ),
    (
        "sipdiag --format json -o report.json a.pcap",
        "the report for programs",
    ),
    (
        "sipdiag --list messages trace.pcap",
        "every SIP message that was read",
    ),
    (
        "sipdiag --explain route-maddr-not-trusted",
        "the offline page of a rule",
    ),
    ("tcpdump -w - port 5061 | sipdiag -", "from standard input"),
];

/// The command line with its groups and texts.
pub(super) fn command() -> Command {
    let mut command = Args::command();
    let known: Vec<String> = command
        .get_arguments()
        .map(|arg| arg.get_id().to_string())
        .collect();
    for (heading, options) in GROUPS {
        for (id, short) in *options {
            if !known.iter().any(|k| k == id) {
                continue;
            }
            command = command.mut_arg(id, |arg| {
                let long = arg.get_help().cloned().unwrap_or_default();
                let arg = arg.help_heading(*heading);
                // The man page shows the long help alone.
                let arg = arg.long_help(long);
                match short {
                    Some(short) => arg.help(*short),
                    None => arg.hide_short_help(true),
                }
            });
        }
    }
    let captures = "pcap, pcapng or snoop, also compressed; - is standard input";
    command
        .mut_arg("captures", |arg| {
            let long = arg.get_help().cloned().unwrap_or_default();
            arg.help(captures).long_help(long)
        })
        .mut_arg("list", |arg| arg.hide_possible_values(true))
        .after_help("`sipdiag --help` has all options, with examples.")
        .after_long_help(after())
}

/// Exit statuses, environment, files and examples, below the options.
fn after() -> String {
    let mut text = String::new();
    for (title, rows) in [
        ("Exit status", EXIT),
        ("Environment (an option is stronger)", ENVIRONMENT),
        ("Files", FILES),
    ] {
        let _ = writeln!(text, "{title}:");
        for (term, meaning) in rows {
            let _ = writeln!(text, "  {term:<16} {meaning}");
        }
        text.push('\n');
    }
    text.push_str("Examples:");
    for (command, what) in EXAMPLES {
        let _ = write!(text, "\n  {command:<44} {what}");
    }
    text
}

/// The arguments of the process.
pub(super) fn parse() -> Result<Args, clap::Error> {
    let mut command = without_empty_variables(command());
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    for (one, other) in [("no_config", "config"), ("lab_template", "lab")] {
        if given(&matches, one) && given(&matches, other) {
            let (one, other) = (one.replace('_', "-"), other.replace('_', "-"));
            let text = format!("--{one} and --{other} exclude each other");
            return Err(command.error(ErrorKind::ArgumentConflict, text));
        }
    }
    Args::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Whether an option stands on the command line; the environment does not count.
fn given(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// `SIPDIAG_LAB= sipdiag …` means that there is none.
fn without_empty_variables(mut command: Command) -> Command {
    let empty: Vec<_> = command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some_and(is_empty))
        .map(|arg| arg.get_id().clone())
        .collect();
    for id in empty {
        command = command.mut_arg(id, |arg| arg.env(None::<&'static str>));
    }
    command
}

fn is_empty(variable: &std::ffi::OsStr) -> bool {
    std::env::var_os(variable).is_some_and(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_whole() {
        command().debug_assert();
    }

    #[test]
    fn every_option_has_its_place_in_the_help() {
        let in_groups: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, options)| options.iter().map(|(id, _)| *id))
            .collect();
        let command = Args::command();
        let all: Vec<&str> = command
            .get_arguments()
            .map(|arg| arg.get_id().as_str())
            .filter(|id| *id != "captures")
            .collect();
        for id in &all {
            assert!(in_groups.contains(id), "`{id}` is in no group of help.rs");
        }
        for id in in_groups {
            assert!(
                all.contains(&id),
                "help.rs groups `{id}`, which does not exist"
            );
        }
    }
}
