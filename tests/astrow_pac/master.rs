//! Another master is a guided plan first.

use crate::site::{Site, Wishes};

#[test]
fn another_master_stands_still_until_it_is_confirmed_and_nobody_is_lost() {
    let site = Site::new(Wishes { pac_people: 6, ..Wishes::default() });
    let native = site.astrow.world(|world| world.add_employee("Petra", "Volunteer"));
    site.settle();
    let before = site.pac.world(|world| world.people.values().cloned().collect::<Vec<_>>());

    let people = "master = \"astrow\"\ndelete_employees = true\ndelete_after_days = 0";
    site.configure(Wishes { people, ..Wishes::default() });
    let refused = site.installation.run(&["run", "--once"]);
    assert_eq!(refused.code, 1);
    assert!(refused.all().contains("switch-master"), "{}", refused.all());
    assert_eq!(site.pac.request_counts().get("PersonPut"), None, "nothing was written");

    let shown = site.installation.run(&["switch-master"]);
    assert_eq!(shown.code, 2, "{}", shown.all());
    assert!(shown.out.contains("Petra") && shown.out.contains("Nothing was changed"), "{}", shown.all());
    assert!(!shown.out.contains("delete"), "{}", shown.all());

    let confirmed = site.installation.run(&["switch-master", "--confirm", "--json"]);
    assert_eq!(confirmed.json()["switched"], true, "{}", confirmed.all());
    site.settle();
    site.settle();
    for person in &before {
        let now = site.pac.world(|world| world.people.get(&person.id).cloned()).unwrap();
        assert_eq!((&now.first, now.active, now.credentials.len()), (&person.first, true, person.credentials.len()));
    }
    let petra = site.person("Petra").unwrap();
    assert_eq!(petra.ext, Some(format!("astrow:{native}")));
    assert_eq!(site.installation.run(&["plan"]).code, 0);

    let again = site.installation.run(&["switch-master"]);
    assert!(again.out.contains("nothing is to be switched"), "{}", again.all());
}
