//! Postal addresses.

use std::fmt;

/// A postal address in parts.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// Name or number of the house.
    pub house: Option<String>,
    /// First line: usually the street.
    pub line1: Option<String>,
    /// Second line.
    pub line2: Option<String>,
    /// Town.
    pub town: Option<String>,
    /// County.
    pub county: Option<String>,
    /// Post code.
    pub post_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

impl Address {
    /// House, street, town, county and country, one below the other, with CR LF between; the post code stands apart.
    ///
    /// A house number stands before the street with a blank, a house name with a comma.
    pub fn text(&self) -> String {
        let house = tidy(self.house.as_ref());
        let street = tidy(self.line1.as_ref());
        let first = match (house.is_empty(), street.is_empty()) {
            (true, _) => street,
            (false, true) => house,
            (false, false) if is_number(&house) => format!("{house} {street}"),
            (false, false) => format!("{house}, {street}"),
        };
        let rest = [&self.line2, &self.town, &self.county, &self.country].map(|part| tidy(part.as_ref()));
        let lines: Vec<String> = std::iter::once(first).chain(rest).filter(|line| !line.is_empty()).collect();
        lines.join("\r\n")
    }
}

/// Hides where people live.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// `14`, `14b`, `14-16`: a word that begins with a digit and holds at most one letter.
fn is_number(house: &str) -> bool {
    house.starts_with(|c: char| c.is_ascii_digit())
        && house.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '–'))
        && house.chars().filter(char::is_ascii_alphabetic).count() <= 1
}

fn tidy(part: Option<&String>) -> String {
    part.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(parts: [&str; 6]) -> Address {
        let [house, line1, line2, town, region, country] =
            parts.map(|text| (!text.is_empty()).then(|| text.to_owned()));
        Address { house, line1, line2, town, county: region, country, post_code: Some("ZZ1 4QX".to_owned()) }
    }

    #[test]
    fn a_house_number_is_joined_by_a_blank_and_a_name_by_a_comma() {
        let text = |parts| address(parts).text();
        assert_eq!(
            text(["Flat 2", "14 Example Row", "", "", "", "United Kingdom"]),
            "Flat 2, 14 Example Row\r\nUnited Kingdom"
        );
        assert_eq!(text(["14", "Example Row", "", "", "", ""]), "14 Example Row");
        assert_eq!(text(["14b", "Example Row", "", "", "", ""]), "14b Example Row");
        assert_eq!(text(["12-14", "Example Row", "", "", "", ""]), "12-14 Example Row");
        assert_eq!(text(["Rose Cottage", "", "", "Exampleton", "", ""]), "Rose Cottage\r\nExampleton");
        assert_eq!(
            text(["1", "High  Street ", "Old Town", "Exampleton", "Exampleshire", "United Kingdom"]),
            "1 High Street\r\nOld Town\r\nExampleton\r\nExampleshire\r\nUnited Kingdom"
        );
        assert_eq!(text(["", "", "", "", "", ""]), "");
    }

    #[test]
    fn debug_shows_no_place() {
        assert!(!format!("{:?}", address(["1", "High Street", "", "", "", ""])).contains("High"));
    }
}
