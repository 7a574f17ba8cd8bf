//! `--completions`: what a shell offers when Tab is pressed.

use super::comfort::Shell;
use super::help;
use clap::builder::PossibleValuesParser;

/// Options whose values are names of rules.
const RULES: [&str; 3] = ["select", "ignore", "explain"];

/// The script for a shell.
pub(super) fn script(shell: Shell) -> Vec<u8> {
    let mut command = help::command();
    for option in RULES {
        let names = sipdiag::rules::ALL.iter().map(|rule| rule.name);
        let names = PossibleValuesParser::new(names);
        command = command.mut_arg(option, |arg| arg.value_parser(names));
    }
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "sipdiag", &mut script);
    script
}
