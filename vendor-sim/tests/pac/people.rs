use chrono::TimeDelta;
use vendor_sim::pac::{Credential, PacSim, Person};

use crate::client::{Client, attribute, code, site};

fn ids(page: &str) -> Vec<u32> {
    page.split("<Person id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_scan_gives_everybody_once_in_order() {
    let (sim, mut client) = site(25).await;
    let mut page = client.ask(r#"<PersonList size="10" active="all"/>"#).await;
    assert_eq!((attribute(&page, "total").as_str(), attribute(&page, "asOf").as_str()), ("25", "0"));
    assert_eq!(attribute(&page, "epoch"), sim.world(|w| w.epoch.to_string()));
    let mut all = ids(&page);
    while page.contains(" next=\"") {
        let next = attribute(&page, "next");
        page = client.ask(&format!(r#"<PersonList page="{next}" size="10" active="all"/>"#)).await;
        all.extend(ids(&page));
    }
    assert_eq!(all, (101..=125).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_scan_may_ask_for_the_active_ones_alone() {
    let (sim, mut client) = site(4).await;
    sim.world(|w| w.edit_person(102, |p| p.active = false));
    let active = client.ask(r#"<PersonList size="500" active="active"/>"#).await;
    assert_eq!(ids(&active), [101, 103, 104]);
    assert_eq!(ids(&client.ask(r#"<PersonList size="500" active="inactive"/>"#).await), [102]);
    assert_eq!(attribute(&active, "asOf"), "1");
    assert!(!active.contains(" next="));
}

#[tokio::test]
async fn a_token_is_good_for_ten_minutes() {
    let sim = PacSim::builder().people(30).frozen(true).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let next = attribute(&client.ask(r#"<PersonList size="10" active="all"/>"#).await, "next");
    let more = format!(r#"<PersonList page="{next}" size="10" active="all"/>"#);
    sim.world(|w| w.clock.advance(TimeDelta::minutes(10)));
    assert_eq!(code(&client.ask(&more).await), 0);
    assert_eq!(code(&client.ask(&more.replace("\"all\"", "\"active\"")).await), 306);
    sim.world(|w| w.clock.advance(TimeDelta::milliseconds(1)));
    assert_eq!(code(&client.ask(&more).await), 405);
    assert_eq!(code(&client.ask(r#"<PersonList page="p:2:8d21" size="10" active="all"/>"#).await), 405);
    let next = attribute(&client.ask(r#"<PersonList size="10" active="all"/>"#).await, "next");
    sim.fault("page-expire").unwrap();
    assert_eq!(code(&client.ask(&format!(r#"<PersonList page="{next}" size="10" active="all"/>"#)).await), 405);
}

#[tokio::test]
async fn page_sizes_are_bounded() {
    let (_sim, mut client) = site(1).await;
    for (size, wanted) in [("0", 306), ("501", 306), ("500", 0), ("007", 112), ("-1", 112), ("many", 112)] {
        let answer = client.ask(&format!(r#"<PersonList size="{size}" active="all"/>"#)).await;
        assert_eq!(code(&answer), wanted, "{size}");
    }
    assert_eq!(code(&client.ask(r#"<PersonList size="10" active="some"/>"#).await), 112);
    assert_eq!(code(&client.ask(r#"<PersonList size="10"/>"#).await), 112);
}

#[tokio::test]
async fn a_person_is_found_by_one_of_three_ways() {
    let (sim, mut client) = site(0).await;
    let id = sim.world(|w| {
        w.add_person(Person {
            ext: Some("astrow:1042".to_owned()),
            first: "Zoë \"Ł\" & <ß> 🦊".to_owned(),
            active: true,
            credentials: vec![
                Credential::of("wiegand26:77-40211".parse().unwrap()),
                Credential::of("oneprox:04A1B2C3".parse().unwrap()),
            ],
            fields: [(1, "Dock 3".to_owned())].into(),
            ..Person::default()
        })
    });
    for selector in [
        format!(r#"id="{id}""#),
        r#"ext="astrow:1042""#.to_owned(),
        r#"credType="wiegand26" credNumber="40211" facility="77""#.to_owned(),
        r#"credType="oneprox" credNumber="04A1B2C3""#.to_owned(),
    ] {
        let answer = client.ask(&format!("<PersonGet {selector}/>")).await;
        assert_eq!(attribute(&answer, "first"), "Zoë &quot;Ł&quot; &amp; &lt;ß&gt; 🦊", "{selector}");
        assert!(
            answer.contains(
                r#"<Group id="1"/><Credential type="wiegand26" number="40211" facility="77" state="active"/>"#
            )
        );
        assert!(answer.contains(r#"<Field n="1" value="Dock 3"/></Person>"#));
        assert!(answer.contains(r#"createdBy="operator:sim""#));
    }
    for (selector, wanted) in [
        (r#"id="7""#, 300),
        (r#"ext="astrow:1""#, 300),
        (r#"credType="pac-prox" credNumber="8E4C0A1F""#, 300),
        (r#"credType="wiegand26" credNumber="40211""#, 305),
        (r#"credType="oneprox""#, 112),
        ("", 306),
        (r#"id="101" ext="astrow:1042""#, 306),
        (r#"id="0""#, 112),
    ] {
        assert_eq!(code(&client.ask(&format!("<PersonGet {selector}/>")).await), wanted, "{selector}");
    }
}

#[tokio::test]
async fn definitions_come_once_and_then_only_when_changed() {
    let (sim, mut client) = site(0).await;
    let answer = client.ask("<DefinitionsGet/>").await;
    assert!(answer.contains(r#"<AccessGroup id="1" name="Everybody" default="true" enabled="true"/>"#));
    assert!(answer.contains(r#"<Controller id="2" name="Main building" model="500 series" serial="00041877"/>"#));
    assert!(answer.contains(
        r#"<Reader id="12" name="Main entrance OUT" controller="2" door="6" doorName="Main entrance" direction="out"/>"#
    ));
    let again = format!(r#"<DefinitionsGet ifNot="{}"/>"#, attribute(&answer, "etag"));
    let same = client.ask(&again).await;
    assert!(same.contains(r#"unchanged="true"/>"#), "{same}");
    sim.world(|w| {
        let mut group = w.groups[&4].clone();
        "Night shift".clone_into(&mut group.name);
        w.put_group(group);
    });
    let other = client.ask(&again).await;
    assert!(other.contains(r#"unchanged="false""#) && other.contains("Night shift"));
    let change = sim.world(|w| w.changes.get(1).cloned()).unwrap();
    assert_eq!((change.entity.name(), change.op.name(), change.id), ("access-group", "updated", 4));
}

#[tokio::test]
async fn a_big_site_is_there_at_once_and_its_pages_are_quick() {
    let sim = PacSim::builder().people(100_000).events(2_000_000).start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let epoch = sim.world(|w| w.epoch);
    let late = client.ask(&format!(r#"<LogRead stream="events" epoch="{epoch}" after="1999990" max="500"/>"#)).await;
    assert_eq!(crate::client::numbers(&late), (1_999_991..=2_000_000).collect::<Vec<u64>>());
    assert!(late.contains(r#"more="false""#));
    let page = client.ask(r#"<PersonList size="500" active="all"/>"#).await;
    assert_eq!((ids(&page).len(), attribute(&page, "total").as_str()), (500, "100000"));
}
