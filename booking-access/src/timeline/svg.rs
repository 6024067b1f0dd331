//! A timeline as a picture that stands alone: no script, no style sheet from elsewhere, readable without colours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Duration, Timelike as _, Utc};

use super::{Bar, Timeline};

const LEFT: f64 = 150.0;
const WIDTH: f64 = 1000.0;
const ROW: f64 = 26.0;
const BAR: f64 = 18.0;
const GAP: f64 = 34.0;
/// Dark enough for white letters on them.
const COLOURS: [&str; 8] = ["#1f5f99", "#8a3b12", "#2d6a2d", "#6b2f86", "#7a5c00", "#9c1f4a", "#1d6b6b", "#4a4a4a"];

pub(super) fn draw(timeline: &Timeline, doors: &BTreeMap<String, String>) -> String {
    let scale = Scale::new(timeline);
    let same = |lane: &str| lane.to_owned();
    let door = |lane: &str| doors.get(lane).cloned().unwrap_or_else(|| format!("door {lane}"));
    let bookings = lanes(&timeline.bookings, timeline);
    let rights = lanes(&timeline.rights, timeline);
    let rows: usize = [&bookings, &rights].iter().flat_map(|lanes| lanes.iter().map(|lane| lane.rows.len())).sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = 2.0 * GAP + 50.0 + rows as f64 * ROW;
    let mut out = String::new();
    let zone = timeline.zone;
    let day = timeline.from.with_timezone(&zone).format("%A %-d %B %Y");
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title desc\" viewBox=\"0 0 {} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title id=\"title\">Bookings and door rights, {day}</title>\n\
         <desc id=\"desc\">{}</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        LEFT + WIDTH + 20.0,
        escaped(&described(timeline, doors)),
    );
    let mut y = 20.0;
    scale.axis(&mut out, y, height, timeline);
    for (heading, lanes, name) in
        [("Booked", &bookings, &same as &dyn Fn(&str) -> String), ("Could open, as confirmed", &rights, &door)]
    {
        y += GAP;
        let _ = writeln!(out, "<text x=\"8\" y=\"{y}\" font-weight=\"bold\" fill=\"#111111\">{heading}</text>");
        y += 8.0;
        for lane in lanes {
            let label = escaped(&name(lane.name));
            let _ = writeln!(out, "<text x=\"8\" y=\"{}\" fill=\"#111111\">{label}</text>", y + 13.0);
            for row in &lane.rows {
                for bar in row {
                    scale.bar(&mut out, bar, y, timeline);
                }
                y += ROW;
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

struct Lane<'a> {
    name: &'a str,
    /// Bars that do not overlap share a row.
    rows: Vec<Vec<&'a Bar>>,
}

fn lanes<'a>(bars: &'a [Bar], timeline: &Timeline) -> Vec<Lane<'a>> {
    let names: BTreeSet<&str> = bars.iter().map(|bar| bar.lane.as_str()).collect();
    let end = |bar: &Bar| bar.window.map_or(bar.to, |window| Some(window.1)).unwrap_or(timeline.to);
    let begin = |bar: &Bar| bar.window.map_or(bar.from, |window| window.0);
    names
        .into_iter()
        .map(|name| {
            let mut rows: Vec<Vec<&Bar>> = Vec::new();
            for bar in bars.iter().filter(|bar| bar.lane == name) {
                let free = |row: &&mut Vec<&Bar>| row.last().is_none_or(|last| end(last) <= begin(bar));
                match rows.iter_mut().find(free) {
                    Some(row) => row.push(bar),
                    None => rows.push(vec![bar]),
                }
            }
            Lane { name, rows }
        })
        .collect()
}

struct Scale {
    from: DateTime<Utc>,
    seconds: f64,
}

impl Scale {
    fn new(timeline: &Timeline) -> Self {
        Self { from: timeline.from, seconds: seconds(timeline.to - timeline.from).max(1.0) }
    }

    fn x(&self, at: DateTime<Utc>) -> f64 {
        LEFT + (seconds(at - self.from) / self.seconds).clamp(0.0, 1.0) * WIDTH
    }

