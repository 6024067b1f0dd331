//! A venue, its doors, and a `booking-server` between them, each a process of its own.

use serde_json::Value;

use crate::{Installation, Said, SimProcess};

/// A venue, its doors, and a `booking-server` between them.
#[derive(Debug)]
pub struct BookingSite {
    /// The booking system.
    pub venue: SimProcess,
    /// The doors.
    pub net2: SimProcess,
    /// The program under test.
    pub server: Installation,
    /// Serial numbers of the first doors.
    pub doors: Vec<i64>,
}

impl BookingSite {
    /// Starts both simulators with these arguments, and sets the program up with two rooms, `Room #1` and `Room #4`, each behind
    /// the front door and one of its own. `more` is added to its configuration.
    pub fn start(venue: &[&str], net2: &[&str], more: &str) -> Self {
        let venue = SimProcess::feed(venue);
        let net2_arguments: Vec<&str> =
            ["--people", "3", "--department", "Booking"].iter().chain(net2).copied().collect();
        let net2 = SimProcess::net2(&net2_arguments);
        let doors = doors_of(&net2);
        let server = Installation::of(
            "booking-server",
            &config(&net2, &doors, more),
            vec![("NET2_PASSWORD", net2.info("password").to_owned()), ("FEED_LINK", venue.info("feed").to_owned())],
        );
        Self { venue, net2, server, doors }
    }

    /// Runs the program with these arguments to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.server.run(arguments)
    }

    /// The times at which everybody with our marker could open doors, as the door system recorded them.
    pub fn rights(&self) -> Value {
        self.net2.control("GET", "rights", &Value::Null)
    }
}

fn config(net2: &SimProcess, doors: &[i64], more: &str) -> String {
    let (url, operator, client_id) = (net2.info("url"), net2.info("operator"), net2.info("client_id"));
    let door = |place: usize| doors.get(place).copied().unwrap_or_default();
    format!(
        "[service]\ndata = \"data\"\n\n[net2]\nurl = {url:?}\noperator = {operator:?}\npassword = \"env:NET2_PASSWORD\"\n\
         client_id = {client_id:?}\ntime_zone = \"Europe/London\"\nquerydb = true\nconnect_seconds = 2\ncall_seconds = 5\n\
         request_lifetime_seconds = 0\nrequests_per_second = 1000\n\n[[feeds]]\nname = \"venue\"\nlink = \"env:FEED_LINK\"\n\
         allow_http = true\nallow_private = true\ninterval_minutes = 1\n\n[access.resources]\n\
         \"Room #1\" = [{}, {}]\n\"Room #4\" = [{}, {}]\n\n{more}",
        door(0),
        door(1),
        door(0),
        door(2)
    )
}

fn doors_of(net2: &SimProcess) -> Vec<i64> {
    let doors = net2.control("GET", "doors", &Value::Null);
    let ids = doors.as_array().into_iter().flatten().filter_map(|door| door.get("id").and_then(Value::as_i64));
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids
}
