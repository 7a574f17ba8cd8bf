//! `sipdiag.toml`: what holds for every capture of a place, so that nobody has to type it.
//!
//! An option on the command line, and a variable of the environment, takes the place of the key of the same meaning.

use super::comfort::Comfort;
use super::input;
use serde::{Deserialize, Deserializer, de};
use sipdiag::analyzer::Ignored;
use sipdiag::base::Network;
use sipdiag::lab::{self, Profile};
use sipdiag::render::explain;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The name that is looked for.
const NAME: &str = "sipdiag.toml";

/// What a configuration file says; files are named from where sipdiag runs.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    /// The file, if there is one.
    pub(super) file: Option<PathBuf>,
    pub(super) lab: Option<Lab>,
    pub(super) network: Vec<String>,
    pub(super) trust: Vec<String>,
    pub(super) keylog: Vec<PathBuf>,
    pub(super) ignore: Vec<Ignored>,
}

/// A lab profile, in its own file or in place.
#[derive(Debug)]
pub(super) enum Lab {
    File(PathBuf),
    Inline(Box<Profile>),
}

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    lab: Option<Lab>,
    network: Vec<Net>,
    trust: Vec<String>,
    keylog: Vec<PathBuf>,
    ignore: Vec<WrittenIgnore>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIgnore {
    #[serde(deserialize_with = "rule")]
    rule: String,
    #[serde(deserialize_with = "reason")]
    reason: String,
    #[serde(default, deserialize_with = "network")]
    from: Option<Network>,
    #[serde(default, deserialize_with = "network")]
    to: Option<Network>,
}

/// A network in scope, or `any`.
#[derive(Debug)]
struct Net(String);

impl<'de> Deserialize<'de> for Net {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text != "any" {
            text.parse::<Network>().map_err(de::Error::custom)?;
        }
        Ok(Self(text))
    }
}

impl<'de> Deserialize<'de> for Lab {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = Lab;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a lab profile, or a profile as table [lab]")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Lab, E> {
                Ok(Lab::File(name.into()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, table: A) -> Result<Lab, A::Error> {
                let table = de::value::MapAccessDeserializer::new(table);
                Profile::deserialize(table).map(|profile| Lab::Inline(Box::new(profile)))
            }
        }
        from.deserialize_any(Either)
    }
}

fn rule<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = String::deserialize(from)?;
    known_rule(&name).map_err(de::Error::custom)?;
    Ok(name)
}

fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let reason = String::deserialize(from)?;
    if reason.trim().is_empty() {
        return Err(de::Error::custom(
            "`reason` is empty; say why, it stands in the report",
        ));
    }
    Ok(reason.trim().to_owned())
}

fn network<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Network>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

/// Whether there is a rule of this name; else what was probably meant.
pub(super) fn known_rule(name: &str) -> Result<(), String> {
    if sipdiag::rules::find(name).is_some() {
        return Ok(());
    }
    let hint =
        explain::nearest(name).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!(
        "there is no rule `{name}`{hint} (sipdiag --rules lists all)"
    ))
}

/// Whether a text is TOML with a key of ours in it, right or wrong.
pub(super) fn looks_like_one(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Any {
        lab: Option<de::IgnoredAny>,
        network: Option<de::IgnoredAny>,
        trust: Option<de::IgnoredAny>,
        keylog: Option<de::IgnoredAny>,
        ignore: Option<de::IgnoredAny>,
        lync: Option<de::IgnoredAny>,
        cisco: Option<de::IgnoredAny>,
        ca: Option<de::IgnoredAny>,
    }
    lab::strict::<Any>(text).is_ok_and(|any| {
        [
            any.lab,
            any.network,
            any.trust,
            any.keylog,
            any.ignore,
            any.lync,
            any.cisco,
            any.ca,
        ]
        .iter()
        .any(Option::is_some)
    })
}

/// The configuration that the options mean: of the file that they name, of the one that is found, or none.
pub(super) fn read(comfort: &Comfort, quiet: bool) -> anyhow::Result<Configuration> {
    let file = match &comfort.config {
        _ if comfort.no_config => None,
        Some(named) => Some(named.clone()),
        None => found(quiet),
    };
    file.map_or_else(|| Ok(Configuration::default()), load)
}

fn load(file: PathBuf) -> anyhow::Result<Configuration> {
    let says = |what: String| anyhow::anyhow!("{}: {what}", file.display());
    let text = input::read_text(&file).map_err(|e| says(format!("cannot be read: {e}")))?;
    let written: Written = lab::strict(&text).map_err(says)?;
    let folder = file.parent().unwrap_or_else(|| Path::new("")).to_owned();
    Ok(Configuration {
        lab: written.lab.map(|lab| match lab {
            Lab::File(name) => Lab::File(folder.join(name)),
            inline @ Lab::Inline(_) => inline,
        }),
        network: written.network.into_iter().map(|net| net.0).collect(),
        trust: written.trust,
        keylog: written.keylog.iter().map(|log| folder.join(log)).collect(),
        ignore: written
            .ignore
            .into_iter()
            .map(|entry| Ignored {
                rule: entry.rule,
                reason: entry.reason,
                from: entry.from,
                to: entry.to,
            })
            .collect(),
        file: Some(file),
    })
}

/// The first file of the name from the working directory upwards, not above the home directory. Its path is relative, so that a
/// report says the same on every machine.
fn found(quiet: bool) -> Option<PathBuf> {
    // Both in the same form, else the home directory would not be recognised.
    let plain = |folder: PathBuf| folder.canonicalize().unwrap_or(folder);
    let here = plain(std::env::current_dir().ok()?);
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let home = home.map(plain);
    let mut file = PathBuf::from(NAME);
    for folder in here.ancestors() {
        if file.is_file() {
            if may_be_believed(folder, &file) {
                return Some(file);
            }
            if !quiet {
                let _ = writeln!(
                    io::stderr(),
                    "sipdiag: {}: not read, because others may write to that folder; name it with --config, or give --no-config",
                    file.display()
                );
            }
        }
        if home.as_deref() == Some(folder) {
            break;
        }
        file = Path::new("..").join(file);
    }
    None
}

/// Whether nobody else can have put the file there: where anybody may write, folder and file have to be the user's own.
#[cfg(unix)]
fn may_be_believed(folder: &Path, file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const OTHERS_WRITE: u32 = 0o002;
    let me = rustix::process::geteuid().as_raw();
    let (Ok(folder), Ok(file)) = (folder.metadata(), file.symlink_metadata()) else {
        return false;
    };
    folder.mode() & OTHERS_WRITE == 0 || (folder.uid() == me && file.uid() == me)
}

/// Elsewhere the folders of others are not open to everybody by default.
#[cfg(not(unix))]
fn may_be_believed(_folder: &Path, _file: &Path) -> bool {
    true
}

#[cfg(test)]
#[path = "configuration/tests.rs"]
mod tests;
