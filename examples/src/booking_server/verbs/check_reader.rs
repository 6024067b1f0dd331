//! The verb `check-reader`: shows a sample code to a reader, and tells by what Net2 makes of it how the reader's numbers are read.

use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use booking_access::codes::{QrStyle, ReaderFault, Wiegand26};
use clap::{Arg, Command, value_parser};
use futures::StreamExt as _;
use net2_client::DoorId;
use net2_client::events::EventCursor;
use serde_json::{Value, json};
use sync_core::connector::DoorSystem as _;
use sync_service::{Answer, Desk, Exit, Failure};

use super::Asked;
use crate::booking_server::Parts;

/// Between two looks whether the reader was shown the picture.
const LOOK: Duration = Duration::from_secs(2);
/// Numbers before the last that are looked at again: they become visible in any order.
const OVERLAP: u32 = 20;

/// Where the pictures go if nothing else is said; those of an earlier call are replaced.
const PICTURE: &str = "check-reader.png";

/// What was sent, and what Net2 saw.
struct Shown {
    sent: u32,
    seen: u64,
    door: Option<DoorId>,
}

pub(super) fn command() -> Command {
    Command::new("check-reader")
        .about("Draws a sample code, waits until a reader is shown it, and tells how Net2 reads its number")
        .arg(Arg::new("door").long("door").value_name("DOOR").help("Serial number of the door; any door if left out"))
        .arg(
            Arg::new("number")
                .long("number")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..=99_999_999))
                .help("The number to send; one that nobody has is chosen if left out"),
        )
        .arg(
            Arg::new("wait")
                .long("wait")
                .value_name("MINUTES")
                .value_parser(value_parser!(u32).range(1..=120))
                .default_value("5")
                .help("How long to wait for the reader"),
        )
        .arg(
            Arg::new("picture")
                .long("picture")
                .value_name("FILE")
                .default_value(PICTURE)
                .help("Where the picture goes, a new file that ends in .png; the same as SVG goes beside it"),
        )
}

pub(super) async fn show(parts: &Parts, asked: &Asked<'_>, desk: &Desk) -> Result<Answer, Failure> {
    let pictures = pictures(Path::new(asked.text("picture")))?;
    let door = door(parts, asked).await?;
    let number = number(parts, asked).await?;
    // Before the picture is there, so that nothing is missed.
    let begin = parts.net2.client().events().newest_cursor().await?;
    draw(parts, number, &pictures)?;
    present(parts, number, &pictures, asked.arguments.get_flag("json"))?;
    let minutes = asked.arguments.get_one::<u32>("wait").copied().unwrap_or(5);
    match wait(parts, desk, begin, (number, door), minutes).await? {
        Some(seen) => Ok(answer(parts, &seen, &pictures)),
        None => Ok(nothing_seen(number, minutes, door, &pictures)),
    }
}

async fn door(parts: &Parts, asked: &Asked<'_>) -> Result<Option<DoorId>, Failure> {
    let text = asked.text("door").trim_start_matches("ACU:");
    if text.is_empty() {
        return Ok(None);
    }
    let doors = parts.net2.client().doors().list().await?;
    let found = doors.iter().map(|door| door.id).find(|door| door.to_string() == text);
    found.map(Some).ok_or_else(|| {
        Failure::new(format!("Net2 has no door {text}"))
            .with_remedy("`choices` lists the doors with their serial numbers")
    })
}

async fn number(parts: &Parts, asked: &Asked<'_>) -> Result<u32, Failure> {
    let in_use = parts.net2.codes().await?;
    match asked.arguments.get_one::<u32>("number").copied() {
        None => Ok(parts.access.reader_sample(&in_use)?),
        Some(number) if parts.access.is_reader_sample(number, &in_use)? => Ok(number),
        Some(number) => Err(Failure::new(format!("{number}, or what a reading makes of it, is somebody's number"))
            .with_remedy("Leave --number out, and a number is chosen that nobody has")),
    }
}

