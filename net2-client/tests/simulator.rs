//! The client against the simulated server, in the ways servers are known to differ.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

use futures::TryStreamExt as _;
use net2_client::events::{EventCursor, EventPage};
use net2_client::tokens::NewToken;
use net2_client::users::{NewUser, UserChanges};
use net2_client::{AccessLevelId, DoorId, ErrorKind, Net2Client, Pace, ServerTime, TokenType, Trust};
use vendor_sim::net2::{Fault, FaultKind, Net2Options, Net2Sim, Switches};

fn client(sim: &Net2Sim) -> Net2Client {
    builder(sim).build().unwrap()
}

fn builder(sim: &Net2Sim) -> net2_client::Net2ClientBuilder {
    let pace = Pace { sign_in_spacing: std::time::Duration::from_millis(600), ..Pace::unlimited() };
    Net2Client::builder(sim.url()).operator(sim.operator(), sim.password()).client_id(sim.client_id()).pace(pace)
}

async fn start(change: impl FnOnce(&mut Switches)) -> Net2Sim {
    let mut options = Net2Options::default().people(20);
    options = options.with_switches(change);
    options.start().await.unwrap()
}

fn plain(_: &mut Switches) {}

fn pascal(switches: &mut Switches) {
    switches.pascal_case = true;
    switches.settings_as_object = true;
    switches.image_json = true;
    switches.list_system_engineer = true;
}

#[tokio::test]
async fn everything_can_be_read_in_either_case() {
    for change in [plain, pascal] {
        let sim = start(change).await;
        let net2 = client(&sim);
        net2.check().await.unwrap();
        let users = net2.users().list().await.unwrap();
        assert!(users.items.len() >= 20 && users.invalid.is_empty());
        let maya = net2.user(users.items[1].id);
        maya.get().await.unwrap();
        maya.department().await.unwrap();
        maya.permissions().await.unwrap();
        maya.tokens().list().await.unwrap();
        maya.image().await.unwrap();
        assert_eq!(net2.users().custom_fields().list().await.unwrap().len(), 14);
        assert!(!net2.departments().list().await.unwrap().is_empty());
        let level = net2.access_levels().shared().await.unwrap().last().unwrap().id;
        net2.access_levels().detail(level).await.unwrap();
        assert!(!net2.areas().list().await.unwrap().is_empty());
        let timezone = net2.timezones().list().await.unwrap().last().unwrap().id;
        net2.timezones().detail(timezone).await.unwrap();
        net2.timezones().days().await.unwrap();
        let doors = net2.doors().list().await.unwrap();
        assert_eq!(net2.doors().status().await.unwrap().len(), doors.len());
        for group in net2.door_groups().list().await.unwrap() {
            net2.door_groups().doors(group.id).await.unwrap();
        }
        net2.operators().list().await.unwrap();
        net2.token_types().list().await.unwrap();
        net2.roll_calls().list().await.unwrap();
        net2.io_boards().list().await.unwrap();
        let query = net2.custom_query();
        assert_eq!(query.users().await.unwrap().len(), net2_people(&users));
        assert!(!query.cards().await.unwrap().is_empty());
        assert_eq!(query.door_areas().await.unwrap().len(), 2 * doors.len());
        assert!(query.last_event().await.unwrap().is_some());
    }
}

fn net2_people(users: &net2_client::Listing<net2_client::users::User>) -> usize {
    users.items.iter().filter(|user| user.id.get() != 0).count()
}

