//! Arguments as written, and the job they mean.

use super::analysis::Reading;
use super::attach::Attach;
use super::choices::{Color, FailOn, Format, LadderLines, Level, ListWhat, MarkdownDialect, Time};
use super::comfort::{Comfort, Shell};
use super::configuration::{self, Lab};
use super::progress::Progress;
use super::redact::{self, Names};
use super::{baseline, input, secrets};
use clap::Parser;
use sipdiag::analyzer::{Config, Scope};
use sipdiag::finding::Severity;
use sipdiag::lab::Profile;
use sipdiag::render::{Detail, Dialect, Lines, TimeStyle, list::What};
use std::path::{Path, PathBuf};

/// Finds out from a packet capture why Microsoft Lync / Skype for Business and Cisco IM and Presence do not federate.
///
/// The first line of the report is the answer.
#[derive(Debug, Parser)]
#[command(name = "sipdiag", version, max_term_width = 100)]
pub(super) struct Args {
    /// Captures: pcap, pcapng or snoop, plain or gzip, zstd, lz4; - is standard input. Several are merged in time order
    #[arg(value_name = "CAPTURE", required_unless_present_any = ["rules", "explain", "completions", "man"])]
    captures: Vec<PathBuf>,

    /// List what was read instead of diagnosing: packets, connections, messages or dialogs
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["rules", "explain"])]
    list: Option<ListWhat>,

    /// Instead of a report, the message sequence charts of calls and connections: as text, with --format markdown as Mermaid, with
    /// --format html as a page
    #[arg(
        long,
        value_enum,
        value_name = "LINES",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "ascii",
        conflicts_with_all = ["list", "rules", "explain", "lab_template"]
    )]
    ladder: Option<LadderLines>,

    /// Show an offline page: of a rule, a SIP status (504), `alert 43`, `ms-diagnostics 1010`
    #[arg(long, value_name = "TOPIC", conflicts_with_all = ["rules", "captures"])]
    explain: Option<String>,

    /// Show the catalogue of rules
    #[arg(long, conflicts_with = "captures")]
    rules: bool,

    /// TLS secrets, NSS key log format (repeatable). Secrets inside a pcapng are always used
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "SIPDIAG_KEYLOG",
        hide_env_values = true
    )]
    keylog: Vec<PathBuf>,

    /// RSA private key of a server: PEM, DER or PKCS#12 (.pfx). Opens sessions with RSA key exchange (repeatable)
    #[arg(long, value_name = "FILE")]
    rsa_key: Vec<PathBuf>,

    /// The password of the private keys is the first line of this file
    #[arg(long, value_name = "FILE", requires = "rsa_key")]
    rsa_key_password_file: Option<PathBuf>,

    /// Lab profile: what is configured on the two sides (TOML)
    #[arg(long, value_name = "FILE", env = "SIPDIAG_LAB", hide_env_values = true)]
    lab: Option<PathBuf>,

    /// Instead of a report, write a lab profile filled from what the capture shows
    #[arg(long, conflicts_with_all = ["list", "explain", "rules"])]
    lab_template: bool,

    /// FQDN of a trusted application pool that Lync is configured with (repeatable)
    #[arg(long, value_name = "FQDN")]
    trust: Vec<String>,

    /// Network in scope, or `any` (repeatable). Default: 10.1.1.0/24 when the capture has traffic of it, else everything
    #[arg(long, value_name = "CIDR")]
    net: Vec<String>,

    /// Format of the report or list
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// What the reader of the Markdown understands: nothing special (Jira, ServiceNow, mail), or collapsed parts and drawn charts
    #[arg(long, value_enum, value_name = "DIALECT", default_value_t = MarkdownDialect::Plain)]
    dialect: MarkdownDialect,

    /// All tables and all evidence in the text report, not only what a ticket needs
    #[arg(short, long)]
    verbose: bool,

    /// Write there instead of standard output; never over a capture
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Report only these rules (comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    select: Vec<String>,

    /// Do not report these rules (comma-separated)
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Report only findings at least this bad
    #[arg(long, value_name = "LEVEL")]
    min_severity: Option<Level>,

    /// Exit with status 1 from this severity on
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Error)]
    fail_on: FailOn,

    /// How times are shown in text
    #[arg(long, value_enum, default_value_t = Time::Utc, env = "SIPDIAG_TIME", hide_env_values = true)]
    time: Time,

    /// Colours in text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, env = "SIPDIAG_COLOR", hide_env_values = true)]
    color: Color,

    /// Worker threads [default: one for each processor]; the report is the same for every number
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// No progress on standard error
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    attach: Attach,

    #[command(flatten)]
    comfort: Comfort,
}

