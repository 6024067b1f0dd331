//! Visits: one record with both times becomes two events.

use chrono::{DateTime, FixedOffset};

use super::model::Event;
use crate::id::{DeviceId, EventId, VisitId};
use crate::words::{EventType, Method};

/// One record with both times, as servers keep it that know no events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visit {
    /// What both ways have in common; its id is the visit's.
    pub common: Event,
    /// When the person came.
    pub in_at: DateTime<FixedOffset>,
    /// When the person went; an open visit has none.
    pub out_at: Option<DateTime<FixedOffset>>,
    /// Where the person went, if elsewhere than they came.
    pub out_device: Option<DeviceId>,
}

impl Visit {
    /// The way in, and the way out once there is one.
    ///
    /// What the system made up is the way out: nobody is signed in at night. A visit is completed later, so its version
    /// and its number say nothing about its ways. When it was changed is told of both: it gives both a new place.
    pub fn events(&self) -> Vec<Event> {
        let base = Event {
            seq: None,
            revision: 1,
            recorded_at: None,
            visit: Some(VisitId::new(self.common.id.as_str())),
            ..self.common.clone()
        };
        let made_up = base.method == Some(Method::Automatic);
        let way_in = Event {
            id: EventId::way_in(self.common.id.as_str()),
            event_type: EventType::SignIn,
            at: self.in_at,
            automatic: false,
            method: base.method.clone().filter(|_| !made_up),
            ..base.clone()
        };
        let way_out = self.out_at.map(|at| Event {
            id: EventId::way_out(self.common.id.as_str()),
            event_type: EventType::SignOut,
            at,
            device: self.out_device.clone().or_else(|| base.device.clone()),
            ..base
        });
        std::iter::once(way_in).chain(way_out).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::model::tests::event;
    use crate::events::{BookingRules, Ignored, Outcome};

    fn visit(out: Option<&str>) -> Visit {
        let mut common = event("v-9001", EventType::SignIn);
        common.seq = Some(7);
        common.revision = 3;
        Visit {
            common,
            in_at: "2026-03-02T07:41:09Z".parse().unwrap(),
            out_at: out.map(|text| text.parse().unwrap()),
            out_device: None,
        }
    }

    #[test]
    fn an_open_visit_is_a_way_in_only() {
        let events = visit(None).events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].id.as_str(), "v-9001#in");
        assert_eq!((events[0].seq, events[0].revision), (None, 1));
    }

    #[test]
    fn a_completed_visit_keeps_its_way_in_as_it_was() {
        let open = visit(None).events();
        let mut done = visit(Some("2026-03-02T15:32:40Z"));
        done.out_device = Some("90".into());
        let done = done.events();
        assert_eq!(done[0], open[0]);
        assert_eq!(done[1].id.as_str(), "v-9001#out");
        assert_eq!(done[1].event_type, EventType::SignOut);
        assert_eq!(done[1].device, Some("90".into()));
        assert_eq!(done[1].visit, Some("v-9001".into()));
    }

    #[test]
    fn what_the_system_made_up_is_the_way_out() {
        for by_method in [false, true] {
            let mut visit = visit(Some("2026-03-02T23:59:00Z"));
            visit.common.automatic = !by_method;
            visit.common.method = by_method.then_some(Method::Automatic);
            let outcomes: Vec<_> = visit.events().iter().map(|event| event.outcome(BookingRules::default())).collect();
            assert_eq!(outcomes, [Outcome::In, Outcome::Ignored(Ignored::Automatic)]);
        }
    }
}
