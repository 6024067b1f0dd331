//! Each call of a store as a value: what it needs, what it may do, and whether it may be done again.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Mutex;

use chrono::{DateTime, NaiveDate, Utc};

use super::Rulebook;
use super::database::Database;
use super::fault::Step;
use crate::badge::BadgeSpan;
use crate::booking::{Booked, Event, RollCall};
use crate::employee::{Employee, People, PeoplePage, PersonFields, PersonKey};
use crate::grouping::{Grouping, GroupingNumber};
use crate::ids::{EmployeeId, GroupingRefId, PolicyId, TerminalGroupId, TerminalId};
use crate::policy::{Policy, PolicyRights};
use crate::receipts::{EventReceipt, LinkEntity, LinkReceipt, LinkState, ReceiptKey};
use crate::status::Status;
use crate::store::{Created, ReconcileReport, StartReport, Written};
use crate::terminal::{NewTerminal, Terminal, TerminalChange};
use crate::terminal_group::TerminalGroup;

/// A call of a store.
pub(crate) trait Operation: Sync {
    /// What it answers.
    type Output: Settle + Send;

    /// What it does to the database.
    const ACCESS: Access;

    /// Whether it may run again when nobody knows if its transaction was committed: a record made without a receipt
    /// would be made twice.
    #[cfg_attr(not(feature = "sqlserver"), expect(dead_code, reason = "a file leaves no commit in doubt"))]
    fn may_run_again(&self) -> bool {
        true
    }

    /// Runs it, inside a transaction unless it only reads.
    fn run(&self, rules: &Rulebook, db: &mut impl Database) -> impl Future<Output = Step<Self::Output>> + Send;
}

/// What a call does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reads.
    Read,
    /// Writes records.
    Write,
    /// Writes what an administrator may write beside the writer.
    Administer,
}

/// The one answer of a call that ran twice because its first commit was in doubt.
pub(crate) trait Settle: Sized {
    /// `first` is what the transaction in doubt answered, `second` what running again found.
    #[cfg_attr(not(feature = "sqlserver"), expect(dead_code, reason = "a file leaves no commit in doubt"))]
    fn settle(first: Self, second: Self) -> Self {
        let _ = first;
        second
    }
}

/// The same id twice: the first transaction was committed, and its answer holds.
impl<Id: PartialEq> Settle for Created<Id> {
    fn settle(first: Self, second: Self) -> Self {
        if first.id == second.id { first } else { second }
    }
}

/// Nothing left to change: the first transaction was committed.
impl Settle for Written {
    fn settle(first: Self, second: Self) -> Self {
        if second.changed { second } else { first }
    }
}

impl Settle for Vec<Booked> {
    fn settle(first: Self, second: Self) -> Self {
        let same = |(first, second): (Booked, Booked)| if first.target == second.target { first } else { second };
        first.into_iter().zip(second).map(same).collect()
    }
}

macro_rules! settles_by_reading_again {
    ($($type:ty),+ $(,)?) => { $(impl Settle for $type {})+ };
}
settles_by_reading_again!(
    (),
    String,
    StartReport,
    People,
    ReconcileReport,
    Terminal,
    Option<Booked>,
    Option<Employee>,
    Option<EmployeeId>,
    Option<EventReceipt>,
    Option<LinkReceipt>,
    Option<Terminal>,
    Vec<BadgeSpan>,
    Vec<Employee>,
    Vec<Grouping>,
    Vec<Policy>,
    Vec<RollCall>,
    Vec<Status>,
    Vec<Terminal>,
    Vec<TerminalGroup>,
    Vec<(i64, EmployeeId)>,
);

/// One operation per line: its name and parts, its access, its answer, and the rule that it runs with its parts. What
/// stands after `unless` is the part without which it must not run again.
macro_rules! operations {
    ($($name:ident $(<$life:lifetime>)? { $($part:ident: $type:ty),* } $access:ident -> $output:ty = $rule:ident
        $(unless $receipt:ident)?;)+) => {
        $(
            #[derive(Debug)]
            pub(super) struct $name $(<$life>)? { $(pub(super) $part: $type),* }

            impl $(<$life>)? Operation for $name $(<$life>)? {
                type Output = $output;
                const ACCESS: Access = Access::$access;

                $(fn may_run_again(&self) -> bool {
                    self.$receipt.is_some()
                })?

                async fn run(&self, rules: &Rulebook, db: &mut impl Database) -> Step<$output> {
                    rules.$rule(db $(, self.$part)*).await
                }
            }
        )+
    };
}