/// What the arguments mean.
#[derive(Debug)]
pub(super) enum Job {
    /// Show the catalogue.
    Rules {
        format: Format,
        output: Option<PathBuf>,
    },
    /// Show one page.
    Explain {
        topic: String,
        output: Option<PathBuf>,
    },
    /// Write completions.
    Completions {
        shell: Shell,
        output: Option<PathBuf>,
    },
    /// Write the man page.
    Man { output: Option<PathBuf> },
    /// List what was read.
    List(Box<List>),
    /// Write a lab profile.
    LabTemplate {
        reading: Box<Reading>,
        output: Option<PathBuf>,
    },
    /// Diagnose.
    Diagnose(Box<Diagnose>),
}

/// A list to be made.
#[derive(Debug)]
pub(super) struct List {
    pub(super) what: What,
    pub(super) reading: Reading,
    pub(super) format: Format,
    pub(super) output: Option<PathBuf>,
}

/// A diagnosis to be made.
#[derive(Debug)]
pub(super) struct Diagnose {
    pub(super) reading: Reading,
    pub(super) format: Format,
    pub(super) output: Option<PathBuf>,
    pub(super) fail_on: Option<Severity>,
    pub(super) time: TimeStyle,
    pub(super) color: Color,
    pub(super) detail: Detail,
    pub(super) dialect: Dialect,
    /// The charts alone.
    pub(super) ladder: Option<Lines>,
    pub(super) attach: Attach,
}

impl TryFrom<Args> for Job {
    type Error = anyhow::Error;

