//! Exports: new bookings, and all employees.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use super::bookings_in::chrono_format;
use crate::astrow::world::{Booking, BookingState, Employee, Kind, World};

/// The header of the export of employees.
const HEADER: &str =
    "PersNo;EmployeeNo;BadgeNr;FirstName;MiddleName;LastName;Department;StartCalculation;EndCalculation;Field1";

impl World {
    pub(crate) fn export_now(&mut self) -> anyhow::Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = self.export_bookings()?.into_iter().collect();
        files.push(self.export_employees()?);
        Ok(files)
    }

    /// As the timer does it: only what is new.
    pub(super) fn export_new(&mut self) -> anyhow::Result<()> {
        self.export_bookings()?;
        if self.files.exported != Some(self.next_change()) {
            self.export_employees()?;
        }
        Ok(())
    }

    fn export_bookings(&mut self) -> anyhow::Result<Option<PathBuf>> {
        let numbers = self.ledger.unexported();
        let format = chrono_format(&self.switches.date_format);
        let mut text = String::new();
        for number in numbers {
            let booking = self.ledger.shown(number).filter(|booking| booking.state == BookingState::Processed);
            let Some(booking) = booking else { continue };
            let Some(employee) = booking.pers_no.and_then(|pers_no| self.employee(pers_no)) else { continue };
            text.push_str(&self.export_line(&booking, employee, &format));
            text.push_str("\r\n");
        }
        if text.is_empty() {
            return Ok(None);
        }
        self.files.exports += 1;
        let now = self.clock.now().format("%Y%m%dT%H%M%SZ");
        let name = format!("bookings-{now}-{:04}.csv", self.files.exports);
        self.write(&name, &text).map(Some)
    }

    /// The line that the administrator set, its placeholders filled.
    fn export_line(&self, booking: &Booking, employee: &Employee, format: &str) -> String {
        let at = self.zone.local(booking.at);
        let terminal = self.lookups.terminal(&booking.terminal_serial);
        let name = &employee.name;
        let direction = match booking.kind {
            Kind::Go => "GO",
            Kind::In => "IN",
            Kind::Out => "OUT",
        };
        let text = |value: Option<&String>| value.cloned().unwrap_or_default();
        let (date, time) = format.split_once(' ').unwrap_or((format, "%H:%M"));
        let whole = [Some(&name.first), name.middle.as_ref(), name.last.as_ref()];
        let whole: Vec<&str> = whole.into_iter().flatten().map(String::as_str).collect();
        let mut line = self.switches.export_line.clone();
        let mut fill = |placeholder: &str, value: &str| {
            if line.contains(placeholder) {
                // What stands in a value must not end the line or the field.
                line = line.replace(placeholder, &value.replace([';', '\r', '\n'], " "));
            }
        };
        fill("$DIRECTION$", direction);
        fill("$EMPLOYEENR$", &text(employee.employee_no.as_ref()));
        fill("$REGISTERNR$", &text(employee.register_no.as_ref()));
        fill("$NAME$", &whole.join(" "));
        fill("$FIRSTNAME$", &name.first);
        fill("$MIDDLENAME$", &text(name.middle.as_ref()));
        fill("$LASTNAME$", &text(name.last.as_ref()));
        fill("$SERIALNUMBER$", &booking.terminal_serial);
        fill("$TERMINALNAME$", terminal.map_or("", |terminal| &terminal.name));
        fill("$TERMINALCODE$", terminal.map_or("", |terminal| &terminal.code));
        fill("$TERMINALNR$", &terminal.map(|terminal| terminal.number.to_string()).unwrap_or_default());
        fill("$TERMINALTYPE$", terminal.map_or("", |terminal| &terminal.kind));
        fill("$MCCODE$", &text(booking.mc.as_ref()));
        fill("$CCCODE$", &text(booking.cc.as_ref()));
        fill("$DATETIME$", &at.format(format).to_string());
        fill("$DATE$", &at.format(date).to_string());
        fill("$TIME$", &at.format(time).to_string());
        fill("$SYNCED$", "1");
        for number in 1..=20 {
            fill(&format!("$FREE{number}$"), &text(employee.free_fields.get(&number)));
        }
        line
    }

    fn export_employees(&mut self) -> anyhow::Result<PathBuf> {
        let last = self.last_listed();
        let mut text = format!("{HEADER}\r\n");
        for employee in self.employees().values().take_while(|employee| employee.pers_no <= last) {
            let shown =
                |value: Option<&String>| value.map(|value| value.replace([';', '\r', '\n'], " ")).unwrap_or_default();
            let Employee { pers_no, name, start_calculation, end_calculation, .. } = employee;
            let end = end_calculation.map(|day| day.to_string()).unwrap_or_default();
            let cells = [
                pers_no.to_string(),
                shown(employee.employee_no.as_ref()),
                shown(employee.badge_no.as_ref()),
                shown(Some(&name.first)),
                shown(name.middle.as_ref()),
                shown(name.last.as_ref()),
                shown(employee.department.as_ref()),
                start_calculation.to_string(),
                end,
                shown(employee.free_fields.get(&1)),
            ];
            // Writing to a text cannot fail.
            let _ = write!(text, "{}\r\n", cells.join(";"));
        }
        self.files.exported = Some(self.next_change());
        self.write("employees.csv", &text)
    }

    /// Writes a file so that nobody sees half of it.
    fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let file = self.files.export.join(name);
        let unfinished = self.files.export.join(format!(".{name}.tmp"));
        fs::write(&unfinished, text)
            .and_then(|()| fs::rename(&unfinished, &file))
            .with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(file)
    }
}
