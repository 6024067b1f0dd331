//! A program between a bridge and timeware: its installation, and what its administrator asks of it.

use chrono::{Duration, Utc};

use crate::{Installation, Said};

impl Installation {
    /// An installation of `VENDOR-timeware` between a bridge and an embedded timeware store, with more lines in the section
    /// of the bridge and more sections at the end. Absence is believed at once.
    pub fn of_bridge(program: &'static str, url: &str, key: String, section: &str, more: &str) -> Self {
        let vendor = program.strip_suffix("-timeware").expect("a program of a bridge");
        let text = format!(
            "[service]\ndata = \"data\"\n\n[{vendor}]\nurl = {url:?}\nkey = \"env:BRIDGE_KEY\"\n{section}\n\
             requests_per_second = 1000\n\n[timeware]\nstore = \"embedded\"\npath = \"timeware.db\"\n\n\
             [guards]\nremoval_confirmations = 1\nmin_absence = \"1s\"\nsettle_margin = \"1s\"\n\n{more}"
        );
        Self::of(program, &text, vec![("BRIDGE_KEY", key)])
    }

    /// The plan, which may have something to do.
    pub fn plan(&self) -> Said {
        self.works_well("plan")
    }

    /// A run, after which something may be left to do.
    pub fn apply(&self) -> Said {
        self.works_well("apply")
    }

    fn works_well(&self, verb: &str) -> Said {
        let said = self.run(&[verb]);
        assert_ne!(said.code, 1, "{}", said.all());
        said
    }

    /// Events of this terminal are booked from three days ago on.
    pub fn release(&self, terminal: &str) {
        let from = (Utc::now() - Duration::days(3)).to_rfc3339();
        let said = self.run(&["terminals", "set", terminal, "--kind", "attendance", "--release", "--from", &from]);
        assert_eq!(said.code, 0, "{}", said.all());
    }

    /// What the plan says about people, as an administrator reads it, without the plan's number.
    pub fn plan_of_people(&self) -> String {
        let said = self.plan();
        let of_people = said.out.lines().skip_while(|line| !line.contains("/person → ")).skip(1);
        let lines = of_people.take_while(|line| !line.is_empty()).filter(|line| !line.contains("to approve: "));
        lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    /// What the plan says about people after a change of this name at the primary, as a paragraph; it is carried out then.
    pub fn plan_of_people_then_settle(&self, change: &str) -> String {
        let plan = self.plan_of_people();
        self.settle();
        assert_eq!(self.run(&["plan"]).code, 0, "{change}: a second plan is empty");
        format!("{change}\n{plan}\n\n")
    }
}
