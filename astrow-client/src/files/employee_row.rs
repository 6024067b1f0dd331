//! Employees into Astrow: the delimited text of its employees import. It creates, and never updates or removes.

use super::booking_row::RowError;

/// One employee on the way into a file: the columns of this project, in their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EmployeeRow {
    /// Number at the employer.
    pub employee_no: String,
    /// Badge number as Astrow shows it.
    pub badge: String,
    /// Given name, or the whole name where it is not split.
    pub first: String,
    /// Middle name.
    pub middle: String,
    /// Family name.
    pub last: String,
    /// Code of the department; must exist at Astrow, or stays empty there.
    pub department: String,
    /// Code of the terminal group; must exist at Astrow, or stays empty there.
    pub terminal_group: String,
    /// Code of the company site.
    pub company_site: String,
    /// First free field: `pac:` and PAC's id of the person.
    pub field1: String,
}

/// Who is not shown.
impl std::fmt::Debug for EmployeeRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmployeeRow").field("department", &self.department).finish_non_exhaustive()
    }
}

/// One line, without its end. Semicolons and line breaks inside values become blanks.
///
/// # Errors
/// First name or badge number is missing.
pub fn employee_line(row: &EmployeeRow) -> Result<String, RowError> {
    if clean(&row.first).is_empty() {
        return Err(RowError::Missing("the first name"));
    }
    if clean(&row.badge).is_empty() {
        return Err(RowError::Missing("the badge number"));
    }
    let values = [
        &row.employee_no,
        &row.badge,
        &row.first,
        &row.middle,
        &row.last,
        &row.department,
        &row.terminal_group,
        &row.company_site,
        &row.field1,
    ];
    Ok(values.map(|value| clean(value)).join(";"))
}

fn clean(value: &str) -> String {
    let value: String =
        value.chars().map(|c| if c == ';' || c.is_control() || is_break(c) { ' ' } else { c }).collect();
    value.trim().to_owned()
}

/// Line breaks that are no control characters.
fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}
