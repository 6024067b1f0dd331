//! A bridge in a process of its own at which nothing is called as it is built in.

use std::fmt::Write as _;

use tempfile::TempDir;

use crate::{Installation, Said, SimProcess};

/// A simulated bridge in a process of its own that names things as a profile file says.
#[derive(Debug)]
pub struct RenamedServer {
    sim: SimProcess,
    program: &'static str,
    profile: String,
    _folder: TempDir,
}

impl RenamedServer {
    /// Starts `vendor-sim VENDOR --profile FILE` with a few people; `VENDOR-timeware` is the program that reads from it.
    pub fn start(program: &'static str, profile: &str) -> Self {
        let vendor = program.strip_suffix("-timeware").expect("a program of a bridge");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.toml");
        std::fs::write(&file, profile).unwrap();
        let arguments = ["--people", "5", "--event-days", "0", "--profile", file.to_str().unwrap()];
        let sim = SimProcess::start(vendor, &arguments);
        Self { sim, program, profile: profile.to_owned(), _folder: folder }
    }

    /// Everybody arrives once, with the matching profile file; without it nothing is read and nothing written, and both
    /// `test` and `run` say these words.
    pub fn works_with_its_profile_alone(&self, words: &[&str]) {
        self.works_with_its_profile();
        self.is_refused_without(words);
    }

    fn works_with_its_profile(&self) {
        let installation = self.installation("profile = \"server.toml\"\n");
        std::fs::write(installation.folder().join("server.toml"), &self.profile).unwrap();
        let said = installation.run(&["test"]);
        assert_eq!(said.code, 0, "{}", said.all());
        let report = installation.run(&["run", "--once", "--json"]).json();
        let links = report["links"].as_array().unwrap();
        let created = links.iter().find(|link| link["entity"] == "person").unwrap()["outcomes"]["done"].as_u64();
        let arrived = installation.people();
        assert!(arrived > 0 && created == Some(arrived as u64), "{arrived} people in {report}");
        assert_eq!(installation.run(&["plan"]).code, 0, "a second plan is empty");
    }

    fn is_refused_without(&self, words: &[&str]) {
        let installation = self.installation("");
        for verb in [&["test"][..], &["run", "--once"]] {
            let said: Said = installation.run(verb);
            assert_eq!(said.code, 1, "{verb:?}: {}", said.all());
            for word in words {
                assert!(said.all().contains(word), "{verb:?} does not say {word:?}: {}", said.all());
            }
        }
        assert_eq!(installation.people(), 0, "somebody arrived");
    }

    fn installation(&self, more: &str) -> Installation {
        Installation::of_bridge(self.program, self.sim.info("url"), self.sim.info("key").to_owned(), more, "")
    }
}

/// What a profile says of fields alone: paths, parameters, signing in and values are as they are built in.
pub fn fields_of(profile: &str) -> String {
    let mut fields = String::new();
    let mut wanted = false;
    for line in profile.lines() {
        if line.starts_with('[') {
            wanted = line.starts_with("[fields.");
        }
        if wanted {
            writeln!(fields, "{line}").unwrap();
        }
    }
    fields
}
