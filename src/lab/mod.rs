//! The lab profile: what is configured, never what is seen.

use crate::base::Network;
use crate::tls::Authorities;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::IpAddr;

/// What the user says about the two sides; everything is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
#[non_exhaustive]
pub struct Profile {
    /// The networks of the lab.
    pub networks: Vec<Network>,
    /// Files with trust anchors, relative to the profile.
    pub ca: Vec<String>,
    /// What was in those files: whoever opens files puts it here.
    pub authorities: Authorities,
    /// The Microsoft side.
    pub lync: Lync,
    /// The Cisco side.
    pub cisco: Cisco,
    /// Trusted application pools given singly (`--trust`): there may be others.
    pub trusted: Vec<String>,
    /// Whether anything was said at all.
    pub given: bool,
}

/// The Microsoft side of the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lync {
    /// Front ends.
    pub hosts: Vec<IpAddr>,
    /// Edge servers.
    pub edge: Vec<IpAddr>,
    /// SIP domains.
    pub domains: Vec<String>,
    /// Pool FQDN, the certificate's common name.
    pub fqdn: Option<String>,
    /// FQDNs of the trusted application pools.
    pub trusted_application_pools: Option<Vec<String>>,
}

/// The Cisco side of the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Cisco {
    /// Nodes.
    pub hosts: Vec<IpAddr>,
    /// SIP domains.
    pub domains: Vec<String>,
    /// FQDN of the node.
    pub fqdn: Option<String>,
    /// Service parameter "Federation Routing IM and Presence FQDN".
    pub federation_routing_fqdn: Option<String>,
    /// TLS peer subjects.
    pub tls_peer_subjects: Option<Vec<String>>,
    /// Incoming access control list.
    pub incoming_acl: Option<Vec<String>>,
    /// Port of the peer-authentication listener.
    pub peer_auth_port: Option<u16>,
}

impl Cisco {
    /// Whether the incoming ACL admits a sender with this address and these names; `None` when the profile does not say. An
    /// entry is an address, a network, a name, a domain (with all below it), or `all`.
    pub fn admits(&self, address: IpAddr, names: &[String]) -> Option<bool> {
        let fits = |entry: &String| {
            let entry = entry.trim();
            entry.eq_ignore_ascii_case("all")
                || entry
                    .parse::<Network>()
                    .is_ok_and(|network| network.contains(address))
                || names.iter().any(|name| {
                    let (name, entry) = (name.to_ascii_lowercase(), entry.to_ascii_lowercase());
                    name == entry || name.ends_with(&format!(".{entry}"))
                })
        };
        self.incoming_acl.as_ref().map(|acl| acl.iter().any(fits))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    network: Vec<String>,
    ca: Vec<String>,
    lync: Lync,
    cisco: Cisco,
}

impl TryFrom<Written> for Profile {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let networks = written
            .network
            .iter()
            .map(|n| n.parse().map_err(|e| format!("network: {e}")))
            .collect::<Result<Vec<Network>, String>>()?;
        Ok(Self {
            networks,
            ca: written.ca,
            authorities: Authorities::default(),
            lync: written.lync,
            cisco: written.cisco,
            trusted: Vec::new(),
            given: true,
        })
    }
}

/// Reads a TOML text that people write. The error names the line, and for an unknown key the key.
///
/// # Errors
///
/// A text that is not TOML, or not what `T` says.
pub fn strict<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| {
            let line = text
                .get(..span.start)
                .map_or(1, |before| before.matches('\n').count() + 1);
            format!("line {line}: ")
        });
        format!("{place}{}", error.message())
    })
}

