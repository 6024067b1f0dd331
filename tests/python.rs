//! A client in another language that knows nothing of ours gets along with the simulator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use std::process::Command;

use tests::SimProcess;

#[test]
fn the_person_api_serves_an_independent_client() {
    for arguments in [&["--people", "20"][..], &["--people", "20", "--set", "pascal_case=on"]] {
        let sim = SimProcess::net2(arguments);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/net2_person_api.py");
        let output = Command::new("python3")
            .args([script, "--url", sim.info("url"), "--client-id", sim.info("client_id")])
            .args(["--operator", sim.info("operator"), "--password", sim.info("password")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
