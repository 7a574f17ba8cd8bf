//! Documents that several rules rest on.

pub(in crate::rules) const BLOG_2: &str = "Lync SIP interdomain federation with Cisco Unified Presence, part 2, https://onprem.wtf/post/lync-sip-inter-domain-federation-with-cisco-unified-presence-2/";
pub(in crate::rules) const CISCO_TROUBLE: &str = "Cisco, Interdomain Federation guide 14, Troubleshooting, https://www.cisco.com/c/en/us/td/docs/voice_ip_comm/cucm/im_presence/interdomain_federation/14/cup0_b_interdomain-federation-guide-14/cup0_b_interdomain-federation-1251su3_chapter_010010.html";
pub(in crate::rules) const CISCO_LYNC: &str = "Cisco, Interdomain Federation guide 12.5(1)SU3, Interdomain Federation to Microsoft Lync, https://www.cisco.com/c/en/us/td/docs/voice_ip_comm/cucm/im_presence/interdomain_federation/12_5_1/cup0_b_interdomain-federation-1251su3/cup0_b_interdomain-federation-1251su3_chapter_01001.html";
pub(in crate::rules) const CISCO_OCS: &str =
    "Cisco, Interdomain Federation guide 14, Interdomain Federation to Microsoft OCS";
pub(in crate::rules) const CISCO_PARTITIONED_TROUBLE: &str = "Cisco, Partitioned Intradomain Federation guide 12.5(1), Integration Troubleshooting, https://www.cisco.com/c/en/us/td/docs/voice_ip_comm/cucm/im_presence/intradomain_federation/12_5_1/cup0_b_partitioned-intradomain-federation-1251/cup0_b_partitioned-intradomain-federation-1251_chapter_01010.html";
pub(in crate::rules) const CISCO_PARTITIONED_NODE: &str = "Cisco, Partitioned Intradomain Federation guide 12.5(1), IM and Presence node configuration, https://www.cisco.com/c/en/us/td/docs/voice_ip_comm/cucm/im_presence/intradomain_federation/12_5_1/cup0_b_partitioned-intradomain-federation-1251/cup0_b_partitioned-intradomain-federation-1251_chapter_0100.html";
pub(in crate::rules) const CISCO_PARTITIONED_LYNC: &str = "Cisco, Partitioned Intradomain Federation guide 12.5(1), Microsoft Lync configuration, https://www.cisco.com/c/en/us/td/docs/voice_ip_comm/cucm/im_presence/intradomain_federation/12_5_1/cup0_b_partitioned-intradomain-federation-1251/cup0_b_partitioned-intradomain-federation-1251_chapter_0110.html";
pub(in crate::rules) const CISCO_ASA: &str =
    "Cisco, Interdomain Federation guide 14, ASA configuration (ports 5060, 5061, 5062, 5080)";
pub(in crate::rules) const CISCO_DNS_CERT: &str = "Cisco TAC 212383, DNS and certificates in federation with Microsoft, https://www.cisco.com/c/en/us/support/docs/unified-communications/expressway/212383-configure-and-troubleshoot-dns-and-certi.html";
pub(in crate::rules) const MS_POWERSHELL: &str = "Microsoft, Skype for Business cmdlets: New-CsStaticRoute, New-CsTrustedApplicationPool, Request-CsCertificate, https://github.com/MicrosoftDocs/office-docs-powershell";
pub(in crate::rules) const MS_KEYS: &str = "Microsoft, update for minimum certificate key length, https://support.microsoft.com/kb/2661254; MD5 under public roots, KB2862973";
pub(in crate::rules) const MS_WILDCARD: &str = "Microsoft, Lync Server: Wildcard Certificate Support, https://technet.microsoft.com/en-us/library/hh202161(v=ocs.14)";
pub(in crate::rules) const SFB_SCANNER: &str = "Skype for Business Server diagnostics, rule RDCheckMisplacedRootCACertificates, https://github.com/onpremdiag/SfBServer";
pub(in crate::rules) const RISUAL_1047: &str = "Lync federation issue, presence unknown with a remote partner, https://www.risual.com/2012/06/lync-federation-issue-presence-unknown-with-a-remote-lyncocs-partner/";
pub(in crate::rules) const RFC_5246_ALERTS: &str = "RFC 5246 section 7.2, RFC 2246 section 7.2";
pub(in crate::rules) const MEASURED: &str = "Measured with OpenSSL 3.0, GnuTLS, node 0.10 and 8, and tlslite as both sides of TLS 1.0 and 1.2";
