//! What the door system recorded, and what must hold of it whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::reconcile::{LinkReport, RunError, SyncLink as _};
use vendor_sim::net2::{Net2Sim, Rights, User};

use crate::model::Timeline;
use crate::site::Site;

const MARKER: &str = "BOOKINGSYNC";

/// Calls that the doors had got before a run, and the doors of our people, by user.
pub(crate) type Before = (usize, BTreeMap<i64, BTreeSet<i64>>);

/// Whether a record of rights is of somebody with our marker.
pub(crate) fn managed(rights: &Rights) -> bool {
    rights.fields.values().any(|text| text.split_whitespace().any(|word| word == MARKER))
}

fn ours(user: &User) -> bool {
    user.fields.values().any(|text| text.split_whitespace().any(|word| word == MARKER))
}

impl Site {
    pub(crate) fn before(&self) -> Before {
        (self.net2.requests().len(), self.doors_held())
    }

    /// Doors of our people, by user.
    fn doors_held(&self) -> BTreeMap<i64, BTreeSet<i64>> {
        self.net2.world(|world| {
            let reach = |user: &User| -> BTreeSet<i64> {
                let areas: BTreeSet<i64> = user.individual.iter().map(|one| one.area).collect();
                world.doors.values().filter(|door| areas.contains(&door.area_in)).map(|door| door.id).collect()
            };
            world.users.values().filter(|user| user.active && ours(user)).map(|user| (user.id, reach(user))).collect()
        })
    }

    /// I-41: within one run, who loses doors is written before who gets some.
    pub(crate) fn ran(&mut self, report: Result<LinkReport, RunError>, before: &Before, sure: bool) {
        let clean = sure && report.as_ref().is_ok_and(|report| !report.is_failure() && !report.is_open());
        let now = self.now();
        self.model.ran(clean, now);
        self.clean = clean;
        if let Err(error) = &report {
            self.last = Some(LinkReport::failed(self.parts().link.pair(), error.chain(), None));
        } else {
            self.last = report.ok();
        }
        let after = self.doors_held();
        let none = BTreeSet::new();
        let calls = self.net2.requests();
        let written: Vec<i64> = calls[before.0.min(calls.len())..]
            .iter()
            .filter(|call| call.method == "PUT" && call.path.to_lowercase().ends_with("/doorpermissionset"))
            .filter_map(|call| call.path.split('/').rev().nth(1)?.parse().ok())
            .collect();
        let mut gave = None;
        for user in written {
            let (old, new) = (before.1.get(&user).unwrap_or(&none), after.get(&user).unwrap_or(&none));
            if !new.is_subset(old) {
                gave = Some(user);
            } else if new != old {
                assert!(gave.is_none(), "I-41: {gave:?} got doors before {user} lost some, at {now}");
            }
        }
    }

    /// Spans in which our people held doors, by address.
    pub(crate) fn held(&self) -> Timeline {
        let now = self.now();
        let mut held = Timeline::new();
        for rights in self.net2.world(|world| world.all_rights()).iter().filter(|rights| managed(rights)) {
            let email = rights.email.as_deref().unwrap().to_lowercase();
            for span in &rights.spans {
                let doors: BTreeSet<i64> = span.doors.iter().map(|right| right.door).collect();
                for door in doors {
                    let spans = held.entry((email.clone(), door)).or_default();
                    spans.push((span.from, span.to.unwrap_or(now).min(now)));
                }
            }
        }
        held
    }

    /// The doors that somebody holds now, by their places.
    pub(crate) fn open_to(&self, email: &str) -> Vec<usize> {
        let held = self.doors_held();
        self.net2.world(|world| {
            let user = world.users.values().find(|user| {
                user.active && ours(user) && user.fields.get(&9).is_some_and(|own| own.eq_ignore_ascii_case(email))
            });
            let doors = user.and_then(|user| held.get(&user.id)).cloned().unwrap_or_default();
            world.doors.keys().enumerate().filter(|(_, door)| doors.contains(door)).map(|(place, _)| place).collect()
        })
    }

    /// Everything that must hold of any history.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.model.compare(&self.held());
        faults.extend(self.post.faults());
        let all = self.net2.world(|world| world.all_rights());
        faults.extend(equal_codes(&all));
        let mut users: BTreeMap<String, i64> = BTreeMap::new();
        for rights in all.iter().filter(|rights| managed(rights)) {
            let codes: BTreeSet<&str> = rights.codes.iter().map(|code| code.value.as_str()).collect();
            if codes.len() > 1 {
                faults.push(format!("user {} has had {} codes and nobody ordered another", rights.user, codes.len()));
            }
            if let Some(other) = users.insert(rights.email.clone().unwrap_or_default().to_lowercase(), rights.user) {
                faults.push(format!("users {other} and {} are the same person", rights.user));
            }
        }
        if strangers(&self.net2) != self.strangers {
            faults.push("I-43: a user without our marker is not as it was".to_owned());
        }
        faults
    }
}

/// I-42: two users with one code at the same time.
fn equal_codes(all: &[Rights]) -> Vec<String> {
    let codes = || all.iter().flat_map(|one| one.codes.iter().map(move |code| (one.user, code)));
    let mut faults = Vec::new();
    for (user, code) in codes() {
        for (other, same) in codes().filter(|(other, _)| user < *other) {
            let kind = (code.kind == "PIN") == (same.kind == "PIN");
            let together = code.to.is_none_or(|to| same.from < to) && same.to.is_none_or(|to| code.from < to);
            if kind && code.value == same.value && together {
                faults.push(format!("I-42: users {user} and {other} have one code"));
            }
        }
    }
    faults
}

/// Users without our marker, byte for byte.
pub(crate) fn strangers(net2: &Net2Sim) -> BTreeMap<i64, String> {
    let users = net2.world(|world| world.users.clone());
    let others = users.into_iter().filter(|(_, user)| !ours(user));
    others.map(|(id, user)| (id, serde_json::to_string(&user).unwrap())).collect()
}
