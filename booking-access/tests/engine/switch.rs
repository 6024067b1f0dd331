//! The site changes from one kind of code to another.

use booking_access::Settings;
use booking_access::codes::Identification;
use sync_core::connector::CodeKind;
use sync_core::model::{Known, SecretText};

use crate::letters::{Letterbox, config, post};
use crate::site::{Site, at, booking};

const ANN: &str = "ann@x.example";
const BOB: &str = "bob@x.example";

fn shown(site: &Site, email: &str) -> (Option<String>, Option<String>) {
    let person = site.doors.ours(email).unwrap().value;
    let text = |known: &Known<SecretText>| known.value().map(|code| code.expose().to_owned());
    (text(&person.pin), text(&person.code))
}

fn states(site: &Site) -> Vec<(String, String)> {
    let query = "SELECT kind, state FROM code ORDER BY version";
    site.access
        .store()
        .with(|connection| {
            let mut statement = connection.prepare(query)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<Vec<_>, _>>()
        })
        .unwrap()
}

fn state(kind: &str, state: &str) -> (String, String) {
    (kind.to_owned(), state.to_owned())
}

fn is(identification: Identification) -> impl FnOnce(&mut Settings) {
    move |settings| settings.codes.identification = identification
}

/// Two bookers with codes of one kind; then the site changes.
async fn switched(from: Identification, to: Identification) -> (Site, Letterbox) {
    let mut site = Site::with_mail(at(8, 0), is(from), Some(config()));
    let letterbox = Letterbox::default();
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.feed.put("b", booking(BOB, "Room 2", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    assert_eq!(post(&site, &letterbox).await, 2);
    site.restart_with(is(to));
    site.round(at(8, 10)).await;
    (site, letterbox)
}

#[tokio::test]
async fn from_numbers_to_pins_and_back_old_codes_go_and_new_ones_are_told() {
    for (from, to, old, new) in [
        (Identification::Qr, Identification::Pin, "number", "pin"),
        (Identification::Pin, Identification::Qr, "pin", "number"),
    ] {
        let (site, letterbox) = switched(from, to).await;
        for email in [ANN, BOB] {
            let (pin, code) = shown(&site, email);
            assert_eq!((pin.is_some(), code.is_some()), (to == Identification::Pin, to == Identification::Qr));
            let issued = site.access.code(email).unwrap().unwrap().1;
            assert_eq!(pin.or(code).unwrap(), issued.expose());
        }
        let [gone, active] = [state(old, "cooling"), state(new, "active")];
        assert_eq!(states(&site), [gone.clone(), gone, active.clone(), active]);
        assert_eq!(post(&site, &letterbox).await, 2, "the new ones are told");
        site.round(at(8, 20)).await;
        assert_eq!(post(&site, &letterbox).await, 0);
        site.until(at(10, 0)).await;
        assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
    }
}

#[tokio::test]
async fn where_staff_hand_out_cards_from_now_on_our_codes_are_withdrawn_and_no_others() {
    for (from, kind, word) in
        [(Identification::Qr, CodeKind::Number, "number"), (Identification::Pin, CodeKind::Pin, "pin")]
    {
        let (site, letterbox) = switched(from, Identification::Manual).await;
        assert_eq!((shown(&site, ANN), shown(&site, BOB)), ((None, None), (None, None)));
        let gone = state(word, "cooling");
        assert_eq!(states(&site), [gone.clone(), gone]);
        assert!(!site.access.has_issued(kind).unwrap());
        assert_eq!(post(&site, &letterbox).await, 2, "they are told to use their card");
        // What staff give them afterwards is none of ours.
        let id = site.doors.ours(ANN).unwrap().id;
        site.doors.edit(&id, |person| {
            person.pin = Known::Value(SecretText::new("135790"));
            person.code = Known::Value(SecretText::new("4711"));
        });
        site.round(at(8, 20)).await;
        site.until(at(10, 0)).await;
        assert_eq!(shown(&site, ANN), (Some("135790".to_owned()), Some("4711".to_owned())));
        assert_eq!(site.doors_of(ANN), ["d1", "gate"]);
        assert_eq!(post(&site, &letterbox).await, 0);
    }
}

#[tokio::test]
async fn an_old_code_counts_as_issued_until_the_doors_have_let_it_go() {
    let mut site = Site::with(is(Identification::Qr));
    site.feed.put("a", booking(ANN, "Room 1", at(10, 0), at(11, 0)));
    site.round(at(8, 0)).await;
    let old = shown(&site, ANN);
    site.restart_with(is(Identification::Pin));
    site.doors.away(true);
    site.set(at(8, 10));
    let _ = site.run().await;
    assert_eq!(shown(&site, ANN), old, "nothing is lost while the doors are away");
    assert!(site.access.has_issued(CodeKind::Number).unwrap());
    site.doors.away(false);
    site.round(at(8, 20)).await;
    assert!(!site.access.has_issued(CodeKind::Number).unwrap());
}
