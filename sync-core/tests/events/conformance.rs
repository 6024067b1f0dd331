use sync_core::connector::{DeliveryClass, ErrorClass};
use sync_core::model::{AccessEvent, Clocking, ClockingKind, Direction, EventClass};
use sync_core::test_kit::{
    FakeBookings, FakeEventLog, sink_answers_again, sink_keeps_good_from_bad, sink_takes_an_empty_batch,
    source_in_order, source_pages_agree, source_resumes,
};

use crate::world::{key, swipe};

fn clocking(number: i64) -> Clocking {
    Clocking {
        key: key(number),
        kind: ClockingKind::Attendance,
        person: Some("101".into()),
        stranger: None,
        device: "1".into(),
        occurred: swipe(1, 1, number * 100).occurred,
        class: EventClass::Granted,
        credential: None,
        direction: Direction::Unknown,
        identity: None,
    }
}

#[tokio::test]
async fn the_fake_log_passes_the_kit() {
    let log = FakeEventLog::new("net2").paged(3);
    for n in 0..10 {
        log.append(swipe(1, 1, n));
        log.skip(n % 3);
    }
    source_in_order(&log, 10).await.unwrap();
    source_resumes(&log).await.unwrap();
    source_pages_agree(&log).await.unwrap();
    let breach = source_in_order(&log, 11).await.unwrap_err();
    assert!(breach.to_string().contains("10 events"), "{breach}");
}

#[tokio::test]
async fn fake_attendance_systems_of_every_class_pass_the_kit() {
    for class in [DeliveryClass::Keyed, DeliveryClass::Searchable, DeliveryClass::Unsafe] {
        let sink = FakeBookings::new("timeware", class);
        sink.poison(&key(3), Some(ErrorClass::Invalid));
        sink_takes_an_empty_batch(&sink).await.unwrap();
        sink_answers_again(&sink, &clocking(1), &clocking(9)).await.unwrap();
        sink_keeps_good_from_bad(&sink, &[clocking(2), clocking(4)], &clocking(3)).await.unwrap();
        assert_eq!(sink.booked().len(), 3);
    }
}

#[tokio::test]
async fn the_kit_notices_a_keyed_sink_without_keys() {
    let sink = FakeBookings::new("timeware", DeliveryClass::Unsafe);
    let liar = Liar(sink);
    let breach = sink_answers_again(&liar, &clocking(1), &clocking(9)).await.unwrap_err();
    assert!(breach.to_string().contains("duplicate"), "{breach}");
}

/// Declares keys and has none.
#[derive(Debug)]
struct Liar(FakeBookings);

mod lie {
    use async_trait::async_trait;
    use sync_core::connector::*;
    use sync_core::model::{Clocking, EndpointName, EventKey};

    #[async_trait]
    impl Endpoint for super::Liar {
        fn name(&self) -> &EndpointName {
            self.0.name()
        }
        async fn identify(&self) -> Result<EndpointIdentity, SyncError> {
            self.0.identify().await
        }
        async fn check(&self) -> CheckReport {
            self.0.check().await
        }
    }

    #[async_trait]
    impl EventSink for super::Liar {
        fn accepts(&self) -> DeliveryCaps {
            DeliveryCaps { class: DeliveryClass::Keyed, ..self.0.accepts() }
        }
        async fn deliver(&self, batch: &[Clocking]) -> Vec<Result<Delivered, SyncError>> {
            self.0.deliver(batch).await
        }
        async fn find(&self, key: &EventKey) -> Result<Option<Delivered>, SyncError> {
            self.0.find(key).await
        }
    }
}

#[test]
fn an_event_shows_neither_person_nor_card_in_debug() {
    let event = AccessEvent { credential: Some("5551234".to_owned()), ..swipe(77, 1, 0) };
    let text = format!("{event:?} {:?}", clocking(1));
    assert!(!text.contains("5551234") && !text.contains("101"), "{text}");
}
