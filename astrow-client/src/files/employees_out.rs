//! Employees out of Astrow: the text export whose columns we ask for. It must be whole at every run.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;

use super::text::{BadLine, Encoding, Line, Parsed, lines};

/// The columns, in any order.
pub const COLUMNS: [&str; 10] = [
    "PersNo",
    "EmployeeNo",
    "BadgeNr",
    "FirstName",
    "MiddleName",
    "LastName",
    "Department",
    "StartCalculation",
    "EndCalculation",
    "Field1",
];

/// One employee of an export.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedEmployee {
    /// Astrow's own number.
    pub pers_no: u32,
    /// Number at the employer.
    pub employee_no: Option<String>,
    /// Badge number as Astrow shows it.
    pub badge: Option<String>,
    /// Given name, or the whole name.
    pub first: String,
    /// Middle name.
    pub middle: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// Department, as the export words it.
    pub department: Option<String>,
    /// First day that is calculated.
    pub start: Option<NaiveDate>,
    /// Last day that is calculated.
    pub end: Option<NaiveDate>,
    /// First free field.
    pub field1: Option<String>,
}

impl ExportedEmployee {
    /// PAC's id of the person, which our import writes into the first free field.
    pub fn pac_id(&self) -> Option<u32> {
        self.field1.as_deref()?.strip_prefix("pac:")?.parse().ok()
    }
}

/// Who is not shown.
impl std::fmt::Debug for ExportedEmployee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportedEmployee").field("pers_no", &self.pers_no).finish_non_exhaustive()
    }
}

/// The employees of an export. A bad line is named, with its number of a person where that can be read, and stops no other.
///
/// # Errors
/// In words: the encoding is not the declared one, or columns are missing: each is named.
pub fn read_employees(bytes: &[u8], encoding: Encoding) -> Result<Parsed<ExportedEmployee>, String> {
    let read = lines(bytes, encoding)?;
    let mut rows = read.lines.iter().filter(|line| !line.text.trim().is_empty());
    let Some(header) = rows.next() else { return Err("is empty: not even its header is there".to_owned()) };
    let columns = Columns::of(header)?;
    let mut parsed = Parsed { items: Vec::new(), bad: Vec::new(), whole: read.ended };
    let mut seen = HashSet::new();
    for line in rows {
        match columns.employee(line) {
            Ok(employee) if !seen.insert(employee.pers_no) => {
                let bad = BadLine::new(line.number, "PersNo is there twice");
                parsed.bad.push(BadLine { id: Some(employee.pers_no.to_string()), ..bad });
            }
            Ok(employee) => parsed.items.push(employee),
            Err(bad) => parsed.bad.push(bad),
        }
    }
    Ok(parsed)
}

struct Columns {
    places: BTreeMap<&'static str, usize>,
    count: usize,
}

impl Columns {
    fn of(header: &Line) -> Result<Self, String> {
        let names: Vec<_> = header.text.split(';').map(str::trim).collect();
        let place = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let missing: Vec<_> = COLUMNS.into_iter().filter(|name| place(name).is_none()).collect();
        if !missing.is_empty() {
            let comma = names.len() == 1 && header.text.contains([',', '\t']);
            let hint = if comma { "; fields are to be separated by semicolons" } else { "" };
            return Err(format!("lacks the columns {}{hint}", missing.join(", ")));
        }
        let double = COLUMNS
            .into_iter()
            .find(|wanted| names.iter().filter(|name| name.eq_ignore_ascii_case(wanted)).count() > 1);
        if let Some(double) = double {
            return Err(format!("has the column {double} twice"));
        }
        let places = COLUMNS.into_iter().filter_map(|name| Some((name, place(name)?))).collect();
        Ok(Self { places, count: names.len() })
    }

    fn employee(&self, line: &Line) -> Result<ExportedEmployee, BadLine> {
        let fields: Vec<_> = line.text.split(';').map(str::trim).collect();
        let bad = |why: &str| BadLine::new(line.number, why);
        if fields.len() != self.count {
            let why = format!("has {} fields, the header has {}", fields.len(), self.count);
            return Err(BadLine::new(line.number, why));
        }
        let value =
            |name: &str| self.places.get(name).and_then(|place| fields.get(*place)).copied().unwrap_or_default();
        let text = |name| Some(value(name)).filter(|text| !text.is_empty()).map(str::to_owned);
        let pers_no = person_number(value("PersNo")).map_err(bad)?;
        let of_person = |why: &str| BadLine { id: Some(pers_no.to_string()), ..bad(why) };
        let day = |name: &str| match value(name) {
            "" => Ok(None),
            text => day(text).map(Some).ok_or_else(|| of_person(&format!("{name} is no date like 2026-03-02"))),
        };
        let (first, last) = (value("FirstName"), value("LastName"));
        if first.is_empty() && last.is_empty() {
            return Err(of_person("there is no name"));
        }
        Ok(ExportedEmployee {
            pers_no,
            employee_no: text("EmployeeNo"),
            badge: text("BadgeNr"),
            first: first.to_owned(),
            middle: text("MiddleName"),
            last: text("LastName"),
            department: text("Department"),
            start: day("StartCalculation")?,
            end: day("EndCalculation")?,
            field1: text("Field1"),
        })
    }
}

/// Digits alone: a separator shows that a program wrote the number in the way of some country.
fn person_number(text: &str) -> Result<u32, &'static str> {
    if text.contains(['.', ',', '\'', ' ', '\u{a0}', '\u{202f}']) {
        return Err("PersNo has a separator; export it as text or as a number without separators");
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("PersNo is no number");
    }
    text.parse().ok().filter(|number| *number > 0).ok_or("PersNo is out of range")
}

/// `2026-03-02` and nothing else.
fn day(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?
}
