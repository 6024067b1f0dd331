//! Both systems, and an installation between them.

use serde_json::Value;
use tests::{Installation, Said, Service, until};
use vendor_sim::astrow::{AstrowSim, Employee, TerminalEvent};
use vendor_sim::pac::{Credential, CredentialKey, Grant, PacSim, Person};

/// A PAC site, an Astrow, and `astrow-pac` between them.
pub(crate) struct Site {
    pub(crate) pac: PacSim,
    pub(crate) astrow: AstrowSim,
    pub(crate) installation: Installation,
}

/// What a test wants to be otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes<'a> {
    /// People of the site in PAC.
    pub(crate) pac_people: u32,
    /// Employees of Astrow.
    pub(crate) employees: usize,
    /// More lines under `[people]`.
    pub(crate) people: &'a str,
    /// More lines under `[bookings]`.
    pub(crate) bookings: &'a str,
    /// More sections.
    pub(crate) more: &'a str,
}

impl Site {
    pub(crate) fn new(wishes: Wishes<'_>) -> Self {
        let pac = PacSim::builder().people(wishes.pac_people).seed(3).start_blocking().unwrap();
        let astrow = AstrowSim::builder().people(wishes.employees).seed(3).start_blocking().unwrap();
        Self::of(pac, astrow, wishes)
    }

    /// The same, in agreement.
    pub(crate) fn settled(wishes: Wishes<'_>) -> Self {
        let site = Self::new(wishes);
        site.settle();
        site
    }

    /// With three people of PAC in agreement, and these lines under `[bookings]`.
    pub(crate) fn booking(bookings: &str) -> Self {
        Self::settled(Wishes { pac_people: 3, bookings, ..Wishes::default() })
    }

    pub(crate) fn of(pac: PacSim, astrow: AstrowSim, wishes: Wishes<'_>) -> Self {
        let driver = interface(&astrow);
        Self::driven(pac, astrow, &driver, wishes)
    }

    /// With these lines under `[astrow]`.
    pub(crate) fn driven(pac: PacSim, astrow: AstrowSim, driver: &str, wishes: Wishes<'_>) -> Self {
        let text = configuration(&pac, &trust(&pac), driver, wishes);
        let secrets = vec![("ASTROW_PASSWORD", astrow.password())];
        let installation = Installation::of("astrow-pac", &text, secrets);
        pac.write_key("Head office bridge", &installation.folder().join("bridge.oemkey")).unwrap();
        Self { pac, astrow, installation }
    }

    /// The same installation with other lines.
    pub(crate) fn configure(&self, wishes: Wishes<'_>) {
        self.write(&configuration(&self.pac, &trust(&self.pac), &interface(&self.astrow), wishes));
    }

    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.installation.folder().join("astrow-pac.toml"), text).unwrap();
    }

    pub(crate) fn once(&self) -> Said {
        let said = self.installation.run(&["run", "--once"]);
        assert_ne!(said.code, 1, "{}", said.all());
        said
    }

    pub(crate) fn settle(&self) {
        self.installation.settle();
    }

    /// The service, since Astrow knows that it lives.
    pub(crate) fn serve(&self) -> Service {
        let service = self.installation.serve();
        until("the sign of life", || self.astrow.world(|world| !world.red_label()));
        service
    }

    /// The ids of PAC's people.
    pub(crate) fn people(&self) -> Vec<u32> {
        self.pac.world(|world| world.people.keys().copied().collect())
    }

    /// The employee with this first name.
    pub(crate) fn employee(&self, first: &str) -> Option<Employee> {
        self.astrow.world(|world| world.employees().values().find(|employee| employee.name.first == first).cloned())
    }

    /// The person of PAC with this first name.
    pub(crate) fn person(&self, first: &str) -> Option<Person> {
        self.pac.world(|world| world.people.values().find(|person| person.first == first).cloned())
    }

    /// Somebody at PAC with a badge, made by an operator.
    pub(crate) fn hire_at_pac(&self, first: &str, badge: &str) -> u32 {
        self.pac.world(|world| {
            world.add_person(Person {
                first: first.to_owned(),
                last: Some("Quillfeather".to_owned()),
                active: true,
                employee_no: Some(format!("Q-{first}")),
                groups: vec![Grant::of(1)],
                credentials: vec![Credential::of(CredentialKey::PacProx(badge.to_owned()))],
                ..Person::default()
            })
        })
    }

    /// What Astrow was told of the last events.
    pub(crate) fn view(&self) -> Vec<TerminalEvent> {
        self.astrow.world(|world| world.terminal_events().collect())
    }

    /// The admissions among them.
    pub(crate) fn admissions(&self) -> Vec<TerminalEvent> {
        self.view().into_iter().filter(|event| event.kind == "access.granted").collect()
    }

    /// What became of the bookings of admissions, as Astrow's view shows it: status and details.
    pub(crate) fn shown(&self) -> Vec<(String, Option<String>)> {
        self.admissions().into_iter().map(|event| (event.booking_status, event.booking_details)).collect()
    }

    /// How many bookings Astrow has, queue and all.
    pub(crate) fn bookings(&self) -> usize {
        self.astrow.world(|world| world.bookings().count())
    }

    pub(crate) fn terminals(&self) -> Value {
        self.installation.run(&["terminals", "--json"]).json()
    }
}

fn trust(pac: &PacSim) -> String {
    format!("server_cert_sha256 = {:?}", pac.server_fingerprint())
}

/// The lines about Astrow where it is spoken to by its interface.
pub(crate) fn interface(astrow: &AstrowSim) -> String {
    let (url, user) = (astrow.url(), astrow.user());
    format!(
        "url = {url:?}\nuser = {user:?}\npassword = \"env:ASTROW_PASSWORD\"\n\
         default_cycle = \"C-STD\"\ndefault_paygroup = \"PG-1\"\nterminal_group = \"TG-HQ\"\ncompany_site = \"HQ\""
    )
}

/// A configuration in which absence is believed at once; `trust` says which certificate of PAC is believed.
pub(crate) fn configuration(pac: &PacSim, trust: &str, driver: &str, wishes: Wishes<'_>) -> String {
    let (address, port) = (pac.host(), pac.port());
    let Wishes { people, bookings, more, .. } = wishes;
    format!(
        "[service]\ndata = \"data\"\ntime_zone = \"Europe/Brussels\"\n\n\
         [pac]\nserver_address = {address:?}\nserver_port = {port}\nkey_path = \"bridge.oemkey\"\n{trust}\n\n\
         [astrow]\n{driver}\n\n\
         [people]\n{people}\n\n\
         [bookings]\nfrom = \"2020-01-01\"\n{bookings}\n\n\
         [bookings.readers.11]\nserial_in = \"9001011\"\nserial_out = \"9001012\"\n\n\
         [bookings.readers.12]\nserial_in = \"9001011\"\nserial_out = \"9001012\"\n\n\
         [guards]\nremoval_confirmations = 1\nmin_absence = \"1s\"\nsettle_margin = \"1s\"\n\n{more}"
    )
}
