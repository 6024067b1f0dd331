use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::text;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vendor-sim"))
}

#[tokio::test]
async fn it_prints_one_line_with_links_that_work_and_repeats_with_its_seed() {
    let mut bodies = Vec::new();
    for style in ["skedda", "skedda", "booked"] {
        let mut child = program()
            .args([
                "feed",
                "--style",
                style,
                "--bookings",
                "25",
                "--seed",
                "7",
                "--now",
                "2027-03-01T09:00:00Z",
                "--frozen",
            ])
            .args(["--zone", "Europe/Amsterdam", "--stop-with-stdin", "--set", "etag=on"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["vendor"], "feed");
        assert!(text(line["rooms"]["Hall"].as_str().unwrap()).await.starts_with("BEGIN:VCALENDAR"));
        bodies.push(text(line["feed"].as_str().unwrap()).await);
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert!(lines.next().is_none());
    }
    assert_eq!(bodies[0], bodies[1]);
    assert!(bodies[0].matches("BEGIN:VEVENT").count() > 5 && bodies[2].contains("METHOD:REQUEST"));
}

#[test]
fn wrong_wishes_are_refused() {
    for wrong in
        [&["--listen", "0.0.0.0:0"], &["--set", "colour=on"], &["--style", "outlook"], &["--zone", "Mars/Base"]]
    {
        let done = program().arg("feed").args(wrong.iter()).output().unwrap();
        assert!(!done.status.success() && done.stdout.is_empty(), "{wrong:?}");
        assert!(!done.stderr.is_empty());
    }
}
