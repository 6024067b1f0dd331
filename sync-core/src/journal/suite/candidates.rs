//! What may differ.

use super::samples::{REVISION, agree, at, boxed, commit, dead, fingerprint, key, link, pair, see, seen, stream};
use crate::journal::{Candidate, CandidateQuery, Journal, Link, LinkState, RemovalStep, Side, Write};
use crate::model::ExternalId;

pub(super) async fn all<J: Journal>(make: &impl AsyncFn() -> J) {
    agreeing_records_are_no_candidates(&make().await).await;
    every_kind_of_difference_is_a_candidate(&make().await).await;
    a_retry_becomes_a_candidate_when_its_time_has_come(&make().await).await;
    unlinked_primary_records_are_candidates(&make().await).await;
    a_returned_record_brings_its_last_dead_link(&make().await).await;
    unlinked_lists_present_records_of_one_side(&make().await).await;
    named_records_are_candidates_whether_they_differ_or_not(&make().await).await;
}

async fn candidates(journal: &impl Journal, minute: i64) -> Vec<Candidate> {
    let query = CandidateQuery { pair: pair(), revision: REVISION, now: at(minute) };
    journal.candidates(&query).await.unwrap()
}

/// The primary ids of the candidates.
async fn ids(journal: &impl Journal) -> Vec<String> {
    let found = candidates(journal, 0).await;
    let link = |candidate: &Candidate| candidate.link.as_ref().and_then(|link| link.primary.clone());
    found
        .iter()
        .filter_map(|c| c.primary.as_ref().map(|seen| seen.id.clone()).or(link(c)))
        .map(|id| id.to_string())
        .collect()
}

async fn agreeing_records_are_no_candidates(journal: &impl Journal) {
    assert!(candidates(journal, 0).await.is_empty());
    agree(journal, "1", "a").await;
    agree(journal, "2", "b").await;
    commit(journal, vec![boxed(Link { primary: Some("9".into()), ..dead("9", "z", 0) })]).await;
    see(journal, Side::Secondary, vec![seen("of nobody", 1)]).await;
    assert!(candidates(journal, 0).await.is_empty());
}

async fn every_kind_of_difference_is_a_candidate(journal: &impl Journal) {
    for n in 0..=9 {
        agree(journal, &n.to_string(), &format!("s{n}")).await;
    }
    let numbered = |n: u32| link(&n.to_string(), &format!("s{n}"));
    let removed = RemovalStep { cause: "missing".to_owned(), step: "disable".to_owned(), at: at(0), deleting: false };
    let writes = vec![
        Write::See(stream(Side::Primary), vec![seen("0", 2)]),
        Write::See(stream(Side::Secondary), vec![seen("s1", 2)]),
        boxed(Link { revision: REVISION - 1, ..numbered(2) }),
        Write::Due(key("3", 0)),
        Write::Gone(stream(Side::Primary), "4".into(), at(0)),
        Write::Gone(stream(Side::Secondary), "s5".into(), at(0)),
        boxed(Link { state: LinkState::Held, ..numbered(6) }),
        boxed(Link { removed: Some(removed), ..numbered(7) }),
        boxed(Link { secondary: Some("never seen".into()), ..numbered(8) }),
    ];
    commit(journal, writes).await;
    assert_eq!(ids(journal).await, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);

    let found = candidates(journal, 0).await;
    assert_eq!(found[0].primary, Some(seen("0", 2)));
    assert_eq!(found[0].secondary, Some(seen("s0", 1)));
    assert_eq!(found[0].link, Some(numbered(0)));
    assert_eq!(found[4].primary.as_ref().map(|seen| seen.missing), Some(u32::MAX));
    assert_eq!(found[8].secondary, None);

    let agreed = Link { primary_seen: fingerprint(2), ..numbered(0) };
    commit(journal, vec![boxed(agreed), boxed(numbered(3)), boxed(Link { revision: REVISION + 1, ..numbered(2) })])
        .await;
    assert_eq!(ids(journal).await, ["1", "2", "4", "5", "6", "7", "8"]);

    let one_sided = Link { secondary: None, ..link("one-sided", "") };
    let nameless = Link { primary: None, ..link("nameless", "n") };
    commit(journal, vec![boxed(one_sided), boxed(nameless.clone())]).await;
    assert_eq!(candidates(journal, 0).await[0].link, Some(nameless));
    assert_eq!(ids(journal).await.last().map(String::as_str), Some("one-sided"));
}

