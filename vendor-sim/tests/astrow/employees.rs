use serde_json::{Value, json};
use vendor_sim::astrow::AstrowSim;

use crate::client::{Caller, quiet, send, signed_in, sim};

/// The new employee of the contract.
pub(crate) fn teo() -> Value {
    json!({
        "name": { "first": "Teo", "last": "Marchetti" }, "employeeNo": "E-1077", "badgeNo": "213", "badgeBase": "dec",
        "startContract": "2026-03-02", "startCalculation": "2026-03-02", "cycle": "C-STD", "payGroup": "PG-1",
        "department": "FIN", "terminalGroup": "TG-HQ", "companySite": "HQ", "freeFields": { "1": "pac:213" },
        "pac": {
            "personId": 213, "master": "pac", "accessGroups": [{ "id": 1 }],
            "badges": [{ "type": "pac-prox", "number": "8E4C0B77", "state": "active" }],
        },
    })
}

/// A site with Teo as 1077.
pub(crate) async fn with_teo() -> (AstrowSim, Caller) {
    let sim = sim();
    sim.world(|w| w.next_pers_no = 1077);
    let caller = signed_in(&sim).await;
    assert_eq!(caller.post("employees", &teo()).await.status, 201);
    (sim, caller)
}

#[tokio::test]
async fn a_new_employee_comes_back_whole() {
    let sim = sim();
    sim.world(|w| w.next_pers_no = 1077);
    let caller = signed_in(&sim).await;
    let made = caller.post("employees", &teo()).await;
    let mut expected = teo();
    expected["persNo"] = json!(1077);
    expected["active"] = json!(true);
    expected["endCalculation"] = Value::Null;
    expected["etag"] = json!("\"1\"");
    assert_eq!((made.status, made.etag.as_deref()), (201, Some("\"1\"")));
    assert_eq!(made.body, expected);
    assert_eq!(caller.get("employees/1077").await.body, expected);
    let change = sim.world(|w| w.changes().last().cloned()).unwrap();
    assert_eq!((change.pers_no, change.origin.as_str()), (Some(1077), "api:tests/1"));
}

#[tokio::test]
async fn what_is_left_out_gets_a_default() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    let least = json!({ "name": { "first": "Teo" }, "badgeNo": "213", "startContract": "2026-03-02", "cycle": "C-STD", "payGroup": "PG-1", "colour": 1 });
    let made = caller.post("employees", &least).await;
    assert_eq!((made.status, &made.body["startCalculation"]), (201, &json!("2026-03-02")));
    assert_eq!((&made.body["companySite"], &made.body["badgeBase"]), (&json!("HQ"), &json!("dec")));
    assert_eq!(made.body["pac"], json!({ "master": "pac", "accessGroups": [], "badges": [] }));
    assert!(made.body.get("terminalGroup").is_none());
}

#[tokio::test]
async fn what_is_needed_is_named() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    for path in ["name", "name.first", "badgeNo", "startContract", "cycle", "payGroup"] {
        let mut without = teo();
        match path.split_once('.') {
            Some((outer, inner)) => drop(without[outer].as_object_mut().unwrap().remove(inner)),
            None => drop(without.as_object_mut().unwrap().remove(path)),
        }
        let refused = caller.post("employees", &without).await;
        assert_eq!((refused.problem(), refused.field()), ((422, "bad-value"), path));
    }
}

#[tokio::test]
async fn unknown_codes_are_refused_with_their_field() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    for field in ["cycle", "payGroup", "department", "terminalGroup", "companySite"] {
        let mut wrong = teo();
        wrong[field] = json!("NOWHERE");
        let refused = caller.post("employees", &wrong).await;
        assert_eq!((refused.problem(), refused.field()), ((422, "unknown-code"), field));
    }
    for (field, value) in
        [("badgeNo", json!("D5")), ("startContract", json!("02/03/2026")), ("freeFields", json!({ "21": "x" }))]
    {
        let mut wrong = teo();
        wrong[field] = value;
        assert_eq!(caller.post("employees", &wrong).await.status, 422, "{field}");
    }
    assert_eq!(sim.world(|w| w.employees().len()), 5);
}

#[tokio::test]
async fn a_badge_number_belongs_to_one_employee() {
    let (_sim, caller) = with_teo().await;
    let mut other = teo();
    other["badgeNo"] = json!("0213");
    let refused = caller.post("employees", &other).await;
    assert_eq!((refused.problem(), refused.field()), ((409, "badge-in-use"), "badgeNo"));
    assert_eq!(refused.body["persNo"], 1077);
}

#[tokio::test]
async fn employees_need_their_licence_for_writing_only() {
    let (sim, caller) = with_teo().await;
    sim.world(|w| w.switches.fault("licence-off=employees-import")).unwrap();
    let mut other = teo();
    other["badgeNo"] = json!("214");
    for refused in [
        caller.post("employees", &other).await,
        caller.write("PATCH", "employees/1077", "\"1\"", &json!({})).await,
        caller.write("PUT", "employees/1077/pac", "\"1\"", &json!({})).await,
        caller.write("DELETE", "employees/1077?acknowledge=history-loss", "\"1\"", &Value::Null).await,
    ] {
        assert_eq!((refused.problem(), refused.field()), ((403, "licence-missing"), "employees-import"));
    }
    assert_eq!(caller.get("employees/1077").await.status, 200);
    assert_eq!(caller.get("info").await.body["licences"], json!(["file-terminal", "roll-call"]));
}

