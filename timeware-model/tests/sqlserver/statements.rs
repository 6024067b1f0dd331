//! What goes over the wire: texts that an independent parser reads, values as parameters, no null among them.

use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use timeware_model::{
    Field, GroupingNumber, LinkEntity, LinkState, NameParts, NewTerminal, Origin, PeoplePage, PersonFields, PersonKey,
    TerminalChange, TerminalDirection, TerminalKind,
};
use vendor_sim::sqlserver::{LoggedStatement, SqlServerSim};

use crate::common::*;

fn sim(world: &World) -> &SqlServerSim {
    match &world.database {
        Database::SqlServer(sim) => sim,
        Database::Embedded(_) => unreachable!(),
    }
}

/// A day at a site: every call of a store, on a server that takes no null without a type.
async fn a_day(text: &str) -> Vec<LoggedStatement> {
    let world = store(Engine::SqlServer, text).await;
    sim(&world).refuse_bare_nulls(true);
    let one = GroupingNumber::new(1).unwrap();
    let sales = world.create_grouping(one, "Sales", Some(&key("d1"))).await.unwrap().id;
    world.rename_grouping(one, sales, "Sales EMEA").await.unwrap();
    let staff = world.create_policy("Staff", None, Some(&key("l1"))).await.unwrap().id;
    world.update_policy(staff, Some("Everybody"), None).await.unwrap();
    let mut fields = with_cards(named("Åsa Müller-Öztürk"), &["42", "AB-7"]);
    fields.groupings.insert(one, Field::Set(sales));
    fields.policy = Field::Set(staff);
    fields.title = Field::Set("Dr 你好 😀".to_owned());
    fields.paylink = Field::Set("P-7".to_owned());
    fields.email_address = Field::Set("asa@example.org".to_owned());
    fields.badge_expiry = Field::Set(local("2027-01-31 23:59:59"));
    let asa = world.create_person(&fields, Some(&key("p1"))).await.unwrap().id;
    let read = world.person(asa, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!((read.title.as_deref(), read.last_name.as_str()), (Some("Dr 你好 😀"), "Müller-Öztürk"));
    assert_eq!(read.badge_expiry, Some(local("2027-01-31 23:59:59")));

    let mut empty = with_cards(PersonFields::default(), &[]);
    (empty.title, empty.paylink, empty.email_address) = (Field::Clear, Field::Clear, Field::Clear);
    (empty.badge_expiry, empty.policy) = (Field::Clear, Field::Clear);
    empty.groupings.insert(one, Field::Clear);
    world.update_person(asa, &empty).await.unwrap();
    let read = world.person(asa, Some("net2-hq")).await.unwrap().unwrap();
    assert_eq!((read.title, read.badge, read.badge_expiry, read.groupings.len()), (None, None, None, 0));

    let origin = Origin::new("net2-hq", "7").unwrap();
    let door = world.create_terminal(&NewTerminal::new("Door").origin(origin), Some(&key("7"))).await.unwrap().id;
    let mut release = TerminalChange::release(TerminalKind::Attendance, at("2026-01-01T00:00:00.123Z"));
    (release.roll_call, release.zone) = (Some(true), Field::Set(3));
    let set = world.set_terminal(door, &release.direction(TerminalDirection::In)).await.unwrap();
    assert_eq!(set.take_from, Some(at("2026-01-01T00:00:00.123Z")));
    let shop = terminal(&world, "Shop", TerminalKind::Access).await;
    world.rename_terminal(shop, "Store").await.unwrap();
    let group = world.create_terminal_group("Doors", &[door].into(), Some(&key("g1"))).await.unwrap().id;
    world.update_terminal_group(group, Some("All doors"), Some(&[door, shop].into())).await.unwrap();
    for (id, terminal, when) in [("e1", door, "07:00:10"), ("e2", door, "12:00:10"), ("e3", shop, "13:00:10")] {
        book(&world, event(id, terminal, asa, &format!("2026-06-01T{when}Z"))).await;
    }
    let mut gone = TerminalChange::default();
    (gone.zone, gone.take_from) = (Field::Clear, Field::Clear);
    world.set_terminal(door, &gone).await.unwrap();
    book(&world, event("e4", door, asa, "2026-06-01T14:00:10Z")).await;
    world.set_link_state(LinkEntity::Terminal, &key("7"), LinkState::Missing).await.unwrap();
    world.mark_leaver(asa, None).await.unwrap();
    world.mark_returned(asa, &with_cards(PersonFields::default(), &["42"])).await.unwrap();

    let name = NameParts::new("åsa", "MÜLLER-öztürk").unwrap();
    for found in [PersonKey::Name(name), PersonKey::Badge(42), PersonKey::Receipt(key("p1"))] {
        assert_eq!(world.find_people(&found, Some("net2-hq")).await.unwrap().len(), 1, "{found:?}");
    }
    for nobody in [PersonKey::Email("asa@example.org".to_owned()), PersonKey::Paylink("P-7".to_owned())] {
        assert!(world.find_people(&nobody, None).await.unwrap().is_empty());
    }
    world.people(&PeoplePage::of("net2-hq")).await.unwrap();
    world.holder_at("net2-hq", "42", at("2026-06-01T12:00:00Z")).await.unwrap();
    world.holder_at("net2-hq", "43", at("2026-06-01T12:00:00Z")).await.unwrap();
    world.badge_spans(asa).await.unwrap();
    world.last_event(asa).await.unwrap();
    world.reconcile(at("2026-06-01T00:00:00Z"), at("2026-06-02T00:00:00Z")).await.unwrap();
    assert_eq!(world.roll_call().await.unwrap()[0].zone, None);
    assert_eq!(world.terminals(Some("net2-hq")).await.unwrap().len(), 2);
    assert_eq!(world.terminal_groups(Some("net2-hq")).await.unwrap()[0].terminals.len(), 2);
    assert_eq!(world.policies(Some("net2-hq")).await.unwrap()[0].description, "Everybody");
    assert_eq!(world.statuses().await.unwrap().len(), 2);
    sim(&world).statements()
}

const SITES: [&str; 5] = [
    "profile = \"staged\"",
    "profile = \"staged\"\ndirection_gap_minutes = 5\narchive = false",
    "profile = \"twork\"\nallow_direct_twork = true",
    "profile = \"staged\"\n[groupings]\nkind = \"table-per-grouping\"",
    "profile = \"staged\"\n[groupings]\nkind = \"text-column\"",
];

#[tokio::test]
async fn every_statement_of_a_day_is_read_by_an_independent_parser_and_binds_no_null() {
    for site in SITES {
        let statements = a_day(site).await;
        assert!(statements.len() > 200, "{}", statements.len());
        for statement in &statements {
            assert_eq!(statement.error, None, "{}", statement.text);
            // The parser knows no COLLATE before NOT NULL.
            let text = statement.text.replace(" COLLATE Latin1_General_100_BIN2", "");
            assert!(Parser::parse_sql(&MsSqlDialect {}, &text).is_ok(), "{text}");
            assert!(statement.parameters.iter().all(|parameter| !parameter.is_null), "{}", statement.text);
        }
    }
}

#[tokio::test]
async fn nothing_that_people_wrote_stands_in_a_statement() {
    for statement in a_day(SITES[0]).await {
        for secret in ["Müller", "AB-7", "P-7", "asa@", "Sales", "net2-hq", "Everybody", "Door"] {
            assert!(!statement.text.contains(secret), "{secret} in {}", statement.text);
        }
        let upper = statement.text.to_uppercase();
        for word in ["DELETE ", "MERGE ", "OUTPUT ", "OFFSET ", "TRUNCATE "] {
            assert!(!upper.contains(word), "{word}in {}", statement.text);
        }
    }
}

#[tokio::test]
async fn times_are_compared_in_the_type_of_their_column() {
    let types = |statement: &LoggedStatement| -> Vec<String> {
        statement.parameters.iter().map(|parameter| parameter.sent_as.clone()).collect()
    };
    let statements = a_day(SITES[0]).await;
    let guard = statements.iter().find(|statement| statement.text.contains("WHERE NOT EXISTS")).unwrap();
    assert!(types(guard).iter().any(|name| name == "datetime"), "{:?}", types(guard));
    assert!(types(guard).iter().all(|name| !name.starts_with("datetime2")), "{:?}", types(guard));
    let receipt = statements.iter().find(|statement| statement.text.contains("INTO [dbo].[bridge_event]")).unwrap();
    let instants = types(receipt).iter().filter(|name| name.starts_with("datetime2")).count();
    assert_eq!(instants, 3, "{:?}", types(receipt));
}
