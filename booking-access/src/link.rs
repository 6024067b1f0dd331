//! The link by which the engine keeps a door system in agreement with the bookings.

use std::sync::Arc;

use sync_core::connector::{Sink as _, Source as _};
use sync_core::model::Person;
use sync_core::reconcile::{CorrelationRule, Limit, Mapping, Reconciler, RemovalPolicy, Scope};

use crate::bookers::{STAYING, STAYS};
use crate::{Bookers, Watched};

/// The link from bookings to a door system, with the limits that suit it.
///
/// Rights that begin and end by the clock are never held up by a guard. Bookers whose days are over are deleted, never
/// more than the larger of five and a fifth of all in a day without somebody's approval.
pub fn link(bookers: Arc<Bookers>, doors: Arc<Watched>) -> Reconciler<Person> {
    let mapping = Mapping::same_names::<Person>(&bookers.reads(), &doors.reads(), &[STAYS]);
    let two_steps = doors.writes().removal.disable;
    let new_bookers = u64::from(bookers.access().config().new_bookers);
    Reconciler::new(bookers, doors).with(|settings| {
        settings.mapping = mapping;
        settings.scope = Some(Scope { field: STAYS.to_owned(), any_of: vec![STAYING.to_owned()] });
        settings.correlation =
            vec![CorrelationRule { name: "email".to_owned(), fields: vec!["email".to_owned()], auto: true }];
        settings.removals.scope_exit = RemovalPolicy::Delete { after_days: 0 };
        settings.removals.absence = RemovalPolicy::Delete { after_days: 0 };
        settings.delete_adopted = true;
        settings.recreate = true;
        // Where a removal takes two steps, both are counted.
        settings.guard.removals = if two_steps { Limit::new(10, 40) } else { Limit::new(5, 20) };
        settings.guard.creations = Limit::new(new_bookers, 50);
        settings.guard.updates = Limit::none();
        settings.guard.breadth = Limit::none();
        settings.guard.extensions = Limit::none();
        // Our own list grows and shrinks with the bookings.
        settings.guard.shrunken_percent = 0;
    })
}