    fn axis(&self, out: &mut String, y: f64, height: f64, timeline: &Timeline) {
        let hours = (self.seconds / 3600.0 / 12.0).ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, reason = "hours of a span that somebody looks at")]
        let step = Duration::hours(hours as i64);
        let zone = timeline.zone;
        let full = timeline.from.with_minute(0).and_then(|at| at.with_second(0)).unwrap_or(timeline.from);
        let mut at = if full < timeline.from { full + Duration::hours(1) } else { full };
        while at <= timeline.to {
            let x = self.x(at);
            let time = at.with_timezone(&zone).format("%H:%M");
            let _ = writeln!(
                out,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y}\" y2=\"{}\" stroke=\"#d5d5d5\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#333333\">{time}</text>",
                height - 6.0,
                y - 4.0
            );
            at += step;
        }
    }

    fn bar(&self, out: &mut String, bar: &Bar, y: f64, timeline: &Timeline) {
        let zone = timeline.zone;
        let to = bar.to.unwrap_or(timeline.to);
        let person = usize::try_from(bar.person).unwrap_or_default();
        let colour = COLOURS.get(person % COLOURS.len()).unwrap_or(&"#4a4a4a");
        let (x, end) = (self.x(bar.from), self.x(to));
        let time = |at: DateTime<Utc>| at.with_timezone(&zone).format("%H:%M").to_string();
        let until = bar.to.map_or_else(|| "now".to_owned(), time);
        let fate = if bar.cancelled { ", called off" } else { "" };
        let tip = escaped(&format!("{}, {} – {until}{fate}", bar.name, time(bar.from)));
        let _ = write!(out, "<g><title>{tip}</title>");
        if let Some((opens, closes)) = bar.window {
            let (from, to) = (self.x(opens), self.x(closes));
            let _ = write!(
                out,
                "<rect x=\"{from:.1}\" y=\"{}\" width=\"{:.1}\" height=\"6\" fill=\"{colour}\" fill-opacity=\"0.35\"/>",
                y + 6.0,
                (to - from).max(1.0)
            );
        }
        let (fill, letters) = if bar.cancelled { ("#ffffff", *colour) } else { (*colour, "#ffffff") };
        let dashes = if bar.cancelled { " stroke-dasharray=\"4 3\"" } else { "" };
        let width = (end - x).max(2.0);
        let _ = write!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"3\" fill=\"{fill}\" \
             stroke=\"{colour}\"{dashes}/>"
        );
        let label = fitting(&bar.name, width);
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{letters}\" font-size=\"11\">{}</text></g>",
            x + 4.0,
            y + 13.0,
            escaped(&label)
        );
    }
}

/// What can be read of a name in a bar of this width.
fn fitting(name: &str, width: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number that is not negative")]
    let room = ((width - 8.0) / 6.5).max(0.0) as usize;
    if name.chars().count() <= room { name.to_owned() } else { name.chars().take(room).collect() }
}

/// The picture in words, for whoever does not see it.
fn described(timeline: &Timeline, doors: &BTreeMap<String, String>) -> String {
    let zone = timeline.zone;
    let time = |at: DateTime<Utc>| at.with_timezone(&zone).format("%H:%M").to_string();
    let part = |bar: &Bar, lane: &str| {
        let until = bar.to.map_or_else(|| "now".to_owned(), time);
        let fate = if bar.cancelled { ", called off" } else { "" };
        format!("{lane}: {} {} to {until}{fate}", bar.name, time(bar.from))
    };
    let booked: Vec<String> = timeline.bookings.iter().map(|bar| part(bar, &bar.lane)).collect();
    let door = |bar: &Bar| doors.get(&bar.lane).cloned().unwrap_or_else(|| format!("door {}", bar.lane));
    let held: Vec<String> = timeline.rights.iter().map(|bar| part(bar, &door(bar))).collect();
    let or_none = |parts: Vec<String>| if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") };
    format!("Booked: {}. Could open, as confirmed: {}.", or_none(booked), or_none(held))
}

#[expect(clippy::cast_precision_loss, reason = "spans of days, to a pixel")]
fn seconds(duration: Duration) -> f64 {
    duration.num_milliseconds() as f64 / 1000.0
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn names_are_text_and_the_picture_can_be_read_in_words() {
        let bar = |lane: &str, name: &str, window| Bar {
            lane: lane.to_owned(),
            from: at(10, 0),
            to: Some(at(11, 0)),
            person: 1,
            name: name.to_owned(),
            window,
            cancelled: false,
        };
        let timeline = Timeline {
            from: at(8, 0),
            to: at(20, 0),
            bookings: vec![bar("Room 1", "<script>", Some((at(9, 55), at(11, 10))))],
            rights: vec![bar("7", "Ann", None)],
            zone: chrono_tz::UTC,
        };
        let svg = draw(&timeline, &BTreeMap::from([("7".to_owned(), "Gate & yard".to_owned())]));
        assert!(svg.contains("role=\"img\"") && svg.contains("<title id=\"title\">") && svg.contains("<desc"));
        assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;"));
        assert!(svg.contains("Gate &amp; yard: Ann 10:00 to 11:00"));
    }
}
