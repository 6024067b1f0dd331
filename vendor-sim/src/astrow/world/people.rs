//! Employees: who there is, and how they change.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::changes::{Entity, Op};
use super::record::{BadgeBase, Employee, Name, PacTab};
use super::{World, hex_of};

/// All employees and their badge numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    all: BTreeMap<u32, Employee>,
    badges: HashMap<u128, u32>,
}

impl People {
    pub(crate) fn get(&self, pers_no: u32) -> Option<&Employee> {
        self.all.get(&pers_no)
    }

    pub(crate) fn all(&self) -> &BTreeMap<u32, Employee> {
        &self.all
    }

    /// Whose badge has this number.
    pub(crate) fn holder(&self, value: u128) -> Option<&Employee> {
        self.all.get(self.badges.get(&value)?)
    }

    fn put(&mut self, employee: Employee) {
        self.take(employee.pers_no);
        if let Some(value) = employee.badge_value() {
            self.badges.insert(value, employee.pers_no);
        }
        self.all.insert(employee.pers_no, employee);
    }

    fn take(&mut self, pers_no: u32) -> Option<Employee> {
        let employee = self.all.remove(&pers_no)?;
        if let Some(value) = employee.badge_value()
            && self.badges.get(&value) == Some(&pers_no)
        {
            self.badges.remove(&value);
        }
        Some(employee)
    }
}

impl World {
    /// The employee with this number.
    pub fn employee(&self, pers_no: u32) -> Option<&Employee> {
        self.people.get(pers_no)
    }

    /// All employees by their numbers.
    pub fn employees(&self) -> &BTreeMap<u32, Employee> {
        self.people.all()
    }

    /// The first employee with this first and last name.
    pub fn employee_named(&self, first: &str, last: &str) -> Option<&Employee> {
        let last = Some(last).filter(|last| !last.is_empty());
        self.people.all().values().find(|e| e.name.first == first && e.name.last.as_deref() == last)
    }

    /// The employee whose tab names this person of PAC.
    pub fn employee_of_person(&self, person_id: u32) -> Option<&Employee> {
        self.people.all().values().find(|employee| employee.pac.person_id == Some(person_id))
    }

    /// An employee with everything usual, not yet among the others.
    pub fn draft(&self, first: &str, last: &str) -> Employee {
        let code = |list: &[super::Item]| list.first().map(|item| item.code.clone());
        let today = self.today();
        Employee {
            pers_no: 0,
            employee_no: None,
            register_no: None,
            name: Name { first: first.to_owned(), middle: None, last: Some(last.to_owned()).filter(|l| !l.is_empty()) },
            badge_no: None,
            badge_base: if self.hex_badges { BadgeBase::Hex } else { BadgeBase::Dec },
            start_contract: today,
            start_calculation: today,
            end_calculation: None,
            cycle: code(&self.lookups.cycles).unwrap_or_default(),
            pay_group: code(&self.lookups.pay_groups).unwrap_or_default(),
            department: None,
            terminal_group: code(&self.lookups.terminal_groups),
            company_site: code(&self.lookups.company_sites),
            email: None,
            free_fields: BTreeMap::new(),
            pac: PacTab::default(),
            version: 0,
        }
    }

    /// A user of Astrow adds an employee; gives the number.
    pub fn add_employee(&mut self, first: &str, last: &str) -> u32 {
        let draft = self.draft(first, last);
        self.insert_employee(draft)
    }

    /// A user of Astrow adds an employee with all that the draft says; gives the number.
    pub fn insert_employee(&mut self, employee: Employee) -> u32 {
        let origin = self.operator_origin();
        self.insert(employee, &origin)
    }

    /// A user of Astrow changes an employee; tells whether anything is different now.
    pub fn change_employee(&mut self, pers_no: u32, change: impl FnOnce(&mut Employee)) -> bool {
        let origin = self.operator_origin();
        self.update(pers_no, &origin, change)
    }

    /// A user of Astrow ends an employee's calculation.
    pub fn end_employee(&mut self, pers_no: u32, last_day: NaiveDate) -> bool {
        self.change_employee(pers_no, |employee| employee.end_calculation = Some(last_day))
    }

    /// A user of Astrow deletes an employee with all history.
    pub fn delete_employee(&mut self, pers_no: u32) -> bool {
        let origin = self.operator_origin();
        self.remove(pers_no, &origin)
    }

    pub(crate) fn insert(&mut self, mut employee: Employee, origin: &str) -> u32 {
        if employee.pers_no == 0 || self.people.get(employee.pers_no).is_some() {
            employee.pers_no = self.next_pers_no;
        }
        let pers_no = employee.pers_no;
        self.next_pers_no = self.next_pers_no.max(pers_no.saturating_add(1));
        employee.version = 1;
        self.people.put(employee);
        self.note_employee(pers_no, Op::Add, origin, Vec::new());
        pers_no
    }

    pub(crate) fn update(&mut self, pers_no: u32, origin: &str, change: impl FnOnce(&mut Employee)) -> bool {
        let Some(before) = self.people.get(pers_no).cloned() else { return false };
        let mut after = before.clone();
        change(&mut after);
        (after.pers_no, after.version) = (pers_no, before.version + 1);
        let fields = after.differing(&before);
        if fields.is_empty() {
            return false;
        }
        self.people.put(after);
        self.note_employee(pers_no, Op::Edit, origin, fields);
        true
    }

    pub(crate) fn remove(&mut self, pers_no: u32, origin: &str) -> bool {
        if self.people.take(pers_no).is_none() {
            return false;
        }
        self.ledger.delete(pers_no);
        self.confirmations.retain(|confirmation| confirmation.pers_no != pers_no);
        self.note_employee(pers_no, Op::Delete, origin, Vec::new());
        true
    }

    /// A badge number as Astrow keeps it; `None` if it is none.
    pub(crate) fn badge_entry(&self, text: &str, base: BadgeBase) -> Option<(String, BadgeBase)> {
        let value = base.value(text)?;
        Some(match (base, self.hex_badges) {
            (BadgeBase::Hex, true) => (text.to_uppercase(), BadgeBase::Hex),
            (BadgeBase::Hex, false) => (value.to_string(), BadgeBase::Dec),
            (BadgeBase::Dec, _) => (text.to_owned(), BadgeBase::Dec),
        })
    }

    /// The base of badge numbers that come without one.
    pub(crate) fn usual_base(&self) -> BadgeBase {
        if self.hex_badges { BadgeBase::Hex } else { BadgeBase::Dec }
    }

    /// Gives an employee a badge number as Astrow shows them, from a decimal one.
    pub fn set_badge(&mut self, pers_no: u32, number: u128) -> bool {
        let text = if self.hex_badges { hex_of(number) } else { number.to_string() };
        let base = self.usual_base();
        self.change_employee(pers_no, |employee| (employee.badge_no, employee.badge_base) = (Some(text), base))
    }

    pub(crate) fn operator_origin(&self) -> String {
        format!("user:{}", self.operator)
    }

    fn note_employee(&mut self, pers_no: u32, op: Op, origin: &str, fields: Vec<String>) {
        let now = self.clock.now();
        if let Some(change) = self.changes.push(now, Entity::Employee, op, origin) {
            (change.pers_no, change.fields) = (Some(pers_no), fields);
        }
    }
}