#[tokio::test]
async fn there_are_only_so_many_licences_for_employees_and_a_deleted_one_gives_its_back() {
    let (sim, caller) = with_teo().await;
    sim.world(|w| w.employee_limit = Some(w.employees().len()));
    let mut other = teo();
    other["badgeNo"] = json!("214");
    assert_eq!(caller.post("employees", &other).await.problem(), (403, "licence-missing"));
    sim.world(|w| w.delete_employee(1077));
    assert_eq!(caller.post("employees", &other).await.status, 201);
}

#[tokio::test]
async fn pages_lead_to_each_other_and_end() {
    let sim = quiet().people(7).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    let (mut seen, mut path) = (Vec::new(), "employees?limit=3".to_owned());
    loop {
        let page = caller.get(&path).await;
        seen.extend(page.items().iter().map(|employee| employee["persNo"].as_u64().unwrap()));
        assert_eq!(page.body["asOf"], "2026-03-02T08:00:00+01:00");
        let Some(next) = page.body["next"].as_str() else { break };
        // Somebody new on a page that was read already is no trouble.
        sim.world(|w| w.delete_employee(1001));
        path = format!("employees?limit=3&cursor={next}");
    }
    assert_eq!(seen, [1001, 1002, 1003, 1004, 1005, 1006, 1007]);
    for wrong in ["limit=0", "limit=501", "limit=x", "cursor=nonsense", "active=perhaps"] {
        assert_eq!(caller.get(&format!("employees?{wrong}")).await.problem(), (422, "bad-value"), "{wrong}");
    }
    assert!(caller.get("employees?limit=6").await.body.get("next").is_none());
    sim.world(|w| w.switches.page_size = 2);
    assert_eq!(caller.get("employees?limit=500").await.items().len(), 2);
}

#[tokio::test]
async fn whether_somebody_is_active_follows_the_day() {
    let sim = sim();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.end_employee(1002, "2026-03-02".parse().unwrap()));
    let count = async |filter: &str| caller.get(&format!("employees?active={filter}")).await.items().len();
    assert_eq!((count("all").await, count("true").await, count("false").await), (5, 5, 0));
    // Half an hour after midnight in Brussels it is another day, in London it is not.
    sim.world(|w| w.clock.set("2026-03-02T23:30:00Z".parse().unwrap()));
    let caller = signed_in(&sim).await;
    let inactive = caller.get("employees?active=false").await;
    assert_eq!(inactive.items()[0]["persNo"], 1002);
    assert_eq!(inactive.items()[0]["active"], false);
    sim.world(|w| w.change_employee(1002, |e| e.end_calculation = None));
    assert_eq!(caller.get("employees/1002").await.body["active"], true);
}

#[tokio::test]
async fn the_lists_can_be_empty_or_half() {
    let sim = quiet().people(8).start_blocking().unwrap();
    let caller = signed_in(&sim).await;
    sim.world(|w| w.switches.fault("half-employees")).unwrap();
    let half = caller.get("employees").await;
    assert_eq!((half.items().len(), half.body.get("next")), (4, None));
    sim.world(|w| w.switches.fault("empty-employees")).unwrap();
    assert!(caller.get("employees").await.items().is_empty());
    assert_eq!(caller.get("employees/1008").await.status, 200);
}

#[tokio::test]
async fn deleting_needs_to_be_meant() {
    let (sim, caller) = with_teo().await;
    let delete = async |path: &str, etag: &str| send(caller.request("DELETE", path).header("If-Match", etag)).await;
    assert_eq!(delete("employees/1077", "\"1\"").await.problem(), (400, "history-loss-not-acknowledged"));
    let path = "employees/1077?acknowledge=history-loss";
    let stale = delete(path, "\"9\"").await;
    assert_eq!((stale.problem(), &stale.body["current"]["persNo"]), ((412, "precondition-failed"), &json!(1077)));
    assert_eq!(send(caller.request("DELETE", path)).await.problem(), (428, "precondition-required"));
    sim.world(|w| {
        let now = w.clock.now();
        w.clock_on_terminal(1077, "7700001", now, vendor_sim::astrow::Direction::In)
    });
    assert_eq!(sim.world(|w| w.bookings_of(1077).len()), 1);
    assert_eq!(delete(path, "\"1\"").await.status, 204);
    assert_eq!(delete(path, "\"1\"").await.problem(), (404, "not-found"));
    assert!(caller.get("bookings").await.items().is_empty());
    assert!(sim.world(|w| w.employee_with_badge("213").is_none()));
    // The number is never given again, the badge is free.
    let again = caller.post("employees", &teo()).await;
    assert_eq!((again.status, &again.body["persNo"]), (201, &json!(1078)));
}
