//! Invented names for the people of the site.

/// First names.
pub(super) const FIRST: [&str; 48] = [
    "Maya", "Tom", "Aisha", "Owen", "Siân", "José", "Zoë", "Liam", "Nadia", "Søren", "Priya", "Callum", "Ewa",
    "Łukasz", "Chloé", "Hamish", "Ngozi", "Bjørn", "Fatima", "Rhys", "Mei", "Anton", "Ruth", "Jean-Luc", "Ines",
    "Kofi", "Tamsin", "Jürgen", "Leila", "Padraig", "Yuki", "Marta", "Dmitri", "Grace", "Iñaki", "Hannah", "Ravi",
    "Elif", "Stuart", "Đặng", "Beatriz", "Ahmed", "Freya", "Niamh", "Viktor", "Dilys", "Omar", "Renée",
];

/// Middle names; most people have none.
pub(super) const MIDDLE: [&str; 8] = ["Anne", "James", "María", "Ö.", "Louise", "Karim", "Mary-Jane", "T."];

/// Last names.
pub(super) const LAST: [&str; 52] = [
    "Okonkwo",
    "O'Brien",
    "van der Berg",
    "Núñez",
    "Smith",
    "Patel",
    "MacLeod",
    "Müller",
    "D'Angelo",
    "Kowalczyk",
    "Evans",
    "Ødegård",
    "Nguyễn",
    "de la Cruz",
    "Fitzgerald",
    "Łopatka",
    "Jones",
    "Singh",
    "O’Neill",
    "Brennan",
    "von Weber",
    "Çelik",
    "Hughes",
    "Ivanova",
    "St. John",
    "Mensah",
    "Tanaka",
    "Lefèvre",
    "Abbott",
    "Khan",
    "Petrović",
    "Campbell",
    "Ashworth-Lee",
    "Kuznetsov",
    "Ferreira",
    "Whitaker",
    "Adeyemi",
    "Brown",
    "Griffiths",
    "Sørensen",
    "Ramírez",
    "Thornton",
    "Dubois",
    "Farrell",
    "Hussain",
    "Lindqvist",
    "Pryce",
    "Quinn",
    "Rossi",
    "Šimek",
    "Doyle",
    "Zhang",
];

/// Positions.
pub(super) const POSITIONS: [&str; 8] =
    ["Technician", "Manager", "Receptionist", "Buyer", "Apprentice", "Cleaner", "Accountant", "Storekeeper"];