#[tokio::test]
async fn a_visitor_is_created_changed_and_deleted() {
    let sim = start(plain).await;
    let net2 = client(&sim);
    let day = |text: &str| ServerTime::day(text.parse().unwrap());
    let new =
        NewUser::new("Vera", "Visitor").valid(day("2027-03-01"), Some(day("2027-03-05"))).with(|user| user.pin("4821"));
    let vera = net2.user(net2.users().create(&new).await.unwrap().id);
    vera.tokens().add(&NewToken::new(TokenType::Keyfob, "55443322")).await.unwrap();
    vera.modify_access_levels(&[AccessLevelId::new(1)], &[]).await.unwrap();
    vera.update(&UserChanges::new().telephone("0131")).await.unwrap();
    let stored = vera.get().await.unwrap();
    assert_eq!(stored.expiry_date.map(ServerTime::date), Some("2027-03-05".parse().unwrap()));
    assert_eq!(stored.permissions.unwrap().access_levels, [AccessLevelId::new(1)]);
    vera.delete().await.unwrap();
    assert_eq!(vera.get().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_whole_log_is_followed_even_where_answers_are_short() {
    let sim = start(|switches| switches.max_row_count = 7).await;
    let pages: Vec<EventPage> = client(&sim).events().since(EventCursor::start()).pages().try_collect().await.unwrap();
    let read: usize = pages.iter().map(|page| page.events.len()).sum();
    assert_eq!(read, sim.world(|world| world.events.len()));
    assert!(pages.last().unwrap().is_end);
}

#[tokio::test]
async fn a_log_whose_numbers_cannot_be_filtered_is_followed_from_its_end_on() {
    let sim = start(|switches| switches.eventid_in_where = false).await;
    let events = client(&sim).events();
    let end = events.newest_cursor().await.unwrap();
    let door = sim.world(|world| *world.doors.keys().next().unwrap());
    sim.world(|world| world.type_wrong_pin(door));
    let pages: Vec<EventPage> = events.since(end).pages().try_collect().await.unwrap();
    let new: Vec<_> = pages.iter().flat_map(|page| &page.events).filter(|event| event.id > end.last_id()).collect();
    assert_eq!((new.len(), new[0].is_guess()), (1, true));
    assert!(pages.iter().all(|page| page.by_time) && pages.last().unwrap().cursor.last_id() == new[0].id);
}

#[tokio::test]
async fn a_lost_order_opens_the_door_once_and_says_so() {
    let sim = start(plain).await;
    let net2 = client(&sim);
    let door: DoorId = net2.doors().list().await.unwrap()[0].id;
    sim.add_fault(Fault::on("POST", "*/commands/door/open", FaultKind::DropReply));
    let error = net2.door(door).open_momentarily().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let orders = sim.requests().iter().filter(|request| request.path.contains("commands/door/open")).count();
    assert_eq!(orders, 1);
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_until_the_server_makes_another() {
    let sim = Net2Options::default().people(3).tls(true).start().await.unwrap();
    let pin = sim.fingerprint().unwrap().parse().unwrap();
    let pinned = || builder(&sim).trust(Trust::PinnedSha256(vec![pin])).build().unwrap();
    pinned().doors().list().await.unwrap();
    assert_eq!(client(&sim).doors().list().await.unwrap_err().kind(), ErrorKind::Auth);
    sim.regenerate_certificate().unwrap();
    let error = pinned().doors().list().await.unwrap_err();
    assert!(error.failure().is_some(), "{error:?}");
}

#[cfg(feature = "live")]
#[tokio::test]
async fn what_happens_at_a_door_arrives_live() {
    use futures::StreamExt as _;
    use net2_client::live::LiveSignal;

    for (tls, as_text) in [(false, false), (true, true)] {
        let options = Net2Options::default().people(5).tls(tls);
        let sim = options.with_switches(|switches| switches.live_ids_as_text = as_text).start().await.unwrap();
        let mut builder = builder(&sim);
        if let Some(pin) = sim.fingerprint() {
            builder = builder.trust(Trust::PinnedSha256(vec![pin.parse().unwrap()]));
        }
        let net2 = builder.build().unwrap();
        let door = net2.doors().list().await.unwrap()[0].id;
        let mut live = net2.live().events().doors([door]).stream();
        assert!(matches!(live.next().await, Some(LiveSignal::Connected)));
        let order = async {
            // The subscriptions are on their way; the door opens until one of them has arrived.
            loop {
                net2.door(door).open_momentarily().send().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let heard = async {
            while let Some(signal) = live.next().await {
                if matches!(&signal, LiveSignal::Event(event) if event.door == Some(door)) {
                    return;
                }
            }
            panic!("the stream ended");
        };
        tokio::select! {
            () = heard => {}
            () = order => {}
        }
    }
}