impl Profile {
    /// All names and entries of lists in it, to be replaced.
    pub fn names_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let (lync, cisco) = (&mut self.lync, &mut self.cisco);
        let single = [
            &mut lync.fqdn,
            &mut cisco.fqdn,
            &mut cisco.federation_routing_fqdn,
        ];
        let lists = [
            &mut lync.trusted_application_pools,
            &mut cisco.tls_peer_subjects,
            &mut cisco.incoming_acl,
        ];
        let domains = lync.domains.iter_mut().chain(&mut cisco.domains);
        domains
            .chain(single.into_iter().flatten())
            .chain(lists.into_iter().flatten().flatten())
            .chain(&mut self.trusted)
    }

    /// Reads a profile (TOML). The error names the key and the line.
    ///
    /// # Errors
    ///
    /// A text that is not TOML, an unknown key, or a value of the wrong kind.
    pub fn parse(text: &str) -> Result<Self, String> {
        strict(text)
    }

    /// Adds one trusted application pool (`--trust`).
    pub fn trust(&mut self, fqdn: &str) {
        self.given = true;
        self.trusted.push(fqdn.to_owned());
    }

    /// Whether Lync is configured to trust `host`; `None` when that is not known. Only a list in a profile is complete:
    /// pools given singly say nothing of others.
    pub fn trusts(&self, host: &str) -> Option<bool> {
        let among = |pools: &[String]| pools.iter().any(|p| p.eq_ignore_ascii_case(host));
        if among(&self.trusted) {
            return Some(true);
        }
        self.lync.trusted_application_pools.as_deref().map(among)
    }

    /// Whether a common name is among the TLS peer subjects of the Cisco side; `None` when the profile does not say. Cisco compares
    /// whole names.
    pub fn is_peer_subject(&self, common_name: &str) -> Option<bool> {
        let subjects = self.cisco.tls_peer_subjects.as_ref()?;
        Some(
            subjects
                .iter()
                .any(|subject| subject.eq_ignore_ascii_case(common_name)),
        )
    }

    /// The trusted application pools that are known, from the profile and given singly.
    pub fn trusted_pools(&self) -> Vec<&str> {
        self.lync
            .trusted_application_pools
            .iter()
            .flatten()
            .chain(&self.trusted)
            .map(String::as_str)
            .collect()
    }

    /// The network of the lab when the profile names none: the lab of the two sides on 10.1.1.0/24.
    pub fn lab_networks(&self) -> Vec<Network> {
        if self.networks.is_empty() {
            Network::new(IpAddr::from([10, 1, 1, 0]), 24)
                .into_iter()
                .collect()
        } else {
            self.networks.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_profile_is_read() {
        let profile = Profile::parse(
            r#"
network = ["10.1.1.0/24"]
ca = ["internal-ca.pem"]
[lync]
hosts = ["10.1.1.10"]
edge = ["10.1.1.11"]
domains = ["tomt.it"]
fqdn = "lync01.tomt.it"
trusted_application_pools = ["cups01.tomt.local"]
[cisco]
hosts = ["10.1.1.20"]
domains = ["tomt.local"]
fqdn = "cups01.tomt.local"
federation_routing_fqdn = "cups01.tomt.local"
tls_peer_subjects = ["lync01.tomt.it"]
incoming_acl = ["10.1.1.10", "lync01.tomt.it"]
peer_auth_port = 5062
"#,
        )
        .unwrap();
        assert_eq!(profile.cisco.peer_auth_port, Some(5062));
        assert_eq!(profile.trusts("CUPS01.tomt.local"), Some(true));
        assert_eq!(profile.trusts("cup-pub.tomt.local"), Some(false));
        assert_eq!(Profile::default().trusts("cups01.tomt.local"), None);
    }

    #[test]
    fn one_trusted_pool_says_nothing_of_others_and_a_list_does() {
        let mut profile = Profile::default();
        profile.trust("cups01.tomt.local");
        assert_eq!(profile.trusts("cups01.tomt.local"), Some(true));
        assert_eq!(profile.trusts("cup-pub.tomt.local"), None);
    }

    #[test]
    fn acl_entries_are_addresses_networks_names_domains_or_all() {
        let sender = "10.1.1.10".parse().unwrap();
        let names = ["lync01.tomt.it".to_owned()];
        let admits = |entry: &str| {
            let cisco = Cisco {
                incoming_acl: Some(vec![entry.to_owned()]),
                ..Cisco::default()
            };
            cisco.admits(sender, &names)
        };
        for entry in [
            "all",
            "ALL",
            "10.1.1.10",
            "10.1.1.0/24",
            "lync01.tomt.it",
            "TOMT.it",
        ] {
            assert_eq!(admits(entry), Some(true), "{entry}");
        }
        for entry in ["10.1.1.11", "10.1.2.0/24", "omt.it", "lync02.tomt.it"] {
            assert_eq!(admits(entry), Some(false), "{entry}");
        }
        assert_eq!(Cisco::default().admits(sender, &names), None);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_key_and_the_line() {
        let error = Profile::parse("[lync]\nhosts = []\npoool = \"x\"\n").unwrap_err();
        assert!(
            error.contains("line 3") && error.contains("poool"),
            "{error}"
        );
        let error = Profile::parse("network = [\"10.1.1.0/99\"]").unwrap_err();
        assert!(error.contains("10.1.1.0/99"), "{error}");
    }
}
