//! Who may connect to PAC: what a foreign TLS client sees, and what the program says.

use std::process::{Command, Stdio};

use vendor_sim::pac::PacSim;

use crate::site::{Site, Wishes};

/// What OpenSSL, which nobody here has written, gets from the server: whether it was let in to ask something.
fn openssl(pac: &PacSim, key: Option<&str>, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("{}:{}", pac.host(), pac.port()), "-ign_eof"]).args(more);
    if let Some(key) = key {
        let path = folder.path().join("client.pem");
        std::fs::write(&path, key).unwrap();
        command.arg("-cert").arg(&path).arg("-key").arg(&path);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command.output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_foreign_tls_client_is_refused_by_the_table() {
    let pac = PacSim::builder().hello_within(std::time::Duration::from_secs(1)).start_blocking().unwrap();
    let nobody = openssl(&pac, None, &["-tls1_3"]);
    assert!(nobody.contains("alert certificate required"), "{nobody}");
    let foreign = openssl(&pac, Some(&pac.foreign_client("foreign").unwrap()), &["-tls1_3"]);
    assert!(
        foreign.contains("alert unknown ca")
            || foreign.contains("alert bad certificate")
            || foreign.contains("alert decrypt error"),
        "{foreign}"
    );
    let expired = openssl(&pac, Some(&pac.expired_client("expired").unwrap()), &["-tls1_3"]);
    assert!(expired.contains("alert certificate expired"), "{expired}");
    let old = openssl(&pac, Some(&pac.add_client("old").unwrap()), &["-tls1_2"]);
    assert!(old.contains("alert protocol version"), "{old}");
    let good = openssl(&pac, Some(&pac.add_client("good").unwrap()), &["-tls1_3"]);
    assert!(!good.contains("alert") && good.contains("TLSv1.3"), "{good}");
}

#[test]
fn the_program_names_each_refusal() {
    let site = Site::new(Wishes::default());
    let key = site.installation.folder().join("bridge.oemkey");
    let test_with = |text: String| {
        std::fs::write(&key, text).unwrap();
        let said = site.installation.run(&["test"]);
        assert_eq!(said.code, 1, "{}", said.all());
        said.all().to_lowercase()
    };
    let foreign = test_with(site.pac.foreign_client("foreign").unwrap());
    assert!(foreign.contains("issue") || foreign.contains("not known") || foreign.contains("unknown"), "{foreign}");
    let expired = test_with(site.pac.expired_client("expired").unwrap());
    assert!(expired.contains("expired"), "{expired}");
    let unregistered = test_with(site.pac.unregistered_client("unregistered").unwrap());
    assert!(unregistered.contains("client"), "{unregistered}");
    let revoked = site.pac.add_client("revoked").unwrap();
    site.pac.revoke_client("revoked").unwrap();
    let revoked = test_with(revoked);
    assert!(revoked.contains("revoked") || revoked.contains("withdrawn"), "{revoked}");
    let texts = [foreign, expired, unregistered, revoked];
    let mut different: Vec<&str> = texts
        .iter()
        .map(|text| text.lines().find(|line| line.contains('✗') || line.contains("pac.key_path")).unwrap())
        .collect();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), texts.len(), "{different:#?}");
}

#[test]
fn another_certificate_of_the_server_is_refused() {
    let site = Site::new(Wishes::default());
    let other = PacSim::builder().start_blocking().unwrap();
    let text = std::fs::read_to_string(site.installation.folder().join("astrow-pac.toml")).unwrap();
    site.write(&text.replace(&site.pac.server_fingerprint(), &other.server_fingerprint()));
    let said = site.installation.run(&["test"]);
    assert_eq!(said.code, 1);
    assert!(said.all().contains("certificate"), "{}", said.all());
}