/// The files of the PNG and the SVG, neither of which replaces anything but what an earlier call wrote unasked.
fn pictures(png: &Path) -> Result<[PathBuf; 2], Failure> {
    if !png.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        return Err(Failure::new(format!("--picture {}: the name does not end in .png", png.display()))
            .with_remedy("Name a PNG file; the same picture as SVG goes beside it"));
    }
    let files = [png.to_owned(), png.with_extension("svg")];
    match files.iter().find(|file| png != Path::new(PICTURE) && file.symlink_metadata().is_ok()) {
        Some(there) => Err(Failure::new(format!("--picture: {} exists and is not overwritten", there.display()))
            .with_remedy("Name another file with --picture, or remove this one")),
        None => Ok(files),
    }
}

/// PNG and SVG, in the style that bookers get.
fn draw(parts: &Parts, number: u32, [png, svg]: &[PathBuf; 2]) -> Result<(), Failure> {
    let style = QrStyle::new(parts.access.codes());
    write(png, &style.png(&number.to_string())?)?;
    write(svg, style.svg(&number.to_string())?.as_bytes())
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| {
        Failure::new(format!("{} cannot be written: {error}", file.display()))
            .with_remedy("Name another file with --picture")
    })
}

/// On a terminal the picture is shown at once; programs find it where they said.
fn present(parts: &Parts, number: u32, pictures: &[PathBuf; 2], json: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if json || !out.is_terminal() {
        return Ok(());
    }
    let style = QrStyle::new(parts.access.codes());
    let blocks = style.blocks(&number.to_string())?;
    let [png, _] = pictures.each_ref().map(|file| file.display());
    writeln!(out, "\n{blocks}\nThis is {number}, also in {png}. Show it to the reader; Ctrl-C ends.")?;
    Ok(())
}

/// Looks at what comes until a token is shown that nobody owns.
async fn wait(
    parts: &Parts,
    desk: &Desk,
    mut cursor: EventCursor,
    (sent, door): (u32, Option<DoorId>),
    minutes: u32,
) -> Result<Option<Shown>, Failure> {
    let events = parts.net2.client().events();
    let total = u64::from(minutes) * 60;
    let (first, began) = (cursor.last_id(), desk.clock().uptime());
    loop {
        let passed = desk.clock().uptime().saturating_sub(began).as_secs();
        if passed >= total {
            return Ok(None);
        }
        desk.context().progress.step("seconds of waiting for the reader", passed, Some(total));
        if let Some(page) = events.since(cursor).overlap(OVERLAP).pages().next().await.transpose()? {
            let shown = page.events.iter().filter(|event| event.id > first);
            let mut shown = shown.filter(|event| door.is_none() || event.door == door);
            let seen = shown.find_map(|event| {
                let seen = event.unknown_token()?.as_str().trim().parse().ok()?;
                Some(Shown { sent, seen, door: event.door })
            });
            if seen.is_some() {
                return Ok(seen);
            }
            cursor = page.cursor;
        }
        desk.clock().sleep(LOOK).await;
    }
}

fn answer(parts: &Parts, Shown { sent, seen, door }: &Shown, pictures: &[PathBuf; 2]) -> Answer {
    let configured = parts.access.codes().wiegand26;
    let readings = u32::try_from(*seen).map(|seen| Wiegand26::explaining(*sent, seen)).unwrap_or_default();
    // In the reading of three and five digits a number has to come through whole, or bookers' numbers do not either.
    let whole = u64::from(*sent) == *seen;
    let comes_through = |reading: &Wiegand26| whole || *reading != Wiegand26::SiteCard;
    let fits = readings.iter().any(|reading| reading.is_like(configured) && comes_through(reading));
    let fault = readings.is_empty().then(|| ReaderFault::of(*sent, *seen));
    let door = door.map(|door| door.to_string());
    let at = door.as_deref().map_or(String::new(), |door| format!(" at door {door}"));
    let mut text = format!("sent      {sent}\nNet2 saw  {seen}{at}\n\n");
    let words = match (fits, fault) {
        (_, Some(fault)) => format!("No reading explains this. {}.", fault.remedy()),
        (true, None) => format!("The setting wiegand26 = {} is right.", written(configured)),
        (false, None) => advice(&readings, whole, configured),
    };
    let _ = writeln!(text, "{words}");
    for reading in &readings {
        let _ = writeln!(text, "explained by {}", written(*reading));
    }
    let json = json!({
        "command": "check-reader", "sent": sent, "seen": seen, "door": door, "explained_by": names(&readings),
        "readings": readings, "configured": configured, "fits": fits, "check": fault, "advice": words,
        "pictures": files(pictures),
    });
    Answer::new(text, json).ending(if fits { Exit::Done } else { Exit::Open })
}