operations! {
    Check {} Read -> StartReport = check;
    Identity {} Read -> String = identity;
    ReadPage<'a> { page: &'a PeoplePage } Read -> People = people_page;
    ReadPerson<'a> { id: EmployeeId, source: Option<&'a str> } Read -> Option<Employee> = one_person;
    FindPeople<'a> { key: &'a PersonKey, source: Option<&'a str> } Read -> Vec<Employee> = people_by_key;
    CreatePerson<'a> { fields: &'a PersonFields, receipt: Option<&'a ReceiptKey> } Write
        -> Created<EmployeeId> = insert_person unless receipt;
    UpdatePerson<'a> { id: EmployeeId, fields: &'a PersonFields } Write -> Written = change_person;
    MarkLeaver { id: EmployeeId, last_day: Option<NaiveDate> } Write -> Written = leave;
    MarkReturned<'a> { id: EmployeeId, fields: &'a PersonFields } Write -> Written = come_back;
    ChangedPeople { after: i64, limit: usize } Read -> Vec<(i64, EmployeeId)> = change_queue;
    HolderAt<'a> { source: &'a str, number: &'a str, at: DateTime<Utc> } Read -> Option<EmployeeId> = holder;
    BadgeSpans { id: EmployeeId } Read -> Vec<BadgeSpan> = spans_of;
    ReadStatuses {} Read -> Vec<Status> = all_statuses;
    ReadPolicies<'a> { source: Option<&'a str> } Read -> Vec<Policy> = all_policies;
    CreatePolicy<'a> { text: &'a str, rights: Option<&'a PolicyRights>, receipt: Option<&'a ReceiptKey> } Write
        -> Created<PolicyId> = insert_policy unless receipt;
    UpdatePolicy<'a> { id: PolicyId, text: Option<&'a str>, rights: Option<&'a PolicyRights> } Write
        -> Written = change_policy;
    RegisterTexts {} Write -> () = register_texts;
    ReadGroupings<'a> { number: GroupingNumber, source: Option<&'a str> } Read -> Vec<Grouping> = values_of;
    CreateGrouping<'a> { number: GroupingNumber, text: &'a str, receipt: Option<&'a ReceiptKey> } Write
        -> Created<GroupingRefId> = insert_grouping;
    RenameGrouping<'a> { number: GroupingNumber, id: GroupingRefId, text: &'a str } Write
        -> Written = change_grouping;
    ReadTerminals<'a> { source: Option<&'a str> } Read -> Vec<Terminal> = all_terminals;
    ReadTerminal<'a> { id: TerminalId, source: Option<&'a str> } Read -> Option<Terminal> = one_terminal;
    CreateTerminal<'a> { terminal: &'a NewTerminal, receipt: Option<&'a ReceiptKey> } Write
        -> Created<TerminalId> = insert_terminal unless receipt;
    RenameTerminal<'a> { id: TerminalId, text: &'a str } Write -> Written = describe_terminal;
    SetTerminal<'a> { id: TerminalId, change: &'a TerminalChange } Administer -> Terminal = change_terminal;
    ReadGroups<'a> { source: Option<&'a str> } Read -> Vec<TerminalGroup> = all_groups;
    CreateGroup<'a> { text: &'a str, members: &'a BTreeSet<TerminalId>, receipt: Option<&'a ReceiptKey> } Write
        -> Created<TerminalGroupId> = insert_group unless receipt;
    UpdateGroup<'a> { id: TerminalGroupId, text: Option<&'a str>, members: Option<&'a BTreeSet<TerminalId>> } Write
        -> Written = change_group;
    Book<'a> { events: &'a [Event], refused: &'a Mutex<BTreeSet<usize>> } Write -> Vec<Booked> = book_all;
    Rebook<'a> { earlier: &'a ReceiptKey, event: &'a Event } Write -> Option<Booked> = rebook;
    ReadEvent<'a> { key: &'a ReceiptKey } Read -> Option<EventReceipt> = event_receipt;
    LastEvent { id: EmployeeId } Read -> Option<EventReceipt> = newest_event;
    ReadPlaces {} Read -> Vec<RollCall> = last_places;
    ReadLink<'a> { entity: LinkEntity, key: &'a ReceiptKey } Read -> Option<LinkReceipt> = link_receipt;
    SetLinkState<'a> { entity: LinkEntity, key: &'a ReceiptKey, state: LinkState } Write -> () = change_link_state;
    Reconcile { from: DateTime<Utc>, to: DateTime<Utc> } Read -> ReconcileReport = compare;
}