async fn a_retry_becomes_a_candidate_when_its_time_has_come(journal: &impl Journal) {
    agree(journal, "1", "a").await;
    commit(journal, vec![boxed(Link { retry_at: Some(at(10)), attempts: 1, ..link("1", "a") })]).await;
    assert!(candidates(journal, 9).await.is_empty());
    assert_eq!(candidates(journal, 10).await.len(), 1);
}

async fn unlinked_primary_records_are_candidates(journal: &impl Journal) {
    agree(journal, "2", "b").await;
    see(journal, Side::Primary, vec![seen("3", 1), seen("1", 1), seen("gone", 1)]).await;
    commit(journal, vec![Write::Gone(stream(Side::Primary), "gone".into(), at(0))]).await;
    let expected = |id| Candidate { link: None, primary: Some(seen(id, 1)), secondary: None };
    assert_eq!(candidates(journal, 0).await, [expected("1"), expected("3")]);
}

async fn a_returned_record_brings_its_last_dead_link(journal: &impl Journal) {
    see(journal, Side::Primary, vec![seen("1", 1)]).await;
    see(journal, Side::Secondary, vec![seen("a", 1), seen("b", 1)]).await;
    commit(journal, vec![boxed(dead("1", "b", 1)), boxed(dead("1", "a", 0)), boxed(dead("2", "a", 5))]).await;
    let found = candidates(journal, 0).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].link, Some(dead("1", "b", 1)));
    assert_eq!((&found[0].primary, &found[0].secondary), (&Some(seen("1", 1)), &Some(seen("b", 1))));
}

async fn named_records_are_candidates_whether_they_differ_or_not(journal: &impl Journal) {
    for n in ["1", "2", "3"] {
        agree(journal, n, &format!("s{n}")).await;
    }
    see(journal, Side::Primary, vec![seen("new", 1), seen("back", 1), seen("gone", 1)]).await;
    see(journal, Side::Secondary, vec![seen("b", 1)]).await;
    commit(journal, vec![boxed(dead("back", "a", 0)), boxed(dead("back", "b", 1)), boxed(dead("1", "b", 4))]).await;
    commit(journal, vec![Write::Gone(stream(Side::Primary), "gone".into(), at(0))]).await;
    commit(journal, vec![Write::Gone(stream(Side::Primary), "3".into(), at(0))]).await;

    let asked = ["new", "3", "back", "1", "gone", "unknown", "1"].map(ExternalId::from);
    let found = journal.candidates_of(&pair(), &asked).await.unwrap();
    let told: Vec<_> = found.iter().map(|c| c.primary.as_ref().map(|seen| seen.id.as_str())).collect();
    assert_eq!(told, [Some("1"), Some("3"), Some("back"), Some("new")]);
    let agreeing =
        Candidate { link: Some(link("1", "s1")), primary: Some(seen("1", 1)), secondary: Some(seen("s1", 1)) };
    assert_eq!(found[0], agreeing);
    assert_eq!(found[1].primary.as_ref().map(|seen| seen.missing), Some(u32::MAX));
    assert_eq!((&found[2].link, &found[2].secondary), (&Some(dead("back", "b", 1)), &Some(seen("b", 1))));
    assert_eq!((&found[3].link, &found[3].secondary), (&None, &None));
    assert!(journal.candidates_of(&pair(), &[]).await.unwrap().is_empty());
}

async fn unlinked_lists_present_records_of_one_side(journal: &impl Journal) {
    agree(journal, "1", "a").await;
    see(journal, Side::Secondary, vec![seen("d", 1), seen("c", 1), seen("e", 1), seen("b", 1)]).await;
    commit(journal, vec![boxed(dead("4", "d", 0)), boxed(Link { state: LinkState::Held, ..link("5", "e") })]).await;
    commit(journal, vec![Write::Gone(stream(Side::Secondary), "c".into(), at(0))]).await;
    assert_eq!(journal.unlinked(&pair(), Side::Secondary).await.unwrap(), [seen("b", 1), seen("d", 1)]);
    assert!(journal.unlinked(&pair(), Side::Primary).await.unwrap().is_empty());
}
