//! Files of new employees.

use chrono::NaiveDate;

use super::{Rows, before_stop, lines};
use crate::astrow::world::{Employee, World, has};

/// What the wizard of the import is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Stands between the columns.
    pub delimiter: char,
    /// The columns in their order; a name that is none of an employee's is left out.
    pub columns: Vec<String>,
    /// Start of contract and calculation; none: the day of the import.
    pub start: Option<NaiveDate>,
    /// Cycle; none: the first there is.
    pub cycle: Option<String>,
    /// Pay group; none: the first there is.
    pub pay_group: Option<String>,
}

impl Default for Template {
    fn default() -> Self {
        let columns = "EmployeeNo;BadgeNr;FirstName;MiddleName;LastName;Department;TerminalGroup;CompanySite;Field1";
        Self {
            delimiter: ';',
            columns: columns.split(';').map(str::to_owned).collect(),
            start: None,
            cycle: None,
            pay_group: None,
        }
    }
}

impl World {
    /// Takes the employees of a file.
    pub(super) fn import_employees(&mut self, text: &str, stop: bool) -> Rows<()> {
        let all: Vec<(usize, &str)> = lines(text).collect();
        let taken = before_stop(all.len(), stop);
        let mut rows = Vec::new();
        for (at, (number, line)) in all.into_iter().enumerate() {
            let row = if at < taken { self.employee_row(line) } else { Err("the import stopped".to_owned()) };
            let row = row.map(|employee| {
                self.insert_employee(employee);
            });
            rows.push(row.map_err(|problem| format!("line {number}: {problem}")));
        }
        rows
    }

    fn employee_row(&self, line: &str) -> Result<Employee, String> {
        let template = &self.template;
        let cells: Vec<&str> = line.split(template.delimiter).map(str::trim).collect();
        if cells.len() != template.columns.len() {
            return Err(format!("{} columns are needed, there are {}", template.columns.len(), cells.len()));
        }
        let mut employee = self.draft("", "");
        employee.terminal_group = None;
        for (column, cell) in template.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            self.set_column(&mut employee, column, cell)?;
        }
        if employee.name.first.is_empty() || employee.badge_no.is_none() {
            return Err("first name and badge number are needed".to_owned());
        }
        if let Some(start) = template.start {
            (employee.start_contract, employee.start_calculation) = (start, start);
        }
        employee.cycle = template.cycle.clone().unwrap_or(employee.cycle);
        employee.pay_group = template.pay_group.clone().unwrap_or(employee.pay_group);
        Ok(employee)
    }

    fn set_column(&self, employee: &mut Employee, column: &str, cell: &str) -> Result<(), String> {
        let lookups = &self.lookups;
        let text = Some(cell.to_owned());
        let linked = |list| text.clone().filter(|code| has(list, code));
        match column.to_lowercase().as_str() {
            "employeeno" | "employeenr" => employee.employee_no = text,
            "firstname" => cell.clone_into(&mut employee.name.first),
            "middlename" => employee.name.middle = text,
            "lastname" => employee.name.last = text,
            "email" => employee.email = text,
            // What is not among the lists stays empty.
            "department" => employee.department = linked(&lookups.departments),
            "terminalgroup" => employee.terminal_group = linked(&lookups.terminal_groups),
            "companysite" => employee.company_site = linked(&lookups.company_sites).or(employee.company_site.take()),
            "badgenr" | "badgeno" => {
                let entry = self.badge_entry(cell, self.usual_base());
                let (number, base) = entry.ok_or_else(|| format!("'{cell}' is no badge number"))?;
                if base.value(&number).is_some_and(|value| self.people.holder(value).is_some()) {
                    return Err(format!("badge {number} is in use"));
                }
                (employee.badge_no, employee.badge_base) = (Some(number), base);
            }
            other => {
                let number = other.strip_prefix("field").and_then(|number| number.parse().ok());
                if let Some(number) = number.filter(|number| (1..=20).contains(number)) {
                    employee.free_fields.insert(number, cell.to_owned());
                }
            }
        }
        Ok(())
    }
}
