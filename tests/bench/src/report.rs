//! What was measured, beside its bounds.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What has a column of its own.
const COLUMNS: [&str; 4] = ["wall_s", "cpu_s", "peak_mb", "ratio"];

/// One line of the report.
pub(crate) struct Row {
    title: String,
    measured: Value,
    bounds: Vec<Bound>,
}

struct Bound {
    text: String,
    holds: bool,
}

impl Row {
    pub(crate) fn new(title: &str, measured: &Value) -> Self {
        Self { title: title.to_owned(), measured: measured.clone(), bounds: Vec::new() }
    }

    /// A measure must not be above a limit; one that this system cannot take holds no bound.
    pub(crate) fn at_most(mut self, name: &str, limit: f64) -> Self {
        if let Some(value) = self.number(name) {
            let value_shown = if COLUMNS.contains(&name) { String::new() } else { format!(" {value:.2}") };
            self.bounds.push(Bound { text: format!("{name}{value_shown} ≤ {limit}"), holds: value <= limit });
        }
        self
    }

    /// A count must be this one.
    pub(crate) fn exactly(mut self, name: &str, expected: u64) -> Self {
        let holds = self.measured.get(name).and_then(Value::as_u64) == Some(expected);
        self.bounds.push(Bound { text: format!("{name} = {expected}"), holds });
        self
    }

    /// The rate must be at least this part of another one's.
    pub(crate) fn ratio(self, other: &Value, least: f64) -> Self {
        self.ratio_of("wall_s", other, least)
    }

    /// The same by CPU time, for work on one thread.
    pub(crate) fn cpu_ratio(self, other: &Value, least: f64) -> Self {
        self.ratio_of("cpu_s", other, least)
    }

    fn ratio_of(mut self, time: &str, other: &Value, least: f64) -> Self {
        let of = |value: &Value| value.get(time).and_then(Value::as_f64);
        let ratio = of(other).zip(of(&self.measured)).map_or(0.0, |(other, own)| other / own);
        if let Value::Object(fields) = &mut self.measured {
            fields.insert("ratio".to_owned(), json!(ratio));
        }
        self.bounds.push(Bound { text: format!("ratio ≥ {least}"), holds: ratio >= least });
        self
    }

    pub(crate) fn holds(&self) -> bool {
        self.bounds.iter().all(|bound| bound.holds)
    }

    /// What was counted besides and has no bound; a note comes as it is.
    fn others(&self) -> impl Iterator<Item = String> {
        let fields = self.measured.as_object().into_iter().flatten();
        let bound = |name: &str| self.bounds.iter().any(|bound| bound.text.split(' ').next() == Some(name));
        fields.filter(move |(name, _)| !COLUMNS.contains(&name.as_str()) && !bound(name)).map(|(name, value)| {
            match (value.as_str(), value.as_u64(), value.as_f64()) {
                (Some(note), ..) => note.to_owned(),
                (_, Some(count), _) => format!("{name} {count}"),
                (.., Some(number)) => format!("{name} {number:.2}"),
                _ => format!("{name} -"),
            }
        })
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.measured.get(name).and_then(Value::as_f64)
    }
}

pub(crate) fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let bounds: Vec<_> =
            row.bounds.iter().map(|bound| json!({"bound": bound.text, "holds": bound.holds})).collect();
        json!({"scenario": row.title.trim(), "measured": row.measured, "bounds": bounds})
    };
    json!({"rows": rows.iter().map(row).collect::<Vec<_>>(), "holds": rows.iter().all(Row::holds)})
}

pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<50} {:>8} {:>8} {:>9} {:>6}  bounds\n", "", "wall s", "CPU s", "peak MB", "ratio");
    for row in rows {
        let cell =
            |name: &str, digits: usize| row.number(name).map_or_else(|| "-".to_owned(), |n| format!("{n:.digits$}"));
        let bounds: Vec<String> = row
            .bounds
            .iter()
            .map(|bound| format!("{} {}", bound.text, if bound.holds { "✓" } else { "MISSED" }))
            .collect();
        let (wall, cpu, peak, ratio) = (cell("wall_s", 3), cell("cpu_s", 3), cell("peak_mb", 0), cell("ratio", 2));
        let told = bounds.into_iter().chain(row.others()).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "{:<50} {wall:>8} {cpu:>8} {peak:>9} {ratio:>6}  {told}", row.title);
    }
    text
}

/// The value that so many of a hundred do not exceed.
pub(crate) fn percentile(values: &[f64], percent: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied()
}