/// What to set where the setting does not go with the reader.
fn advice(readings: &[Wiegand26], whole: bool, configured: Wiegand26) -> String {
    let now = written(configured);
    match readings {
        [Wiegand26::SiteCard] if !whole => "The reader sends one number of 24 bits, and Net2 reads three digits of site and five \
                                            of card (site_card): the numbers in the pictures do not come through. Choose the plain \
                                            Wiegand 26 bit format for this reader in Net2, and set codes.wiegand26 = \"linear\"."
            .to_owned(),
        [.., reading] => {
            let best = readings.iter().find(|reading| **reading == Wiegand26::Linear).unwrap_or(reading);
            format!("Set codes.wiegand26 = {}; it is {now} now.", written(*best))
        }
        [] => String::new(),
    }
}

fn nothing_seen(sent: u32, minutes: u32, door: Option<DoorId>, pictures: &[PathBuf; 2]) -> Answer {
    let at = door.map_or(String::new(), |door| format!(" at door {door}"));
    let words = format!("Net2 told of no unknown token{at} in {minutes} minutes");
    let remedy = "See whether the reader reads the picture at all (size, light, QR switched on), whether its site code fits, and \
                  whether `status` says that Net2 has contact with the controller. A fixed site code of another number is \
                  refused without an event by some readers";
    let json = json!({
        "command": "check-reader", "sent": sent, "seen": null, "explained_by": [], "fits": false, "advice": words,
        "pictures": files(pictures),
    });
    Answer::new(format!("{words}.\n{remedy}."), json).ending(Exit::Open)
}

/// As it stands in the configuration.
fn written(reading: Wiegand26) -> String {
    match reading {
        Wiegand26::FixedSite { site } => format!("{{ fixed_site = {{ site = {site} }} }}"),
        plain => format!("\"{}\"", name(plain)),
    }
}

fn name(reading: Wiegand26) -> &'static str {
    match reading {
        Wiegand26::Linear => "linear",
        Wiegand26::SiteCard => "site_card",
        Wiegand26::FixedSite { .. } => "fixed_site",
        _ => "off",
    }
}

fn names(readings: &[Wiegand26]) -> Vec<&'static str> {
    readings.iter().copied().map(name).collect()
}

fn files(pictures: &[PathBuf; 2]) -> Vec<Value> {
    pictures.iter().map(|file| json!(file.display().to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_a_png_and_replaces_nobodys_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in ["reader.svg", "reader", "reader.png.txt"] {
            let refused = pictures(&file(name)).unwrap_err().to_string();
            assert!(refused.contains("does not end in .png") && refused.contains(name), "{refused}");
        }
        assert_eq!(pictures(&file("reader.PNG")).unwrap(), [file("reader.PNG"), file("reader.svg")]);
        fs::write(file("plan.svg"), "of the site").unwrap();
        fs::write(file("photo.png"), "of Ann").unwrap();
        for (name, there) in [("plan.png", "plan.svg"), ("photo.png", "photo.png")] {
            let refused = pictures(&file(name)).unwrap_err().to_string();
            assert!(refused.contains("not overwritten") && refused.contains(there), "{refused}");
        }
    }
}