    fn try_from(mut args: Args) -> anyhow::Result<Self> {
        if args.rules {
            args.format.of_lists("--rules")?;
            return Ok(Self::Rules {
                format: args.format,
                output: args.output,
            });
        }
        if let Some(topic) = args.explain {
            return Ok(Self::Explain {
                topic,
                output: args.output,
            });
        }
        if let Some(shell) = args.comfort.completions {
            return Ok(Self::Completions {
                shell,
                output: args.output,
            });
        }
        if args.comfort.man {
            return Ok(Self::Man {
                output: args.output,
            });
        }
        let what = args.list.map(|what| match what {
            ListWhat::Packets => What::Packets,
            ListWhat::Connections => What::Connections,
            ListWhat::Messages => What::Messages,
            ListWhat::Dialogs => What::Dialogs,
        });
        if what.is_some() {
            args.format.of_lists("--list")?;
        }
        if args.ladder.is_some() && args.format == Format::Json {
            anyhow::bail!(
                "--ladder comes as --format text, markdown or html; --list messages --format json has its data"
            );
        }
        for name in args.select.iter().chain(&args.ignore) {
            configuration::known_rule(name).map_err(anyhow::Error::msg)?;
        }
        input::stdin_once(&args.captures)?;
        let mut file = configuration::read(&args.comfort, args.quiet)?;
        if args.lab_template {
            (args.lab, file.lab) = (None, None);
        }
        for (given, in_file) in [
            (&mut args.net, &mut file.network),
            (&mut args.trust, &mut file.trust),
        ] {
            if given.is_empty() {
                given.append(in_file);
            }
        }
        if args.keylog.is_empty() {
            args.keylog = file.keylog;
        }
        let lab = args.lab.clone().map(Lab::File).or(file.lab);
        let (mut profile, authorities) = match lab {
            Some(Lab::File(path)) => {
                let profile = input::profile(&path)?;
                args.lab = Some(path);
                profile
            }
            Some(Lab::Inline(profile)) => input::authorities(
                *profile,
                file.file.as_deref().unwrap_or_else(|| Path::new("")),
            )?,
            None => (Profile::default(), Vec::new()),
        };
        for fqdn in &args.trust {
            profile.trust(fqdn);
        }
        let names = Names {
            redacted: args.attach.redact,
        };
        let mut config = Config::default();
        config.redact = redact::pseudonyms(&args.attach, &args.captures)?;
        config.scope = scope(&args.net)?;
        config.profile = profile;
        config.select = args.select;
        config.ignore = args.ignore;
        config.suppress = file.ignore;
        config.file = file
            .file
            .as_ref()
            .map(|path| names.other("configuration", 0, path));
        config.min_severity = args.min_severity.map(|level| match level {
            Level::Note => Severity::Note,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        });
        let (secrets, keylogs) = secrets::read(
            &args.keylog,
            &args.rsa_key,
            args.rsa_key_password_file.as_deref(),
            names,
            &config.limits,
        )?;
        config.secrets = secrets;
        let inputs: Vec<PathBuf> = args
            .captures
            .iter()
            .chain(&args.keylog)
            .chain(&args.rsa_key)
            .chain(&args.rsa_key_password_file)
            .chain(&args.lab)
            .chain(&authorities)
            .chain(&file.file)
            .chain(&args.attach.redact_key)
            .chain(&args.attach.baseline)
            .cloned()
            .collect();
        config.extract = args.attach.wants_packets();
        config.charts =
            args.ladder.is_some() || args.format.draws() || args.attach.bundle.is_some();
        if let Some(path) = &args.attach.baseline {
            config.baseline = Some(baseline::read(path)?);
        }
        if args.attach.with_secrets && !args.attach.wants_packets() {
            anyhow::bail!(
                "--with-secrets says what goes into --extract or --bundle: give one of them"
            );
        }
        config.jobs = args.jobs.unwrap_or_else(processors);
        config.hash_streams = what == Some(What::Connections) && args.format == Format::Json;
        let reading = Reading {
            captures: args.captures,
            inputs,
            config,
            keylogs,
            names,
            progress: Progress::new(args.quiet),
        };
        if args.lab_template {
            return Ok(Self::LabTemplate {
                reading: Box::new(reading),
                output: args.output,
            });
        }
        Ok(match what {
            Some(what) => Self::List(Box::new(List {
                what,
                reading,
                format: args.format,
                output: args.output,
            })),
            None => Self::Diagnose(Box::new(Diagnose {
                reading,
                format: args.format,
                output: args.output,
                fail_on: match args.fail_on {
                    FailOn::Error => Some(Severity::Error),
                    FailOn::Warning => Some(Severity::Warning),
                    FailOn::Note => Some(Severity::Note),
                    FailOn::Never => None,
                },
                time: match args.time {
                    Time::Utc => TimeStyle::Utc,
                    Time::Local => TimeStyle::Local,
                    Time::Relative => TimeStyle::Relative,
                },
                color: args.color,
                detail: if args.verbose {
                    Detail::Full
                } else {
                    Detail::Short
                },
                dialect: match args.dialect {
                    MarkdownDialect::Plain => Dialect::Plain,
                    MarkdownDialect::Github => Dialect::Github,
                },
                attach: args.attach,
                ladder: args.ladder.map(|lines| match lines {
                    LadderLines::Ascii => Lines::Ascii,
                    LadderLines::Unicode => Lines::Unicode,
                }),
            })),
        })
    }
}

fn scope(nets: &[String]) -> anyhow::Result<Scope> {
    if nets.is_empty() {
        return Ok(Scope::Auto);
    }
    if nets.iter().any(|n| n == "any") {
        return Ok(Scope::Any);
    }
    let networks = nets
        .iter()
        .map(|n| n.parse().map_err(|e| anyhow::anyhow!("--net: {e}")))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Scope::Only(networks))
}

/// As many threads as the machine runs at a time.
fn processors() -> u16 {
    let number = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u16::try_from(number).unwrap_or(u16::MAX)
}
