use super::*;

const AT: &str = "2024-03-03T18:56:14Z";

fn certificate(name: &str) -> Arc<Certificate> {
    let der = CertificateDer::from_pem_slice(&pem(name)).unwrap();
    Arc::new(Certificate::from_der(&der))
}

#[expect(clippy::disallowed_methods, reason = "a test reads its certificates")]
fn pem(name: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    ["samples/pki", "tests/support/pki"]
        .iter()
        .find_map(|folder| std::fs::read(format!("{root}{folder}/{name}.crt.pem")).ok())
        .unwrap()
}

fn at(time: &str) -> Timestamp {
    let time: jiff::Timestamp = time.parse().unwrap();
    Timestamp::from_nanos(time.as_second() * 1_000_000_000)
}

/// Judges `chain` with the authorities `ca`, at a time.
fn judge_at(ca: &[&str], chain: &[&str], time: &str, purpose: Purpose) -> Verdict {
    let mut authorities = Authorities::default();
    for name in ca {
        assert_eq!(authorities.add_pem(&pem(name)), Ok(1));
    }
    let chain: Vec<_> = chain.iter().map(|name| certificate(name)).collect();
    authorities.judge(&chain, at(time), purpose)
}

fn judge(ca: &[&str], chain: &[&str]) -> Verdict {
    judge_at(ca, chain, AT, Purpose::Server)
}

fn verified(anchor: &str) -> Verdict {
    Verdict::Verified {
        anchor: format!("CN={anchor} (throw-away),O=sipdiag throw-away lab"),
    }
}

const LEAF: &str = "CN=cups01.tomt.local,O=sipdiag throw-away lab";

#[test]
fn a_chain_that_leads_to_an_anchor_verifies_with_or_without_its_root() {
    let good = verified("tomt lab CA");
    assert_eq!(judge(&["ca"], &["cups01"]), good);
    assert_eq!(judge(&["ca"], &["cups01", "ca"]), good);
    assert_eq!(judge(&["other-ca", "ca"], &["cups01"]), good);
    assert_eq!(
        judge(&["ca"], &["lync01-department", "department-ca"]),
        good
    );
}

#[test]
fn an_issuer_that_nobody_has_is_named() {
    let unknown = Verdict::Failed(ChainFault::UnknownIssuer {
        issuer: "CN=other lab CA (throw-away),O=sipdiag throw-away lab".to_owned(),
    });
    assert_eq!(judge(&["ca"], &["lync01-other-ca"]), unknown);
    assert_eq!(judge(&["ca"], &["lync01-other-ca", "other-ca"]), unknown);
    let department = Verdict::Failed(ChainFault::UnknownIssuer {
        issuer: "CN=tomt lab department CA (throw-away),O=sipdiag throw-away lab".to_owned(),
    });
    assert_eq!(judge(&["ca"], &["lync01-department"]), department);
}

#[test]
fn an_intermediate_that_only_the_user_has_was_not_sent() {
    assert_eq!(
        judge(&["ca", "department-ca"], &["lync01-department"]),
        Verdict::Incomplete {
            missing: vec![
                "CN=tomt lab department CA (throw-away),O=sipdiag throw-away lab".to_owned()
            ],
            anchor: "CN=tomt lab CA (throw-away),O=sipdiag throw-away lab".to_owned(),
        }
    );
    // An intermediate whose root the user does not name is the anchor.
    assert_eq!(
        judge(&["department-ca"], &["lync01-department"]),
        verified("tomt lab department CA")
    );
}

#[test]
fn the_time_of_the_capture_counts() {
    let expired = |subject: &str| {
        Verdict::Failed(ChainFault::Expired {
            subject: subject.to_owned(),
        })
    };
    let judge_in = |chain: &[&str], time| judge_at(&["ca"], chain, time, Purpose::Server);
    assert_eq!(judge_in(&["cups01-expired"], AT), expired(LEAF));
    assert_eq!(
        judge_at(
            &["cups01-expired"],
            &["cups01-expired"],
            "2014-02-01T00:00:00Z",
            Purpose::Server
        ),
        Verdict::Verified {
            anchor: LEAF.to_owned()
        }
    );
    assert_eq!(
        judge_in(&["cups01"], "2014-03-03T00:00:00Z"),
        Verdict::Failed(ChainFault::NotYetValid {
            subject: LEAF.to_owned()
        })
    );
    // The leaf is fine and its authority is too young: webpki alone would not look at the anchor.
    assert_eq!(
        judge_in(&["cups01-expired"], "2014-02-01T00:00:00Z"),
        Verdict::Failed(ChainFault::NotYetValid {
            subject: "CN=tomt lab CA (throw-away),O=sipdiag throw-away lab".to_owned()
        })
    );
}

#[test]
fn the_purpose_counts_and_any_purpose_is_every_purpose() {
    let as_client = |chain: &[&str]| judge_at(&["ca"], chain, AT, Purpose::Client);
    assert_eq!(
        judge(&["ca"], &["lync01-server-only"]),
        verified("tomt lab CA")
    );
    assert_eq!(
        as_client(&["lync01-server-only"]),
        Verdict::Failed(ChainFault::WrongPurpose {
            subject: "CN=lync01.tomt.it,O=sipdiag throw-away lab".to_owned()
        })
    );
    assert_eq!(as_client(&["lync01-any-purpose"]), verified("tomt lab CA"));
    assert_eq!(
        judge(&["ca"], &["lync01-any-purpose"]),
        verified("tomt lab CA")
    );
}

#[test]
fn sha1_and_1024_bits_are_judged_as_of_their_time_and_md5_is_not() {
    assert_eq!(
        judge(&["sha1-ca"], &["cups01-sha1"]),
        verified("tomt lab SHA-1 CA")
    );
    assert_eq!(judge(&["ca"], &["cups01-rsa1024"]), verified("tomt lab CA"));
    let md5 = judge(&["ca"], &["cups01-md5"]);
    assert!(matches!(md5, Verdict::Undecided(_)), "{md5:?}");
}

#[test]
fn a_self_signed_certificate_is_trusted_only_when_it_is_among_them() {
    assert_eq!(
        judge(&["ca"], &["cups01-self-signed"]),
        Verdict::Failed(ChainFault::SelfSigned)
    );
    assert_eq!(
        judge(&["ca", "cups01-self-signed"], &["cups01-self-signed"]),
        Verdict::Verified {
            anchor: certificate("cups01-self-signed").subject.clone()
        }
    );
}

#[test]
fn an_authority_of_the_right_name_with_another_key_is_a_bad_signature() {
    let mut authorities = Authorities::default();
    authorities.add_pem(&pem("ca")).unwrap();
    // One bit of the leaf's signature turned: as if another key had made it.
    let mut der = certificate("cups01").der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    let forged = Arc::new(Certificate::from_der(&der));
    assert_eq!(
        authorities.judge(&[forged], at(AT), Purpose::Server),
        Verdict::Failed(ChainFault::BadSignature {
            issuer: "CN=tomt lab CA (throw-away),O=sipdiag throw-away lab".to_owned()
        })
    );
}

#[test]
fn files_without_certificates_and_damaged_ones_are_errors() {
    let mut authorities = Authorities::default();
    let error = authorities.add_pem(b"not PEM").unwrap_err();
    assert!(error.contains("BEGIN CERTIFICATE"), "{error}");
    let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let error = authorities.add_pem(damaged).unwrap_err();
    assert!(error.contains("certificate 1"), "{error}");
    assert!(authorities.is_empty());
    let mut both = pem("ca");
    both.extend(pem("other-ca"));
    assert_eq!(authorities.add_pem(&both), Ok(2));
}

#[test]
fn verdicts_are_remembered_by_what_they_depend_on_and_not_without_end() {
    let mut authorities = Authorities::default();
    authorities.add_pem(&pem("ca")).unwrap();
    let chain = [certificate("cups01")];
    let good = verified("tomt lab CA");
    for time in [AT, "2025-01-01T00:00:00Z"] {
        assert_eq!(authorities.judge(&chain, at(time), Purpose::Server), good);
    }
    assert_eq!(authorities.judged.len(), 1);
    // The same chain at another time, for another purpose, or with further authorities is another matter.
    let early = authorities.judge(&chain, at("2014-03-03T00:00:00Z"), Purpose::Server);
    assert!(
        matches!(early, Verdict::Failed(ChainFault::NotYetValid { .. })),
        "{early:?}"
    );
    let other = [certificate("lync01-server-only")];
    assert_eq!(authorities.judge(&other, at(AT), Purpose::Server), good);
    let client = authorities.judge(&other, at(AT), Purpose::Client);
    assert_ne!(client, good);
    let foreign = [certificate("lync01-other-ca")];
    let unknown = authorities.judge(&foreign, at(AT), Purpose::Client);
    authorities.add_pem(&pem("other-ca")).unwrap();
    assert_ne!(
        authorities.judge(&foreign, at(AT), Purpose::Client),
        unknown
    );
    for n in 0..judged::KEPT + 10 {
        let junk = Arc::new(Certificate::from_der(&n.to_be_bytes()));
        let verdict = authorities.judge(&[certificate("cups01"), junk], at(AT), Purpose::Server);
        assert_eq!(verdict, good);
    }
    assert_eq!(authorities.judged.len(), judged::KEPT);
}
